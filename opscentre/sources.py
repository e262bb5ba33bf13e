"""Which sources are polled and which links are probed: ``sources.toml`` and ``links.toml``, read and checked.

``config/<profile>/`` holds them; ``OPSCENTRE_SOURCES`` names another folder, or another sources file with
its ``links.toml`` beside it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from opscentre.link_settings import LinkConfig, LinksFile, SelfCheck, misfits, strangers
from opscentre.profile import Profile
from opscentre.settings import Settings, SettingsError

CHECKED = TypeVar("CHECKED")

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
CODE_WANTED = "1 to 48 small letters, digits, '.', '_', '-', beginning with a letter or a digit"
_CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,47}")


class Behaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[source.behaviour]``: how a source is asked, and how it is spared when it fails."""

    #: Part of the interval by which a poll wanders, so that sources of one pace do not all come at once.
    jitter: Annotated[float, msgspec.Meta(ge=0, le=0.9)] = 0.1
    #: Requests (HTTP) or statements (SQL) a second at most; 0: no limit.
    requests_per_second: Annotated[float, msgspec.Meta(ge=0, le=10_000)] = 50.0
    #: Bytes of new rows after which a poll leaves the rest to the next one; a single answer may be no larger.
    bytes_per_poll: Annotated[int, msgspec.Meta(ge=10_000)] = 64_000_000
    #: Seconds until the next attempt after a first failure, doubled by each further one up to ``backoff_most``.
    backoff_first: Annotated[float, msgspec.Meta(ge=0.1, le=86_400)] = 2.0
    backoff_most: Annotated[float, msgspec.Meta(ge=0.1, le=86_400)] = 30.0
    #: Failures in a row from which on only one probe per ``backoff_most`` is sent.
    failures_to_open: Annotated[int, msgspec.Meta(ge=1)] = 5
    #: Local time of the nightly reconciliation of keys, ``HH:MM``; empty: none.
    reconcile_at: Annotated[str, msgspec.Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")] = "02:30"


class SourceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One ``[[source]]`` of ``sources.toml``."""

    #: Stable identity of the source: part of every dossier's identity and of the cursor's.
    code: str
    name: str
    #: Which collector reads it: a name of ``collectors/registry.py``.
    kind: str
    #: Seconds between two polls.
    interval: float = 10.0
    #: How it is asked, and how it is spared when it fails.
    behaviour: Behaviour = Behaviour()
    #: What that kind of collector wants to know; checked by the collector.
    settings: dict[str, Any] = {}


class _SourcesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: list[SourceConfig] = []


def read_sources(profile: Profile, settings: Settings) -> list[SourceConfig]:
    """The sources of an installation in the file's order; none where a profile has no file.

    Raises ``SettingsError``.
    """
    path = sources_path(profile, settings)
    found = _read(path, _SourcesFile, required=bool(settings.sources)).source
    _check(path, "source", found)
    return found


def read_links(profile: Profile, settings: Settings) -> list[LinkConfig]:
    """The links of an installation in the file's order. Raises ``SettingsError``."""
    return read_links_file(profile, settings).link


def read_links_file(profile: Profile, settings: Settings) -> LinksFile:
    """The links and what tells that our own uplink works. Raises ``SettingsError``."""
    path = links_path(profile, settings)
    found = _read(path, LinksFile, required=False)
    _check(path, "link", found.link)
    for link in found.link:
        for wrong in strangers(link, profile.units.by_code):
            where = f"{path}, link {link.code}, {wrong.key}"
            raise SettingsError(f"{where}: saw {wrong.value!r}; {wrong.remedy} ({wrong.told})")
    return found


def is_code(text: str) -> bool:
    """Whether a text can be a source's or a link's code."""
    return _CODE.fullmatch(text) is not None


def sources_path(profile: Profile, settings: Settings) -> Path:
    """Where ``sources.toml`` of an installation lies."""
    if not settings.sources:
        return profile.folder / "sources.toml"
    given = Path(settings.sources)
    return given / "sources.toml" if given.is_dir() else given


def links_path(profile: Profile, settings: Settings) -> Path:
    """Where ``links.toml`` of an installation lies."""
    return sources_path(profile, settings).with_name("links.toml")


def checked(value: Any, kind: type[CHECKED], where: str) -> CHECKED:
    """``value`` as a settings struct. Raises ``SettingsError`` naming ``where``, the key and the value seen."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        told, _, path = str(error).partition(" - at `$")
        keys = [name or int(index) for name, index in _STEP.findall(path.rstrip("`"))]
        seen = value
        for key in keys:
            seen = seen[key]
        key = ".".join(map(str, keys))
        shown = f"the keys {sorted(seen)}" if isinstance(seen, dict) else repr(seen)
        wanted = ", ".join(getattr(kind, "__struct_fields__", ()))
        place = f"{where}, {key}" if key else where
        raise SettingsError(f"{place}: {told}; saw {shown}; known keys are: {wanted}") from None


def _read(path: Path, kind: type[CHECKED], *, required: bool) -> CHECKED:
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except FileNotFoundError:
        if required:
            raise SettingsError(f"OPSCENTRE_SOURCES: there is no {path}; name a sources.toml or its folder") from None
        return kind()
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read as TOML: {error}") from None
    # One by one first: a message that names the source beats one that counts it.
    if isinstance(content.get("self_check"), dict):
        # One check may be written as a table of its own.
        content["self_check"] = [content["self_check"]]
    entries: tuple[tuple[str, type[object]], ...]
    entries = (("source", SourceConfig), ("link", LinkConfig), ("self_check", SelfCheck))
    for table, entry in entries:
        rows = content.get(table)
        for index, row in enumerate(rows if isinstance(rows, list) else [], start=1):
            code = row.get("code", f"number {index}") if isinstance(row, dict) else f"number {index}"
            checked(row, entry, f"{path}, {table} {code}")
    return checked(content, kind, str(path))


class Wrong(NamedTuple):
    """What cannot stand in an entry although its type is right."""

    #: Place of the entry in the file, the first one being 0.
    place: int
    key: str
    value: object
    told: str
    remedy: str


def wrong_entries(table: str, found: Sequence[SourceConfig | LinkConfig]) -> Iterator[Wrong]:
    """Every code that cannot be one or is there twice, and every interval out of bounds, in the file's order."""
    first: dict[str, int] = {}
    for index, entry in enumerate(found):
        if not is_code(entry.code):
            yield Wrong(index, "code", entry.code, "cannot be a code", f"want {CODE_WANTED}")
        if first.setdefault(entry.code, index) != index:
            yield Wrong(
                index, "code", entry.code, f"two {table}s have the code {entry.code!r}", "give each one its own"
            )
        if not 0.1 <= entry.interval <= 86_400:
            yield Wrong(index, "interval", entry.interval, "is out of bounds", "want seconds from 0.1 to 86400")
        for wrong in misfits(entry) if isinstance(entry, LinkConfig) else ():
            yield Wrong(index, *wrong)


def _check(path: Path, table: str, found: Sequence[SourceConfig | LinkConfig]) -> None:
    for wrong in wrong_entries(table, found):
        where = f"{path}, {table} {found[wrong.place].code}, {wrong.key}"
        raise SettingsError(f"{where}: saw {wrong.value!r}; {wrong.remedy} ({wrong.told})")
