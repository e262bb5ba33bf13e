"""Which department system holds the dossiers of which units, and how each one spells them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from opscentre.domain.units import Unit

#: Communes with this GSO code or a greater one are the southern ones (the old Thái Nguyên).
SOUTH_FROM = "05000"
#: Units with systems of their own that hand over files.
_SOCIAL_INSURANCE, _POLICE = "Bảo hiểm xã hội tỉnh", "Công an tỉnh"


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


def _place(unit: Unit) -> str:
    if unit.name == _SOCIAL_INSURANCE:
        return "bhxh"
    if unit.name == _POLICE:
        return "cong-an"
    if unit.group != "III":
        return "mot-cua-so"
    return "mot-cua-xa-nam" if unit.code >= SOUTH_FROM else "mot-cua-xa-bac"


def systems_of(units: Iterable[Unit]) -> tuple[System, ...]:
    """The systems of a province; every one of its units belongs to exactly one."""
    held: dict[str, set[str]] = {}
    for unit in units:
        held.setdefault(_place(unit), set()).add(unit.code)
    codes_of = {code: frozenset(codes) for code, codes in held.items()}
    none: frozenset[str] = frozenset()
    return (
        System(code="mot-cua-so", kind="http", units=codes_of.get("mot-cua-so", none)),
        System(
            code="mot-cua-xa-nam",
            kind="http",
            units=codes_of.get("mot-cua-xa-nam", none),
            unit_by_code=True,
            newest_first=True,
        ),
        System(code="mot-cua-xa-bac", kind="sql", units=codes_of.get("mot-cua-xa-bac", none), rewrites_due=True),
        System(code="bhxh", kind="files", units=codes_of.get("bhxh", none), rewrites_due=True),
        System(code="cong-an", kind="files", units=codes_of.get("cong-an", none), unit_by_code=True, rewrites_due=True),
    )
