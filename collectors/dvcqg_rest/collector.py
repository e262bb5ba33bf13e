"""Polls one one-stop system: what changed since the newest change seen, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl

import msgspec

from collectors.base import Given, PollResult
from collectors.behaviour import Pace
from collectors.dvcqg_rest.client import OneStopClient
from collectors.dvcqg_rest.http import trust
from collectors.dvcqg_rest.settings import RestSettings
from collectors.errors import BadData
from collectors.intake import Record
from collectors.moving import Page, Reader
from collectors.paging import PageReader, Seen
from collectors.reconciling import Key, Row
from opscentre.domain.moments import parse_compact
from opscentre.secret_files import secret_of
from opscentre.settings import SettingsError
from opscentre.sources import checked


class _Dated(msgspec.Struct):
    MaHoSo: str | int | None = None
    NgayCapNhat: str | int | None = None


_dated = msgspec.json.Decoder(_Dated)


def make(given: Given) -> RestCollector:
    """The collector of a source. Raises ``SettingsError``."""
    where = f"{given.where}, settings"
    settings = checked(given.config.settings, RestSettings, where)
    if not settings.url.startswith(("http://", "https://")):
        raise SettingsError(f"{where}, url: saw {settings.url!r}; want http://HOST:PORT or https://HOST")
    if "@" in settings.url:
        raise SettingsError(f"{where}, url: saw an account in it; want client_id, and its secret in client_secret_env")
    if not 1 <= settings.page_rows <= 10_000:
        raise SettingsError(f"{where}, page_rows: saw {settings.page_rows}; want 1 to 10000")
    secret = ""
    if settings.client_id:
        secret = secret_of(given.environment, settings.client_secret_env)
        if not secret:
            raise SettingsError(
                f"{where}, client_secret_env: the environment variable {settings.client_secret_env!r} is not set; "
                f"put the secret of client_id {settings.client_id!r} into it"
            )
    try:
        trust(settings.ca_file)
    except OSError as error:
        told = f"{where}, ca_file: {settings.ca_file} cannot be used ({error.strerror or error})"
        raise SettingsError(f"{told}; name a file of PEM certificates") from None
    pace = Pace(given.config.behaviour, given.stopping)
    return RestCollector(given, settings, OneStopClient(settings, secret, pace), pace)


class RestCollector:
    """See ``collectors.base.Collector``."""

    def __init__(self, given: Given, settings: RestSettings, client: OneStopClient, pace: Pace) -> None:
        self._given = given
        self._settings = settings
        self._client = client
        self._reader = PageReader(given, pace, settings.overlap)
        self._list = self._moving({})

    def poll(self) -> PollResult:
        """Every page of what changed; the cursor is saved after each page that the pipe acknowledged."""
        window = self._reader.window()
        return self._reader.read(window, (self._seen(*part) for part in self._list.walk(window.begin())))

    def listing(self) -> Iterator[list[Key]]:
        """See ``collectors.reconciling.Rereadable``; by the light listing where the interface has one."""
        for rows, _ in self._moving(dict(parse_qsl(self._settings.keys_query))).walk(None):
            yield [key for row in rows if (key := _key(row)) is not None]

    def rows(self, start: int) -> Iterator[list[Row]]:
        """See ``collectors.reconciling.Rereadable``."""
        before: set[bytes] = set()
        for page, number in self._moving({}).walk(start):
            # A page begins at the moment at which the one before ended.
            fresh = [row for row in page if row not in before]
            before = set(page)
            yield [
                Row(_key(row) or Key("", None), Record(f"{self._place(number)}, row {index}", raw=row))
                for index, row in enumerate(fresh, start=1)
            ]

    def _moving(self, more: dict[str, str]) -> Reader[bytes, int]:
        return Reader(_Dossiers(self._client, self._settings, more), self._given.stopping)

    def _seen(self, rows: list[bytes], number: int | None) -> list[Seen]:
        return [Seen(Record(self._place(number), raw=row), row, _modified(row)) for row in rows]

    def _place(self, number: int | None) -> str:
        return f"{self._settings.dossiers_path}, page {number or 1}"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class _Dossiers:
    """See ``collectors.moving.Listing``: pages are counted, in an order that changes make."""

    counted = True

    def __init__(self, client: OneStopClient, settings: RestSettings, more: dict[str, str]) -> None:
        """``more`` is added to the query."""
        self._client = client
        self._settings = settings
        self._more = more

    def page(self, since: int | None, place: int | None) -> Page[bytes, int]:
        number = place or 1
        rows, last = self._client.page(since, number, self._more)
        if len(rows) > 10 * self._settings.page_rows:
            raise BadData(f"{self._settings.url}: a page of {len(rows)} rows; is 'soDong' understood there?")
        return Page(rows, last, number + 1)

    def modified(self, row: bytes) -> int | None:
        return _modified(row)

    def digest(self, row: bytes) -> int:
        return hash(row)


def _key(row: bytes) -> Key | None:
    try:
        number = _dated.decode(row).MaHoSo
    except (ValueError, RecursionError):
        return None
    return Key(str(number).strip(), _modified(row)) if number else None


def _modified(row: bytes) -> int | None:
    try:
        return parse_compact(str(_dated.decode(row).NgayCapNhat))
    except (ValueError, RecursionError):
        return None
