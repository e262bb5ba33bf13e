"""A province profile: the folder below ``config/`` that names its units, procedures, calendar and links."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path

import msgspec

from opscentre import paths
from opscentre.domain.calendar import Calendar, SpecialDay
from opscentre.domain.moments import day_of
from opscentre.domain.units import Units
from opscentre.profile_rows import ProfileError, read_rows
from opscentre.units_file import read_units

__all__ = ["Profile", "ProfileError", "Province", "available", "load"]


class Province(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``profile.toml``: the province itself."""

    name: str
    code: str
    title: str


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
    return Profile(
        slug=slug,
        folder=folder,
        province=province,
        units=read_units(folder, province.name),
        calendar=Calendar(_read_calendar(folder / "calendar.csv")),
    )


def _read_calendar(path: Path) -> dict[int, SpecialDay]:
    days = {}
    for line, row in read_rows(path):
        try:
            day = day_of(dt.date.fromisoformat(row["day"]))
            working = {"off": False, "working": True}[row["kind"]]
        except (KeyError, ValueError):
            raise ProfileError(
                f"{path}, line {line}: want day as YYYY-MM-DD and kind 'off' or 'working', row seen: {row}"
            ) from None
        days[day] = SpecialDay(working, row.get("document") or "", row.get("note") or "")
    return days
