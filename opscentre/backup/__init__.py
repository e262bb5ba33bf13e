"""A backup of an installation in one file, and putting it back so that nothing is missing and nothing counted twice."""
