"""HTTP and HTTPS: a GET must answer with a status that is expected, and the page hold a text where one is."""

from __future__ import annotations

import ssl
import unicodedata
from typing import Any

import httpcore
import httpx

from collectors.errors import http_error
from collectors.links.answer import Talk, Unanswered, excerpt
from collectors.links.connecting import connect, shake_hands
from opscentre import __version__
from opscentre.link_settings import LinkConfig, statuses

#: Bytes of a page that are looked at.
_LARGEST_PAGE = 65_536
#: Characters of it in the transcript.
_EXCERPT = 300
_REDIRECTS = 3
_PORTS = {"http": 80, "https": 443}


def asked(link: LinkConfig) -> str:
    """What is asked of whom, without the query."""
    return f"GET {httpx.URL(link.address).copy_with(query=None, userinfo=b'', fragment=None)}"


def ask(link: LinkConfig, talk: Talk) -> None:
    """GET a page, follow redirects on the same host, and look at what comes."""
    url = httpx.URL(link.address)
    for _ in range(_REDIRECTS + 1):
        target = _ask_once(link, url, talk)
        if target is None:
            return
        if not _same_host(url, target):
            if link.expect_text:
                raise Unanswered("redirect", f"it sends to another host, {target.host}, which is not asked")
            return
        url = target
    raise Unanswered("redirect", f"it sends on and on, more than {_REDIRECTS} times")


def _ask_once(link: LinkConfig, url: httpx.URL, talk: Talk) -> httpx.URL | None:
    """One request; where to go on when it is a redirect that was not expected by number."""
    host = url.raw_host.decode().strip("[]")
    port = url.port or _PORTS[url.scheme]
    connection = connect(host, port, talk)
    try:
        if url.scheme == "https":
            connection = shake_hands(connection, host, link.ca_file, talk)
        stream = _Stream(connection, talk)
        origin = httpcore.Origin(url.scheme.encode(), url.raw_host, port)
        with httpcore.HTTP11Connection(origin, stream) as http:
            response = http.handle_request(_request(url))
            talk.mark("answered")
            status = response.status
            phrase = response.extensions.get("reason_phrase", b"").decode("ascii", "replace")
            talk.transcript.status = excerpt(f"HTTP {status} {phrase}".strip())
            page = _page(response, _LARGEST_PAGE if link.expect_text else 2 * _EXCERPT)
            response.close()
    except httpcore.ProtocolError as error:
        raise Unanswered("bad_answer", f"not an answer in HTTP: {http_error(error)}") from None
    finally:
        connection.close()
    talk.transcript.said = excerpt(page[:_EXCERPT])
    expected = statuses(link)
    if not any(status in allowed for allowed in expected):
        raise Unanswered("http_status", f"HTTP {status}")
    if 300 <= status < 400 and status not in (300, 304) and not link.expect_status:
        location = dict(response.headers).get(b"Location") or dict(response.headers).get(b"location")
        if location:
            return _target(url, location)
    if link.expect_text and unicodedata.normalize("NFC", link.expect_text) not in page:
        raise Unanswered("text_missing", f"the page does not hold the text {link.expect_text[:60]!r}")
    return None


def _request(url: httpx.URL) -> httpcore.Request:
    headers = [
        (b"Host", url.netloc),
        (b"User-Agent", f"opscentre/{__version__}".encode()),
        (b"Accept", b"*/*"),
        (b"Accept-Encoding", b"identity"),
        (b"Connection", b"close"),
    ]
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    return httpcore.Request(b"GET", target, headers=headers)


def _page(response: httpcore.Response, most: int) -> str:
    """The beginning of the body; a drop now and then ends with the probe's time."""
    found = bytearray()
    for chunk in response.iter_stream():
        found += chunk
        if len(found) >= most:
            break
    return unicodedata.normalize("NFC", bytes(found[:most]).decode("utf-8", "replace"))


def _target(url: httpx.URL, location: bytes) -> httpx.URL:
    try:
        target = url.join(location.decode("utf-8"))
    except (httpx.InvalidURL, UnicodeDecodeError):
        raise Unanswered("redirect", "it sends to what is no address") from None
    if target.scheme not in _PORTS or not target.host:
        raise Unanswered("redirect", "it sends to what is no address of the web")
    return target


def _same_host(here: httpx.URL, there: httpx.URL) -> bool:
    """The same host and port, or the same host's ordinary ports from http to https."""
    if here.raw_host.lower() != there.raw_host.lower():
        return False
    ports = (here.port or _PORTS[here.scheme], there.port or _PORTS[there.scheme])
    if (here.scheme, there.scheme) == ("http", "https"):
        return ports == (80, 443)
    return here.scheme == there.scheme and ports[0] == ports[1]


class _Stream(httpcore.NetworkStream):
    """A connection of which every read and write has only the time that the probe has left."""

    def __init__(self, connection: Any, talk: Talk) -> None:
        self._connection = connection
        self._talk = talk

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Up to so many bytes; none at the end."""
        self._connection.settimeout(self._talk.left())
        try:
            return bytes(self._connection.recv(max_bytes))
        except ssl.SSLEOFError:
            # Many servers hang up without the goodbye of TLS.
            return b""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of the bytes."""
        self._connection.settimeout(self._talk.left())
        self._connection.sendall(buffer)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
