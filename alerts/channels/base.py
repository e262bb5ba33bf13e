"""What a channel is: something that takes one letter to one address and says for sure what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from alerts.files import Mail
from alerts.letter import Letter
from alerts.queue import Outcome
from opscentre.settings import Settings


class Undelivered(Exception):
    """A letter was not, or may not have been, taken; the text is what the other side said."""

    outcome: Outcome = "later"


class Later(Undelivered):
    """Put off by the other side: this letter is tried again."""


class Unreachable(Undelivered):
    """The other side is away or will not talk to us: no letter can be delivered now."""

    outcome: Outcome = "unreachable"


class Refused(Undelivered):
    """Refused for good: never tried again."""

    outcome: Outcome = "refused"


class Doubtful(Undelivered):
    """The whole letter was sent and no answer came: it may be there."""

    outcome: Outcome = "doubtful"


class Channel(Protocol):
    """One way to reach people."""

    def deliver(self, letter: Letter, address: str, within: float) -> str:
        """Hand a letter over within so many seconds; what the other side answered. Raises ``Undelivered``."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Given(NamedTuple):
    """What a channel is made from."""

    mail: Mail
    settings: Settings
    #: Where secrets stand by name.
    environment: Mapping[str, str]


Maker = Callable[[Given], Channel]


def cut(detail: object, longest: int = 300) -> str:
    """What the other side said, in one line of bounded length."""
    text = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
    return " ".join(text.split())[:longest]
