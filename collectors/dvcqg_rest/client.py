"""The HTTP side: sign-in, one page at a time, and which failure means what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import msgspec

from collectors.dvcqg_rest.settings import RestSettings
from collectors.errors import BadData, SignInRefused, TimedOut, Unreachable
from collectors.splitter import UnreadableFile, split
from opscentre.domain.masking import masked
from opscentre.domain.moments import format_compact

_ACCEPTED = ("00", "0", 0, None)


class _Answer(msgspec.Struct):
    data: list[msgspec.Raw] | None = None
    error_code: str | int | None = None
    message: Any = None
    tongSoTrang: int | None = None


class Page(NamedTuple):
    """One page: each row's bytes, and whether it is the last one."""

    rows: list[bytes]
    last: bool


class OneStopClient:
    """Reads dossiers from one system. Raises the errors of ``collectors.errors``."""

    def __init__(self, settings: RestSettings, secret: str) -> None:
        self._settings = settings
        self._secret = secret
        self._token = ""
        self._http = httpx.Client(base_url=settings.url, timeout=settings.timeout, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def page(self, since: int | None, number: int) -> Page:
        """Page 1, 2, … of the dossiers modified at or after a moment (ms), oldest modification first."""
        query: dict[str, str | int] = {"trang": number, "soDong": self._settings.page_rows}
        if since is not None:
            query["tuNgay"] = format_compact(since)
        response = self._get(query)
        if response.status_code == httpx.codes.UNAUTHORIZED and self._settings.client_id:
            # A token that has expired is renewed once; a second refusal is about us.
            self._token = ""
            response = self._get(query)
        self._check(response)
        return self._read(response)

    def _get(self, query: dict[str, str | int]) -> httpx.Response:
        if self._settings.client_id and not self._token:
            self._token = self._sign_in()
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return self._ask("GET", self._settings.dossiers_path, params=query, headers=headers)

    def _sign_in(self) -> str:
        form = {"client_id": self._settings.client_id, "client_secret": self._secret}
        response = self._ask("POST", self._settings.token_path, data=form)
        if response.status_code == httpx.codes.BAD_REQUEST:
            told = f"{response.request.url} refused the sign-in as malformed"
            raise SignInRefused(f"{told}; check client_id and its secret, then restart the collectors")
        self._check(response)
        try:
            token = msgspec.json.decode(response.content, type=dict[str, Any]).get("access_token")
        except (msgspec.DecodeError, UnicodeDecodeError):
            token = None
        if not isinstance(token, str) or not token:
            raise BadData(f"{response.request.url} answered without an access_token; check token_path")
        return token

    def _ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **given)
        except httpx.TimeoutException:
            told = f"no answer from {self._settings.url}{path} within {self._settings.timeout:g} s"
            raise TimedOut(f"{told}; look whether the system is overloaded") from None
        except httpx.TransportError as error:
            told = f"no connection to {self._settings.url}{path}: {error}"
            raise Unreachable(f"{told}; check the address and the network") from None
        except httpx.InvalidURL as error:
            raise BadData(f"{self._settings.url}{path} is no URL: {error}; correct 'url' of the source") from None

    def _check(self, response: httpx.Response) -> None:
        status, url = response.status_code, response.request.url.copy_with(query=None)
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            told = f"{url} answered {status}: it does not accept client_id {self._settings.client_id!r}"
            raise SignInRefused(f"{told}; check the account and the secret, then restart the collectors")
        if status >= 500 or status == httpx.codes.TOO_MANY_REQUESTS:
            raise Unreachable(f"{url} answered {status}: it is not ready; polling goes on")
        if status != httpx.codes.OK:
            raise BadData(f"{url} answered {status}; check url, token_path and dossiers_path of the source")

    def _read(self, response: httpx.Response) -> Page:
        url = response.request.url
        try:
            answer = msgspec.json.decode(response.content, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Page(list(self._salvage(response)), last=False)
        if answer.error_code not in _ACCEPTED:
            told = masked(str(answer.message or ""))[:80]
            raise BadData(f"{url} answered error_code {answer.error_code!r} ({told}); ask the system's operator")
        if answer.data is None:
            raise BadData(f"{url} answered without a list 'data'; check dossiers_path of the source")
        pages = answer.tongSoTrang
        page = int(url.params["trang"])
        last = page >= pages if pages is not None else len(answer.data) < self._settings.page_rows
        return Page([bytes(row) for row in answer.data], last or not answer.data)

    def _salvage(self, response: httpx.Response) -> Iterator[bytes]:
        """The rows of a page that is not JSON as a whole: one broken row must not hide the others."""
        try:
            for piece in split([response.content]):
                # Of a row without an end of its own, enough to know it again; it will not decode.
                yield piece.raw or response.content[piece.offset : piece.offset + 500]
        except UnreadableFile as error:
            told = f"{response.request.url} answered what is no JSON: {error}"
            raise BadData(f"{told}; look what answers at that address") from None
