"""The files of an installation: profile, sources and their secrets, alerts, the calendar, certificates, permissions."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from opscentre import profile_check
from opscentre.checkup.findings import Finding, Level
from opscentre.domain.moments import local
from opscentre.profile import Profile
from opscentre.secret_files import lacking, secret_of
from opscentre.settings import Settings
from opscentre.sources import read_links_file, read_sources, sources_path

AREA = "configuration"
#: Days before a certificate ends from which on it is to be renewed.
RENEW_WITHIN = 30
#: From this month on next year's days off are usually published.
PUBLISHED_FROM = 11


def profile_files(profile: Profile) -> Iterator[Finding]:
    """Every file of the province's profile."""
    # What stands above this package is named, not imported.
    registry, alerts = importlib.import_module("collectors.registry"), importlib.import_module("alerts.files")
    scenes = importlib.import_module("layouts.scenes").SCENES
    checks = profile_check.Checks(registry.check, registry.check_link, alerts.check, scenes)
    faults = profile_check.check(profile.folder, checks)
    if not faults:
        yield Finding(area=AREA, subject="profile", said=f"{profile.slug}: {profile.province.name}")
        return
    yield Finding(
        area=AREA, subject="profile", level="error", said=f"{profile.slug}: {len(faults)} problems, first: {faults[0]}",
        remedy=f"opscentre profile check {profile.slug}",
    )  # fmt: skip


def sources(profile: Profile, settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    """The sources and links that are named, and whether the secrets they name are here."""
    path = sources_path(profile, settings)
    configs = read_sources(profile, settings)
    registry = importlib.import_module("collectors.registry")
    for config in configs:
        registry.check(config, f"{path}, source {config.code}")
    links = len(read_links_file(profile, settings).link)
    if not configs:
        yield Finding(
            area=AREA, subject="sources", level="warning", said=f"{path} names no source: the wall has nothing to show",
            remedy="opscentre source new KIND --code CODE --name NAME prints a block for it",
        )  # fmt: skip
        return
    yield Finding(area=AREA, subject="sources", said=f"{len(configs)} sources and {links} links in {path.parent}")
    for config in configs:
        for key, name in config.settings.items():
            if key.endswith("_env") and name and not secret_of(environment, name):
                yield Finding(
                    area=AREA, subject=f"secret of {config.code}", level="warning",
                    said=f"{lacking(environment, name)} where this command runs",
                    remedy=f"set {name}, or {name}_FILE, for 'opscentre collect' (or 'up')",
                )  # fmt: skip


def alerts(profile: Profile, settings: Settings) -> Iterator[Finding]:
    """Rules and recipients of alerts."""
    found = importlib.import_module("alerts.files").load(profile, settings)
    count = len(found.recipients)
    yield Finding(
        area=AREA, subject="alerts", level="ok" if count else "warning",
        said=f"{len(found.rules)} rules, {count} recipients" if count else "no recipient: nobody hears of anything",
        remedy="" if count else "fill in recipients.csv beside alerts.toml",
    )  # fmt: skip


def calendar(profile: Profile, now: int) -> Iterator[Finding]:
    """The working calendar of this year and the next one: every deadline rests on it."""
    today = local(now).date()
    for year in (today.year, today.year + 1):
        entered = year in profile.calendar.entered_years
        due = year == today.year or today.month >= PUBLISHED_FROM
        said = f"{year}: days off and make-up days are entered"
        if not entered:
            said = f"{year}: calendar.csv has no row; days off are those of the holidays package, without swapped ones"
        yield Finding(
            area=AREA, subject="calendar", level="ok" if entered or not due else "warning", said=said,
            remedy="" if entered or not due else f"enter the days off of {year} in {profile.folder / 'calendar.csv'}",
        )  # fmt: skip


def certificate(settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    """nginx's certificate: until when, for whom, and whether the key is its own."""
    if settings.tls_listen and not (settings.certificate and settings.certificate_key):
        yield Finding(
            area=AREA, subject="certificate", level="error",
            said=f"OPSCENTRE_TLS_LISTEN={settings.tls_listen}, and no certificate: 'opscentre up' does not start so",
            remedy="name OPSCENTRE_CERTIFICATE and OPSCENTRE_CERTIFICATE_KEY, files in PEM form",
        )  # fmt: skip
        return
    if not settings.certificate:
        yield Finding(area=AREA, subject="certificate", said="none is set: nginx is not run by 'opscentre up'")
        return
    found = x509.load_pem_x509_certificate(Path(settings.certificate).read_bytes())
    key = load_pem_private_key(Path(settings.certificate_key).read_bytes(), None)
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != found.public_key().public_bytes(*form):
        yield Finding(
            area=AREA, subject="certificate", level="error",
            said=f"{settings.certificate_key} is not the key of {settings.certificate}",
            remedy="name the two files that belong together in OPSCENTRE_CERTIFICATE and OPSCENTRE_CERTIFICATE_KEY",
        )  # fmt: skip
    if settings.server_name not in _names(found):
        yield Finding(
            area=AREA, subject="certificate", level="warning",
            said=f"{settings.certificate} is for {', '.join(_names(found)) or 'no name'}, visitors type "
                 f"{settings.server_name}",
            remedy="set OPSCENTRE_SERVER_NAME, or have the certificate made for that name",
        )  # fmt: skip
    left = (found.not_valid_after_utc - now).days
    level: Level = "error" if left < 0 else "warning" if left < RENEW_WITHIN else "ok"
    ends = f"{settings.certificate} ends on {found.not_valid_after_utc:%d/%m/%Y}, in {left} days"
    yield Finding(
        area=AREA, subject="certificate", level=level, said=ends if left >= 0 else f"{settings.certificate} has ended",
        remedy="" if level == "ok" else "put a new one in its place, then restart nginx or 'opscentre up'",
    )  # fmt: skip


def _names(found: x509.Certificate) -> list[str]:
    try:
        extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return extension.value.get_values_for_type(x509.DNSName)


def secret_files(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Files that hold secrets, and the data folder: nobody else on this machine may read them."""
    named = {name: Path(value) for name, value in sorted(environment.items()) if _names_secret(name) and value}
    if settings.certificate_key:
        named["OPSCENTRE_CERTIFICATE_KEY"] = Path(settings.certificate_key)
    if settings.secrets:
        held = sorted(Path(settings.secrets).iterdir())
        named |= {f"OPSCENTRE_SECRETS, {path.name}": path for path in held}
    if settings.data.is_dir():
        named["OPSCENTRE_DATA"] = settings.data
    open_ones = {name: path for name, path in named.items() if readable_by_all(path)}
    for name, path in open_ones.items():
        folder = path.is_dir()
        yield Finding(
            area=AREA, subject="permissions", level="warning", said=f"{name}: {path} can be read by every user here",
            remedy=f"chmod {'o-rwx' if folder else '600'} {path}",
        )  # fmt: skip
    if not open_ones:
        yield Finding(area=AREA, subject="permissions", said=f"{len(named)} files and folders are closed to others")


def _names_secret(name: str) -> bool:
    return name.endswith("_FILE") and (name.startswith("OPSCENTRE_") or "SECRET" in name or "PASSWORD" in name)


def readable_by_all(path: Path) -> bool:
    """Whether any user of this machine can get at a file: it is open, and so is every folder above it."""
    if os.name != "posix" or not path.exists():
        return False
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        # As containers are given theirs: who mounts it keeps others out, and nobody here can change it.
        return False
    mode = path.stat().st_mode
    if not mode & stat.S_IROTH:
        return False
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)
