"""What people ask of the collectors through the pages: taken from SQL every few seconds, done, and answered there."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from collectors.behaviour_lock import sole_reader
from collectors.errors import as_failure
from collectors.polling import SourcePoll
from opscentre.clock import wall_ms
from opscentre.settings import Settings
from opscentre.store import requests, source_states
from opscentre.store.requests import Request

log = logging.getLogger(__name__)

#: Seconds between two looks.
LOOKED_EVERY = 2.0
#: Seconds that a request waits for a source that is being read, and that a command may take.
TURN, COMMAND_WITHIN = 20.0, 300.0

#: Whether it was done, and what it came to.
Answer = tuple[bool, str]


class Asked:
    """Does what is asked: each in a thread of its own, so that none holds up another."""

    def __init__(self, store: Engine, settings: Settings, sources: Sequence[SourcePoll]) -> None:
        self._store = store
        self._settings = settings
        self._sources: Mapping[str, SourcePoll] = {source.code: source for source in sources}
        self._begun = False
        self._does: Mapping[str, Callable[[Request], Answer]] = {
            "source.run": self._run,
            "unmapped.apply": lambda one: self._command("unmapped", "apply", "--source", one.subject),
            "dead-letter.redrive": lambda one: self._command("dead-letters", "redrive", one.subject, "--by", one.who),
        }

    def look(self) -> None:
        """Begin with whatever was asked since the last look. Never raises."""
        try:
            if not self._begun:
                requests.give_up(self._store, wall_ms())
                self._begun = True
            taken = requests.take(self._store, wall_ms())
            self._tell_pauses()
        except SQLAlchemyError as error:
            log.warning("what people ask for cannot be read: %s", error)
            return
        for one in taken:
            threading.Thread(target=self._do, args=(one,), name=f"asked {one.id}", daemon=True).start()

    def _tell_pauses(self) -> None:
        found = source_states.all_paused(self._store)
        for code, source in self._sources.items():
            source.tell_pause(found[code].since if code in found else None)

    def _do(self, one: Request) -> None:
        log.info("%s asks for %s of %s", one.who, one.kind, one.subject)
        does = self._does.get(one.kind)
        try:
            ok, answer = does(one) if does else (False, f"this release does not know {one.kind!r}; update it")
        except Exception as error:  # noqa: BLE001 - whatever happens, whoever asked is answered
            failure = as_failure(error)
            ok, answer = False, f"{failure.kind}: {failure}"
        try:
            requests.end(self._store, one.id, ok, answer, wall_ms())
        except SQLAlchemyError as error:
            log.error("%s of %s: done (%s), but the answer could not be written: %s", one.kind, one.subject, ok, error)

    def _run(self, one: Request) -> Answer:
        source = self._sources.get(one.subject)
        if source is None:
            return False, f"sources.toml has no source {one.subject!r}"
        if source.is_paused:
            return False, "paused: let it go on first"
        with sole_reader(self._settings.data, source.code, TURN) as free:
            if not free:
                return False, f"busy: it was being read for {TURN:g} s; try again"
            seen = source.act()
        if seen is None:
            return False, "the collectors are stopping; ask again"
        return seen.ok, f"{seen.taken} taken, {source.rejected} set aside" if seen.ok else seen.error

    def _command(self, *words: str) -> Answer:
        """Run one of our own commands beside us: it may need a worker's answer for a minute."""
        command = [sys.executable, "-m", "opscentre", *words]
        if words[0] != "dead-letters":
            command += ["--profile", self._settings.profile]
        environment = {**os.environ, **self._settings.environment(), "PYTHONUNBUFFERED": "1"}
        found = subprocess.run(
            [*command, "--data", str(self._settings.data)],
            env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_WITHIN,
            check=False,
        )  # fmt: skip
        said = (found.stdout if found.returncode in (0, 3) else found.stderr).strip()
        lines = [line for line in said.splitlines() if line.strip()]
        return found.returncode == 0, " · ".join(lines[-3:]) or f"ended with code {found.returncode}"
