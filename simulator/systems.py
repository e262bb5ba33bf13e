"""Which department system holds the dossiers of which units, and how each one spells them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from opscentre.domain.units import Unit
from opscentre.profile import ProfileError

#: The simulated systems that every province has; further ones hand over files.
_DEPARTMENTS, _SOUTH, _NORTH = "mot-cua-so", "mot-cua-xa-nam", "mot-cua-xa-bac"
#: Units with systems of their own that hand over files, where nothing else is said.
_OWN_FILES = {"Bảo hiểm xã hội tỉnh": "bhxh", "Công an tỉnh": "cong-an"}


class System(msgspec.Struct, frozen=True, kw_only=True):
    """One simulated department system; ``code`` is the source's code in ``sources.toml``."""

    code: str
    kind: Literal["http", "sql", "files"]
    units: frozenset[str]
    #: ``DonViXuLy`` holds the unit's code rather than its official name.
    unit_by_code: bool = False
    #: The due date is rewritten after a supplement, as systems without a list of supplements do.
    rewrites_due: bool = False
    #: The newest progress row comes first, and the channel of the counter is left out.
    newest_first: bool = False


class Holding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ``[[system]]`` of ``simulator.toml``: ``units`` are codes of units, or ranges FIRST..LAST of codes."""

    code: str
    units: list[str]

    def holds(self, unit: Unit) -> bool:
        """Whether a unit's dossiers are in this system."""
        for text in self.units:
            first, _, last = text.partition("..")
            if first <= unit.code <= (last or first):
                return True
        return False


class HoldingsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of ``simulator.toml``."""

    system: list[Holding] = []


def read_holdings(path: Path) -> list[Holding]:
    """Which system holds what in a province; nothing where there is no file. Raises ``ProfileError``."""
    if not path.is_file():
        return []
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), HoldingsFile).system
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ProfileError(f"{path}: {error}; want [[system]] with code and units (codes or FIRST..LAST)") from None


def _place(unit: Unit, holdings: Iterable[Holding]) -> str:
    for holding in holdings:
        if holding.holds(unit):
            return holding.code
    return _OWN_FILES.get(unit.name) or (_SOUTH if unit.group == "III" else _DEPARTMENTS)


def systems_of(units: Iterable[Unit], holdings: Iterable[Holding] = ()) -> tuple[System, ...]:
    """The systems of a province; every one of its units belongs to exactly one."""
    holdings = tuple(holdings)
    held: dict[str, set[str]] = {}
    for unit in units:
        held.setdefault(_place(unit, holdings), set()).add(unit.code)
    none: frozenset[str] = frozenset()
    found = {code: frozenset(codes) for code, codes in held.items()}
    files = sorted(found.keys() - {_DEPARTMENTS, _SOUTH, _NORTH})
    return (
        System(code=_DEPARTMENTS, kind="http", units=found.get(_DEPARTMENTS, none)),
        System(code=_SOUTH, kind="http", units=found.get(_SOUTH, none), unit_by_code=True, newest_first=True),
        System(code=_NORTH, kind="sql", units=found.get(_NORTH, none), rewrites_due=True),
        *(
            # Every other one writes its units by their codes.
            System(code=code, kind="files", units=found[code], unit_by_code=bool(place % 2), rewrites_due=True)
            for place, code in enumerate(files)
        ),
    )
