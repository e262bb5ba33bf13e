"""The SQL side: a read-only engine, one page by key, rows as the contract writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, and_, column, create_engine, event, or_, select, table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from collectors.errors import BadData, CollectError, SignInRefused, TimedOut, Unreachable, first_line
from collectors.sql_view.settings import ViewSettings
from opscentre.domain.dvcqg import DATES, FIELDS
from opscentre.domain.moments import ZONE, local, parse_compact
from opscentre.settings import SettingsError

NUMBER, MODIFIED = "MaHoSo", "NgayCapNhat"

_EPOCH, _MILLISECOND = dt.datetime.fromtimestamp(0, dt.UTC), dt.timedelta(milliseconds=1)

#: (modification time as the column holds it, MaHoSo): where the page before ended.
Position = tuple[Any, str]


def open_view(settings: ViewSettings, password: str, where: str) -> View:
    """A view, not yet connected to. Raises ``SettingsError``."""
    try:
        url = make_url(settings.url)
        if url.password:
            wanted = "an URL without password, and its environment variable in password_env"
            raise SettingsError(f"{where}, url: saw a password in it; want {wanted}")
        url = url.set(password=password) if password else url
        arguments: dict[str, Any] = {}
        if url.get_backend_name() == "sqlite":
            arguments = {"timeout": settings.timeout, "check_same_thread": False}
        elif url.get_backend_name() == "postgresql":
            milliseconds = round(settings.timeout * 1000)
            options = f"-c statement_timeout={milliseconds} -c default_transaction_read_only=on"
            # A server that has fallen silent in the middle is noticed by TCP, not by its own statement_timeout.
            silent = {"keepalives_idle": 5, "keepalives_interval": 5, "tcp_user_timeout": 2 * milliseconds}
            arguments = {"connect_timeout": max(2, round(settings.timeout)), "options": options, **silent}
        engine = create_engine(url, connect_args=arguments, pool_size=1, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise SettingsError(
            f"{where}, url: saw {settings.url!r}: {error}; want an SQLAlchemy URL whose driver is installed"
        ) from None
    if engine.dialect.name == "sqlite":
        only_read = "PRAGMA query_only=ON; PRAGMA cache_size=-512"
        event.listen(engine, "connect", lambda connection, _: connection.executescript(only_read))
    return View(engine, settings)


class View:
    """Reads a view by key (modification time, number). Raises the errors of ``collectors.errors``."""

    def __init__(self, engine: Engine, settings: ViewSettings) -> None:
        self._engine = engine
        self._settings = settings
        names = settings.columns or {field: field for field in FIELDS}
        schema, _, name = settings.view.rpartition(".")
        self._columns: dict[str, Any] = {field: column(name) for field, name in names.items()}
        self._view = table(name, *self._columns.values(), schema=schema or None)
        #: Whether every column is known to be there.
        self._looked = bool(settings.columns)
        #: How the modification column writes a moment; learnt from a row.
        self._style = ""

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def page(self, since: int | None, after: Position | None, fields: Collection[str] = ()) -> list[Mapping[str, Any]]:
        """Rows modified at or after a moment (ms; None: all) and behind ``after``, ordered by key.

        Only these fields are selected where some are named. Rows without a modification time are never among them.
        """
        try:
            with self._engine.connect() as connection:
                if not self._looked:
                    self._look(connection)
                columns = self._columns
                modified, number = columns[MODIFIED], columns[NUMBER]
                chosen = [entry.label(name) for name, entry in columns.items() if not fields or name in fields]
                query = select(*chosen).select_from(self._view)
                if after is not None:
                    at, last = after
                    query = query.where(or_(modified > at, and_(modified == at, number > last)))
                elif since is not None:
                    query = query.where(modified >= self._bound(connection, since))
                query = query.where(modified.is_not(None)).order_by(modified, number)
                return [dict(row._mapping) for row in connection.execute(query.limit(self._settings.page_rows))]
        except DBAPIError as error:
            raise self._explained(error) from None

    def _look(self, connection: Connection) -> None:
        """Find out which fields the view has as columns of the same name."""
        found: Any = connection.execute(select(column("*", is_literal=True)).select_from(self._view).limit(0))
        names = {name.casefold(): name for name in found.keys()}  # noqa: SIM118 - a result, not a dictionary
        known = [field for field in FIELDS if field.casefold() in names]
        present: dict[str, Any] = {field: column(names[field.casefold()]) for field in known}
        for field in (NUMBER, MODIFIED):
            if field not in present:
                raise BadData(
                    f"view {self._settings.view}: no column {field}; name its columns in [source.settings.columns]"
                )
        self._columns, self._looked = present, True

    def _bound(self, connection: Connection, since: int) -> Any:
        """A moment as the modification column writes it, to compare with."""
        if not self._style:
            modified = self._columns[MODIFIED]
            one = select(modified).select_from(self._view).where(modified.is_not(None)).limit(1)
            self._style = _style(connection.execute(one).scalar())
        at = local(since)
        return at.replace(tzinfo=None) if self._style == "time stamp" else at.strftime(self._style)

    def _explained(self, error: DBAPIError) -> CollectError:
        names = [*self._settings.view.split("."), self._settings.view, *self._settings.columns.values()]
        url = self._engine.url
        told = f"view {self._settings.view} at {url.render_as_string(hide_password=True)}: "
        told += first_line(error.orig or error, [*names, url.username or "", url.database or ""])
        low = told.casefold()
        if "password" in low or "authentication" in low or "access denied" in low:
            return SignInRefused(f"{told}; check user and password")
        if "timeout" in low or "locked" in low:
            return TimedOut(f"{told}; look whether the database is overloaded")
        if "no such" in low or "does not exist" in low or "permission" in low:
            return BadData(f"{told}; check view and columns of the source and what our user may read")
        if isinstance(error, OperationalError) or error.connection_invalidated:
            return Unreachable(f"{told}; check the address and the network")
        return BadData(f"{told}; ask the database's operator")


def as_record(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the contract writes a dossier: dates as ``yyyyMMddHHmmss``, numbers plain."""
    return {field: _plain(field, value) for field, value in row.items()}


def _plain(field: str, value: Any) -> Any:
    if isinstance(value, str) and field in DATES and value[4:5] == "-":
        with suppress(ValueError):
            value = dt.datetime.fromisoformat(value)
    if isinstance(value, dt.datetime):
        at = value if value.tzinfo is None else value.astimezone(ZONE)
        return at.strftime("%Y%m%d%H%M%S")
    if isinstance(value, dt.date) and field in DATES:
        return value.strftime("%Y%m%d000000")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    return value


def _style(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return "time stamp"
    if isinstance(value, str) and value[4:5] == "-":
        return f"%Y-%m-%d{value[10:11] or ' '}%H:%M:%S"
    return "%Y%m%d%H%M%S"


def modified_at(value: Any) -> int | None:
    """The moment that a modification column holds: a time stamp, or text as ``yyyyMMddHHmmss`` or ISO 8601.

    The millisecond that it lies in: reading on from there must find it again.
    """
    try:
        if isinstance(value, str) and value[4:5] == "-":
            value = dt.datetime.fromisoformat(value)
        if not isinstance(value, dt.datetime):
            return parse_compact(str(value))
        return ((value if value.tzinfo else value.replace(tzinfo=ZONE)) - _EPOCH) // _MILLISECOND
    except ValueError:
        return None
