"""The ladder of failures of a poll, from "try again" to "wait for a person"."""

from __future__ import annotations

import traceback

from sqlalchemy.exc import SQLAlchemyError

from opscentre.domain.masking import masked
from opscentre.pipe.base import PipeError
from opscentre.settings import SettingsError


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
        told = masked((str(orig).splitlines() or [""])[0])[:160]
        return Failure("database", f"our own database: {type(orig).__name__}: {told}; look after it")
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" at {last[0].filename}:{last[0].lineno}" if last else ""
    told = f"{type(error).__name__}: {masked(str(error))[:160]}{place}"
    return Failure("unexpected", f"{told}; polling goes on, report it")
