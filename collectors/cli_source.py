"""The commands ``opscentre source``: list, check, run, status and new; what they print and their exit codes."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from collectors import registry, source_check, source_new, source_status
from collectors.base import Given
from collectors.behaviour_lock import sole_reader
from collectors.behaviour_secrets import HIDDEN, hidden
from collectors.cli import BesideDemo
from collectors.errors import BadData, CollectError, as_failure
from collectors.placeholders import Addresses, has_placeholder
from collectors.polling import SourcePoll
from collectors.telegraph import Telegraph
from opscentre import outbound
from opscentre import profile as profiles
from opscentre.clock import Clock, open_clock, wall_ms
from opscentre.commands.shared import print_wide
from opscentre.pipe.base import PipeError, Producer, open_producer
from opscentre.profile import Profile
from opscentre.runtime.book import now_on
from opscentre.secret_files import secret_of
from opscentre.settings import Settings, SettingsError
from opscentre.sources import SourceConfig, read_sources, sources_path
from opscentre.store.engine import open_store

#: All is well; a person can mend it; the source answers but something is wrong with what it gives.
WELL, MENDABLE, PROBLEMS = 0, 2, 3
#: Seconds to wait for a source that is being read by the schedule.
PATIENCE = 20.0
#: A password that somebody wrote into an URL, where none belongs.
_PASSWORD = re.compile(r"(?<=://)([^:@/]*):.*@")
#: Spellings and reasons that a table shows.
_SHOWN = 3


class Listed(msgspec.Struct):
    """One row of ``source list``."""

    code: str
    name: str
    kind: str
    interval: float
    #: URL, folder or whatever of the settings says where the source is.
    address: str
    #: ``set``, ``missing``, or empty where the source needs none.
    secret: str
    #: What is wrong with its settings; empty: nothing.
    problem: str = ""


class Ran(msgspec.Struct):
    """What ``source run`` came to."""

    code: str
    ok: bool
    taken: int
    set_aside: int
    error: str = ""


class Opened(NamedTuple):
    """A source with everything its collector works with."""

    given: Given
    addresses: Addresses
    producer: Producer


def list_command(settings: Settings, as_json: bool) -> int:
    """Print the sources of the installation."""
    profile = outbound.heed(profiles.load(settings.profile))
    path = sources_path(profile, settings)
    rows = [_listed(config, path) for config in read_sources(profile, settings)]
    if as_json:
        print_json(rows)
    else:
        _print_table([msgspec.structs.asdict(row) for row in rows])
    return PROBLEMS if any(row.problem or row.secret == "missing" for row in rows) else WELL


def _listed(config: SourceConfig, path: Path) -> Listed:
    problem = ""
    try:
        registry.check(config, f"{path}, source {config.code}")
    except SettingsError as error:
        problem = told(str(error), config)
    secret = ""
    for key, name in config.settings.items():
        if key.endswith("_env") and name:
            secret = "set" if secret_of(os.environ, str(name)) else "missing"
    named = [config.settings[key] for key in ("url", "folder", "path", "file") if key in config.settings]
    address = _PASSWORD.sub(rf"\1:{HIDDEN}@", told(str(named[0]) if named else "", config))
    return Listed(config.code, config.name, config.kind, config.interval, address, secret, problem)


def check_command(code: str, settings: Settings, as_json: bool) -> int:
    """Look at a source and print what its records would become."""
    with opened(code, settings) as ready:
        try:
            look = source_check.look(ready.given)
        except Exception as error:  # noqa: BLE001 - whatever a source does to us is told in one line
            return failed(code, ready.given.config, as_failure(error), as_json)
        config = ready.given.config
    if as_json:
        print(told(_as_json(look), config))
    else:
        _print_look(look, config)
    return PROBLEMS if look.problems else WELL


def _print_look(look: source_check.Look, config: SourceConfig) -> None:
    print(f"{look.code} ({look.kind}): {look.records} records looked at, nothing written")
    rows = []
    for entry in look.mapping:
        values = {f"record {n}": told(value, config) for n, value in enumerate(entry.values, start=1)}
        rows.append({"at the source": entry.column, "contract": entry.field, "becomes": entry.becomes, **values})
    _print_table(rows)
    if look.waits:
        print(look.waits)
    if look.unread:
        print(f"not read: {', '.join(look.unread)}")
    for problem in look.problems:
        print(told(problem, config))


def run_command(code: str, settings: Settings, as_json: bool) -> int:
    """Poll a source once, for good: what it brings goes down the pipe."""
    with opened(code, settings) as ready, sole_reader(settings.data, code, PATIENCE) as free:
        if not free:
            raise SettingsError(f"source {code}: still being read after {PATIENCE:g} s; try again when that has ended")
        given = ready.given
        poll = SourcePoll(given, ready.addresses, Telegraph(ready.producer))
        try:
            seen = poll.attempt()
        finally:
            poll.close()
        if seen is None:
            raise SettingsError(f"source {code}: the poll was interrupted; run it again")
        if seen.ok:
            # Collectors that had given the source up go on.
            poll.note_acted()
        ran = Ran(code, seen.ok, seen.taken if seen.ok else 0, poll.rejected, seen.error)
    if as_json:
        print_json(ran)
    elif ran.ok:
        print(f"{code}: {ran.taken} records taken, {ran.set_aside} set aside")
    else:
        print(f"opscentre: source {code}: {ran.error}", file=sys.stderr)
    if not ran.ok:
        return PROBLEMS if ran.error.startswith(f"{BadData.kind}:") else MENDABLE
    return PROBLEMS if ran.set_aside else WELL


def status_command(settings: Settings, as_json: bool) -> int:
    """Print how each source is, from what the database knows."""
    profile = outbound.heed(profiles.load(settings.profile))
    store = open_store(_database(settings))
    try:
        now = now_on(settings.data) if settings.clock in ("", "real") else _clock(settings, profile).now()
        found = source_status.statuses(read_sources(profile, settings), store, wall_ms(), now, profile.calendar)
    finally:
        store.dispose()
    if as_json:
        print_json(found)
    else:
        _print_table([_status_row(status) for status in found])
    return PROBLEMS if any(status.troubled for status in found) else WELL


def _status_row(status: source_status.Status) -> dict[str, Any]:
    lag, keys = status.lag, status.reconciliation
    return {
        "source": status.code,
        "kind": status.kind,
        "state": {None: "never polled", True: "ok", False: "failing"}[status.ok],
        "good value": _age(status.observed_age_s),
        "cursor": _age(status.cursor_age_s),
        "total": status.total,
        "set aside": _counted(status.quarantine),
        "noted": _counted(status.notes),
        "unknown units": _counted(status.unmapped),
        "keys": f"{keys.missing} missing, {keys.gone} gone" if keys else "-",
        "late by sync": f"{status.late_by_sync} now, {status.cleared_by_sync} cleared",
        "lag p50/p95": f"{lag.p50_s:.1f}/{lag.p95_s:.1f} s" if lag.p50_s is not None else "-",
        "error": status.error[:120],
    }


def new_command(kind: str, code: str, name: str, settings: Settings, as_json: bool) -> int:
    """Print a block for ``sources.toml``."""
    profile = outbound.heed(profiles.load(settings.profile))
    if any(config.code == code for config in read_sources(profile, settings)):
        raise SettingsError(f"--code: saw {code!r}, and {sources_path(profile, settings)} has it; choose another")
    text = source_new.block(kind, code, name)
    if as_json:
        print_json({"kind": kind, "code": code, "name": name, "block": text})
    else:
        print(text, end="")
    return WELL


@contextmanager
def opened(code: str, settings: Settings) -> Iterator[Opened]:
    """A source ready to be read. Raises ``SettingsError`` for whatever a person can mend."""
    profile = outbound.heed(profiles.load(settings.profile))
    path = sources_path(profile, settings)
    configs = {config.code: config for config in read_sources(profile, settings)}
    if code not in configs:
        raise SettingsError(f"{path}: there is no source {code!r}; there are: {', '.join(configs) or 'none'}")
    stopping = threading.Event()
    addresses = Addresses(settings.data / "simulator.json", stopping)
    config = configs[code]
    try:
        if has_placeholder(config.settings):
            addresses.wait(0)
            config = msgspec.structs.replace(config, settings=addresses.fill(config.settings))
        store = open_store(_database(settings))
        producer = open_producer(settings.broker_url, settings.dossier_partitions)
    except (CollectError, PipeError, SQLAlchemyError) as error:
        raise SettingsError(f"source {code}: {told(str(as_failure(error)), config)}") from None
    given = Given(
        config=config,
        settings=settings,
        profile=profile,
        store=store,
        producer=producer,
        clock=_clock(settings, profile),
        environment=os.environ,
        stopping=stopping,
        where=f"{path}, source {code}",
    )
    try:
        yield Opened(given, addresses, producer)
    finally:
        producer.close()
        store.dispose()


def _clock(settings: Settings, profile: Profile) -> Clock:
    if settings.clock in ("", "real"):
        return BesideDemo(settings)
    try:
        return open_clock(settings.clock, profile.calendar)
    except ValueError as error:
        raise SettingsError(f"OPSCENTRE_CLOCK: {error}") from None


def _database(settings: Settings) -> str:
    if not settings.database and not settings.data.is_dir():
        raise SettingsError(f"--data {settings.data}: there is no such folder; name the one of the installation")
    return settings.database_url


def failed(code: str, config: SourceConfig, failure: CollectError, as_json: bool) -> int:
    """Tell a failure in one line, or as JSON; the exit code."""
    error = told(f"{failure.kind}: {failure}", config)
    if as_json:
        print_json(Ran(code, False, 0, 0, error))
    else:
        print(f"opscentre: source {code}: {error}", file=sys.stderr)
    return PROBLEMS if isinstance(failure, BadData) else MENDABLE


def told(text: str, config: SourceConfig) -> str:
    """A text without the source's secrets."""
    return hidden(text, config.settings, os.environ)


def _as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def print_json(value: object) -> None:
    """Print a result as one line of JSON."""
    print(_as_json(value))


def _print_table(rows: list[dict[str, Any]]) -> None:
    table = Table(header_style="bold")
    for heading in rows[0] if rows else ():
        table.add_column(heading)
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    if rows:
        print_wide(table)


def _age(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.0f} s ago"


def _counted(counts: dict[str, int]) -> str:
    if not counts:
        return "0"
    shown = ", ".join(f"{name} {count}" for name, count in list(counts.items())[:_SHOWN])
    more = f", … {len(counts) - _SHOWN} more" if len(counts) > _SHOWN else ""
    return f"{sum(counts.values())} ({shown}{more})"
