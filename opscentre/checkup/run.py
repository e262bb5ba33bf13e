"""Takes every look, one after the other, and yields what each finds."""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Iterator, Mapping
from functools import partial

from opscentre import profile as profiles
from opscentre.checkup import configuration, machine, servers, sign_in
from opscentre.checkup.findings import Finding, Look, looked
from opscentre.clock import wall_ms
from opscentre.domain.moments import ZONE
from opscentre.profile import Profile, ProfileError
from opscentre.settings import Settings
from opscentre.sources import read_sources


def findings(settings: Settings, environment: Mapping[str, str], *, with_sources: bool) -> Iterator[Finding]:
    """Everything that can be said of an installation. Changes nothing; may take some seconds a server that is away."""
    now = dt.datetime.now(ZONE)
    for subject, look in (
        ("versions", machine.versions),
        ("time zone", partial(machine.time_zone, now)),
        ("disk", partial(machine.disk, settings)),
    ):
        yield from looked(machine.AREA, subject, look)
    try:
        profile = profiles.load(settings.profile)
    except ProfileError as error:
        yield Finding(area=configuration.AREA, subject="profile", level="error", said=str(error))
        profile = None
    if profile is not None:
        yield from _of_profile(settings, profile, environment, now)
    for subject, look in (
        ("certificate", partial(configuration.certificate, settings, now)),
        ("permissions", partial(configuration.secret_files, settings, environment)),
    ):
        yield from looked(configuration.AREA, subject, look)
    for subject, look in (
        ("door", partial(sign_in.door, settings)),
        ("people", partial(sign_in.administrators, settings)),
        ("links", partial(sign_in.keys, environment)),
    ):
        yield from looked(sign_in.AREA, subject, look)
    if profile is not None:
        yield from looked(sign_in.AREA, "provider", partial(sign_in.provider, settings, profile, environment))
    for subject, look in (
        ("database", partial(servers.database, settings)),
        ("redis", partial(servers.cache, settings)),
        ("pipe", partial(servers.pipe, settings)),
    ):
        yield from looked(servers.AREA, subject, look)
    if profile is not None:
        yield from looked(servers.AREA, "mail", partial(servers.mail, profile, settings))
        yield from looked(servers.AREA, "bounces", partial(servers.bounces, profile, settings))
        yield from looked("data", "files in use", partial(servers.files_in_use, settings))
    yield from looked("data", "board", partial(servers.boards, settings))
    if with_sources and profile is not None:
        yield from looked("sources", "sources", partial(_sources, settings, profile))


def _of_profile(
    settings: Settings, profile: Profile, environment: Mapping[str, str], now: dt.datetime
) -> Iterator[Finding]:
    looks: tuple[tuple[str, Look], ...] = (
        ("profile", partial(configuration.profile_files, profile)),
        ("sources", partial(configuration.sources, profile, settings, environment)),
        ("alerts", partial(configuration.alerts, profile, settings)),
        ("calendar", partial(configuration.calendar, profile, wall_ms())),
    )
    for subject, look in looks:
        yield from looked(configuration.AREA, subject, look)


def _sources(settings: Settings, profile: Profile) -> Iterator[Finding]:
    for config in read_sources(profile, settings):
        yield from looked("sources", config.code, partial(_source, config.code, settings))


def _source(code: str, settings: Settings) -> Iterator[Finding]:
    """Connects to a source and reads three records, as ``opscentre source check`` does."""
    # Collectors stand above this package: named, not imported.
    cli, look = importlib.import_module("collectors.cli_source"), importlib.import_module("collectors.source_check")
    hidden = importlib.import_module("collectors.behaviour_secrets").hidden
    with cli.opened(code, settings) as ready:
        try:
            found = look.look(ready.given)
        except Exception as error:  # noqa: BLE001 - whatever a source does to us is told in one line
            told = hidden(" ".join(str(error).split()), ready.given.config.settings, ready.given.environment)
            yield Finding(
                area="sources", subject=code, level="error", said=told[:300], remedy=f"opscentre source check {code}"
            )
            return
    level, remedy = ("warning", f"opscentre source check {code}") if found.problems else ("ok", "")
    said = f"{found.records} records looked at" + (f", {len(found.problems)} problems" if found.problems else "")
    yield Finding(area="sources", subject=code, level=level, said=said, remedy=remedy)  # type: ignore[arg-type]
