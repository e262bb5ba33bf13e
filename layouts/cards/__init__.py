"""One card, one file: ``layout(place)`` mounts it once, ``patch(wall, place)`` says what it shows now."""
