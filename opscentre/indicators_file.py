"""Reading ``config/indicators.toml``, and what a province's own ``indicators.toml`` changes in it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from opscentre import paths
from opscentre.domain.indicators import Fault, Grade, Group, Indicator, Indicators
from opscentre.profile import ProfileError

KIND = TypeVar("KIND", Group, Indicator, Grade)
_FILE = "indicators.toml"
_DATE = "a date without quotes, like 2025-07-01"
#: What belongs into the keys that are not simply texts.
_WANTED = {
    "max": "a number",
    "full_at": "a number",
    "floor": "a number",
    "effective_from": _DATE,
    "effective_to": _DATE,
    "scoring": '"linear", "threshold" or "shown_only"',
    "source": '"P", "C", "S" or "?"',
}
Kind = type[Group] | type[Indicator] | type[Grade]
_TABLES: dict[str, Kind] = {"group": Group, "indicator": Indicator, "grade": Grade}


def load(folder: Path | None = None, national: Path | None = None) -> Indicators:
    """The indicators of a province.

    ``folder`` is a profile's folder whose ``indicators.toml``, where there is one, overrides the national
    file; ``national`` is that file (``config/indicators.toml``). An entry of the province replaces *all*
    national entries of its code, and takes from the last of them every key that it does not give.
    Raises ``ProfileError``: file, key, value seen, remedy.
    """
    path = national or paths.CONFIG / _FILE
    tables = _read(path)
    own = folder / _FILE if folder is not None else None
    if own is not None and own.is_file():
        path, tables = own, {name: _overridden(tables[name], entries) for name, entries in _read(own).items()}
    groups = _converted(path, "group", tables["group"], Group)
    indicators = _converted(path, "indicator", tables["indicator"], Indicator)
    grades = _converted(path, "grade", tables["grade"], Grade)
    if not groups or not indicators:
        missing = "indicator" if groups else "group"
        raise ProfileError(f"{path}: there is no [[{missing}]]; take config/{_FILE} of the product as a pattern")
    try:
        return Indicators(groups, indicators, grades)
    except Fault as fault:
        raise ProfileError(f"{path}: {fault}") from None


def _read(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The tables of a file, by kind, each entry a mapping."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        raise ProfileError(
            f"{path} is missing: the score needs it; restore it from the product's config folder"
        ) from None
    except UnicodeDecodeError as error:
        raise ProfileError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{path}: not TOML: {error}; mend that line") from None
    for key, value in document.items():
        if key not in _TABLES:
            raise ProfileError(f"{path}: unknown table {key!r}; want [[group]], [[indicator]] and [[grade]]")
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise ProfileError(f"{path}: {key} = {value!r} is no list of tables; write [[{key}]] above each entry")
    return {name: document.get(name, []) for name in _TABLES}


def _overridden(national: Sequence[Mapping[str, Any]], own: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The national entries with a province's in place of those of the same code."""
    last = {entry.get("code"): entry for entry in national}
    replaced = {entry.get("code") for entry in own}
    merged: list[dict[str, Any]] = []
    placed = set()
    for entry in national:
        code = entry.get("code")
        if code not in replaced:
            merged.append(dict(entry))
        elif code not in placed:
            placed.add(code)
            merged += [_filled(last[code], mine) for mine in own if mine.get("code") == code]
    return merged + [dict(entry) for entry in own if entry.get("code") not in last]


def _filled(pattern: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    whole = {**pattern, **own}
    # A threshold's percent means nothing to another way of scoring: it is not handed down to one.
    if "scoring" in own and own["scoring"] != "threshold" and "full_at" not in own:
        whole.pop("full_at", None)
    return whole


def _converted(path: Path, kind: str, entries: Sequence[Mapping[str, Any]], into: type[KIND]) -> list[KIND]:
    found = []
    for index, entry in enumerate(entries, start=1):
        code = entry.get("code")
        place = f'{kind} "{code}"' if isinstance(code, str) else f"{kind} number {index}"
        try:
            found.append(msgspec.convert(entry, into))
        except msgspec.ValidationError as error:
            raise ProfileError(f"{path}: {place}: {_explained(str(error), entry, into)}") from None
    return found


def _explained(error: str, entry: Mapping[str, Any], into: Kind) -> str:
    """A validation error with the key, the value seen and what to do."""
    if "missing required field" in error:
        key = error.split("`")[1]
        return f"{key} is missing; every [[{into.__name__.lower()}]] needs it"
    if "unknown field" in error:
        key = error.split("`")[1]
        known = ", ".join(into.__struct_fields__)
        return f"{key} = {_shown(entry[key])}: unknown key; known are {known}"
    key = error.rpartition("$.")[2].rstrip("`")
    return f"{key} = {_shown(entry[key])}: want {_WANTED.get(key, 'text in quotes')}"


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
