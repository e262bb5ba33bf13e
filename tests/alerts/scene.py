"""A province in SQL for the alerts' tests: dossiers, sources and links as the stream leaves them there."""

from __future__ import annotations

from pathlib import Path

import msgspec
from sqlalchemy import DefaultClause, delete, insert

from alerts.times import Times
from alerts.view import View
from opscentre import profile
from opscentre.domain.counting import open_moments
from opscentre.domain.dossier import Apology, Snapshot
from opscentre.domain.fold import DossierState, fold
from opscentre.domain.life import due_at, finished_at
from opscentre.domain.moments import DAY, parse_local
from opscentre.store import alert_tables, bulk, standings, tables
from opscentre.store.engine import open_store

PROFILE = profile.load("thai-nguyen")
BUILDING, TRADE, WARD = "H55.06", "H55.12", "05443"
#: Real time is a year apart from the product's, so that a mix-up of the two shows.
APART = 365 * DAY

__all__ = ["APART", "BUILDING", "PROFILE", "TRADE", "WARD", "Apology", "Scene", "at"]


def at(text: str) -> Times:
    """A moment like ``2026-11-20T10:00`` on both clocks."""
    now = parse_local(text)
    return Times(now, now + APART, lambda wall: wall - APART)


class Scene:
    """One store; dossiers are put in as they would stand at a moment."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.url = url or f"sqlite:///{folder / 'opscentre.db'}"
        self.engine = open_store(self.url)
        self.calendar, self.units = PROFILE.calendar, PROFILE.units
        self.view = View(self.engine, self.calendar, self.units, 4)
        assert alert_tables.alerts.metadata is tables.metadata

    def dossier(self, number: str, unit: str = BUILDING, *, when: str = "2026-11-20T10:00", **given: object) -> str:
        """Put a dossier in (again), as the stream would at ``when``; its key. Moments may be given as local text."""
        self.dossiers([snapshot(number, unit, **given)], parse_local(when))
        return f"s/{number}"

    def dossiers(self, snapshots: list[Snapshot], now: int) -> None:
        """Many at once."""
        states = [fold(None, one)[0] for one in snapshots]
        rows = [self._row(state, now) for state in states]
        with self.engine.begin() as connection:
            bulk.upsert(connection, tables.dossiers, rows, update=[n for n in rows[0] if n not in ("source", "number")])
            standings.write(connection, rows, states)

    def moved(self, number: str, moment: str, seen: str = "", source: str = "s") -> None:
        """Note a change of status."""
        happened = parse_local(moment)
        row = {"source": source, "number": number, "kind": "status", "at": happened, "to_status": 4, "unit": BUILDING}
        with self.engine.begin() as connection:
            row |= {"from_status": 2, "seen": parse_local(seen) if seen else happened, "anomaly": ""}
            connection.execute(insert(tables.transitions), row)

    def observed(self, kind: str, code: str, wall: int, **value: object) -> None:
        """The newest observation of a source or a link."""
        if kind == "source":
            told = {"attempted_at": wall, "observed_at": wall, "ok": True}
        else:
            told = {"checked_at": wall, "state": "up", "since": wall}
        encoded = msgspec.json.encode({"type": kind, "code": code} | told | value)
        column = tables.observations.c
        with self.engine.begin() as connection:
            connection.execute(delete(tables.observations).where(column.kind == kind, column.code == code))
            connection.execute(insert(tables.observations), {"kind": kind, "code": code, "at": wall, "value": encoded})

    def _row(self, state: DossierState, now: int) -> dict[str, object]:
        one = state.snapshot
        open_due, reception_due = open_moments(state, now, self.calendar)
        # A bulk insert knows no defaults.
        defaults = {
            column.name: int(default.arg) if column.type.python_type is int else default.arg
            for column in tables.dossiers.columns
            if isinstance(default := column.server_default, DefaultClause)
        }
        return defaults | {
            "source": one.source, "number": one.number, "partition": 0, "unit": one.unit, "unit_seen": "",
            "status": one.status, "received": one.received, "due": due_at(state, now),
            "finished": finished_at(state), "open_due": open_due, "reception_due": reception_due,
            "state": msgspec.json.encode(state),
        }  # fmt: skip


def snapshot(number: str, unit: str, **given: object) -> Snapshot:
    """A dossier in process since 10 November 2026, unless told otherwise."""
    facts: dict[str, object] = {
        "source": "s", "number": number, "unit": unit, "status": 4, "observed": parse_local("2026-11-20T09:00"),
        "submitted": "2026-11-10T08:00", "received": "2026-11-10T08:30", "procedure": "1.001612",
        "procedure_name": "Đăng ký thành lập hộ kinh doanh",
    }  # fmt: skip
    facts |= given
    for name in ("submitted", "received", "due", "finished", "modified"):
        if isinstance(facts.get(name), str):
            facts[name] = parse_local(str(facts[name]))
    facts.setdefault("version", facts["received"] or facts["submitted"])
    return Snapshot(**facts)  # type: ignore[arg-type]
