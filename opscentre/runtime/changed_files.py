"""A role says which files of the profile it runs on, and ends by itself when they have changed, to be started anew.

So does a dashboard when today's units, or the boundaries of its map, are others than those it draws.
"""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from opscentre import maps
from opscentre import profile as profiles
from opscentre.calendar_file import CALENDAR, HOURS
from opscentre.clock import open_clock, wall_ms
from opscentre.domain.moments import date_of, day_number
from opscentre.profile import ProfileError
from opscentre.profile_change import name_of
from opscentre.runtime.role import ANEW, LIFELINE
from opscentre.settings import Settings, SettingsError
from opscentre.store import running
from opscentre.store.engine import connect
from opscentre.store.running import BEAT, Running

log = logging.getLogger(__name__)

#: Seconds between two looks; a change is acted on at the look after the one that first saw it.
LOOK_EVERY = 2.0

Stand = tuple[tuple[int, int, int] | None, ...]


class ChangedFiles:
    """Watches the files that a role has read at its start.

    Where somebody starts the role anew (a supervisor of ours, or ``on_change`` says so) it is ended when they have
    changed and can be used; else it goes on with what it has read, and says so. ``opscentre check`` and the
    administration pages read from SQL who runs on what.
    """

    def __init__(self, name: str, settings: Settings, every: float = LOOK_EVERY) -> None:
        self._name = name
        self._settings = settings
        self._every = every
        self._paths = watched(name, settings)
        self._read = self._stand()
        self._held = self._content()
        self._drawn = _drawn_now(name, settings)
        self._drawn_at_start = self._drawn()
        #: Whether the role is started anew once it has ended.
        self.renewed = bool(os.environ.get(LIFELINE)) or settings.on_change == "end"
        #: Whether the role was asked to end because of a change.
        self.changed = False
        self._said_at = 0
        self._heard = True

    def answer_signals(self) -> None:
        """Let SIGTERM end the process with the exit code that says why, also where a server of ours hands it back.

        In the main thread only.
        """
        signal.signal(signal.SIGTERM, self._on_sigterm)

    def _on_sigterm(self, number: int, _frame: object) -> None:
        if self.changed:
            raise SystemExit(ANEW)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def start(self) -> None:
        """Begin to watch."""
        threading.Thread(target=self._watch, name="changed files", daemon=True).start()

    def _watch(self) -> None:
        engine, mine = connect(self._settings.database_url), self._running()
        pause = threading.Event()
        seen = refused = self._read
        self._say(engine, mine)
        while not pause.wait(self._every):
            self._say(engine, mine)
            if self.renewed and self._drawn() != self._drawn_at_start:
                log.info("today's units or the boundaries of the map are not those drawn; ending with code %d", ANEW)
                self._end()
                return
            before, seen = seen, self._stand()
            # Twice the same, so that nobody is in the midst of writing them.
            if seen in (self._read, refused) or seen != before:
                continue
            refused = seen
            if self._is_to_end():
                self._end()
                return

    def _end(self) -> None:
        self.changed = True
        os.kill(os.getpid(), signal.SIGTERM)

    def _is_to_end(self) -> bool:
        """Whether what the files hold now is something that the role has to be started anew for."""
        now = self._content()
        if now == self._held:
            # Touched, or put back as it was.
            return False
        try:
            check(self._name, self._settings)
        except (ProfileError, SettingsError) as error:
            log.error("changed files of the profile cannot be used, going on with what was read: %s", error)
            return False
        if self.renewed:
            log.info("files of the profile have changed; ending with code %d, to be started on them", ANEW)
            return True
        named = ", ".join(path.name for path, old, new in zip(self._paths, self._held, now, strict=True) if old != new)
        log.warning(
            "%s of the profile changed, and this process goes on with what it read at its start: start it again "
            "(with OPSCENTRE_ON_CHANGE=end it ends by itself, for what starts it again)", named,
        )  # fmt: skip
        return False

    def _running(self) -> Running:
        digests = {
            name_of(path): hashlib.sha256(held).hexdigest() if held else ""
            for path, held in zip(self._paths, self._held, strict=True)
        }
        number = self._settings.worker
        return Running(
            role=f"{self._name}-{number}" if number else self._name, host=socket.gethostname()[:120], pid=os.getpid(),
            begun_at=wall_ms(), renewed=self.renewed, files=digests,
        )  # fmt: skip

    def _say(self, engine: Engine, mine: Running) -> None:
        """Note now and then that this process runs, and on what; without SQL it is not known, and that is all."""
        now = wall_ms()
        if now - self._said_at < BEAT:
            return
        try:
            if not self._said_at:
                running.forget_dead(engine, mine, _lives, now)
            running.note(engine, mine, now)
        except (SQLAlchemyError, sqlite3.Error) as error:
            # An SQLite file that cannot be opened is told in sqlite3's own words.
            if self._heard:
                log.warning("which files this process runs on cannot be noted: %s", " ".join(str(error).split())[:300])
            self._heard = False
        else:
            self._heard = True
        self._said_at = now

    def _content(self) -> list[bytes]:
        return [path.read_bytes() if path.is_file() else b"" for path in self._paths]

    def _stand(self) -> Stand:
        return tuple(_stand(path) for path in self._paths)


def watched(name: str, settings: Settings) -> list[Path]:
    """The files that a role reads at its start and that the administration pages change."""
    folder = profiles.load(settings.profile).folder
    found = [folder / CALENDAR, folder / HOURS]
    if name == "alerts":
        given = Path(settings.alerts) if settings.alerts else folder
        place = given if given.is_dir() else given.parent
        found += [place / "alerts.toml", place / "recipients.csv"]
    return found


def _drawn_now(name: str, settings: Settings) -> Callable[[], object]:
    """Tells what of the present day a role fixes at its start: of the dashboard, what its pages draw."""
    if name != "dashboard":
        return lambda: None
    profile = profiles.load(settings.profile)
    clock = open_clock(settings.clock, profile.calendar)

    def drawn() -> object:
        day = date_of(day_number(clock.now()))
        try:
            packs = [maps.choose(settings.data, profile.slug, day, kind) for kind in maps.KINDS]
        except maps.MapError as error:
            # The dashboard has told of it; it is started anew when the packs can be read again.
            return str(error)
        return [unit.code for unit in profile.units.at(day).all], [pack and pack.sha256 for pack in packs]

    return drawn


def check(name: str, settings: Settings) -> None:
    """Read the files as the role would. Raises ``ProfileError`` and ``SettingsError``."""
    profile = profiles.load(settings.profile)
    if name == "alerts":
        # Alerts stand above this package: named, not imported.
        importlib.import_module("alerts.files").load(profile, settings)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stand(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
