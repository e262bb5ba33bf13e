"""Delivers: takes a message, composes its letter, hands it to its channel, notes what came of it; one at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import msgspec
from sqlalchemy import Engine

from alerts.channels import Channels
from alerts.channels.base import Undelivered
from alerts.digests import WEEKLY, monday_of
from alerts.files import Alerting
from alerts.letter import compose
from alerts.queue import Outcome, Taken, note, take
from alerts.ranking import Ranking, ranking_of
from alerts.times import Times
from alerts.view import View
from opscentre.answers import Signer
from opscentre.domain.moments import day_number
from opscentre.profile import Profile
from opscentre.settings import SettingsError

log = logging.getLogger(__name__)

#: Of its lease, the part in which a message must have left.
PART_OF_LEASE = 0.8
#: Seconds for which a server that is away is left alone: the first time, and at most.
QUIET_FIRST, QUIET_MOST = 2.0, 60.0


class Courier:
    """Sends what is due."""

    def __init__(
        self,
        engine: Engine,
        alerting: Alerting,
        profile: Profile,
        view: View,
        channels: Channels,
        clock: Callable[[], Times],
        names: Mapping[str, str] | None = None,
        signer: Signer | None = None,
        tried: Callable[[str], None] = lambda outcome: None,
    ) -> None:
        """``tried`` hears the outcome of every attempt."""
        self._engine, self._alerting, self._profile, self._view = engine, alerting, profile, view
        self._channels, self._clock, self._names = channels, clock, names or {}
        self._signer, self._tried = signer, tried
        #: The newest Monday and the ranking of the week before it.
        self._counted: tuple[int, Ranking] | None = None
        #: Real time until which the mail server is left alone, and for how long that was.
        self._quiet_until, self._quiet = 0, 0.0

    def deliver_all(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Send until nothing is due; how many messages were tried."""
        tried = 0
        while not stopping() and self.deliver_one():
            tried += 1
        return tried

    def deliver_one(self) -> bool:
        """Send the next message; False where there is none."""
        at = self._clock()
        taken = take(self._engine, self._alerting, self._profile, at, mail_too=at.wall >= self._quiet_until)
        if taken is None:
            return False
        outcome, detail, subject = self._send(taken)
        self._tried(outcome)
        after = self._clock()
        if not note(self._engine, taken, outcome, detail, self._alerting.mail, after, subject):
            log.warning("message %s: another process has taken it over; this attempt was %s", taken.id, outcome)
        self._tell(taken, outcome, detail, after.wall)
        return True

    def _send(self, taken: Taken) -> tuple[Outcome, str, str]:
        recipient = self._alerting.recipients.by_key(taken.recipient, self._profile.units)
        if recipient is None:
            return "refused", f"recipients.csv has no {taken.recipient} any more", ""
        mail, subject = self._alerting.mail, ""
        try:
            token = self._signer.token(taken.id, self._clock().wall) if self._signer else ""
            province = self._profile.province.name
            letter = compose(taken, recipient, self._view, mail.brand, mail.dashboard, self._names, token, province)
            if taken.topic == WEEKLY:
                letter = msgspec.structs.replace(letter, ranking=self._ranking(taken), code=recipient.unit)
            subject = letter.subject
            channel = self._channels[recipient.channel]
            return "accepted", channel.deliver(letter, recipient.address, mail.lease * PART_OF_LEASE), subject
        except SettingsError as error:
            return "later", str(error), subject
        except Undelivered as failure:
            return failure.outcome, str(failure), subject
        except Exception as error:
            # One message that meets a fault of ours must not keep the others from leaving.
            log.exception("message %s to %s cannot be sent", taken.id, taken.recipient)
            return "later", f"{type(error).__name__}: {error}", subject

    def _ranking(self, taken: Taken) -> Ranking:
        """The ranking that a message tells, counted once a week: everybody has the same."""
        monday = monday_of(day_number(taken.created_at))
        if self._counted is None or self._counted[0] != monday:
            self._counted = monday, ranking_of(self._engine, self._profile.units, monday)
        return self._counted[1]

    def _tell(self, taken: Taken, outcome: Outcome, detail: str, wall: int) -> None:
        """One log line when the server goes away, one when it is back; one for each letter that is refused."""
        if outcome == "unreachable":
            if not self._quiet:
                log.error("mail waits: %s", detail)
            self._quiet = min(QUIET_MOST, self._quiet * 2 or QUIET_FIRST)
            self._quiet_until = wall + round(self._quiet * 1000)
            return
        if self._quiet and outcome != "doubtful":
            log.info("mail leaves again")
            self._quiet = 0.0
        if outcome == "refused":
            log.error("message %s to %s was refused: %s", taken.id, taken.recipient, detail)
        elif outcome != "accepted":
            log.warning("message %s to %s: %s, tried again: %s", taken.id, taken.recipient, outcome, detail)
