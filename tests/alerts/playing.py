"""Alerts in simulated time against a real mail server: put dossiers in, let time pass, look at what arrived."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from alerts.channels import Channels
from alerts.channels.base import Given
from alerts.courier import Courier
from alerts.files import Alerting, Mail, load
from alerts.office import Office
from alerts.times import Times
from opscentre.answers import Signer
from opscentre.domain.moments import MINUTE, parse_local
from opscentre.settings import Settings
from tests.alerts.postoffice import Arrived, PostOffice
from tests.alerts.scene import APART, PROFILE, Scene

#: The rules that ship, without limits a minute.
SHIPPED = load(PROFILE, Settings())


class Play(Scene):
    """A province with its alerts; ``now`` is the simulated moment."""

    def __init__(self, folder: Path, starts: str, alerting: Alerting = SHIPPED, url: str = "", **mail: object) -> None:
        super().__init__(folder, url)
        self.now = parse_local(starts)
        self.office = PostOffice(lambda: self.now)
        quick = {"timeout": 2.0, "per_minute": 10_000, "per_domain_per_minute": 10_000}
        self.alerting = alerting._replace(mail=msgspec.structs.replace(alerting.mail, **(quick | mail)))
        self.settings = Settings(data=folder, mail=self.office.url)
        self.channels = Channels(Given(self.alerting.mail, self.settings, {}))
        self.looks = Office(self.engine, self.alerting, PROFILE, self.view)
        self.signer = Signer("a key of this test")
        self.courier = Courier(
            self.engine, self.alerting, PROFILE, self.view, self.channels, self.times, signer=self.signer
        )

    def times(self) -> Times:
        return Times(self.now, self.now + APART)

    def until(self, moment: str, every: int = MINUTE) -> None:
        """Let time pass in steps; the office looks and mails leave at each."""
        end = parse_local(moment)
        while self.now < end:
            self.now = min(end, self.now + every)
            self.step()

    def step(self) -> None:
        self.looks.look(self.times())
        self.courier.deliver_all()

    def skip(self, *moments: str) -> None:
        """Go to each moment in one stride: time passes, and the last two minutes before it are looked at."""
        for moment in moments:
            self.now = parse_local(moment) - 2 * MINUTE
            self.step()
            self.until(moment)

    def mails(self, to: str = "", begin: str = "", end: str = "") -> list[Arrived]:
        """What arrived, to addresses that begin so, between two moments."""
        first, last = parse_local(begin) if begin else 0, parse_local(end) if end else 1 << 62
        return [one for one in self.office.arrived if one.to.startswith(to) and first <= one.moment < last]

    def close(self) -> None:
        self.channels.close()
        self.office.close()
        self.engine.dispose()


def playing(folder: Path, starts: str, **given: object) -> Iterator[Play]:
    """A play for a fixture."""
    play = Play(folder, starts, **given)  # type: ignore[arg-type]
    yield play
    play.close()


def mail_settings(**given: object) -> Mail:
    """Mail settings of tests."""
    return msgspec.structs.replace(Mail(sender="IOC <ioc@a.example>", timeout=2.0), **given)
