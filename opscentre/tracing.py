"""Ids that go with a piece of work: an event's from the collector to the wall, a request's through the dashboard."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Id of the poll, push or import under way here; empty outside of one. Every log line of it carries the id.
event: ContextVar[str] = ContextVar("event", default="")
#: Id of the HTTP request that is being answered; empty outside of one.
request: ContextVar[str] = ContextVar("request", default="")


def new_id() -> str:
    """Twelve hexadecimal digits: few enough to be read out, enough for years of polls."""
    return secrets.token_hex(6)


@contextmanager
def event_under_way() -> Iterator[str]:
    """While inside, what is sent down the pipe carries one fresh id; yields it."""
    token = event.set(new_id())
    try:
        yield event.get()
    finally:
        event.reset(token)
