"""Alerts as real processes that a test may kill: they share one database, one mail server, one simulated moment."""

from __future__ import annotations

import os
import random
import signal
import sys
import time

import msgspec

from alerts.channels import Channels
from alerts.channels.base import Given
from alerts.courier import Courier
from alerts.files import Alerting, Mail
from alerts.kinds.overdue import Overdue
from alerts.office import Office
from alerts.rules import Rule
from alerts.times import Times
from alerts.view import View
from opscentre.clock import wall_ms
from opscentre.domain.moments import parse_local
from opscentre.domain.recipients import Recipient, Recipients
from opscentre.domain.units import Unit, Units
from opscentre.profile import Profile
from opscentre.settings import Settings
from opscentre.store.engine import open_store
from tests.alerts.scene import PROFILE

#: The simulated moment at which everything happens: a Friday morning.
NOW = parse_local("2026-11-20T10:00")


def province(units: int) -> Profile:
    """A province of that many units, each with a desk of its own."""
    named = [Unit(code=f"u{index:04}", name=f"Xã {index:04}", kind="commune", group="III") for index in range(units)]
    return msgspec.structs.replace(PROFILE, units=Units(named))


def alerting(lease: float) -> Alerting:
    """One rule, one desk a unit; nothing waits, and a message of a killed process is free again soon."""
    rule: Rule = Overdue(code="overdue", kind="overdue", hear=("desk",), every=1)
    mail = Mail(
        sender="IOC <ioc@a.example>", gather=0, pause=0, lease=lease, timeout=lease / 4, retry_first=0.05,
        per_minute=10**6, per_domain_per_minute=10**6,
    )  # fmt: skip
    return Alerting((rule,), (), Recipients([Recipient(unit="*", role="desk", address="{unit}@a.example")]), mail)


def work(url: str, server: str, began: int, seconds: float, units: int, lease: float) -> None:
    """Look and deliver for so long: what the role does, without its waiting. ``began``: real ms at ``NOW``."""
    profile, known = province(units), alerting(lease)
    engine = open_store(url)
    view = View(engine, profile.calendar, profile.units, 4)
    ends = time.monotonic() + seconds

    def times() -> Times:
        return Times(NOW + wall_ms() - began, wall_ms())

    channels = Channels(Given(known.mail, Settings(mail=server), {}))
    office = Office(engine, known, profile, view)
    courier = Courier(engine, known, profile, view, channels, times)
    while time.monotonic() < ends:
        office.look(times())
        courier.deliver_all(lambda: time.monotonic() >= ends)
        time.sleep(0.02)
    channels.close()
    engine.dispose()


def kill_again_and_again(url: str, server: str, began: int, seconds: float, units: int, lease: float, seed: int) -> int:
    """Two processes at a time, each killed at a random moment and begun anew; how many were killed."""
    dice, killed = random.Random(seed), 0
    stop = time.monotonic() + seconds
    running: dict[int, float] = {}
    while time.monotonic() < stop:
        while len(running) < 2:
            child = os.fork()
            if child == 0:
                try:
                    work(url, server, began, seconds, units, lease)
                finally:
                    os._exit(1)
            running[child] = time.monotonic() + dice.uniform(0.02, 0.9)
        child, moment = min(running.items(), key=lambda item: item[1])
        time.sleep(max(0.0, moment - time.monotonic()))
        end(child)
        del running[child]
        killed += 1
    for child in running:
        end(child)
    return killed + len(running)


def end(child: int) -> None:
    """SIGKILL, and wait until it is gone."""
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


if __name__ == "__main__":
    # A process without threads or open databases: forking it is quick and safe.
    task, url, server, began, seconds, units, lease, seed = sys.argv[1:]
    PROFILE.calendar.table  # noqa: B018 - laid out once, for every fork
    given = (url, server, int(began), float(seconds), int(units), float(lease))
    if task == "kill":
        print(kill_again_and_again(*given, int(seed)))
    else:
        work(*given)
