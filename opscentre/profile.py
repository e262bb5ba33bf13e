"""A province profile: the folder below ``config/`` that names its units, procedures, calendar and links."""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path

import msgspec

from opscentre import paths
from opscentre.calendar_file import check_calendar
from opscentre.domain.calendar import Calendar
from opscentre.domain.units import Group, Units
from opscentre.mapping_file import mapping_files, read_mapping
from opscentre.table_file import ProfileError
from opscentre.units_file import read_units

__all__ = ["Profile", "ProfileError", "Province", "available", "load"]


class Province(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``profile.toml``: the province itself."""

    name: str
    code: str
    title: str
    #: What groups of the progress table are called where they differ from today's (``II`` was the district).
    groups: dict[Group, str] = {}
    #: Networks (``10.1.0.0/16``) that no probe and no source ever connects to, beside those of ``opscentre.outbound``.
    forbidden_networks: list[str] = []


class Profile(msgspec.Struct, frozen=True):
    """Everything a role needs to know of a province."""

    slug: str
    folder: Path
    province: Province
    units: Units
    calendar: Calendar


def available() -> list[str]:
    """The names of the profiles that are there."""
    return sorted(entry.parent.name for entry in paths.CONFIG.glob("*/profile.toml"))


def load(slug: str) -> Profile:
    """Read and check a profile. Raises ``ProfileError``."""
    folder = paths.CONFIG / slug
    if not (folder / "profile.toml").is_file():
        raise ProfileError(f"profile {slug!r}: no {folder / 'profile.toml'}; there are: {', '.join(available())}")
    with (folder / "profile.toml").open("rb") as file:
        try:
            province = msgspec.convert(tomllib.load(file), Province)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise ProfileError(f"{folder / 'profile.toml'}: {error}") from None
    for network in province.forbidden_networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ProfileError(f"{folder / 'profile.toml'}, forbidden_networks: {error}; want 10.1.0.0/16") from None
    units = read_units(folder, province.name)
    calendar, faults = check_calendar(folder, units.by_code)
    if faults:
        raise ProfileError(str(faults[0]))
    for path in mapping_files(folder):
        # Read by the source's intake when it is needed; a mistake in one is told at once.
        read_mapping(path, units.by_code)
    return Profile(
        slug=slug,
        folder=folder,
        province=province,
        units=units,
        calendar=calendar,
    )
