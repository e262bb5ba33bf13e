"""Messages of this very product that are not delivered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from alerts.rules import Condition, Kind, Rule
from alerts.times import Times
from alerts.view import View


class MailQueue(Rule, frozen=True, kw_only=True):
    """How long a message may wait."""

    #: Seconds after the moment from which it could have been sent.
    after: Annotated[float, msgspec.Meta(gt=0)] = 1800


def conditions(rule: MailQueue, view: View, at: Times) -> Iterator[Condition]:
    """True while messages wait longer than that, or one was refused for good within a day."""
    wait = round(rule.after * 1000)
    waiting, failed = view.waiting_mail((at.now - wait, at.wall - wait))
    if waiting or failed:
        yield Condition("mail", "part:mail", "", at.now, {"waiting": waiting, "failed": failed})


KIND = Kind(MailQueue, conditions, "systems", ("Thư chưa gửi được", "Mail is not delivered"))
