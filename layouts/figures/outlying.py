"""Units far from all others, such as islands off the coast, brought near so that the rest is not drawn small. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from opscentre.domain.geometry import clip, signed_area

Ring = list[tuple[float, float]]
#: The rings of each unit, by code.
Drawn = dict[str, list[Ring]]
#: Left, top, width and height.
Box = tuple[float, float, float, float]

#: Units whose distance from the others is more than this share of the others' extent are far away.
FAR = 0.5
#: The most that a group far away may measure, as a share of the others' extent, and the rim of its frame.
LARGEST, RIM = 0.3, 0.03
#: Where the way in begins, in shares of where the frame and the box around the rest would touch, and its steps.
FROM, STEPS = 2.0, 120


def bounds(units: Iterable[Sequence[Ring]], boxes: Iterable[Box] = ()) -> Box:
    """The box around units, and around other boxes."""
    points = [point for rings in units for ring in rings for point in ring]
    for x, y, wide, high in boxes:
        points += [(x, y), (x + wide, y + high)]
    left, top = min(x for x, _ in points), min(y for _, y in points)
    return left, top, max(x for x, _ in points) - left, max(y for _, y in points) - top


def brought_near(drawn: Drawn) -> tuple[Drawn, list[Box]]:
    """The units, those far away moved in from where they lie until their frame nearly meets the rest; the frames.

    A group that is nearly as large as the rest is drawn smaller, too: its frame says that it is not in its place.
    """
    rest = dict(sorted(drawn.items(), key=lambda one: -sum(abs(signed_area(ring)) for ring in one[1])))
    mainland = _together(rest, FAR)
    placed: Drawn = {code: drawn[code] for code in mainland}
    around = bounds(placed.values())
    frames: list[Box] = []
    while left := {code: rings for code, rings in rest.items() if code not in placed}:
        group = {code: drawn[code] for code in _together(left, 0.0, FAR * max(around[2:]))}
        moved, frame = _moved(group, around, [*chain(*placed.values()), *map(_corners, frames)])
        placed |= moved
        frames.append(frame)
    return {code: placed[code] for code in drawn}, frames


def _together(units: Drawn, share: float, reach: float = 0.0) -> set[str]:
    """The first unit, and all that lie near those found: within a share of their extent, or within reach."""
    boxes = {code: bounds([rings]) for code, rings in units.items()}
    first = next(iter(boxes))
    found, around = {first}, boxes[first]
    grew = True
    while grew:
        grew = False
        for code, box in boxes.items():
            if code not in found and _gap(box, around) <= max(share * max(around[2:]), reach):
                found.add(code)
                around = bounds((), [around, box])
                grew = True
    return found


def _gap(one: Box, other: Box) -> float:
    across = max(one[0] - other[0] - other[2], other[0] - one[0] - one[2], 0.0)
    along = max(one[1] - other[1] - other[3], other[1] - one[1] - one[3], 0.0)
    return max(across, along)


def _moved(group: Drawn, around: Box, land: Sequence[Ring]) -> tuple[Drawn, Box]:
    """The group as near as its frame may come on the straight way to the middle of the rest."""
    x, y, wide, high = bounds(group.values())
    extent = max(around[2:])
    shrunk = min(1.0, LARGEST * extent / max(wide, high))
    rim = RIM * extent
    width, height = wide * shrunk + 2 * rim, high * shrunk + 2 * rim
    middle = around[0] + around[2] / 2, around[1] + around[3] / 2
    away = x + wide / 2 - middle[0], y + high / 2 - middle[1]
    # Where the frame and the box around the rest just touch.
    touching = min(
        (size + own) / 2 / abs(far) for size, own, far in zip(around[2:], (width, height), away, strict=True) if far
    )
    frame = _framed(middle, away, touching * FROM, width, height)
    for step in range(1, STEPS):
        at = _framed(middle, away, touching * FROM * (1 - step / STEPS), width, height)
        if any(_meets(ring, at, rim) for ring in land):
            break
        frame = at
    moved = {
        code: [
            [(frame[0] + rim + (px - x) * shrunk, frame[1] + rim + (py - y) * shrunk) for px, py in ring]
            for ring in rings
        ]
        for code, rings in group.items()
    }
    return moved, frame


def _framed(middle: tuple[float, float], away: tuple[float, float], share: float, width: float, height: float) -> Box:
    return middle[0] + away[0] * share - width / 2, middle[1] + away[1] * share - height / 2, width, height


def _meets(ring: Ring, box: Box, rim: float) -> bool:
    """Whether any of a ring's inside lies in a box or nearer to it than the rim."""
    left, top, right, bottom = box[0] - rim, box[1] - rim, box[0] + box[2] + rim, box[1] + box[3] + rim
    if _gap(bounds([[ring]]), box) > rim:
        return False
    pieces = [ring]
    for a, b, c in ((-1.0, 0.0, -left), (1.0, 0.0, right), (0.0, -1.0, -top), (0.0, 1.0, bottom)):
        pieces = [piece for whole in pieces for piece in clip(whole, a, b, c)]
    return bool(pieces)


def _corners(box: Box) -> Ring:
    x, y, wide, high = box
    return [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)]
