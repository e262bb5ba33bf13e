"""Reads dated numbers, keeps each under its figure's code, and sets aside what is no number or has no good date."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Protocol

from collectors.base import Given, PollResult
from collectors.figures.numbers import NoFigure, moment_of, number_of
from collectors.figures.rows import FileRows, HttpRows, SqlRows, at_path
from collectors.figures.settings import FigureMap, FiguresSettings
from opscentre.clock import wall_ms
from opscentre.secret_files import secret_of
from opscentre.settings import SettingsError
from opscentre.sources import CODE_WANTED, checked, is_code
from opscentre.store.figures import FedFigure
from opscentre.store.intake import SetAside


class _Rows(Protocol):
    def read(self) -> list[Any]: ...

    def close(self) -> None: ...


def make(given: Given) -> FiguresCollector:
    """The collector of a source. Raises ``SettingsError``."""
    where = f"{given.where}, settings"
    settings = checked(given.config.settings, FiguresSettings, where)
    if not settings.figure:
        raise SettingsError(f"{where}, figure: saw none; want at least one [[source.settings.figure]]")
    for one in settings.figure:
        if not is_code(one.code):
            raise SettingsError(f"{where}, figure, code: saw {one.code!r}; want {CODE_WANTED}")
    secret = secret_of(given.environment, settings.secret_env) if settings.secret_env else ""
    if settings.secret_env and not secret:
        raise SettingsError(
            f"{where}, secret_env: the environment variable {settings.secret_env!r} is not set; put the secret into it"
        )
    return FiguresCollector(given, settings, _rows(given, settings, secret, where))


def _rows(given: Given, settings: FiguresSettings, secret: str, where: str) -> _Rows:
    if settings.read == "file":
        return FileRows(given.settings.data / settings.url)
    if settings.read == "sql":
        if not settings.rows:
            raise SettingsError(f"{where}, rows: saw ''; want the name of the view")
        return SqlRows(settings, secret, where)
    if not settings.url.startswith(("http://", "https://")):
        raise SettingsError(f"{where}, url: saw {settings.url!r}; want http://… or https://…, or another 'read'")
    return HttpRows(settings, secret)


class FiguresCollector:
    """See ``collectors.base.Collector``; has no cursor: all rows are read each time, and only changes are written."""

    def __init__(self, given: Given, settings: FiguresSettings, rows: _Rows) -> None:
        self._given = given
        self._settings = settings
        self._rows = rows

    def poll(self) -> PollResult:
        """Read all rows; taken are the numbers that are new or have changed."""
        rows, now = self._rows.read(), self._given.clock.now()
        good: dict[tuple[str, int], FedFigure] = {}
        aside: list[SetAside] = []
        for one in self._settings.figure:
            for place, value, date in self._matching(one, rows):
                try:
                    found = self._figure(one, value, date, now)
                except NoFigure as error:
                    aside.append(self._aside(one, place, error, value, date))
                else:
                    # Two rows of one date: the one that stands last counts.
                    good[found.code, found.as_of] = found
        self._given.set_aside(aside)
        return PollResult(self._given.keep_figures(list(good.values())), len(aside))

    def _matching(self, one: FigureMap, rows: list[Any]) -> Iterator[tuple[str, object, object]]:
        """Place, number and date of each row of a figure; a row without a number has nothing to say."""
        for place, row in enumerate(rows, start=1):
            if all(str(at_path(row, name)).strip() == text for name, text in one.where.items()):
                value = at_path(row, one.value)
                if value is not None and value != "":
                    yield f"row {place}", value, at_path(row, one.date)

    def _figure(self, one: FigureMap, value: object, date: object, now: int) -> FedFigure:
        return FedFigure(
            code=one.code,
            as_of=moment_of(date, now),
            value=number_of(value, self._settings.decimal),
            unit=one.unit,
            source=self._given.config.code,
            seen_at=wall_ms(),
        )

    def _aside(self, one: FigureMap, place: str, error: NoFigure, value: object, date: object) -> SetAside:
        code = self._given.config.code
        basis = f"{one.code}\x1f{value!r}\x1f{date!r}".encode("utf-8", "surrogatepass")
        field = one.value if error.reason == "not_a_number" else one.date
        return SetAside(
            source=code,
            reason=error.reason,
            place=f"{self._settings.read}, {place}",
            message=f"{code}, {place}: figure {one.code}: {field}: {error}",
            digest=hashlib.blake2b(basis, digest_size=16).hexdigest(),
            seen_at=wall_ms(),
            field=field[:64],
        )

    def close(self) -> None:
        """Close the connections."""
        self._rows.close()
