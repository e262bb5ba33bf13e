"""One request over HTTP: paced, bounded in time and size, and every way to fail put on its rung."""

from __future__ import annotations

import email.utils
import ssl
import time
from functools import lru_cache
from typing import Any, NamedTuple

import certifi
import httpx

from collectors.behaviour import Pace
from collectors.dvcqg_rest.settings import RestSettings
from collectors.errors import AskedToWait, BadData, TimedOut, Unreachable, http_error
from opscentre import outbound
from opscentre.clock import wall_ms


class Answer(NamedTuple):
    """An answer in full."""

    status: int
    #: Without the query.
    url: str
    headers: httpx.Headers
    content: bytes


class Http:
    """Asks one system. Raises the errors of ``collectors.errors``."""

    def __init__(self, settings: RestSettings, pace: Pace) -> None:
        self._settings = settings
        self._pace = pace
        self._http = httpx.Client(
            base_url=settings.url,
            timeout=settings.timeout,
            follow_redirects=False,
            transport=outbound.transport(
                trust_env=False,
                verify=trust(settings.ca_file),
                # One question at a time needs one connection.
                limits=httpx.Limits(max_connections=1),
            ),
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def ask(self, method: str, path: str, **given: Any) -> Answer:
        """One request and its whole answer."""
        self._pace.request()
        where = f"{self._settings.url}{path}"
        until = time.monotonic() + self._settings.timeout
        try:
            with self._http.stream(method, path, **given) as response:
                content = self._content(response, until, where)
        except httpx.TimeoutException:
            raise self._late(where) from None
        except httpx.TransportError as error:
            raise Unreachable(_explained(where, error)) from None
        except httpx.DecodingError as error:
            raise BadData(f"{where} answered what cannot be unpacked: {error}; ask the system's operator") from None
        except httpx.InvalidURL as error:
            raise BadData(f"{where} is no URL: {error}; correct 'url' of the source") from None
        url = str(response.request.url.copy_with(query=None))
        answer = Answer(response.status_code, url, response.headers, content)
        _require_ready(answer)
        return answer

    def _content(self, response: httpx.Response, until: float, where: str) -> bytes:
        """The body, unless it comes too slowly (a drop now and then is no answer either) or is too large."""
        found = bytearray()
        for chunk in response.iter_bytes():
            found += chunk
            self._pace.check(len(found), where)
            if time.monotonic() > until:
                raise self._late(where)
        return bytes(found)

    def _late(self, where: str) -> TimedOut:
        told = f"no answer from {where} within {self._settings.timeout:g} s"
        return TimedOut(f"{told}; look whether the system is overloaded")


@lru_cache(maxsize=32)
def trust(ca_file: str) -> ssl.SSLContext:
    """Whose certificates are believed; made once, for it costs 20 ms. Raises ``OSError`` for an unusable file."""
    return ssl.create_default_context(cafile=ca_file or certifi.where())


def retry_after(headers: httpx.Headers, now: int) -> float | None:
    """Seconds that a ``Retry-After`` asks to wait, given in seconds or as an HTTP date; None without a legible one.

    ``now`` is real time (ms); a date is compared with the system's own ``Date`` where it sends one, because its
    clock may be off.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = email.utils.parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
    try:
        begun = email.utils.parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except ValueError:
        begun = now / 1000
    return max(0.0, until - begun)


def _require_ready(answer: Answer) -> None:
    if answer.status < 500 and answer.status != httpx.codes.TOO_MANY_REQUESTS:
        return
    wait = retry_after(answer.headers, wall_ms())
    if wait is not None:
        told = f"{answer.url} answered {answer.status} and wants to be asked again in {wait:.0f} s"
        raise AskedToWait(f"{told}; polling goes on then", wait)
    raise Unreachable(f"{answer.url} answered {answer.status}: it is not ready; polling goes on")


def _explained(where: str, error: httpx.TransportError) -> str:
    told = http_error(error)
    if "CERTIFICATE" in told:
        reason = told.partition("verify failed: ")[2].partition(" (_ssl")[0] or told
        remedy = "have it renewed, or name its authority's PEM file in ca_file of the source"
        return f"the certificate of {where} is not to be trusted: {reason}; {remedy}"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return f"{where} broke off its answer: {told}; look whether it was restarted, and at what lies between"
    return f"no connection to {where}: {told}; check the address and the network"
