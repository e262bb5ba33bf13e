"""A province profile: the folder below ``config/`` that names its units, procedures, calendar and links."""

from __future__ import annotations

import csv
import datetime as dt
import tomllib
from pathlib import Path

import msgspec

from opscentre import paths
from opscentre.domain.calendar import Calendar, SpecialDay
from opscentre.domain.moments import day_of
from opscentre.domain.units import Unit, Units


class ProfileError(Exception):
    """A profile cannot be used: file, line, the value seen and what to do."""


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
        units=Units(_read_units(folder / "units.csv")),
        calendar=Calendar(_read_calendar(folder / "calendar.csv")),
    )


def _read_units(path: Path) -> list[Unit]:
    units = []
    for line, row in _rows(path):
        try:
            units.append(msgspec.convert({k: v for k, v in row.items() if v}, Unit, strict=False))
        except msgspec.ValidationError as error:
            raise ProfileError(f"{path}, line {line}: {error}; row seen: {row}") from None
    return units


def _read_calendar(path: Path) -> dict[int, SpecialDay]:
    days = {}
    for line, row in _rows(path):
        try:
            day = day_of(dt.date.fromisoformat(row["day"]))
            working = {"off": False, "working": True}[row["kind"]]
        except (KeyError, ValueError):
            raise ProfileError(
                f"{path}, line {line}: want day as YYYY-MM-DD and kind 'off' or 'working', row seen: {row}"
            ) from None
        days[day] = SpecialDay(working, row.get("document") or "", row.get("note") or "")
    return days


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            return [(reader.line_num, row) for row in reader]
    except FileNotFoundError:
        raise ProfileError(f"{path} is missing: a profile needs it") from None
