"""Takes the pushes of one department: checks the signature, takes the dossiers, answers once the pipe has them."""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
from collections.abc import Iterator, Mapping

import msgspec

from collectors.base import Given, PollResult
from collectors.errors import CollectError, as_failure
from collectors.intake import Record, Taken
from collectors.splitter import UnreadableFile, split
from collectors.webhook.door import Answer, Door, Listener, enter, leave, refusal
from collectors.webhook.settings import WebhookSettings
from opscentre.clock import wall_ms
from opscentre.secret_files import secret_of
from opscentre.settings import SettingsError
from opscentre.sources import checked
from opscentre.store.intake import SetAside

log = logging.getLogger(__name__)

SIGNATURE, TIMESTAMP, KEY = "X-Signature", "X-Timestamp", "Idempotency-Key"
SHORTEST_SECRET = 16
#: Reasons that an answer tells at most.
MOST_REASONS = 20
#: Answers that are remembered by their key: so many, so many bytes of them, and for so long (ms).
MOST_KEYS, MOST_KEY_BYTES, KEPT_FOR = 1_000, 500_000, 24 * 3_600_000
_LONGEST_KEY = 200


class _Past(msgspec.Struct):
    """The answer that a push got; ``body`` is the digest of what was pushed."""

    body: str
    status: int
    answer: str
    at: int


class _Saved(msgspec.Struct):
    #: By the digest of their key, oldest first.
    answers: dict[str, _Past] = {}


def make(given: Given) -> WebhookCollector:
    """The collector of a source. Raises ``SettingsError``."""
    where = f"{given.where}, settings"
    settings = checked(given.config.settings, WebhookSettings, where)
    if not 1 <= settings.port <= 65_535:
        raise SettingsError(f"{where}, port: saw {settings.port}; want 1 to 65535")
    if not 0 < settings.most_megabytes <= 100:
        raise SettingsError(f"{where}, most_megabytes: saw {settings.most_megabytes}; want more than 0, at most 100")
    if not 1 <= settings.window <= 3600:
        raise SettingsError(f"{where}, window: saw {settings.window}; want seconds from 1 to 3600")
    secret = secret_of(given.environment, settings.secret_env)
    if len(secret) < SHORTEST_SECRET:
        raise SettingsError(
            f"{where}, secret_env: the environment variable {settings.secret_env!r} holds {len(secret)} characters; "
            f"put a secret of at least {SHORTEST_SECRET} into it, and give it to the department"
        )
    return WebhookCollector(given, settings, secret)


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    """What a sender puts into ``X-Signature``: HMAC-SHA256 over timestamp, a point and the body, in hexadecimal."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class WebhookCollector:
    """See ``collectors.base.Serving``. ``receive`` runs in the threads of the door."""

    def __init__(self, given: Given, settings: WebhookSettings, secret: str) -> None:
        self._given = given
        self._settings = settings
        self._secret = secret
        self._refused: list[SetAside] = []
        self._intake = given.intake(self._refused.append)
        #: One push at a time: a repeated one waits for the first one's answer.
        self._turn = threading.Lock()
        self._door: Door | None = None
        self._taken = self._rejected = 0
        self._heard_at: int | None = None
        self._failure: CollectError | None = None

    def poll(self) -> PollResult:
        """Listen, from the first call on; what came since the last one. Raises what the last push failed with."""
        if self._door is None:
            most = round(self._settings.most_megabytes * 1_000_000)
            listener = Listener(self.receive, most)
            self._door = enter(self._settings.host, self._settings.port, self._given.config.code, listener)
        with self._turn:
            result = PollResult(self._taken, self._rejected)
            failure, self._failure = self._failure, None
            if failure is None:
                self._taken = self._rejected = 0
        if failure:
            raise failure
        return result

    def heard_at(self) -> int | None:
        """When the department last pushed something that was taken (real ms); None: not since the start."""
        return self._heard_at

    def receive(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one push; never raises."""
        headers = {name.lower(): value for name, value in headers.items()}
        try:
            return self._unsigned(headers, body) or self._once(headers.get(KEY.lower()) or "", body)
        except Exception as error:  # noqa: BLE001 - a push must not end the door
            failure = as_failure(error)
            with self._turn:
                if self._failure is None:
                    log.error("source %s: a push failed: %s: %s", self._given.config.code, failure.kind, failure)
                self._failure = failure
            return refusal(503, "not taken; push it again with the same key")

    def _unsigned(self, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """The refusal of a push that is not signed, or not now."""
        stamp = (headers.get(TIMESTAMP.lower()) or "").strip()
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            return refusal(401, f"{TIMESTAMP}: want the seconds since 1970 at which it was signed")
        if abs(wall_ms() / 1000 - int(stamp)) > self._settings.window:
            return refusal(401, f"{TIMESTAMP}: more than {self._settings.window:g} s from this clock; sign it anew")
        seen = (headers.get(SIGNATURE.lower()) or "").strip().removeprefix("sha256=").lower()
        wanted = signature_of(self._secret, stamp, body)
        if not hmac.compare_digest(seen.encode("utf-8", "replace"), wanted.encode()):
            return refusal(401, f"{SIGNATURE}: want HMAC-SHA256 over {TIMESTAMP}, a point and the body")
        return None

    def _once(self, key: str, body: bytes) -> Answer:
        """Take a push, or give the answer it got before."""
        if not 1 <= len(key) <= _LONGEST_KEY or not key.isascii() or not key.isprintable():
            return refusal(400, f"{KEY}: want 1 to {_LONGEST_KEY} printable ASCII characters, a new one for each push")
        name = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
        content = hashlib.sha256(body).hexdigest()
        with self._turn:
            saved = self._given.read_cursor()
            state = msgspec.json.decode(saved, type=_Saved) if saved else _Saved()
            if past := state.answers.get(name):
                if past.body != content:
                    return refusal(409, f"{KEY}: was used for another push; choose a new one")
                return Answer(past.status, past.answer.encode(), repeated=True)
            answer = self._take(body)
            now = wall_ms()
            state.answers[name] = _Past(content, answer.status, answer.body.decode(), now)
            self._given.write_cursor(msgspec.json.encode(_trimmed(state, now)).decode())
            self._heard_at = now
        return answer

    def _take(self, body: bytes) -> Answer:
        self._refused.clear()
        try:
            taken = self._intake.take(_records(body))
        except UnreadableFile as error:
            taken = self._intake.reject("push", "unreadable_file", f"the push cannot be read: {error}", body)
        self._taken += taken.sent
        self._rejected += taken.rejected
        if not taken.rejected:
            return Answer(200, msgspec.json.encode({"error_code": "00", "message": "", **_counts(taken)}))
        reasons = [
            {"place": row.place, "number": row.number, "reason": row.reason, "field": row.field, "message": row.message}
            for row in self._refused[:MOST_REASONS]
        ]
        told = "some records were set aside; correct them and push them under a new key"
        return refusal(422, told, **_counts(taken), reasons=reasons)

    def close(self) -> None:
        """Listen no longer."""
        if self._door is not None:
            leave(self._door, self._given.config.code)
            self._door = None


def _records(body: bytes) -> Iterator[Record]:
    for piece in split([body]):
        place = f"push, record {piece.number} (byte {piece.offset})"
        # Of a record without an end of its own, the push itself is what it is known again by.
        yield Record(place, raw=piece.raw or hashlib.sha256(body).digest(), fault=piece.fault)


def _counts(taken: Taken) -> dict[str, int]:
    return {"taken": taken.sent, "rejected": taken.rejected}


def _trimmed(state: _Saved, now: int) -> _Saved:
    """Without answers that are too old, too many or too long in all."""
    kept: dict[str, _Past] = {}
    size = 0
    for name, past in reversed(state.answers.items()):
        size += len(past.answer) + 150
        if len(kept) == MOST_KEYS or size > MOST_KEY_BYTES or now - past.at > KEPT_FOR:
            break
        kept[name] = past
    return _Saved(dict(reversed(kept.items())))
