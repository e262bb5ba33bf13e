"""Competition ranking (1, 2, 2, 4): equal values share a place, small volumes are listed without one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

#: Values closer than this are equal (DOMAIN §5), in the unit of the value: points, or percentage points.
TOLERANCE = 0.001
#: Two values that are written 0.001 apart may differ by a breath more as binary fractions.
_BREATH = 1 + 1e-6
#: Below this volume a value says little: listed, not ranked.
MINIMUM = 10


class Entry(NamedTuple):
    """What is ranked: a code, its value (None: no data) and how many dossiers the value speaks of."""

    code: str
    value: float | None
    volume: int


class Ranked(NamedTuple):
    """An entry with its place; ``rank`` is None for no data or too small a volume."""

    code: str
    value: float | None
    volume: int
    rank: int | None
    #: Shares its place with another.
    tied: bool = False
    #: Its source has not answered: the value may be of yesterday.
    stale: bool = False


def places(values: Sequence[float], tolerance: float = TOLERANCE) -> list[int]:
    """The places of values that are sorted best first. Higher is better (§5).

    A value is compared with the first of the tie, so that a long chain of small steps is no tie.
    """
    found: list[int] = []
    for index, value in enumerate(values):
        equal = index > 0 and values[found[-1] - 1] - value <= tolerance * _BREATH
        found.append(found[-1] if equal else index + 1)
    return found


def rank(
    entries: Iterable[Entry],
    *,
    tolerance: float = TOLERANCE,
    minimum: int = MINIMUM,
    stale: Collection[str] = (),
) -> list[Ranked]:
    """Entries by value, best first (the greater volume first where values are equal), then those without a place (§5).

    ``minimum`` is the volume from which on an entry is ranked; ``stale`` are the codes whose source has not
    answered: they keep their place and are marked.
    """
    ranked: list[tuple[float, Entry]] = []
    listed: list[Entry] = []
    for entry in entries:
        if entry.value is None or entry.volume < minimum:
            listed.append(entry)
        else:
            ranked.append((entry.value, entry))
    ranked.sort(key=lambda found: (-found[0], -found[1].volume, found[1].code))
    listed.sort(key=lambda entry: (-entry.volume, entry.code))
    taken = places([value for value, _ in ranked], tolerance)
    shared = Counter(taken)
    rows = [
        Ranked(entry.code, value, entry.volume, place, tied=shared[place] > 1, stale=entry.code in stale)
        for (value, entry), place in zip(ranked, taken, strict=True)
    ]
    rows += [Ranked(entry.code, entry.value, entry.volume, None, stale=entry.code in stale) for entry in listed]
    return rows
