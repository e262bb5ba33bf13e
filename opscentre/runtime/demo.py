"""``opscentre demo``: the whole product on one machine, fed by simulated department systems."""

from __future__ import annotations

import datetime as dt
import signal
import sys
import time
from pathlib import Path

import msgspec

from opscentre import profile as profiles
from opscentre.clock import ClockAnchor, OfficeClock, wall_ms
from opscentre.domain.moments import HOUR, ZONE, day_of, day_start
from opscentre.profile import Profile
from opscentre.runtime import parts
from opscentre.runtime.book import DemoBook, read_book, write_book
from opscentre.runtime.folder import HeldFolder, Unusable, require_port
from opscentre.runtime.status import StatusLines
from opscentre.runtime.supervisor import PartFailed, Supervisor
from opscentre.settings import Settings

#: A new demo begins at this time of a working day, so that something flows at once.
BEGINS = 8 * HOUR
#: Seconds each part has to answer at the start.
START_WITHIN = 60.0
#: Seconds between two notes of the simulated time, so that a demo that was killed goes on where it was.
NOTE_INTERVAL = 1.0


#: The simulated departments' sign-in: a secret by name, so that the demo shows how real ones are given.
SECRETS = {"OPSCENTRE_SECRET_SIMULATOR": "demo", "OPSCENTRE_SECRET_LINKS": "demo"}


def run(
    *, port: int, data: Path, speed: float, seed: int, profile: str, exit_after: float | None, host: str = "127.0.0.1"
) -> int:
    """Run the demo until it is told to stop; the exit code. Raises ``Unusable`` and ``ProfileError``."""
    province = profiles.load(profile)
    require_port(host, port)
    folder = HeldFolder(data)
    try:
        book = _open_book(folder.path, province, seed)
        anchor = ClockAnchor(wall_ms(), book.reached, speed)
        settings = Settings(
            data=folder.path,
            profile=profile,
            clock=msgspec.json.encode(anchor).decode(),
            host=host,
            port=port,
            mail="mailbox",
        )
        return _supervise(settings, book, OfficeClock(anchor, province.calendar), exit_after)
    finally:
        folder.release()


def _supervise(settings: Settings, book: DemoBook, clock: OfficeClock, exit_after: float | None) -> int:
    lines = StatusLines(sys.stdout)
    supervisor = Supervisor(settings.data / "logs", environment=SECRETS, tell=lines.tell)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, supervisor.ask_to_stop)
    begun = time.monotonic()
    try:
        settings = _start(supervisor, settings, book, lines)
        if not supervisor.stopping:
            lines.announce(f"http://{settings.host}:{settings.port}", time.monotonic() - begun)
        noted = 0.0
        while not supervisor.stopping:
            if exit_after is not None and time.monotonic() - begun >= exit_after:
                break
            supervisor.look()
            if time.monotonic() - noted >= NOTE_INTERVAL:
                _note(settings.data, book, clock)
                lines.show(supervisor.parts, clock)
                noted = time.monotonic()
            time.sleep(0.1)
        return 0
    except PartFailed as failed:
        lines.complain(str(failed))
        return 1
    finally:
        lines.stopping()
        supervisor.stop()
        _note(settings.data, book, clock)


def _start(supervisor: Supervisor, settings: Settings, book: DemoBook, lines: StatusLines) -> Settings:
    redis, url, kind = parts.redis_part(settings.data)
    lines.note(f"data in {settings.data}; Redis: {kind}")
    supervisor.start([redis], START_WITHIN)
    (settings.data / "redis.url").write_text(url + "\n", encoding="utf-8")
    settings = msgspec.structs.replace(settings, redis=url)
    if not supervisor.stopping:
        simulator = parts.simulator_part(settings, ["--seed", str(book.seed), "--start", str(book.began)])
        roles = [parts.stream_part(settings), parts.collect_part(settings)]
        roles += [parts.dashboard_part(settings), parts.alerts_part(settings)]
        supervisor.start([simulator, *roles], START_WITHIN)
    return settings


def _open_book(data: Path, province: Profile, seed: int) -> DemoBook:
    book = read_book(data)
    if book is not None:
        if (book.profile, book.seed) != (province.slug, seed):
            raise Unusable(
                f"--data {data} holds a demo of --profile {book.profile} --seed {book.seed}, "
                f"asked for were {province.slug} and {seed}; go on with those, or choose another folder with --data DIR"
            )
        return book
    if (data / "opscentre.db").exists():
        raise Unusable(f"--data {data} holds dossiers that no demo made; choose another folder with --data DIR")
    day = day_of(dt.datetime.now(ZONE).date())
    while not province.calendar.is_working_day(day):
        day -= 1
    began = day_start(day) + BEGINS
    book = DemoBook(province.slug, seed, began, began)
    write_book(data, book)
    return book


def _note(data: Path, book: DemoBook, clock: OfficeClock) -> None:
    book.reached = max(book.reached, clock.now())
    write_book(data, book)
