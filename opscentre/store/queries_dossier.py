"""One dossier for its page, names of fields and procedures, and the notes that leaders wrote."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, and_, insert, select

from opscentre.access import audit, scope
from opscentre.clock import wall_ms
from opscentre.domain.fold import DossierState
from opscentre.domain.listing import Change, Note
from opscentre.store import tables
from opscentre.store.engine import reading
from opscentre.store.queries import within

_decode = msgspec.json.Decoder(DossierState).decode
#: Longest name of an author, longest note, most notes shown.
AUTHOR, NOTE, SHOWN = 80, 2_000, 100


class BadNote(ValueError):
    """A note that cannot be kept; the text says why, ``what`` is ``author`` or ``text``."""

    def __init__(self, what: str, seen: int, most: int) -> None:
        super().__init__(f"{what}: {seen} characters; want 1 to {most}")
        self.what = what


def dossier(engine: Engine, source: str, number: str) -> tuple[DossierState, list[Change]] | None:
    """A dossier's state and what was noticed of it, oldest first; None: not known, or of a unit out of reach.

    Raises ``OutOfReach``.
    """
    scope.demand_dossiers()
    mine, row = tables.dossiers.c, tables.transitions.c
    with reading(engine).connect() as connection:
        state = connection.execute(select(mine.state).where(*_this(source, number))).scalar()
        if state is None:
            return None
        rows = connection.execute(
            select(row.kind, row.at, row.seen, row.from_status, row.to_status, row.anomaly)
            .where(row.source == source, row.number == number)
            .order_by(row.at, row.seen)
        )
        return _decode(state), [Change(*found) for found in rows]


def names(engine: Engine, kind: str, codes: Iterable[str]) -> dict[str, str]:
    """Names of fields (``field``) or procedures (``procedure``) as one dossier of each gives them."""
    narrow, wide = tables.standings.c, tables.dossiers.c
    found = {}
    with reading(engine).connect() as connection:
        for code in codes:
            state = connection.execute(
                select(wide.state)
                .join(tables.standings, and_(wide.source == narrow.source, wide.number == narrow.number))
                .where(narrow[kind] == code)
                .limit(1)
            ).scalar()
            if state is not None:
                found[code] = getattr(_decode(state).snapshot, f"{kind}_name")
    return found


def _this(source: str, number: str) -> list[ColumnElement[bool]]:
    mine = tables.dossiers.c
    return [mine.source == source, mine.number == number, *within(mine.unit)]


def _reaches(connection: Connection, kind: str, subject: str, number: str) -> bool:
    """Whether a unit or a dossier is in the scope of now."""
    seen = scope.current()
    if kind == "unit" or not seen.dossiers:
        return seen.dossiers and seen.sees(subject)
    return connection.execute(select(tables.dossiers.c.unit).where(*_this(subject, number))).first() is not None


def notes(engine: Engine, kind: str, subject: str, number: str = "") -> list[Note]:
    """What was written on a unit or a dossier, newest first; nothing on one out of reach."""
    row = tables.notes.c
    query = select(row.author, row.text, row.at).where(row.kind == kind, row.subject == subject, row.number == number)
    with reading(engine).connect() as connection:
        if not _reaches(connection, kind, subject, number):
            return []
        return [Note(*found) for found in connection.execute(query.order_by(row.id.desc()).limit(SHOWN))]


def write_note(
    engine: Engine, kind: str, subject: str, number: str, author: str, text: str, at: int, who: str | None = None
) -> None:
    """Add a note; nothing is ever changed or taken away. Raises ``BadNote``, ``OutOfReach``.

    ``who`` is what the audit log calls the author, the login of who signed in; the typed name where it is left out.
    """
    author, text = " ".join(author.split()), text.replace("\r\n", "\n").strip()
    if not author or len(author) > AUTHOR:
        raise BadNote("author", len(author), AUTHOR)
    if not text or len(text) > NOTE:
        raise BadNote("text", len(text), NOTE)
    row = {"kind": kind, "subject": subject, "number": number, "author": author, "text": text, "at": at}
    of = f"{kind}:{subject}/{number}" if number else f"{kind}:{subject}"
    with engine.begin() as connection:
        if scope.current() != scope.EVERYTHING and not _reaches(connection, kind, subject, number):
            raise scope.OutOfReach(f"{of}: not in reach")
        connection.execute(insert(tables.notes), row)
        audit.record(
            connection, moment=wall_ms(), who=who or author, action="note.add", subject=of,
            detail={"characters": len(text)},
        )  # fmt: skip
