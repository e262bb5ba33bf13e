"""What CSV files and workbooks share: which column holds which field, and how a cell is read."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Mapping, Sequence

from collectors.written_dates import as_compact
from opscentre.domain.dvcqg import DATES, FIELDS

_NEEDED = ("MaHoSo", "TrangThaiHoSo")
#: Days in a spreadsheet's count that lie in the years 1990 to 2100.
_FIRST_DAY, _LAST_DAY = 32_874, 73_415
_DAY_ZERO = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's days have no zone


def header_name(cell: object) -> str:
    """A header as it is compared: composed letters, single spaces."""
    return unicodedata.normalize("NFC", " ".join(str(cell).split())) if cell is not None else ""


def places_in(header: Sequence[object], columns: Mapping[str, str]) -> tuple[dict[str, int], list[str]]:
    """Field → place of its column (``columns``: field → header; empty: the same), and the headers that lack."""
    found = [header_name(cell) for cell in header]
    names = {field: header_name(name) for field, name in columns.items()} or {field: field for field in FIELDS}
    places = {field: found.index(name) for field, name in names.items() if name in found}
    return places, [names.get(field, field) for field in _NEEDED if field not in places]


def cell_value(field: str, cell: object) -> object:
    """A cell as the contract writes its field: dates as ``yyyyMMddHHmmss``, numbers plain, nothing as ''."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        if field in DATES and not (len(cell) == 14 and cell.isdigit()):
            cell = as_compact(cell)
        return cell if not isinstance(cell, str) or cell.isascii() else unicodedata.normalize("NFC", cell)
    if isinstance(cell, bool):
        return int(cell)
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if field in DATES:
        if isinstance(cell, int | float) and _FIRST_DAY <= cell < _LAST_DAY:
            # A date whose cell lost its format: days since the end of 1899.
            cell = _DAY_ZERO + dt.timedelta(days=cell)
        cell = as_compact(cell)
    return cell if isinstance(cell, int | float | str) else str(cell)
