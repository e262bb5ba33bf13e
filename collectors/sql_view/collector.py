"""Polls one view: what changed since the newest change seen, page by page in order of (modified, number)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from collectors.base import Given, PollResult
from collectors.behaviour import Pace
from collectors.errors import BadData
from collectors.intake import Record
from collectors.moving import Page, Reader
from collectors.paging import PageReader, Seen
from collectors.reconciling import Key, Row
from collectors.sql_view.database import MODIFIED, NUMBER, Position, View, as_record, modified_at, open_view
from collectors.sql_view.settings import ViewSettings
from opscentre.domain.dvcqg import FIELDS
from opscentre.domain.masking import quoted
from opscentre.secret_files import secret_of
from opscentre.settings import SettingsError
from opscentre.sources import checked


def make(given: Given) -> ViewCollector:
    """The collector of a source. Raises ``SettingsError``."""
    where = f"{given.where}, settings"
    settings = checked(given.config.settings, ViewSettings, where)
    if strange := sorted(set(settings.columns) - set(FIELDS)):
        raise SettingsError(f"{where}, columns: saw {strange[0]!r}; want fields of the contract: {', '.join(FIELDS)}")
    if settings.columns and (missing := {NUMBER, MODIFIED} - set(settings.columns)):
        raise SettingsError(f"{where}, columns: {min(missing)} is missing; name its column, reading on needs it")
    if not 1 <= settings.page_rows <= 50_000:
        raise SettingsError(f"{where}, page_rows: saw {settings.page_rows}; want 1 to 50000")
    password = ""
    if settings.password_env:
        password = secret_of(given.environment, settings.password_env)
        if not password:
            raise SettingsError(
                f"{where}, password_env: the environment variable {settings.password_env!r} is not set; "
                "put the database user's password into it"
            )
    pace = Pace(given.config.behaviour, given.stopping)
    return ViewCollector(given, settings, open_view(settings, password, where), pace)


class ViewCollector:
    """See ``collectors.base.Collector``."""

    def __init__(self, given: Given, settings: ViewSettings, view: View, pace: Pace) -> None:
        self._given = given
        self._settings = settings
        self._view = view
        self._pace = pace
        self._reader = PageReader(given, pace, settings.overlap)
        self._list = self._moving()

    def poll(self) -> PollResult:
        """Every page of what changed; the cursor is saved after each page that the pipe acknowledged."""
        window = self._reader.window()
        return self._reader.read(window, (self._changed(rows) for rows, _ in self._list.walk(window.begin())))

    def listing(self) -> Iterator[list[Key]]:
        """See ``collectors.reconciling.Rereadable``: only the two columns of the key are selected."""
        for rows, _ in self._moving((NUMBER, MODIFIED)).walk(None):
            yield [_key(row) for row in rows]

    def rows(self, start: int) -> Iterator[list[Row]]:
        """See ``collectors.reconciling.Rereadable``."""
        for rows, _ in self._moving().walk(start):
            yield [Row(_key(row), self._record(row, f", row {index}")) for index, row in enumerate(rows, start=1)]

    def _moving(self, fields: Collection[str] = ()) -> Reader[Mapping[str, Any], Position]:
        """Only these fields where some are named."""
        return Reader(_Rows(self._view, self._settings, self._pace, fields), self._given.stopping)

    def _record(self, row: Mapping[str, Any], which: str = "") -> Record:
        record = as_record(row)
        at = record[MODIFIED]
        shown = at if modified_at(at) is not None else quoted(at)
        return Record(f"{self._settings.view}, modified {shown}{which}", value=record)

    def _changed(self, rows: list[Mapping[str, Any]]) -> list[Seen]:
        return [
            Seen(record, msgspec.json.encode(record.value), modified_at(row[MODIFIED]))
            for row, record in zip(rows, map(self._record, rows), strict=True)
        ]

    def close(self) -> None:
        """Close the connections."""
        self._view.close()


class _Rows:
    """See ``collectors.moving.Listing``: places are keys."""

    counted = False

    def __init__(self, view: View, settings: ViewSettings, pace: Pace, fields: Collection[str]) -> None:
        self._view = view
        self._settings = settings
        self._pace = pace
        self._fields = fields

    def page(self, since: int | None, place: Position | None) -> Page[Mapping[str, Any], Position]:
        self._pace.request()
        rows = self._view.page(since, place, self._fields)
        # A row whose modification time is no time would not be found again by it.
        if rows and all(modified_at(row[MODIFIED]) is None for row in rows):
            told = f"view {self._settings.view}, {MODIFIED}: no row of {len(rows)} holds a time stamp or yyyyMMddHHmmss"
            raise BadData(f"{told}; choose another column for it")
        following = (rows[-1][MODIFIED], rows[-1][NUMBER]) if rows else (None, "")
        return Page(rows, len(rows) < self._settings.page_rows, following)

    def modified(self, row: Mapping[str, Any]) -> int | None:
        return modified_at(row[MODIFIED])

    def digest(self, row: Mapping[str, Any]) -> int:
        return hash(msgspec.json.encode(as_record(row)))


def _key(row: Mapping[str, Any]) -> Key:
    return Key(str(row[NUMBER]).strip(), modified_at(row[MODIFIED]))
