"""What flows through the pipeline: one alert for one recipient, and everything the stages may look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from alerts.files import Alerting
from alerts.kinds import KINDS
from alerts.rules import Rule
from alerts.times import Times
from opscentre.domain.calendar import Calendar
from opscentre.domain.recipients import Recipient
from opscentre.domain.units import Units

#: The step of a line that tells of an end; 0 is the beginning, 1, 2, … each time it is told again.
RESOLVED = -1
#: Added to the topic of what is told at any hour: it must not drag along what can wait.
NOW = "-now"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``alerts``."""

    rule: str
    key: str
    episode: int
    state: str
    severity: str
    subject: str
    unit: str
    since: int
    fired_at: int | None = None
    resolved_at: int | None = None
    facts: Mapping[str, Any] = {}


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """One standing decision of a person: an acknowledgement or a silence. Empty fields hold for anything."""

    kind: str
    subject: str = ""
    unit: str = ""
    rule: str = ""
    at: int = 0
    until: int | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One alert on its way to one recipient; the stages fill in the rest."""

    alert: Alert
    rule: Rule
    recipient: Recipient | None = None
    step: int = 0
    #: Product time from which it may be told.
    not_before: int = 0
    #: What its mail is about.
    topic: str = ""

    @property
    def over(self) -> bool:
        """Whether it tells of an end."""
        return self.alert.state == "resolved"

    @property
    def identity(self) -> tuple[str, str, str, int]:
        """What a recipient was told of: recipient, rule, key, episode."""
        known = self.recipient.key if self.recipient else ""
        return known, self.alert.rule, self.alert.key, self.alert.episode


class Said(msgspec.Struct, frozen=True):
    """What the notification log holds of one alert and one recipient: the newest step, when, and whether it left."""

    step: int
    at: int
    told: bool


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the stages look at: pure data, of one moment."""

    at: Times
    alerting: Alerting
    calendar: Calendar
    units: Units
    #: Open alerts of the rules that inhibit others.
    inhibitors: Sequence[Alert] = ()
    marks: Sequence[Mark] = ()
    #: By ``Line.identity``.
    said: Mapping[tuple[str, str, str, int], Said] = {}
    #: (recipient, address) of those to whom no mail goes, because it came back.
    left_out: frozenset[tuple[str, str]] = frozenset()
    #: (recipient, topic) → when the last message left (product time).
    last_sent: Mapping[tuple[str, str], int] = {}


def topic_of(rule: Rule) -> str:
    """What a mail with lines of this rule is about."""
    return KINDS[rule.kind].topic + (NOW if rule.at_once else "")
