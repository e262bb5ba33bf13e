"""Units of a province and how a feed's spelling is matched to one (DOMAIN §7)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Literal

import msgspec

from opscentre.domain.dossier import UNMAPPED

Group = Literal["I", "II", "III", "-"]


class Unit(msgspec.Struct, frozen=True):
    """One agency that handles dossiers. ``group``: I departments, II land-registration branches, III communes."""

    code: str
    name: str
    kind: str
    group: Group
    short: str = ""
    latitude: float | None = None
    longitude: float | None = None

    @property
    def label(self) -> str:
        """The short name for a tile or a narrow column."""
        return self.short or self.name


#: The row under which dossiers of unknown units are counted.
UNMAPPED_UNIT = Unit(code=UNMAPPED, name="Chưa xác định đơn vị", kind="unmapped", group="-", short="Chưa xác định")


def spelling(text: str) -> str:
    """A name as it is compared: NFC, lower case, single spaces. Accents stay: Văn Lang is not Văn Lăng."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


class Units:
    """The units of a profile in their official order, found by code or official name."""

    def __init__(self, units: Iterable[Unit]) -> None:
        self.all = tuple(units)
        self.by_code = {unit.code: unit for unit in self.all}
        if len(self.by_code) != len(self.all):
            raise ValueError("two units share one code")
        self._found: dict[str, str] = {}
        ambiguous: set[str] = set()
        for unit in self.all:
            for name in {spelling(unit.name), spelling(f"UBND {unit.name}")}:
                if name in self._found:
                    ambiguous.add(name)
                self._found[name] = unit.code
        for name in ambiguous:
            del self._found[name]
        self._found.update((spelling(unit.code), unit.code) for unit in self.all)

    def __getitem__(self, code: str) -> Unit:
        """The unit of a code; the row of the unmapped for any other."""
        return self.by_code.get(code, UNMAPPED_UNIT)

    def resolve(self, seen: str) -> str:
        """The code for what a source wrote (code or official name), else ``unmapped``."""
        return self._found.get(spelling(seen), UNMAPPED)
