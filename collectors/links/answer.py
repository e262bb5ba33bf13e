"""What one probe came to: whether the link answered, how fast, what is wrong, and a transcript of the talk."""

from __future__ import annotations

import re
import time
from typing import Literal, NamedTuple

import msgspec

from opscentre.clock import wall_ms
from opscentre.domain.kept_text import kept_name, words
from opscentre.domain.masking import masked

#: What can be wrong: nobody there; something there that is not what it should be; a probe that this machine cannot do.
Reason = Literal[
    "", "timeout", "refused", "unreachable", "no_such_host", "connection_lost",
    "http_status", "text_missing", "redirect", "bad_answer",
    "tls_failed", "tls_expired", "tls_not_yet_valid", "tls_wrong_name", "tls_untrusted",
    "dns_no_such_name", "dns_no_address", "dns_refused", "dns_wrong_address",
    "own_uplink", "icmp_not_allowed", "no_resolver", "not_probed",
]  # fmt: skip

#: Bytes of a transcript as JSON, and characters of each text in it.
LARGEST_TRANSCRIPT = 4096
_LONGEST_TEXT = 400
#: Runs that look like a key or a token rather than a word, in a page (where hosts and paths matter less) more of them,
#: and what stands behind a name that says so.
_TOKEN = re.compile(r"[A-Za-z0-9+_=]{20,}")
_MAYBE_TOKEN = re.compile(r"[A-Za-z0-9+/_=\-]{16,}")
_NAMED = re.compile(
    r"((?:pass|pwd|secret|token|api.?key|authorization|cookie|session|mat.?khau)\w*[\"']?\s*[:=]\s*)"
    r"(?:\"[^\"]*\"?|'[^']*'?|[^\s&,;<>]+)",
    re.IGNORECASE,
)
#: Words that servers write large; other large words of a page may name somebody.
_SERVER_WORDS = words(
    "access allowed apache bad basic bearer content continue denied doctype entity error failed forbidden found gateway"
    " gone head html http https iis internal length location login maintenance many method microsoft moved nginx not ok"
    " page permanently portal redirect request required script server service sign temporarily timeout title tomcat"
    " too type unauthorized unavailable up use web welcome"
)


class Unanswered(Exception):
    """The link did not answer as it should. The text is a sentence for a person."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class UnableToAsk(Unanswered):
    """This machine cannot do such a probe: that says nothing of the link. The text says what to allow."""


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What a server showed of itself."""

    subject: str
    issuer: str
    #: The names and addresses it is for, at most eight.
    names: list[str]
    #: Moments (ms) from which and until which it holds.
    begins_at: int
    expires_at: int


class Transcript(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The talk of one probe, without secrets and never larger than ``LARGEST_TRANSCRIPT``."""

    at: int
    #: What was asked of whom, without password and query.
    asked: str
    #: The address that was talked to.
    address: str = ""
    tls: str = ""
    certificate: Certificate | None = None
    #: Status line, or the code of a DNS answer.
    status: str = ""
    #: The beginning of what was said, masked.
    said: str = ""
    #: Milliseconds from the beginning: ``resolved``, ``connected``, ``tls``, ``answered``.
    timings: dict[str, float] = {}
    reason: str = ""
    detail: str = ""

    def encoded(self) -> bytes:
        """As JSON; the longest texts give way where it would be too large."""
        found = msgspec.json.encode(self)
        if len(found) > LARGEST_TRANSCRIPT:
            found = msgspec.json.encode(msgspec.structs.replace(self, said="", certificate=None))
        return found


class Answer(NamedTuple):
    """What one attempt came to; ``latency_ms`` is None when it failed."""

    latency_ms: float | None
    reason: Reason
    detail: str
    #: Whether the probe could be made at all.
    asked: bool
    transcript: Transcript


class Talk:
    """One probe while it goes on: how much time is left, and what is noted of it."""

    def __init__(self, asked: str, timeout: float) -> None:
        self.transcript = Transcript(at=wall_ms(), asked=shown(asked))
        self.latency_ms: float | None = None
        self._timeout = timeout
        self._begun = time.perf_counter()

    def left(self) -> float:
        """Seconds until the probe is given up. Raises ``TimeoutError`` when there are none."""
        left = self._begun + self._timeout - time.perf_counter()
        if left <= 0:
            raise TimeoutError
        return left

    def mark(self, step: str) -> None:
        """A step is done; the last one to be marked is the latency."""
        self.latency_ms = round((time.perf_counter() - self._begun) * 1000, 1)
        self.transcript.timings = {**self.transcript.timings, step: self.latency_ms}

    def answered(self) -> Answer:
        """It went as it should."""
        return Answer(self.latency_ms, "", "", True, self.transcript)

    def failed(self, reason: Reason, detail: str, *, asked: bool = True) -> Answer:
        """It did not."""
        if asked:
            # What a link said may be in it; why it could not be asked are our own words.
            detail = shown(detail)
        self.transcript.reason, self.transcript.detail = reason, detail
        return Answer(None, reason, detail, asked, self.transcript)


def shown(text: str) -> str:
    """A text fit to be kept: on one line, short, without e-mail addresses, long numbers and what may be a token."""
    return _TOKEN.sub(_hide_mixed, masked(text))[:_LONGEST_TEXT]


def excerpt(page: str) -> str:
    """The beginning of a page fit to be kept: as ``shown``, without what stands behind "password" and the like, and
    without names."""
    return kept_name(shown(_MAYBE_TOKEN.sub(_hide_mixed, _NAMED.sub(r"\1‹…›", page))), _SERVER_WORDS)


def _hide_mixed(found: re.Match[str]) -> str:
    run = found.group()
    return "‹…›" if any(c.isdigit() for c in run) and any(c.isalpha() for c in run) else run
