"""The interface: sign-in, one page at a time, and what an answer says."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import msgspec

from collectors.behaviour import Pace
from collectors.dvcqg_rest.http import Answer, Http
from collectors.dvcqg_rest.settings import RestSettings
from collectors.errors import BadData, SignInRefused
from collectors.splitter import UnreadableFile, split
from opscentre.domain.masking import quoted
from opscentre.domain.moments import format_compact

_OAUTH_ERRORS = ("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
                 "unsupported_grant_type", "invalid_scope")  # fmt: skip
_ACCEPTED = ("00", "0", 0, None)


class _Answer(msgspec.Struct):
    data: list[msgspec.Raw] | None = None
    error_code: str | int | None = None
    tongSoTrang: int | None = None


class _Token(msgspec.Struct):
    access_token: str = ""
    expires_in: float | None = None


class Page(NamedTuple):
    """One page: each row's bytes, and whether it is the last one."""

    rows: list[bytes]
    last: bool


class OneStopClient:
    """Reads dossiers from one system. Raises the errors of ``collectors.errors``."""

    def __init__(self, settings: RestSettings, secret: str, pace: Pace) -> None:
        self._settings = settings
        self._secret = secret
        self._token = ""
        #: When the token is renewed before it expires (``time.monotonic``).
        self._renew_at = math.inf
        self._http = Http(settings, pace)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def page(self, since: int | None, number: int, more: dict[str, str] | None = None) -> Page:
        """Page 1, 2, … of the dossiers modified at or after a moment (ms), oldest modification first.

        ``more`` is added to the query.
        """
        query: dict[str, str | int] = {"trang": number, "soDong": self._settings.page_rows, **(more or {})}
        if since is not None:
            query["tuNgay"] = format_compact(since)
        answer = self._get(query)
        if answer.status == httpx.codes.UNAUTHORIZED and self._settings.client_id:
            # A token that has expired is renewed once; a second refusal is about us.
            self._token = ""
            answer = self._get(query)
        self._check(answer)
        return self._read(answer, number)

    def _get(self, query: dict[str, str | int]) -> Answer:
        if self._settings.client_id and (not self._token or time.monotonic() >= self._renew_at):
            self._sign_in()
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return self._http.ask("GET", self._settings.dossiers_path, params=query, headers=headers)

    def _sign_in(self) -> None:
        settings = self._settings
        form = {"client_id": settings.client_id, "client_secret": self._secret}
        if settings.sign_in == "oauth2":
            form |= {"grant_type": "client_credentials"} | ({"scope": settings.scope} if settings.scope else {})
        asked = time.monotonic()
        answer = self._http.ask("POST", settings.token_path, data=form)
        if answer.status == httpx.codes.BAD_REQUEST:
            told = f"{answer.url} refused the sign-in as malformed{_oauth_error(answer)}"
            raise SignInRefused(f"{told}; check client_id, its secret, sign_in and scope")
        self._check(answer)
        try:
            token = msgspec.json.decode(answer.content, type=_Token)
        except (msgspec.DecodeError, UnicodeDecodeError):
            token = _Token()
        if not token.access_token:
            raise BadData(f"{answer.url} answered without an access_token; check token_path and sign_in")
        self._token = token.access_token
        lasts = token.expires_in
        # A tenth before its end, so that no request is under way with a token that ends meanwhile.
        self._renew_at = asked + 0.9 * lasts if lasts and lasts > 0 else math.inf

    def _check(self, answer: Answer) -> None:
        status, url = answer.status, answer.url
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            self._token = ""
            told = f"{url} answered {status}: it does not accept client_id {self._settings.client_id!r}"
            raise SignInRefused(f"{told}; check the account and the secret")
        if status != httpx.codes.OK:
            raise BadData(f"{url} answered {status}; check url, token_path and dossiers_path of the source")

    def _read(self, response: Answer, page: int) -> Page:
        url = response.url
        try:
            answer = msgspec.json.decode(response.content, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Page(list(self._salvage(response)), last=False)
        if answer.error_code not in _ACCEPTED:
            # What it says beside the code is left out: it may name a citizen.
            raise BadData(f"{url} answered error_code {quoted(answer.error_code)}; ask the system's operator")
        if answer.data is None:
            raise BadData(f"{url} answered without a list 'data'; check dossiers_path of the source")
        pages = answer.tongSoTrang
        last = page >= pages if pages is not None else len(answer.data) < self._settings.page_rows
        return Page([bytes(row) for row in answer.data], last or not answer.data)

    def _salvage(self, response: Answer) -> Iterator[bytes]:
        """The rows of a page that is not JSON as a whole: one broken row must not hide the others."""
        try:
            for piece in split([response.content]):
                # Of a row without an end of its own, enough to know it again; it will not decode.
                yield piece.raw or response.content[piece.offset : piece.offset + 500]
        except UnreadableFile as error:
            told = f"{response.url} answered what is no JSON: {error}"
            raise BadData(f"{told}; look what answers at that address") from None


def _oauth_error(answer: Answer) -> str:
    """The error code of RFC 6749, 5.2, in parentheses; the description is left out: it may quote us."""
    try:
        code = msgspec.json.decode(answer.content, type=dict[str, Any]).get("error")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return f" ({code})" if code in _OAUTH_ERRORS else ""
