"""A database of a few hundred dossiers in every state of their lives, and the desk's pages over it."""

from __future__ import annotations

from pathlib import Path

import msgspec
from sqlalchemy import Engine

from bench.stream.changes import NOW
from bench.web.seed import rows, states
from dashboard.desk import Desk
from layouts.place import place_of
from opscentre.domain.dossier import Apology
from opscentre.domain.fold import fold
from opscentre.domain.moments import DAY
from opscentre.profile import Profile
from opscentre.store import journal
from opscentre.store.engine import open_store, reading

#: One dossier whose every field wants to be a formula or markup.
WILD = "=HYPERLINK(1)"


class Standing:
    """A clock that stands still."""

    speed, simulated = 1.0, False

    def now(self) -> int:
        """Friday 20 November 2026, 10:00."""
        return NOW


def fill(url: str, profile: Profile, dossiers: int = 600) -> Engine:
    """A database as a stream worker leaves it."""
    engine = open_store(url)
    found = list(states(profile, 0, dossiers, still_open=3))
    wild = msgspec.structs.replace(
        next(state.snapshot for state in found if state.snapshot.unit == "H55.12"),
        number=WILD, procedure="x.1", procedure_name="+<b>x</b>", status=4, due=NOW - DAY, received=NOW - 3 * DAY,
        version=NOW - 2 * DAY, finished=None, returned=None, supplements=(), progress=(),
        apologies=(Apology(NOW - DAY // 2),),
    )  # fmt: skip
    found.append(fold(None, wild)[0])
    journal.write(engine, journal.Entries(dossiers=list(rows(profile, found))))
    return engine


def desk(folder: Path, profile: Profile) -> Desk:
    """The pages over such a database."""
    engine = fill(f"sqlite:///{folder}/desk.db", profile)
    return Desk(reading(engine), profile, place_of(profile), Standing(), {"mot-cua": "Một cửa"})
