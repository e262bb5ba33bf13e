"""The log of a role: lines of text or of JSON on standard error, with event and request ids and without secrets."""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
import sys
from collections.abc import Mapping
from typing import Literal

import msgspec

from opscentre import secret_files, tracing
from opscentre.domain.moments import ZONE
from opscentre.pipe.outage import outage

Kind = Literal["text", "json"]

#: What stands between a user's name and the host in a URL.
_PASSWORD = re.compile(r"(://[^:/@\s'\"]*):[^/@\s'\"]+@")
#: What a program or a screen shows of itself.
_SHOWN = re.compile(r"opscentre_[0-9a-f]{8}_[\w-]{20,}|(?<=[Bb]earer )[\w.~+/=-]{16,}")
#: Shorter values are words that a line may well hold for another reason.
_SHORTEST_SECRET = 8
HIDDEN = "***"
#: Ids may come from outside: nothing in one may begin a line.
_NO_ID = re.compile(r"[^\w.,:-]")
#: Libraries that say at INFO what only their authors want to know.
_CHATTY = ("httpx", "apscheduler", "aiokafka", "faust", "mode", "uvicorn.access", "alembic")


class Redaction:
    """Takes passwords in URLs, tokens, and the secrets of an environment and of the files it names out of a text."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        values = {value for value in secret_files.values(environment) if len(value) >= _SHORTEST_SECRET}
        # The longest first: one may be the beginning of another.
        alternatives = "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True))
        self._values = re.compile(alternatives) if alternatives else None

    def clean(self, text: str) -> str:
        """The text with ``***`` in their places."""
        if "://" in text:
            text = _PASSWORD.sub(rf"\1:{HIDDEN}@", text)
        text = _SHOWN.sub(HIDDEN, text)
        return self._values.sub(HIDDEN, text) if self._values else text


class TextLines(logging.Formatter):
    """``2026-11-21 08:00:00,123 stream-1 INFO what happened event=… request=…``."""

    def __init__(self, role: str, redaction: Redaction) -> None:
        super().__init__(f"%(asctime)s {role} %(levelname)s %(message)s")
        self._redaction = redaction

    def formatMessage(self, record: logging.LogRecord) -> str:
        """One line, whatever letters a stranger sent: none of them begins another, or moves a terminal's cursor."""
        record.message = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in record.message)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        """One line, and a traceback's lines after it, each set in."""
        line, *more = self._redaction.clean(super().format(record)).splitlines()
        ids = "".join(f" {name}={value}" for name, value in ids_of(record).items())
        return "\n    ".join([line + ids, *more])


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, role, logger, message, and event, request, error where there are any."""

    def __init__(self, role: str, redaction: Redaction) -> None:
        super().__init__()
        self._role = role
        self._redaction = redaction
        self._encode = msgspec.json.Encoder().encode

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        told = {
            "time": dt.datetime.fromtimestamp(record.created, ZONE).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "role": self._role,
            "logger": record.name,
            "message": self._redaction.clean(record.getMessage()),
            **ids_of(record),
        }
        if record.exc_info:
            told["error"] = self._redaction.clean(self.formatException(record.exc_info))
        return self._encode(told).decode()


def ids_of(record: logging.LogRecord) -> dict[str, str]:
    """The ids a record carries: given with ``extra={"event": …}``, else those of the work under way."""
    found = {}
    for name, under_way in (("event", tracing.event), ("request", tracing.request)):
        value = getattr(record, name, None) or under_way.get()
        if value:
            found[name] = _NO_ID.sub("?", str(value))
    return found


def set_up(role: str, kind: Kind = "text", level: int = logging.INFO) -> None:
    """Let everything that this process logs go to standard error, as lines of that kind."""
    redaction = Redaction(os.environ)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(role, redaction) if kind == "json" else TextLines(role, redaction))
    # On the handler: what a library's logger says never passes a filter of the root logger.
    handler.addFilter(outage)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
