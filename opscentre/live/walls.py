"""Remote control of walls: what each is wanted to show, and what each screen says it shows. Pure.

A command is kept under the wall's name, or under ``ALL``, with a sequence that only grows; of each kind a wall heeds
the newest that is meant for it. So a wall that comes back, on whichever dashboard, is told what it missed, and what
was done last wins. Moments are wall-clock milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from opscentre.domain.moments import DAY, MINUTE

#: Stands for every wall.
ALL = "*"
#: Characters of a wall's name, and of a message's text, at most.
LONGEST_NAME, LONGEST_TEXT = 40, 200
#: Seconds for which a scene stays, at least and at most.
ROTATIONS = (5, 3600)
#: Without a report for this long a screen counts as gone; after a day it is forgotten, and its number is free.
GONE, FORGOTTEN = 25_000, DAY
#: A command not carried out within this long was not heard.
UNHEARD = 5_000
#: Screens that are kept account of, at most.
MOST = 5_000

Kind = Literal["scene", "turn", "reload", "message"]
Severity = Literal["info", "warn", "alarm"]
SEVERITIES: tuple[Severity, ...] = ("info", "warn", "alarm")
#: For how long a wall that connects later is still told of a command; a message has an end of its own.
_LASTS: dict[Kind, int | None] = {"scene": DAY, "turn": DAY, "reload": 5 * MINUTE, "message": None}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


class Refused(ValueError):
    """A command that cannot be given; ``what`` is ``text``, ``severity``, ``seconds``, ``until`` or ``scene``."""

    def __init__(self, what: str, seen: object) -> None:
        super().__init__(f"{what}={seen!r}")
        self.what = what


class Pinned(msgspec.Struct, frozen=True):
    """A message over every scene, until it is removed or ``until`` has come."""

    text: str
    severity: Severity = "info"
    until: int | None = None


class Command(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One wish of one kind."""

    kind: Kind
    #: ``scene``: its key. ``turn``: seconds a scene stays, 0 holds the one that is on. ``message``: None removes it.
    scene: str = ""
    seconds: int = 0
    pinned: Pinned | None = None
    #: Grows with every command to any wall, and when it was given.
    sequence: int = 0
    at: int = 0

    def holds(self, now: int) -> bool:
        """Whether a wall that connects now is still to be told."""
        if self.pinned is not None and self.pinned.until is not None:
            return now < self.pinned.until
        lasts = _LASTS[self.kind]
        return lasts is None or now < self.at + lasts


Commands = dict[str, dict[Kind, Command]]


class Report(msgspec.Struct, kw_only=True):
    """What a screen last said of itself."""

    #: The screen's own id, new with every browser window, and the wall's name.
    screen: str
    name: str
    scene: str = ""
    held: bool = False
    #: Seconds a scene stays; None: it does not turn.
    every: int | None = None
    #: Pixels of the screen.
    width: int = 0
    height: int = 0
    version: str = ""
    #: The greatest sequence of a command that it has carried out or was beyond.
    done: int = 0
    #: When its stream was opened, and when it last said something.
    since: int = 0
    heard: int = 0


def called(name: str) -> str:
    """A wall's name as it is kept: without control characters, of at most ``LONGEST_NAME``; empty: none."""
    plain = " ".join(_CONTROL.sub(" ", name).split())[:LONGEST_NAME].strip()
    return "" if plain == ALL else plain


def message(text: str, severity: str, until: int | None, now: int) -> Pinned:
    """A message that may be pinned. Raises ``Refused``."""
    plain = " ".join(_CONTROL.sub(" ", text).split())
    if not 0 < len(plain) <= LONGEST_TEXT:
        raise Refused("text", len(plain))
    chosen = next((known for known in SEVERITIES if known == severity), None)
    if chosen is None:
        raise Refused("severity", severity)
    if until is not None and until <= now:
        raise Refused("until", until)
    return Pinned(plain, chosen, until)


def turning(seconds: int) -> Command:
    """The command to turn, a scene staying so many seconds. Raises ``Refused``."""
    if not ROTATIONS[0] <= seconds <= ROTATIONS[1]:
        raise Refused("seconds", seconds)
    return Command(kind="turn", seconds=seconds)


def meant_for(commands: Commands, name: str, now: int) -> list[Command]:
    """What a wall is wanted to do: of each kind the newest of its own and of those to all, in the order given."""
    newest: dict[Kind, Command] = {}
    for given in (commands.get(ALL, {}), commands.get(name, {})):
        for kind, command in given.items():
            if kind not in newest or newest[kind].sequence < command.sequence:
                newest[kind] = command
    return sorted((one for one in newest.values() if one.holds(now)), key=lambda one: one.sequence)


def answer_of(report: Report, commands: Sequence[Command], now: int) -> str:
    """How a screen stands to the newest command: ``none``, ``done``, ``sent`` or ``unheard``."""
    if not commands:
        return "none"
    newest = commands[-1]
    if report.done >= newest.sequence:
        return "done"
    return "sent" if now - newest.at < UNHEARD else "unheard"
