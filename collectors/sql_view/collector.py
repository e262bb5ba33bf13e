"""Polls one view: what changed since the newest change seen, page by page in order of (modified, number)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from collectors.base import Given, PollResult
from collectors.behaviour import Pace
from collectors.behaviour_secrets import secret_of
from collectors.errors import BadData
from collectors.intake import Record, Taken
from collectors.reconciling import Key, Row
from collectors.sql_view.database import MODIFIED, NUMBER, Position, View, as_record, modified_at, open_view
from collectors.sql_view.settings import ViewSettings
from collectors.window import Window, digest_of
from opscentre.domain.dvcqg import FIELDS
from opscentre.domain.masking import quoted
from opscentre.domain.moments import SECOND
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
        self._intake = given.intake()

    def poll(self) -> PollResult:
        """Every page of what changed; the cursor is saved after each page that the pipe acknowledged."""
        window = Window(self._given.read_cursor(), round(self._settings.overlap * SECOND))
        taken = rejected = 0
        self._pace.begin()
        for rows in self._pages(window.begin()):
            got = self._take(window, rows)
            taken, rejected = taken + got.sent, rejected + got.rejected
            if self._pace.spent:
                break
        return PollResult(taken, rejected)

    def listing(self) -> Iterator[list[Key]]:
        """See ``collectors.reconciling.Rereadable``: only the two columns of the key are selected."""
        for rows in self._pages(None, (NUMBER, MODIFIED)):
            yield [_key(row) for row in rows]

    def rows(self, start: int) -> Iterator[list[Row]]:
        """See ``collectors.reconciling.Rereadable``."""
        for rows in self._pages(start):
            yield [Row(_key(row), self._record(row, index)) for index, row in enumerate(rows, start=1)]

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

    def _record(self, row: Mapping[str, Any], index: int) -> Record:
        record = as_record(row)
        return Record(self._place(record[MODIFIED], f"row {index}"), value=record)

    def _place(self, modified: object, row: str) -> str:
        shown = modified if modified_at(modified) is not None else quoted(modified)
        return f"{self._settings.view}, modified {shown}, {row}"

    def _take(self, window: Window, rows: list[Mapping[str, Any]]) -> Taken:
        # A row whose modification time is no time would not be found again by it.
        if all(modified_at(row[MODIFIED]) is None for row in rows):
            told = f"view {self._settings.view}, {MODIFIED}: no row of {len(rows)} holds a time stamp or yyyyMMddHHmmss"
            raise BadData(f"{told}; choose another column for it")
        new: list[tuple[Record, str, int | None]] = []
        for row in rows:
            record = as_record(row)
            raw = msgspec.json.encode(record)
            digest = digest_of(raw)
            if not window.knows(digest):
                self._pace.took(len(raw))
                place = self._place(record[MODIFIED], f"new row {len(new) + 1}")
                new.append((Record(place, value=record), digest, modified_at(row[MODIFIED])))
        if not new:
            return Taken()
        taken = self._intake.take(record for record, _, _ in new)
        now = self._given.clock.now()
        for _, digest, at in new:
            window.remember(digest, at, now)
        self._given.write_cursor(window.save())
        return taken

    def close(self) -> None:
        """Close the connections."""
        self._view.close()


def _key(row: Mapping[str, Any]) -> Key:
    return Key(str(row[NUMBER]).strip(), modified_at(row[MODIFIED]))
