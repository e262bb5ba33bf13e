"""The commands ``opscentre source reconcile`` and ``backfill``: reading again what polling may have missed."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from collectors import registry
from collectors.base import Collector, Given
from collectors.behaviour_lock import sole_reader
from collectors.cli_source import PATIENCE, PROBLEMS, WELL, failed, opened, print_json
from collectors.errors import as_failure
from collectors.reconciling import Rereadable, read_again, reconcile
from opscentre.domain.moments import local, parse_local
from opscentre.settings import Settings, SettingsError


class Backfilled(msgspec.Struct):
    """What ``source backfill`` came to."""

    code: str
    read: int
    sent: int
    rejected: int
    reasons: dict[str, int]


def reconcile_command(code: str, settings: Settings, as_json: bool) -> int:
    """Compare a source's keys with the dossiers here; fetch what is missing, report what is gone."""
    with opened(code, settings) as ready, sole_reader(settings.data, code, PATIENCE) as free:
        try:
            with Rereading(ready.given, free) as collector:
                found = reconcile(ready.given, collector)
        except SettingsError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a source does to us is told in one line
            return failed(code, ready.given.config, as_failure(error), as_json)
    if as_json:
        print_json(found)
    else:
        print(f"{code}: {found.sentence}")
        if found.gone_numbers:
            print(f"gone: {', '.join(found.gone_numbers)}{', …' if found.gone > len(found.gone_numbers) else ''}")
    return PROBLEMS if found.gone or found.fetched < found.missing else WELL


def backfill_command(code: str, start_text: str, end_text: str, settings: Settings, as_json: bool) -> int:
    """Send whatever was modified at the source in [start, end) once more."""
    try:
        start, end = parse_local(start_text), parse_local(end_text)
    except ValueError as error:
        raise SettingsError(f"--from, --to: {error}") from None
    if end <= start:
        raise SettingsError(f"--to {end_text} is not after --from {start_text}: the period [from, to) is empty")
    with opened(code, settings) as ready, sole_reader(settings.data, code, PATIENCE) as free:
        try:
            with Rereading(ready.given, free) as collector, _Bar(code, start, end) as bar:
                taken = read_again(ready.given, collector, start, end, bar.reached)
        except SettingsError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a source does to us is told in one line
            return failed(code, ready.given.config, as_failure(error), as_json)
    if as_json:
        print_json(Backfilled(code, taken.read, taken.sent, taken.rejected, dict(taken.reasons)))
    else:
        print(f"{code}: {taken.read} records read, {taken.sent} sent, {taken.rejected} set aside")
    return PROBLEMS if taken.rejected else WELL


class Rereading:
    """A collector that can read again, closed at the end. Raises ``SettingsError`` where there is none."""

    def __init__(self, given: Given, free: bool) -> None:
        if not free:
            told = f"source {given.config.code}: still being read after {PATIENCE:g} s"
            raise SettingsError(f"{told}; try again when that has ended")
        self._collector: Collector = registry.make(given)
        self._given = given

    def __enter__(self) -> Rereadable:
        if isinstance(self._collector, Rereadable):
            return self._collector
        self._collector.close()
        told = f"source {self._given.config.code}: kind {self._given.config.kind!r} cannot be listed or read again"
        raise SettingsError(f"{told}; use 'opscentre import' for its files")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._collector.close()


class _Bar(AbstractContextManager["_Bar"]):
    """How far a backfill has come, on stderr; nothing where that is no terminal."""

    def __init__(self, code: str, start: int, end: int) -> None:
        shown: Any = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self._progress = Progress(*shown, console=Console(file=sys.stderr), disable=not sys.stderr.isatty())
        self._start = start
        self._code = code
        self._task = self._progress.add_task(code, total=end - start)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def reached(self, at: int) -> None:
        """Everything before a moment (ms) has been read."""
        text = f"{self._code} {local(at):%Y-%m-%d %H:%M}"
        self._progress.update(self._task, completed=at - self._start, description=text)
