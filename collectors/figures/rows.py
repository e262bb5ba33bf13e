"""The rows that figures are read from: a JSON document, a CSV file, an SQL view."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
from sqlalchemy import column, create_engine, event, select, table
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from collectors.errors import BadData, CollectError, SignInRefused, TimedOut, Unreachable, first_line
from collectors.figures.settings import FiguresSettings
from collectors.file_drop.encoding import Detector, lines_of
from collectors.file_drop.parts import CHUNK
from opscentre import outbound
from opscentre.settings import SettingsError

#: Bounds of one poll: figures are few.
MOST_BYTES = 20_000_000
MOST_ROWS = 100_000
_LONGEST_LINE = 100_000


def at_path(row: object, path: str) -> object:
    """The value at a path of keys and list places parted by dots; None where there is none."""
    if isinstance(row, dict) and path in row:
        return row[path]
    for step in path.split("."):
        if isinstance(row, dict):
            row = row.get(step)
        elif isinstance(row, list) and step.isascii() and step.isdigit() and int(step) < len(row):
            row = row[int(step)]
        else:
            return None
    return row


class HttpRows:
    """Rows of a JSON document. Raises the errors of ``collectors.errors``."""

    def __init__(self, settings: FiguresSettings, secret: str) -> None:
        self._settings = settings
        headers = {"accept": "application/json"} | ({"authorization": f"Bearer {secret}"} if secret else {})
        self._http = httpx.Client(
            timeout=settings.timeout, headers=headers, follow_redirects=False,
            transport=outbound.transport(trust_env=False),
        )  # fmt: skip

    def read(self) -> list[Any]:
        """Ask once."""
        url = self._settings.url
        content = bytearray()
        try:
            with self._http.stream("GET", url) as response:
                self._check(response.status_code)
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > MOST_BYTES:
                        raise BadData(f"{url} answered more than {MOST_BYTES // 1_000_000} MB; name a smaller document")
        except httpx.TimeoutException:
            raise TimedOut(f"{url} did not answer within {self._settings.timeout:g} s; see whether it works") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{url}: no connection ({type(error).__name__}); check address and network") from None
        try:
            document = msgspec.json.decode(bytes(content))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise BadData(f"{url} answered what is no JSON; look what answers at that address") from None
        rows = at_path(document, self._settings.rows) if self._settings.rows else document
        if rows is None:
            raise BadData(f"{url} has nothing at {self._settings.rows!r}; correct 'rows' of the source")
        return rows if isinstance(rows, list) else [rows]

    def _check(self, status: int) -> None:
        url = self._settings.url
        if status in (401, 403):
            raise SignInRefused(f"{url} answered HTTP {status}; check the secret in {self._settings.secret_env!r}")
        if status == 429 or status >= 500:
            raise Unreachable(f"{url} answered HTTP {status}; see whether it works")
        if status != 200:
            raise BadData(f"{url} answered HTTP {status}; check 'url' of the source")

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


class FileRows:
    """Rows of a CSV file. Raises the errors of ``collectors.errors``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[dict[str, str]]:
        """Read the file as it is now."""
        try:
            if self._path.stat().st_size > MOST_BYTES:
                raise BadData(f"{self._path} has more than {MOST_BYTES // 1_000_000} MB; name a file of figures")
            detector = Detector()
            with self._path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    detector.feed(chunk)
                file.seek(0)
                return list(self._rows(line for line, _ in lines_of(file, detector.encoding(), _LONGEST_LINE)))
        except FileNotFoundError:
            raise BadData(f"{self._path} is not there; put it there, or correct 'url' of the source") from None
        except OSError as error:
            raise BadData(f"{self._path} cannot be read ({error.strerror}); let this user read it") from None
        except csv.Error as error:
            raise BadData(f"{self._path} is no CSV file ({error}); save it as CSV in UTF-8") from None

    def _rows(self, lines: Iterator[str]) -> Iterator[dict[str, str]]:
        head = next(lines, "")
        mark = max(",;\t", key=head.count)
        header = [name.strip() for name in next(csv.reader([head], delimiter=mark), [])]
        for count, cells in enumerate(csv.reader(lines, delimiter=mark), start=1):
            if count > MOST_ROWS:
                raise BadData(f"{self._path} has more than {MOST_ROWS} rows; name a file of figures")
            if cells:
                yield dict(zip(header, cells, strict=False))

    def close(self) -> None:
        """Nothing is held open."""


class SqlRows:
    """Rows of a view: the named columns only, read-only. Raises the errors of ``collectors.errors``."""

    def __init__(self, settings: FiguresSettings, secret: str, where: str) -> None:
        self._settings = settings
        self._engine = _engine(settings, secret, where)
        names = {name for one in settings.figure for name in (one.value, one.date, *one.where)}
        schema, _, view = settings.rows.rpartition(".")
        self._view = table(view, *(column(name) for name in sorted(names)), schema=schema or None)

    def read(self) -> list[dict[str, Any]]:
        """Select the rows."""
        try:
            with self._engine.connect() as connection:
                found = connection.execute(select(self._view).limit(MOST_ROWS + 1))
                rows = [dict(row._mapping) for row in found]
        except DBAPIError as error:
            raise self._explained(error) from None
        if len(rows) > MOST_ROWS:
            raise BadData(f"view {self._settings.rows} has more than {MOST_ROWS} rows; name a view of figures")
        return rows

    def _explained(self, error: DBAPIError) -> CollectError:
        url = self._engine.url
        names = [*self._view.columns.keys(), self._settings.rows, url.username or "", url.database or ""]
        place = url.render_as_string(hide_password=True)
        told = f"view {self._settings.rows} at {place}: {first_line(error.orig or error, names)}"
        low = told.casefold()
        if "password" in low or "authentication" in low:
            return SignInRefused(f"{told}; check user and password")
        if "no such" in low or "does not exist" in low or "permission" in low:
            return BadData(f"{told}; check view and columns of the source and what our user may read")
        if isinstance(error, OperationalError):
            return Unreachable(f"{told}; check the address and the network")
        return BadData(f"{told}; ask the database's operator")

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def _engine(settings: FiguresSettings, secret: str, where: str) -> Engine:
    try:
        url = make_url(settings.url)
        if url.password:
            raise SettingsError(f"{where}, url: saw a password in it; put it into the variable of 'secret_env'")
        url = url.set(password=secret) if secret else url
        arguments: dict[str, Any] = {}
        if url.get_backend_name() == "postgresql":
            options = f"-c statement_timeout={round(settings.timeout * 1000)} -c default_transaction_read_only=on"
            arguments = {"connect_timeout": max(2, round(settings.timeout)), "options": options}
        elif url.get_backend_name() == "sqlite":
            arguments = {"timeout": settings.timeout, "check_same_thread": False}
        engine = create_engine(url, connect_args=arguments, pool_size=1, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        wanted = "an SQLAlchemy URL whose driver is installed"
        raise SettingsError(f"{where}, url: cannot be used ({type(error).__name__}); want {wanted}") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only=ON"))
    return engine
