"""What every alert rule says, whatever its kind: who hears, how loud, how long it must hold, for which units."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import msgspec

from alerts.times import Times
from opscentre.domain.units import Units

if TYPE_CHECKING:
    from alerts.view import View

Severity = Literal["info", "warning", "critical"]
#: The graver, the smaller: the order in which mails leave.
RANK: Mapping[str, int] = {"critical": 0, "warning": 1, "info": 2}
#: What a mail is about: one recipient gets one mail a topic.
Topic = Literal["dossiers", "systems"]
#: Every unit, or all of one group of the progress table.
EVERYWHERE, GROUPS = "*", ("I", "II", "III")


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[rule]]`` of ``alerts.toml``; each kind adds its own limits."""

    #: Stable name: part of every alert's identity.
    code: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
    kind: str
    #: What people call it; empty: as its kind is called.
    title: str = ""
    #: The same in English, for recipients who read that.
    title_en: str = ""
    severity: Severity = "warning"
    #: False: it is not looked for, as if it were not there.
    enabled: bool = True
    #: Roles of ``recipients.csv`` that hear of it.
    hear: tuple[str, ...] = ()
    #: Codes of units, groups of the progress table, or ``*``.
    units: tuple[str, ...] = (EVERYWHERE,)
    #: Seconds for which it must be true before anyone hears of it.
    hold: Annotated[float, msgspec.Meta(ge=0)] = 0
    #: Seconds between two looks.
    every: Annotated[float, msgspec.Meta(ge=1)] = 10
    #: Working hours after which it is told again while it lasts; 0: once only.
    repeat: Annotated[float, msgspec.Meta(ge=0)] = 0
    #: Whether its beginning is told, its end, or both.
    tell: Literal["raised", "resolved", "both"] = "raised"
    #: Whether it is told at any hour, instead of in the recipient's working hours.
    at_once: bool = False


class Condition(NamedTuple):
    """That a rule is true of something now."""

    #: Identity within the rule.
    key: str
    #: What it is about, whichever rule says so.
    subject: str
    unit: str = ""
    #: Since when, by its own evidence (ms).
    since: int = 0
    facts: Mapping[str, Any] = {}
    #: False: nothing can be said now; an open alert stays as it is, and none is raised.
    sure: bool = True


#: A kind's rule: from a look at SQL and the time to what is true. No side effects, no clock of its own.
Conditions = Callable[[Any, "View", Times], Iterable[Condition]]


class Kind(NamedTuple):
    """A kind of rule: the limits it wants to know, and what finds out of what it is true."""

    rule: type[Rule]
    conditions: Conditions
    topic: Topic
    #: Vietnamese and English name.
    title: tuple[str, str]


def in_scope(rule: Rule, code: str, units: Units) -> bool:
    """Whether a rule speaks of a unit; what belongs to no unit is in every scope.

    What a former unit left belongs to its only successor too.
    """
    if not code or EVERYWHERE in rule.units:
        return True
    unit = units[code]
    return (
        code in rule.units
        or unit.group in rule.units
        or (len(unit.successors) == 1 and in_scope(rule, unit.successors[0], units))
    )
