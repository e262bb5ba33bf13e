"""What a person may decide about an alert, checked: take it on, promise a day, assign, note, silence. Pure."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from opscentre.domain.moments import DAY

#: How an alert stands with people; one that is open is exactly one of the first six.
State = Literal["raised", "waiting", "sent", "acknowledged", "promised", "silenced", "resolved"]
OPEN_STATES: tuple[State, ...] = ("raised", "waiting", "sent", "acknowledged", "promised", "silenced")
STATES: tuple[State, ...] = (*OPEN_STATES, "resolved")
#: Nobody has said anything about these yet.
UNANSWERED: tuple[State, ...] = ("raised", "waiting", "sent")
#: The gravest first.
SEVERITIES = ("critical", "warning", "info")
#: For what a silence holds.
Scope = Literal["subject", "unit", "rule"]
SCOPES: tuple[Scope, ...] = ("subject", "unit", "rule")

#: Most characters of a name, of a reason, of a note.
NAME, REASON, NOTE = 80, 500, 2_000
#: Days ahead that a promise, and the end of a silence, may lie at most.
FURTHEST, LONGEST_SILENCE = 60, 90


class BadDecision(ValueError):
    """Something that cannot be decided so. ``what`` is ``author``, ``reason``, ``to``, ``text``, ``until``, …"""

    def __init__(self, what: str, seen: object, wanted: str) -> None:
        super().__init__(f"{what}: saw {seen!r}; want {wanted}")
        self.what = what


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """What a silence holds for: empty fields mean anything, and one at least is given."""

    subject: str = ""
    unit: str = ""
    rule: str = ""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that stands."""

    id: int
    kind: str
    subject: str
    unit: str
    rule: str
    author: str
    reason: str
    at: int
    until: int | None


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One alert. Moments are the product's (ms)."""

    rule: str
    key: str
    episode: int
    severity: str
    subject: str
    unit: str
    since: int
    fired_at: int
    resolved_at: int | None
    facts: dict[str, Any]
    state: State
    #: When a message that names it first left; until when one waits that is yet to leave.
    told_at: int | None
    waits_until: int | None
    #: Decisions about its subject that stand, the newest first; and to whom it was given last.
    marks: tuple[Mark, ...] = ()
    assigned: str = ""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A unit that has not reacted: how many alerts it was sent and said nothing of, since when."""

    unit: str
    count: int
    since: int


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """A way by which messages leave and that does not work now."""

    #: Whom it leads to (``role@unit``); empty: the mail server, and so all mail.
    recipient: str
    #: Real ms of the first attempt that failed since the last that did not.
    since: int
    #: Messages that wait for it, or that it refused within a day.
    waiting: int
    #: What the newest attempt came to: ``unreachable``, ``later``, ``doubtful``, ``refused``; and what was said.
    outcome: str
    detail: str = ""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said of a dossier: it is seen to, and perhaps until when (the product's ms)."""

    at: int
    until: int | None = None


def named(what: str, text: str | None, most: int) -> str:
    """A text on one line, of 1 to ``most`` characters. Raises ``BadDecision``."""
    found = " ".join((text or "").split())
    if not 1 <= len(found) <= most:
        raise BadDecision(what, found[:20] + "…" if len(found) > 20 else found, f"1 to {most} characters")
    return found


def written(text: str | None) -> str:
    """A note: its lines are kept. Raises ``BadDecision``."""
    found = (text or "").replace("\r\n", "\n").strip()
    if not 1 <= len(found) <= NOTE:
        raise BadDecision("text", f"{len(found)} characters", f"1 to {NOTE} characters")
    return found


def ahead(until: int | None, now: int, days: int) -> int:
    """A moment that lies ahead, and no more than so many days. Raises ``BadDecision``."""
    if until is None or not now < until <= now + (days + 1) * DAY:
        raise BadDecision("until", until, f"a moment from now to {days} days ahead")
    return until


def silence_for(scope: str, subject: str, unit: str, rule: str) -> Silence:
    """What a silence chosen on an alert's page holds for. Raises ``BadDecision`` where the alert has no such thing."""
    chosen = {"subject": subject, "unit": unit, "rule": rule}.get(scope, "")
    if not chosen:
        raise BadDecision("scope", scope, "what the alert has: " + ", ".join(SCOPES))
    return Silence(**{scope: chosen})
