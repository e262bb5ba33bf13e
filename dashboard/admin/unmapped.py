"""``/admin/unmapped``: words of sources without a code; giving one writes the source's table and corrects dossiers."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from dashboard import trace
from dashboard.admin import files
from dashboard.admin.room import Asked, Done, Refused, Room, Values
from opscentre import profile_change
from opscentre.access.rights import Action
from opscentre.clock import wall_ms
from opscentre.domain.desk_words import is_whole
from opscentre.domain.dossier import UNMAPPED
from opscentre.domain.dvcqg import meaning
from opscentre.domain.vocabulary import Kind, Unmapped, Vocabulary, is_code, key_of
from opscentre.mapping_file import MappingRow, check_mapping, mapping_files, mapping_path, read_mapping, with_code
from opscentre.procedures_file import check_procedures
from opscentre.sources import is_code as is_source
from opscentre.store import requests, unmapped
from opscentre.store.unmapped import Word
from opscentre.table_file import ProfileError

NAME = "unmapped"
RIGHT = Action.administer_sources
#: Deeds that show something instead of leading on.
SHOWN = frozenset({"look"})
APPLY = "unmapped.apply"


class Line(NamedTuple):
    """One word, as the page shows it."""

    word: Word
    #: How many dossiers stand under the unit of the unmapped for it; None for other kinds.
    dossiers: int | None
    #: The code that it has by now and that is not applied yet; empty: none.
    code: str
    #: Whether a code can be given: it is shown in full.
    whole: bool


def values(room: Room, asked: Asked) -> Values:
    """Every word, what may be given to it, and what became of what was given before."""
    now = wall_ms()
    found = unmapped.words(room.store)
    counted = unmapped.dossiers_without_unit(room.store, UNMAPPED)
    tables = {source: _table(room, source) for source in {word.source for word in found}}
    units = room.profile.units
    lines = [
        Line(
            word,
            counted.get((word.source, "" if word.seen == "(empty)" else word.seen), 0) if word.kind == "unit" else None,
            meaning(word.unmapped, units, tables[word.source], word.since),
            is_whole(word.seen),
        )
        for word in found
    ]
    asked_for = sorted(requests.newest(room.store, (APPLY,)).values(), key=lambda one: one.subject)
    lately = [one for one in asked_for if one.pending or now - (one.ended_at or 0) < 3_600_000]
    paths = mapping_files(room.profile.folder)
    return {
        "lines": lines,
        "procedures": check_procedures(room.profile.folder / "procedures.csv").values,
        "waiting": sorted({line.word.source for line in lines if line.code}),
        "asked": lately,
        "refresh": 3 if any(one.pending and now - one.made_at < requests.STALE for one in lately) else 0,
        **files.changes(room, paths),
    }


def _table(room: Room, source: str) -> Vocabulary:
    try:
        return read_mapping(mapping_path(room.profile.folder, source), room.profile.units.by_code)
    except ProfileError:
        # Told when somebody changes it; the list is shown without the codes it gives.
        return Vocabulary()


def give(room: Room, asked: Asked) -> Done:
    """Give a word its code: the row is written, and the dossiers are corrected."""
    source, kind, seen = asked.field("source"), asked.field("kind"), asked.fields.get("seen", "")
    code = asked.field("code", 60)
    known = {(word.source, word.kind, word.seen): word for word in unmapped.words(room.store)}
    word = known.get((source, kind, seen))
    if word is None or not is_source(source) or not is_whole(seen):
        raise Refused(asked.words("admin.gone"))
    if not is_code(word.unmapped.kind, code, room.profile.units.by_code):
        raise Refused(asked.words(f"unmapped.wanted.{kind}", code=code))
    path = mapping_path(room.profile.folder, source)
    before = profile_change.read(path)
    after = with_code(before, word.unmapped, code, f"{word.times} × {word.number}")
    _check(room, asked, after, word.unmapped, code, path.name)
    files.change(room, asked, path, after, f"{kind} {seen} = {code}", profile_change.digest(before))
    return _apply(room, source, "unmapped.done.give")


def _check(room: Room, asked: Asked, text: str, word: Unmapped, code: str, name: str) -> None:
    """Read the table as the collectors will, before anything is written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8")
        faults = check_mapping(path, room.profile.units.by_code).faults
        if faults:
            raise Refused(asked.words("unmapped.faulty", fault=str(faults[0]).replace(folder, "mappings")))
        kind: Kind = word.kind
        seen = "" if word.seen == "(empty)" else word.seen
        if read_mapping(path, room.profile.units.by_code).code(kind, seen) != code:
            raise Refused(asked.words("unmapped.faulty", fault=name))


def apply(room: Room, asked: Asked) -> Done:
    """Correct the dossiers of a source by what its table says by now."""
    source = asked.field("source")
    if source not in {word.source for word in unmapped.words(room.store)}:
        raise Refused(asked.words("admin.gone"))
    return _apply(room, source, "unmapped.done.apply")


def _apply(room: Room, source: str, said: str) -> Done:
    with room.writing() as connection:
        requests.ask(connection, APPLY, source, trace.who(), wall_ms())
    return Done(said)


class Meaning(NamedTuple):
    """A word that undoing gives another code, or takes its code from (empty)."""

    kind: str
    seen: str
    now: str
    will: str
    note: str


def look(room: Room, asked: Asked) -> Values:
    """What undoing a change of a table would do; nothing is written."""
    one = files.undoing(room, asked, mapping_files(room.profile.folder))
    return one.shown(asked) | {"meanings": _meanings(room, asked, one), "kept": {"change": asked.field("change")}}


def _meanings(room: Room, asked: Asked, one: files.Undoing) -> list[Meaning]:
    """The words whose code would be another one. Raises ``Refused`` where the collectors could not read the table."""
    now, will = (_rows(room, asked, one.path.name, text) for text in (one.now, one.will))
    changed = [place for place in now | will if _code(now, place) != _code(will, place)]
    found = {place: now.get(place) or will[place] for place in changed}
    return [
        Meaning(row.kind, row.seen, _code(now, place), _code(will, place), row.note) for place, row in found.items()
    ]


def _code(rows: Mapping[tuple[str, str], MappingRow], place: tuple[str, str]) -> str:
    return rows[place].code if place in rows else ""


def _rows(room: Room, asked: Asked, name: str, text: str | None) -> dict[tuple[str, str], MappingRow]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text or "", encoding="utf-8")
        table = check_mapping(path, room.profile.units.by_code) if text is not None else None
        if table is not None and table.faults:
            raise Refused(asked.words("unmapped.faulty", fault=str(table.faults[0]).replace(folder, "mappings")))
    return {(row.kind, key_of(row.seen)): row for row in (table.values if table else ()) if row.code}


def undo(room: Room, asked: Asked) -> Done:
    """Put a table back as it was. Dossiers that were corrected stay so."""
    paths = mapping_files(room.profile.folder)
    return files.undone(room, asked, paths, "unmapped.done.undo", lambda one: _meanings(room, asked, one))


DEEDS = {"give": give, "apply": apply, "look": look, "undo": undo}
