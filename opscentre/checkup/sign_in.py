"""Who may come in: from where the dashboard is reached, whether there is an administrator, the provider, the keys."""

from __future__ import annotations

import importlib
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
from sqlalchemy import select

from opscentre.access import backoff
from opscentre.access.door import check_door
from opscentre.access.people import Role
from opscentre.answers import SECRET
from opscentre.checkup.findings import Finding
from opscentre.checkup.servers import PATIENCE, engine_of
from opscentre.oidc_file import read_provider
from opscentre.profile import Profile
from opscentre.secret_files import secret_of
from opscentre.settings import Settings
from opscentre.store import people
from opscentre.store.engine import reading
from opscentre.store.people_tables import sign_in_failures
from opscentre.store.revisions import fits, standing

AREA = "access"
#: Characters of a key at least; ``openssl rand -hex 24`` makes twice as many.
SHORTEST_KEY = 24


def door(settings: Settings) -> Iterator[Finding]:
    """From where the dashboard is reached, and whose pages may show it in a frame."""
    check_door(settings)
    # It stands above this package: named, not imported.
    importlib.import_module("dashboard.security").framers(settings.framed_by)
    where = settings.tls_listen or f"{settings.host}:{settings.port}"
    who = "whoever signed in" if settings.sign_in == "required" else "whoever sits at this machine"
    yield Finding(area=AREA, subject="door", said=f"{where} opens to {who}")


def administrators(settings: Settings) -> Iterator[Finding]:
    """Whether somebody can let others in, and whether somebody is kept out."""
    if settings.sign_in != "required":
        return
    engine = engine_of(settings)
    if engine is None:
        yield _nobody()
        return
    try:
        with reading(engine).connect() as connection:
            if not fits(standing(connection)):
                yield _nobody()
                return
            closed = select(sign_in_failures.c.key).where(
                sign_in_failures.c.failures >= backoff.CLOSED, sign_in_failures.c.key.startswith("login:")
            )
            shut = {key.removeprefix("login:") for key in connection.execute(closed).scalars()}
        there = people.everybody(engine)
    finally:
        engine.dispose()
    able = [one for one in there if one.person.role is Role.administrator and one.disabled_at is None]
    if able or settings.oidc:
        yield Finding(area=AREA, subject="people", said=f"{len(there)} people, {len(able)} of them administrators")
    else:
        yield _nobody()
    for login in sorted(shut & {one.person.login for one in there}):
        yield Finding(
            area=AREA, subject="people", level="warning",
            said=f"{login}: closed after {backoff.CLOSED} failures in a row; somebody guesses, or forgot",
            remedy=f"see the log for the address they came from; 'opscentre user passwd {login}' opens it again",
        )  # fmt: skip


def _nobody() -> Finding:
    return Finding(
        area=AREA, subject="people", level="warning", said="no administrator yet: nobody can sign in and add people",
        remedy="opscentre user add LOGIN --role administrator",
    )  # fmt: skip


def provider(settings: Settings, profile: Profile, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the provider that people sign in with answers by the name that it was given, and its secret is here."""
    if not settings.oidc:
        return
    found = read_provider(Path(settings.oidc), set(profile.units.by_code))
    if found.client_secret_env and not secret_of(environment, found.client_secret_env):
        yield Finding(
            area=AREA, subject="provider", level="error", said=f"the secret {found.client_secret_env} is not here",
            remedy=f"set {found.client_secret_env}_FILE for the dashboards, or put the file into OPSCENTRE_SECRETS",
        )  # fmt: skip
    trust = ssl.create_default_context(cafile=found.ca_file or None)
    address = f"{found.issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        named = httpx.get(address, timeout=PATIENCE, verify=trust).raise_for_status().json().get("issuer")
    except (httpx.HTTPError, ValueError, AttributeError) as error:
        yield Finding(
            area=AREA, subject="provider", level="error", said=f"{address}: {type(error).__name__}: {error}",
            remedy="see whether it runs and is reached from the dashboards; passwords go on working",
        )  # fmt: skip
        return
    same = named == found.issuer
    yield Finding(
        area=AREA, subject="provider", level="ok" if same else "error",
        said=f"{found.issuer} answers" if same else f"{found.issuer} calls itself {named!r}",
        remedy="" if same else f"write issuer = {named!r} into {settings.oidc}, letter by letter",
    )  # fmt: skip


def keys(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Whether the key that signs the links of mails is one that nobody guesses."""
    key = secret_of(environment, SECRET)
    if key and len(key) < SHORTEST_KEY:
        yield Finding(
            area=AREA, subject="links", level="warning", said=f"{SECRET} has {len(key)} characters: it can be guessed",
            remedy="openssl rand -hex 24 makes one; links of mails that were sent before end with the old one",
        )  # fmt: skip
