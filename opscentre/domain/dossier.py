"""A dossier as the pipe carries it: the snapshot, its version, its partition. No citizen's data has a field here."""

from __future__ import annotations

import datetime as dt
import zlib
from typing import Annotated

import msgspec
from msgspec import Meta

from opscentre.domain.moments import DAY, EARLIEST_YEAR, LATEST_YEAR, day_of, day_start

#: Unit code of dossiers whose ``DonViXuLy`` matches no unit of the profile: counted and listed, never lost.
UNMAPPED = "unmapped"

#: What a decoder lets pass. Whatever lies outside would be met later, where it is no longer one message's fault:
#: a code that SQL has no room for, a moment that no calendar knows. Source: the same bounds that collectors keep.
_FIRST = day_start(day_of(dt.date(EARLIEST_YEAR, 1, 1)))
_LAST = day_start(day_of(dt.date(LATEST_YEAR, 12, 31))) + DAY - 1
Moment = Annotated[int, Meta(ge=_FIRST, le=_LAST)]
#: The product's own moments may be 0: "none".
Stamp = Annotated[int, Meta(ge=0, le=_LAST)]
StatusCode = Annotated[int, Meta(ge=1, le=10)]
Code = Annotated[str, Meta(max_length=64)]
SourceCode = Annotated[str, Meta(min_length=1, max_length=64)]
Number = Annotated[str, Meta(min_length=1, max_length=128)]
UnitCode = Annotated[str, Meta(max_length=32)]
Name = Annotated[str, Meta(max_length=200)]


class Supplement(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One request for supplements: when it was asked and answered, and the due moments before and after (ms)."""

    requested: Moment | None = None
    answered: Moment | None = None
    due_before: Moment | None = None
    due_after: Moment | None = None


class Apology(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One apology slip: when it was made, and the due moments before and after (ms)."""

    made: Moment
    due_before: Moment | None = None
    due_after: Moment | None = None


class Progress(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One dated step that the source itself reports: the moment (ms) and the status it led to."""

    at: Moment
    status: StatusCode


class Snapshot(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """The whole state of one dossier as its source showed it at one time.

    Identity is (``source``, ``number``): the same MaHoSo can come from two systems. All moments are
    epoch milliseconds; ``None`` is "the source gave none".
    """

    source: SourceCode
    number: Number
    status: StatusCode
    #: When a collector saw this, on the product's clock.
    observed: Stamp
    #: The newest moment the source itself vouches for: its modification time, else its newest progress
    #: time, else the newest past date in the dossier; 0 when it shows none.
    version: Stamp = 0
    #: The source's own modification time where it gives one (evidence of when ``status`` began).
    modified: Moment | None = None
    unit: UnitCode = UNMAPPED
    #: ``DonViXuLy`` as the source wrote it, kept only when it matched no unit.
    unit_seen: Name = ""
    procedure: Code = ""
    procedure_name: Name = ""
    field: Code = ""
    field_name: Name = ""
    #: 1 counter, 2 online, 3 postal (KenhThucHien; absent counts as counter).
    channel: Annotated[int, Meta(ge=1, le=3)] = 1
    #: 1 citizen, 2 enterprise, 3 agency, 4 other; 0 unknown (LoaiDoiTuong).
    subject: int = 0
    submitted: Moment | None = None
    received: Moment | None = None
    due: Moment | None = None
    finished: Moment | None = None
    returned: Moment | None = None
    refused: Moment | None = None
    #: 0 desk, 1 postal return (HinhThuc).
    return_by: int = 0
    digitised: bool = False
    vneid: bool = False
    #: 1 paid on the national portal, 2 by an agency gateway, 3 not online, 0 unknown.
    payment: int = 0
    #: Documents filed: all, digitised, reused, taken from the national store.
    documents: tuple[int, int, int, int] = (0, 0, 0, 0)
    #: Fees: how many, and how many of them are not zero.
    fees: tuple[int, int] = (0, 0)
    #: Result papers: all, and those with an electronic file.
    results: tuple[int, int] = (0, 0)
    supplements: tuple[Supplement, ...] = ()
    progress: tuple[Progress, ...] = ()
    apologies: tuple[Apology, ...] = ()
    #: Whether the source tells of apologies at all: without that, none seen is not none made.
    apologies_told: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """The dossier's identity (§2)."""
        return (self.source, self.number)


class Batch(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message of the dossiers topic: snapshots of one partition (at most 200)."""

    snapshots: list[Snapshot]
    #: Who wants to know what became of them (an import run); empty for none.
    receipt: Code = ""
    #: Where each snapshot stood in its file, parallel to ``snapshots``; for messages about duplicates.
    places: list[Annotated[str, Meta(max_length=300)]] = []
    #: The poll, push or import that sent it, as the logs of every part name it.
    event: Code = ""


def partition_of(source: str, number: str, partitions: int) -> int:
    """The partition of a dossier: stable across machines, releases and restarts (§2)."""
    return zlib.crc32(f"{source}\x1f{number}".encode()) % partitions
