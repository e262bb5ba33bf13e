"""The ladder of failures of a poll, from "try again" to "wait for a person"."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable

from sqlalchemy.exc import SQLAlchemyError

from opscentre.domain.masking import masked
from opscentre.pipe.base import PipeError
from opscentre.settings import SettingsError

#: Classes of SQLSTATE that speak of values: data exceptions, broken constraints, what a function's author raises.
_ABOUT_VALUES = ("22", "23", "P0")
_QUOTED = re.compile(r"(['\"“”«»`])(.*?)['\"“”«»`]")


class CollectError(Exception):
    """A poll failed. ``kind`` is the rung; the text says what was asked of whom, what came and what to do."""

    kind = "unexpected"
    #: Whether polling again by itself is useless until someone acts.
    final = False
    #: Seconds after which the system asked to be asked again; None where it did not say.
    retry_after: float | None = None


class TimedOut(CollectError):
    """No answer in time."""

    kind = "timeout"


class Unreachable(CollectError):
    """No connection, or an answer that the system is not ready."""

    kind = "connection"


class AskedToWait(Unreachable):
    """An answer that the system is not ready, and when it wants to be asked again (seconds)."""

    kind = "retry-after"

    def __init__(self, text: str, retry_after: float) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class BadData(CollectError):
    """An answer that cannot be read, or that says that it refuses."""

    kind = "bad data"


class SignInRefused(CollectError):
    """The system does not accept who we say we are: asking again could lock the account."""

    kind = "authentication"
    final = True


class Failure(CollectError):
    """Any failure, put on a rung of the ladder."""

    def __init__(self, kind: str, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.kind = kind
        self.final = final


def as_failure(error: Exception) -> CollectError:
    """The rung of an exception; its text without what a record may have put into it."""
    if isinstance(error, CollectError):
        return error
    if isinstance(error, SettingsError):
        return Failure("settings", str(error), final=True)
    if isinstance(error, PipeError):
        return Failure("pipe", str(error))
    if isinstance(error, SQLAlchemyError):
        orig = getattr(error, "orig", None) or error
        return Failure("database", f"our own database: {type(orig).__name__}: {first_line(orig)}; look after it")
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" at {last[0].filename}:{last[0].lineno}" if last else ""
    # Its text is left out: it may quote what was read.
    return Failure("unexpected", f"{type(error).__name__}{place}; polling goes on, report it")


def first_line(error: BaseException, names: Iterable[str] = ()) -> str:
    """The first line of what a database said, without the values that it quotes; ``names`` (columns) may stay.

    What it says of a value (a date that is none) and what a view's author wrote is left out whole.
    """
    if str(getattr(error, "sqlstate", None) or "")[:2] in _ABOUT_VALUES:
        return f"{type(error).__name__} ({getattr(error, 'sqlstate', '')}): a value in it cannot be read"
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    known = frozenset(names)
    line = _QUOTED.sub(lambda match: match.group() if match.group(2) in known else "…", line)
    return masked(line)[:160]


def http_error(error: BaseException) -> str:
    """What went wrong with an answer, without the bytes of the answer."""
    return str(error).partition(": bytearray(")[0].partition(": b'")[0] or type(error).__name__
