"""The role ``alerts``: looks at SQL every few seconds, plans who is told what, and delivers it."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from functools import partial

import msgspec
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from alerts.bounces.mailbox import mailbox_of
from alerts.bounces.noting import BounceReader
from alerts.channels import DRY_RUN, Channels
from alerts.channels.base import Given
from alerts.courier import Courier
from alerts.files import Alerting, load
from alerts.mailbox import Mailbox
from alerts.meter import AlertsMeter
from alerts.office import Office
from alerts.times import Times
from alerts.view import View
from opscentre import outbound
from opscentre import profile as profiles
from opscentre.answers import signer
from opscentre.clock import Clock, open_clock, product_time, wall_ms
from opscentre.mail_folder import MailFolder
from opscentre.profile import Profile
from opscentre.runtime.metrics import Exposed
from opscentre.settings import Settings, SettingsError
from opscentre.sources import read_links, read_sources
from opscentre.store.engine import open_store

log = logging.getLogger(__name__)

#: Real seconds between two looks, and between two looks into the queue.
LOOK_EVERY, SEND_EVERY = 2.0, 1.0
#: Seconds that a message under way gets at the end.
PATIENCE = 2.0
#: What OPSCENTRE_MAIL says where the mailbox of a demo is wanted.
MAILBOX = "mailbox"
#: Its age says that the role is alive: the file in the data folder that each look touches.
ALIVE = "alerts.alive"


def run(settings: Settings) -> None:
    """Watch and tell until SIGTERM or SIGINT; in the main thread only.

    Raises ``ProfileError`` and ``SettingsError`` for files that cannot be used.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    profile = outbound.heed(profiles.load(settings.profile))
    alerting = load(profile, settings)
    names = names_of(profile, settings)
    clock = clock_of(settings, profile)
    mailbox = Mailbox(MailFolder(settings.data / "mails")) if settings.mail == MAILBOX else None
    if mailbox and not alerting.mail.dashboard:
        # A demo's mails are read on the machine that its dashboard runs on.
        here = msgspec.structs.replace(alerting.mail, dashboard=f"http://{settings.host}:{settings.port}")
        alerting = alerting._replace(mail=here)
    channels = Channels(
        Given(alerting.mail, msgspec.structs.replace(settings, mail=mailbox.url) if mailbox else settings, os.environ)
    )
    if not channels.dry:
        # What is wrong with the mail server's settings is told at once, not with the first alert.
        _ = channels["smtp"]
        _ = mailbox_of(alerting.bounces, os.environ)
    engine = open_store(settings.database_url)
    try:
        with Exposed("alerts", "OPSCENTRE_ALERTS_METRICS", settings.alerts_metrics) as exposed:
            meter = AlertsMeter(exposed.registry, engine)
            exposed.health.can_work_when(look=meter.overdue)
            _work(settings, profile, alerting, engine, channels, clock, names, meter, stopping)
    finally:
        channels.close()
        if mailbox:
            mailbox.close()
        engine.dispose()


def _work(
    settings: Settings,
    profile: Profile,
    alerting: Alerting,
    engine: Engine,
    channels: Channels,
    clock: Clock,
    names: dict[str, str],
    meter: AlertsMeter,
    stopping: threading.Event,
) -> None:
    def times() -> Times:
        return Times(clock.now(), wall_ms(), partial(product_time, clock))

    view = View(engine, profile.calendar, profile.units, settings.dossier_partitions)
    office = Office(engine, alerting, profile, view)
    courier = Courier(engine, alerting, profile, view, channels, times, names, signer(os.environ), meter.tried)
    alive = settings.data / ALIVE
    alive.parent.mkdir(parents=True, exist_ok=True)
    log.info("%d rules; mail goes %s", len(alerting.rules), f"nowhere ({DRY_RUN})" if channels.dry else "to its server")

    def look() -> None:
        office.look(times())
        meter.looked()
        alive.write_text(f"{wall_ms()}\n", encoding="ascii")

    def send() -> None:
        courier.deliver_all(stopping.is_set)

    sender = threading.Thread(
        target=_again_and_again, args=(send, SEND_EVERY, stopping, "the queue of messages"), name="courier", daemon=True
    )
    sender.start()
    reader = bounce_reader(engine, alerting, profile, channels.dry)
    if reader is not None:
        threading.Thread(
            target=_again_and_again,
            args=(lambda: reader.look(times()), alerting.bounces.every, stopping, "the reading of bounces"),
            name="bounces",
            daemon=True,
        ).start()
    _again_and_again(look, LOOK_EVERY, stopping, "the look at what is true")
    sender.join(PATIENCE)
    log.info("stopped" if not sender.is_alive() else "stopped; a message under way is taken up again after its lease")


def _again_and_again(work: Callable[[], None], pause: float, stopping: threading.Event, what: str) -> None:
    """Work, wait, and go on after SQL was away; any other fault ends the process, and its supervisor begins anew."""
    away = False
    while not stopping.is_set():
        try:
            work()
            if away:
                log.info("%s goes on", what)
            away = False
        except SQLAlchemyError as error:
            if not away:
                log.error("%s waits for SQL: %s", what, " ".join(str(error).split())[:300])
            away = True
        except Exception:
            log.exception("%s failed", what)
            os.kill(os.getpid(), signal.SIGTERM)
            raise
        stopping.wait(pause)


def bounce_reader(engine: Engine, alerting: Alerting, profile: Profile, dry: bool) -> BounceReader | None:
    """What reads the mails that come back; None where no mailbox is named, or nothing leaves.

    Raises ``SettingsError``.
    """
    mailbox = None if dry else mailbox_of(alerting.bounces, os.environ)
    return BounceReader(engine, alerting, profile.units, mailbox) if mailbox else None


def names_of(profile: Profile, settings: Settings) -> dict[str, str]:
    """What people call the subjects of alerts on sources and links."""
    named = {f"source:{one.code}": one.name for one in read_sources(profile, settings)}
    return named | {f"link:{one.code}": one.name for one in read_links(profile, settings)}


def clock_of(settings: Settings, profile: Profile) -> Clock:
    """The product's clock. Raises ``SettingsError``."""
    try:
        return open_clock(settings.clock, profile.calendar)
    except ValueError as error:
        raise SettingsError(f"OPSCENTRE_CLOCK: {error}") from None
