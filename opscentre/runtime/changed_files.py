"""A role that runs on files of the profile ends by itself when they have changed, and its supervisor starts it anew."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import threading
from pathlib import Path

from opscentre import profile as profiles
from opscentre.calendar_file import CALENDAR, HOURS
from opscentre.profile import ProfileError
from opscentre.runtime.role import ANEW, LIFELINE
from opscentre.settings import Settings, SettingsError

log = logging.getLogger(__name__)

#: Seconds between two looks; a change is acted on at the look after the one that first saw it.
LOOK_EVERY = 2.0

Stand = tuple[tuple[int, int, int] | None, ...]


class ChangedFiles:
    """Watches the files that a role has read at its start. Does nothing where nobody would start the role anew."""

    def __init__(self, name: str, settings: Settings, every: float = LOOK_EVERY) -> None:
        self._name = name
        self._settings = settings
        self._every = every
        self._paths = watched(name, settings)
        self._read = self._stand()
        self._held = self._content()
        #: Whether the role was asked to end because of a change.
        self.changed = False

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
        """Begin to watch, where a supervisor holds this process's life."""
        if os.environ.get(LIFELINE):
            threading.Thread(target=self._watch, name="changed files", daemon=True).start()

    def _watch(self) -> None:
        pause = threading.Event()
        seen = refused = self._read
        while not pause.wait(self._every):
            before, seen = seen, self._stand()
            # Twice the same, so that nobody is in the midst of writing them.
            if seen in (self._read, refused) or seen != before:
                continue
            if self._content() == self._held:
                # Touched, or put back as it was.
                refused = seen
                continue
            try:
                check(self._name, self._settings)
            except (ProfileError, SettingsError) as error:
                log.error("changed files of the profile cannot be used, going on with what was read: %s", error)
                refused = seen
                continue
            log.info("files of the profile have changed; ending, to be started on them")
            self.changed = True
            os.kill(os.getpid(), signal.SIGTERM)
            return

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


def check(name: str, settings: Settings) -> None:
    """Read the files as the role would. Raises ``ProfileError`` and ``SettingsError``."""
    profile = profiles.load(settings.profile)
    if name == "alerts":
        # Alerts stand above this package: named, not imported.
        importlib.import_module("alerts.files").load(profile, settings)


def _stand(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
