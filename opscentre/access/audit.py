"""The audit log: who did what and when, each row chained to the one before it by a hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from sqlalchemy import Connection, Engine, insert, select, text

from opscentre.clock import wall_ms
from opscentre.domain.masking import masked
from opscentre.store.access_tables import audit_log
from opscentre.store.engine import reading

#: What the first row's ``previous`` is.
NOTHING = "0" * 64
#: Characters of a text in ``detail``, entries of a list in it, and characters of the whole as JSON.
LONGEST_TEXT, MOST_ENTRIES, LONGEST_DETAIL = 200, 100, 8_000
#: Rows read at a time.
_AT_ONCE = 1_000
#: PostgreSQL's name for "somebody appends to the audit log".
_LOCK = 0x0905A0D

_ROW = audit_log.c
#: Fingerprints of files: never a person's number, whatever digits they have.
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_ACTION = re.compile(r"[a-z][a-z-]*\.[a-z][a-z-]*")

Value = str | int | bool | None | list[str]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the log. ``moment`` is real time in ms; ``detail`` is JSON as it was hashed."""

    number: int
    moment: int
    who: str
    action: str
    subject: str
    detail: str
    previous: str
    hash: str

    def digest(self) -> str:
        """The hash that a row of this content has."""
        content = [self.number, self.moment, self.who, self.action, self.subject, self.detail, self.previous]
        return hashlib.sha256(b"opscentre audit 1\n" + msgspec.json.encode(content)).hexdigest()


class Anchor(msgspec.Struct, frozen=True):
    """A row as it was known outside the database: the log held a row of this number with this hash."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """The first row at which the chain does not hold, and why."""

    number: int
    #: 'changed', 'missing', 'order' or 'cut'.
    kind: str
    text: str


def record(
    connection: Connection, *, moment: int, who: str, action: str, subject: str, detail: Mapping[str, Value]
) -> Entry:
    """Append one row within the caller's transaction; it stands when that is committed.

    ``moment`` is real time in ms. ``action`` is ``thing.verb``. No citizen's data: ``detail`` takes short values,
    no free texts; e-mail addresses, phone numbers and long runs of digits are taken out of them. Record last in a
    transaction: whoever else appends waits from here until it ends.

    Raises ``ValueError`` for an action of another form, or a detail that is too long.
    """
    if not _ACTION.fullmatch(action):
        raise ValueError(f"action {action!r}: want THING.VERB in small letters, such as note.add")
    written = msgspec.json.encode({name: _fit(value) for name, value in detail.items()}, order="sorted").decode()
    if len(written) > LONGEST_DETAIL:
        raise ValueError(f"detail of {action}: {len(written)} characters; want at most {LONGEST_DETAIL}")
    hold(connection)
    last = connection.execute(select(_ROW.number, _ROW.hash).order_by(_ROW.number.desc()).limit(1)).first()
    number, previous = (last.number + 1, last.hash) if last else (1, NOTHING)
    entry = Entry(
        number=number,
        moment=moment,
        who=_line(who, 120) or "?",
        action=action,
        subject=_line(subject, 300),
        detail=written,
        previous=previous,
        hash="",
    )
    entry = msgspec.structs.replace(entry, hash=entry.digest())
    connection.execute(insert(audit_log), msgspec.structs.asdict(entry))
    return entry


def hold(connection: Connection) -> None:
    """Let nobody else append until the caller's transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    else:
        # Takes SQLite's write lock, also where the transaction began as a reader's; no row is touched.
        connection.execute(text("DELETE FROM audit_log WHERE 0"))


def append(engine: Engine, *, who: str, action: str, subject: str, detail: Mapping[str, Value]) -> Entry:
    """Append one row now, in a transaction of its own."""
    with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        return record(connection, moment=wall_ms(), who=who, action=action, subject=subject, detail=detail)


def entries(
    engine: Engine, *, limit: int, action: str | None = None, who: str | None = None, subject: str | None = None
) -> list[Entry]:
    """The newest rows, newest first; with ``action``, ``who`` or ``subject`` those of exactly that."""
    query = select(audit_log).order_by(_ROW.number.desc()).limit(limit)
    for column, wanted in ((_ROW.action, action), (_ROW.who, who), (_ROW.subject, subject)):
        if wanted is not None:
            query = query.where(column == wanted)
    with reading(engine).connect() as connection:
        return [Entry(**row._mapping) for row in connection.execute(query)]


def everything(engine: Engine) -> Iterator[Entry]:
    """Every row from the first on, read a part at a time."""
    with reading(engine).connect() as connection:
        after = 0
        while True:
            query = select(audit_log).where(_ROW.number > after).order_by(_ROW.number).limit(_AT_ONCE)
            rows = [Entry(**row._mapping) for row in connection.execute(query)]
            yield from rows
            if len(rows) < _AT_ONCE:
                return
            after = rows[-1].number


def check(rows: Iterable[Entry], anchors: Iterable[Anchor] = ()) -> tuple[Anchor, Break | None]:
    """The last row that holds, and the first that does not; None where the whole chain holds.

    Whoever can write every row anew can make a chain that holds: only an anchor kept elsewhere tells then, and only
    an anchor tells that rows at the end are gone.
    """
    wanted = {anchor.number: anchor.hash for anchor in anchors}
    last = Anchor(0, NOTHING)
    for row in rows:
        number = last.number + 1
        if row.number != number:
            return last, Break(number=number, kind="missing", text=f"row {number} is gone; row {row.number} follows")
        if row.digest() != row.hash:
            return last, Break(number=number, kind="changed", text=f"row {number} is not what was written")
        if row.previous != last.hash:
            why = f"row {number} does not follow the row before it: rows were changed, reordered or put in"
            return last, Break(number=number, kind="order", text=why)
        if wanted.get(number, row.hash) != row.hash:
            why = f"row {number} is not the one of the anchor: the log was written anew"
            return last, Break(number=number, kind="changed", text=why)
        last = Anchor(number, row.hash)
    furthest = max(wanted, default=0)
    if furthest > last.number:
        why = f"the log ends at row {last.number}, and the anchor knows row {furthest}: the end was cut off"
        return last, Break(number=last.number + 1, kind="cut", text=why)
    return last, None


def _fit(value: Value) -> Value:
    if isinstance(value, str):
        return value if _FINGERPRINT.fullmatch(value) else _line(masked(value), LONGEST_TEXT)
    if isinstance(value, list):
        return [_line(masked(one), LONGEST_TEXT) for one in value[:MOST_ENTRIES]]
    return value


def _line(value: str, most: int) -> str:
    """One line that every database keeps as it is."""
    shown = "".join(letter if letter.isprintable() else " " for letter in value.encode("utf-8", "replace").decode())
    return shown[:most]
