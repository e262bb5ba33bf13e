"""The file of ``OPSCENTRE_OIDC``: a provider to sign in with, and what its claims make of people."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from opscentre.access.people import Person, Role
from opscentre.settings import SettingsError

#: Longest login and name that are kept.
_LOGIN, _NAME = 100, 100


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whoever has a value in a claim is of a role."""

    #: The claim's name; a dot goes down into an object: ``realm_access.roles``.
    claim: str
    value: str
    role: Role
    #: Codes of units; None: the whole province, or what ``units_claim`` names.
    units: list[str] | None = None


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A provider as the file names it."""

    #: What the button says.
    name: str
    issuer: str
    client_id: str
    #: The environment variable that holds the client's secret; empty: the client has none.
    client_secret_env: str = "OPSCENTRE_SECRET_OIDC"
    #: How visitors reach the dashboard: ``https://ioc.example.gov.vn``; the provider must allow
    #: ``<this>/sign-in/oidc/back``.
    public_url: str
    scopes: tuple[str, ...] = ("openid", "profile")
    login_claim: str = "preferred_username"
    name_claim: str = "name"
    #: The claim that lists codes of units, for rules that name none.
    units_claim: str = ""
    #: Authorities of the provider's certificate, in PEM form; empty: the system's.
    ca_file: str = ""
    #: The first that fits counts; nobody gets in whom none fits.
    rules: list[Rule]

    @property
    def back(self) -> str:
        """Where the provider sends people back to."""
        return f"{self.public_url.rstrip('/')}/sign-in/oidc/back"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    oidc: Provider


def read_provider(path: Path, units: Collection[str]) -> Provider:
    """The provider of a file, checked against the province's units. Raises ``SettingsError``."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File).oidc
    except OSError as error:
        raise SettingsError(f"OPSCENTRE_OIDC={path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"OPSCENTRE_OIDC={path}: {error}") from None
    for name in ("issuer", "public_url"):
        url = urlsplit(getattr(found, name))
        local = url.hostname in ("localhost", "127.0.0.1", "::1")
        if not url.hostname or (url.scheme != "https" and not (local and url.scheme == "http")):
            raise SettingsError(f"OPSCENTRE_OIDC={path}: {name} = {getattr(found, name)!r}; want https://HOST")
    for number, rule in enumerate(found.rules, 1):
        unknown = [code for code in rule.units or [] if code not in units]
        if unknown:
            raise SettingsError(f"OPSCENTRE_OIDC={path}: rule {number}: {unknown[0]!r} is no unit of the profile")
        if rule.role is Role.department and not rule.units and not found.units_claim:
            raise SettingsError(
                f"OPSCENTRE_OIDC={path}: rule {number}: a department is of no unit; name units or set units_claim"
            )
    return found


def person_of(provider: Provider, claims: Mapping[str, Any], units: Collection[str]) -> Person | None:
    """Who somebody is by their claims; None: no rule fits, or they are of no unit that is known. Pure."""
    rule = next((rule for rule in provider.rules if rule.value in _values(claims, rule.claim)), None)
    login = "".join(_values(claims, provider.login_claim)[:1]).strip().lower()
    if rule is None or not login or len(login) > _LOGIN:
        return None
    named = rule.units
    if named is None and (rule.role is Role.department or _values(claims, provider.units_claim)):
        named = [code for code in _values(claims, provider.units_claim) if code in units]
        if not named:
            return None
    name = ("".join(_values(claims, provider.name_claim)[:1]).strip() or login)[:_NAME]
    return Person(login=login, name=name, role=rule.role, units=None if named is None else frozenset(named))


def _values(claims: Mapping[str, Any], path: str) -> list[str]:
    found: Any = claims
    for part in path.split(".") if path else ():
        found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return [found]
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
