"""Polls one view: what changed since the newest change seen, page by page in order of (modified, number)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from collectors.base import Given, PollResult
from collectors.behaviour import Pace
from collectors.errors import BadData
from collectors.intake import Record
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

    def poll(self) -> PollResult:
        """Every page of what changed; the cursor is saved after each page that the pipe acknowledged."""
        window = self._reader.window()
        return self._reader.read(window, (self._changed(rows) for rows in self._pages(window.begin())))

    def listing(self) -> Iterator[list[Key]]:
        """See ``collectors.reconciling.Rereadable``: only the two columns of the key are selected."""
        for rows in self._pages(None, (NUMBER, MODIFIED)):
            yield [_key(row) for row in rows]

    def rows(self, start: int) -> Iterator[list[Row]]:
        """See ``collectors.reconciling.Rereadable``."""
        for rows in self._pages(start):
            yield [Row(_key(row), self._record(row, f", row {index}")) for index, row in enumerate(rows, start=1)]

    def _pages(self, since: int | None, fields: Collection[str] = ()) -> Iterator[list[Mapping[str, Any]]]:
        """The rows of each page, from a moment (ms) on; only these fields where some are named."""
        after: Position | None = None
        while not self._given.stopping.is_set():
            self._pace.request()
            rows = self._view.page(since, after, fields)
            if rows:
                yield rows
            if len(rows) < self._settings.page_rows:
                return
            after = (rows[-1][MODIFIED], rows[-1][NUMBER])

    def _record(self, row: Mapping[str, Any], which: str = "") -> Record:
        record = as_record(row)
        at = record[MODIFIED]
        shown = at if modified_at(at) is not None else quoted(at)
        return Record(f"{self._settings.view}, modified {shown}{which}", value=record)

    def _changed(self, rows: list[Mapping[str, Any]]) -> list[Seen]:
        # A row whose modification time is no time would not be found again by it.
        if all(modified_at(row[MODIFIED]) is None for row in rows):
            told = f"view {self._settings.view}, {MODIFIED}: no row of {len(rows)} holds a time stamp or yyyyMMddHHmmss"
            raise BadData(f"{told}; choose another column for it")
        return [
            Seen(record, msgspec.json.encode(record.value), modified_at(row[MODIFIED]))
            for row, record in zip(rows, map(self._record, rows), strict=True)
        ]

    def close(self) -> None:
        """Close the connections."""
        self._view.close()


def _key(row: Mapping[str, Any]) -> Key:
    return Key(str(row[NUMBER]).strip(), modified_at(row[MODIFIED]))
