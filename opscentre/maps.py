"""Map packs that an operator imported, kept in the data folder, and the computed diagram where there is none.

``<data>/maps/`` holds the packs by content and ``index.json``, which says which province, kind of unit and period each
one is for. ``<data>/cache/`` holds diagrams by the content that they were computed from; it may be wiped at any time.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from opscentre.boundaries import Reading, as_geojson, read_boundaries
from opscentre.domain import power_diagram
from opscentre.domain.units import Unit, Units

log = logging.getLogger(__name__)

Kind = Literal["commune", "district"]
#: What counts as a commune or as a district among the kinds of ``units.csv``.
KINDS: dict[Kind, frozenset[str]] = {
    "commune": frozenset({"commune", "ward", "township", "special-zone"}),
    "district": frozenset({"district", "city", "town"}),
}


class MapError(Exception):
    """Maps cannot be stored, read or chosen: what, where, the value seen and what to do."""


class Pack(msgspec.Struct, frozen=True):
    """One imported set of boundaries. ``valid_from`` and ``valid_to``: its first and last day, ``None`` without end."""

    name: str
    profile: str
    kind: Kind
    valid_from: dt.date | None
    valid_to: dt.date | None
    #: SHA-256 of the stored boundaries, which the file is named after, and of the operator's file.
    sha256: str
    source_sha256: str
    source: str
    units: int
    missing: tuple[str, ...]
    imported_at: str
    attribution: str = ""

    def covers(self, day: dt.date) -> bool:
        """Whether the pack is for a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class Scope(msgspec.Struct, frozen=True):
    """Which units a pack must hold: those of a kind through a period during which they did not change."""

    kind: Kind
    valid_from: dt.date | None
    valid_to: dt.date | None
    units: tuple[Unit, ...]
    others: tuple[Unit, ...]


class Picture(msgspec.Struct, frozen=True):
    """What a map draws: GeoJSON whose features have the unit's code as ``id``; ``sha256`` tells one from another."""

    kind: Literal["map-pack", "power-diagram"]
    #: What must stand below it: that it is a schematic, or whose boundaries they are.
    caption: str
    geojson: bytes
    sha256: str


# -- packs -------------------------------------------------------------------------------------------------


def scope(
    units: Units, today: dt.date, kind: Kind | None = None, since: dt.date | None = None, until: dt.date | None = None
) -> Scope:
    """The units that a pack for ``since`` … ``until`` must hold (both days included).

    Left out: the kind is the lowest level there is; the period is the longest one through which the units of its last
    day (of today, without an end) stood unchanged. Raises ``MapError`` where units changed within it or none are there.
    """
    if since and until and until < since:
        raise MapError(f"--to {until} lies before --from {since}; --to is the last day")
    last = until or max(today, since or today)
    there = units.at(last).all
    kind = kind or lowest(there)
    found = tuple(unit for unit in there if unit.kind in KINDS[kind])
    if not found:
        kinds = ", ".join(sorted({unit.kind for unit in there})) or "none"
        raise MapError(f"--kind {kind}: units.csv has none on {last}; kinds there then: {kinds}; see --from and --to")
    codes = {unit.code for unit in found}
    former = [u for u in units.by_code.values() if u.kind in KINDS[kind] and u.valid_to and u.valid_to < last]
    if since:
        _refuse_changes(since, found, former)
    begins = [unit.valid_from for unit in found if unit.valid_from]
    begins += [unit.valid_to + dt.timedelta(days=1) for unit in former if unit.valid_to]
    return Scope(
        kind=kind,
        valid_from=since or max(begins, default=None),
        valid_to=until or min((unit.valid_to for unit in found if unit.valid_to), default=None),
        units=found,
        others=tuple(unit for unit in units.by_code.values() if unit.code not in codes),
    )


def lowest(there: Iterable[Unit]) -> Kind:
    """The lowest level of which there are any units."""
    return "commune" if any(unit.kind in KINDS["commune"] for unit in there) else "district"


def _refuse_changes(since: dt.date, found: Sequence[Unit], former: Sequence[Unit]) -> None:
    for unit in found:
        if unit.valid_from and unit.valid_from > since:
            raise MapError(f"--from {since}: {unit.name} ({unit.code}) is there from {unit.valid_from} on; begin then")
    for unit in former:
        if unit.valid_to and unit.valid_to >= since:
            raise MapError(f"--from {since}: {unit.name} ({unit.code}) was there until {unit.valid_to}; begin later")


def check(path: Path, wanted: Scope, keys: dict[str, str]) -> Reading:
    """What an operator's file holds for these units, with everything that is wrong with it."""
    return read_boundaries(path, wanted.units, wanted.others, keys)


def store(data: Path, profile: str, name: str, wanted: Scope, reading: Reading, source: str, imported_at: str) -> Pack:
    """Keep a reading that was not refused as a pack; one of the same profile and name is replaced.

    Raises ``MapError`` where it cannot be written.
    """
    if reading.refused:
        raise MapError(f"{source}: refused; see its findings")
    content = as_geojson(reading, name)
    pack = Pack(
        name=name,
        profile=profile,
        kind=wanted.kind,
        valid_from=wanted.valid_from,
        valid_to=wanted.valid_to,
        sha256=hashlib.sha256(content).hexdigest(),
        source_sha256=reading.sha256,
        source=source,
        units=len(reading.areas),
        missing=tuple(unit.code for unit in reading.missing),
        imported_at=imported_at,
        attribution=reading.attribution,
    )
    folder = data / "maps"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _held(folder):
            kept = [other for other in packs(data) if (other.profile, other.name) != (profile, name)]
            _write(pack_file(data, pack), content)
            _write(folder / "index.json", msgspec.json.format(msgspec.json.encode([*kept, pack]), indent=2))
            _sweep(folder, [*kept, pack])
    except OSError as error:
        raise MapError(f"--data {data}: cannot write {folder} ({error.strerror}); choose another folder") from None
    return pack


def remove(data: Path, profile: str, name: str) -> Pack:
    """Forget a pack. Raises ``MapError`` where there is none of this name."""
    folder = data / "maps"
    known = packs(data)
    gone = next((pack for pack in known if (pack.profile, pack.name) == (profile, name)), None)
    if gone is None:
        there = ", ".join(pack.name for pack in known if pack.profile == profile) or "none"
        raise MapError(f"{folder}: no map pack {name!r} of profile {profile!r}; there are: {there}")
    with _held(folder):
        kept = [pack for pack in packs(data) if pack != gone]
        _write(folder / "index.json", msgspec.json.format(msgspec.json.encode(kept), indent=2))
        _sweep(folder, kept)
    return gone


def packs(data: Path) -> list[Pack]:
    """All packs of a data folder in the order in which they were imported. Raises ``MapError``."""
    path = data / "maps" / "index.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Pack])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.DecodeError) as error:
        raise MapError(f"{path}: cannot be read: {error}; remove the folder and import the packs again") from None


def pack_file(data: Path, pack: Pack) -> Path:
    """Where a pack's boundaries lie."""
    return data / "maps" / f"{pack.sha256[:16]}.geojson"


def choose(data: Path, profile: str, day: dt.date, kind: Kind = "commune") -> Pack | None:
    """The pack for a day: of those that cover it the one imported last."""
    fitting = [pack for pack in packs(data) if (pack.profile, pack.kind) == (profile, kind) and pack.covers(day)]
    return fitting[-1] if fitting else None


def packed(data: Path, profile: str, day: dt.date) -> Kind | None:
    """The lowest level whose boundaries were imported for a day; ``None`` for neither. Raises ``MapError``."""
    return next((kind for kind in KINDS if choose(data, profile, day, kind)), None)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Two imports at once write one after the other."""
    with (folder / "lock").open("a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _sweep(folder: Path, kept: Sequence[Pack]) -> None:
    wanted = {f"{pack.sha256[:16]}.geojson" for pack in kept}
    for path in folder.glob("*.geojson"):
        if path.name not in wanted:
            path.unlink()


# -- what a page draws -------------------------------------------------------------------------------------


def picture(data: Path, profile: str, units: Units, day: dt.date, kind: Kind = "commune") -> Picture | None:
    """The map of a day: the operator's boundaries where a pack covers it, else the computed diagram.

    ``None`` where no unit of the kind has a centroid. Raises ``MapError`` when the index cannot be read; a pack whose
    file is gone or was changed is not drawn, and the log says so.
    """
    pack = choose(data, profile, day, kind)
    if pack is not None:
        path = pack_file(data, pack)
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest() == pack.sha256:
            caption = pack.attribution or f"Địa giới: {pack.name}"
            return Picture("map-pack", caption, content, pack.sha256)
        log.error("map pack %s: %s is not what was imported; import it again", pack.name, path)
    content = diagram([unit for unit in units.at(day).all if unit.kind in KINDS[kind]], data / "cache")
    if not content:
        return None
    return Picture("power-diagram", power_diagram.CAPTION, content, hashlib.sha256(content).hexdigest())


def diagram(units: Iterable[Unit], cache: Path) -> bytes:
    """The power diagram of the units that have a centroid, as GeoJSON; from the cache where it was computed before.

    Empty where no unit has one. A cache that cannot be written is done without, and the log says so.
    """
    places = [
        power_diagram.Place(unit.code, unit.name, unit.latitude, unit.longitude, unit.area_km2)
        for unit in units
        if unit.latitude is not None and unit.longitude is not None
    ]
    if not places:
        return b""
    key = hashlib.sha256(msgspec.json.encode([power_diagram.VERSION, places])).hexdigest()
    path = cache / f"power-diagram-{key[:16]}.geojson"
    if path.is_file():
        return path.read_bytes()
    content = msgspec.json.encode(power_diagram.as_geojson(places))
    try:
        cache.mkdir(parents=True, exist_ok=True)
        _write(path, content)
    except OSError as error:
        log.warning("%s: cannot be written (%s); the diagram is computed again next time", path, error.strerror)
    return content
