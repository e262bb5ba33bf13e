"""The command ``opscentre import``: checks its arguments, prints what became of the files, chooses the exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from collectors.importing import NothingMoves, import_files
from opscentre import profile as profiles
from opscentre.clock import Clock, open_clock, wall_ms
from opscentre.pipe.base import PipeError, open_producer
from opscentre.runtime.book import now_on
from opscentre.runtime.supervisor import PartFailed
from opscentre.runtime.worker import counting
from opscentre.settings import Settings, SettingsError
from opscentre.sources import CODE_WANTED, is_code
from opscentre.store.engine import open_store
from opscentre.store.intake import SetAside

TAKEN, FAILED, UNREADABLE, SOME_REJECTED = 0, 1, 2, 3
#: Refusals that are printed in full.
PRINTED = 20


class BesideDemo:
    """The time that a demo in the same folder has reached; goes on at the machine's pace."""

    simulated = True
    speed = 1.0

    def __init__(self, settings: Settings) -> None:
        self._ahead = now_on(settings.data) - wall_ms()

    def now(self) -> int:
        """The moment it is now, in epoch milliseconds."""
        return wall_ms() + self._ahead


class _Printer:
    """Tells a person on stderr how an import goes."""

    def __init__(self) -> None:
        self.refusals = 0
        self._terminal = sys.stderr.isatty()
        self._open_line = False

    def say(self, text: str) -> None:
        """One line for good."""
        self.end_line()
        print(text, file=sys.stderr)

    def end_line(self) -> None:
        """Leave the line of progress behind."""
        if self._open_line:
            print("\r\x1b[K", end="", file=sys.stderr)
            self._open_line = False

    def refused(self, row: SetAside) -> None:
        """One record was set aside."""
        self.refusals += 1
        if self.refusals <= PRINTED:
            self.say(f"refused [{row.reason}] {row.message}")

    def reading(self, path: Path, done: int, size: int) -> None:
        """So many bytes of a file have been read."""
        self._progress(f"{path.name}: {done / max(1, size):.0%} of {size / 1e6:.1f} MB")

    def counting(self, done: int, sent: int) -> None:
        """So many of the dossiers sent have been counted."""
        self._progress(f"counted {done} of {sent}")

    def _progress(self, text: str) -> None:
        if self._terminal:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._open_line = True


def import_command(files: list[Path], *, source: str, settings: Settings) -> int:
    """Import files and print the summary as one line of JSON on stdout.

    The exit code: 0 all taken, 1 the pipe or the stream worker failed, 2 a file is missing or nothing could be
    read, 3 some records were rejected. Raises ``SettingsError``, ``ProfileError`` and ``Unusable``.
    """
    if not is_code(source):
        raise SettingsError(f"--source: saw {source!r}; want {CODE_WANTED}")
    printer = _Printer()
    faults = [fault for path in files if (fault := _fault(path))]
    if faults or not files:
        for fault in faults or ["no file is named"]:
            printer.say(f"{fault}; nothing was imported")
        print(json.dumps({"read": 0, "accepted": 0, "unchanged": 0, "rejected": 0,
                          "reasons": {"unreadable_file": len(faults)}}))  # fmt: skip
        return UNREADABLE
    try:
        with counting(settings) as running:
            summary = _import(files, source, running, printer)
    except (PartFailed, PipeError, NothingMoves) as error:
        printer.say(f"opscentre: import: {error}")
        return FAILED
    printer.end_line()
    if printer.refusals > PRINTED:
        printer.say(f"and {printer.refusals - PRINTED} more; see the quarantine table")
    print(json.dumps(summary, ensure_ascii=False))
    return exit_code(summary)


def exit_code(summary: dict[str, Any]) -> int:
    """The exit code for what became of the files."""
    if not summary["reasons"]:
        return TAKEN
    good = summary["accepted"] + summary["unchanged"]
    readable = summary["read"] - sum(summary["reasons"].get(r, 0) for r in ("bad_json", "truncated_file", "too_long"))
    return SOME_REJECTED if good or readable > 0 else UNREADABLE


def _fault(path: Path) -> str:
    try:
        if not path.exists():
            return f"{path}: there is no such file"
        if not path.is_file():
            return f"{path}: not a file; name the files themselves"
        with path.open("rb"):
            return ""
    except OSError as error:
        return f"{path}: cannot be opened ({error.strerror}); let this user read it"


def _import(files: list[Path], source: str, settings: Settings, printer: _Printer) -> dict[str, Any]:
    profile = profiles.load(settings.profile)
    real = settings.clock in ("", "real")
    clock: Clock = BesideDemo(settings) if real else open_clock(settings.clock, profile.calendar)
    store = open_store(settings.database_url)
    try:
        producer = open_producer(settings.broker_url, settings.dossier_partitions)
        try:
            return import_files(
                files,
                settings=settings,
                profile=profile,
                source=source,
                store=store,
                producer=producer,
                clock=clock,
                narrator=printer,
            )
        finally:
            producer.close()
    finally:
        store.dispose()
