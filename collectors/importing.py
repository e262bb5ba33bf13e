"""``opscentre import``: dossiers from JSON files down the whole path, and what became of them."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Engine

from collectors.base import mapping_of
from collectors.intake import Intake, Record, Taken
from collectors.splitter import UnreadableFile, split
from opscentre.clock import Clock
from opscentre.domain.kept_text import file_label
from opscentre.pipe.base import Producer
from opscentre.pipe.topics import DOSSIERS
from opscentre.profile import Profile
from opscentre.settings import Settings
from opscentre.store.intake import SetAside
from opscentre.store.journal import next_offsets, read_receipt

CHUNK = 1 << 18
#: Seconds between two looks at how far the stream worker is, and until its standing still is an error.
LOOK_EVERY = 0.05
STALLED_AFTER = 60.0
_TELL_EVERY = 0.25


class NothingMoves(Exception):
    """The stream worker does not count what was sent; the text says what to do."""


class Narrator(Protocol):
    """Hears how an import goes."""

    def refused(self, row: SetAside) -> None:
        """One record was set aside."""

    def reading(self, path: Path, done: int, size: int) -> None:
        """So many bytes of a file have been read."""

    def counting(self, done: int, sent: int) -> None:
        """So many of the dossiers sent have been counted."""


class Silent:
    """Tells nobody."""

    def refused(self, row: SetAside) -> None:
        """Told to nobody."""

    def reading(self, path: Path, done: int, size: int) -> None:
        """Told to nobody."""

    def counting(self, done: int, sent: int) -> None:
        """Told to nobody."""


Wait = Callable[[Engine, str, Taken, Narrator], None]


def wait_until_counted(
    store: Engine, receipt: str, taken: Taken, narrator: Narrator, *, stalled_after: float = STALLED_AFTER
) -> None:
    """Return once the stream worker has written everything that was sent. Raises ``NothingMoves``."""
    seen: Mapping[int, int] = {}
    moved = told = time.monotonic()
    while True:
        offsets = next_offsets(store, DOSSIERS, taken.offsets)
        if all(offsets[partition] > last for partition, last in taken.offsets.items()):
            return
        now = time.monotonic()
        if offsets != seen:
            seen, moved = offsets, now
        elif now - moved > stalled_after:
            waiting = {p: f"{offsets[p]} of {last + 1}" for p, last in taken.offsets.items() if offsets[p] <= last}
            raise NothingMoves(
                f"{taken.sent} dossiers are in the pipe, but for {stalled_after:.0f} s none was counted "
                f"(offsets by partition: {waiting}); look into the stream worker's log. "
                "Nothing is lost: they are counted as soon as a worker runs"
            )
        if now - told > _TELL_EVERY:
            told = now
            narrator.counting(sum(read_receipt(store, receipt)), taken.sent)
        time.sleep(LOOK_EVERY)


def import_files(
    files: list[Path],
    *,
    settings: Settings,
    profile: Profile,
    source: str,
    store: Engine,
    producer: Producer,
    clock: Clock,
    wait: Wait = wait_until_counted,
    narrator: Narrator | None = None,
) -> dict[str, Any]:
    """Send the dossiers of files, wait until they are counted, and say what became of them.

    Returns ``read`` = ``accepted`` + ``unchanged`` + ``rejected``, ``reasons`` of the rejected, and, where
    there are any, ``unmapped`` (what stood in ``DonViXuLy`` → how many). A file that cannot be read at all is
    in ``reasons`` as ``unreadable_file`` and in no other number. Raises ``PipeError`` and ``NothingMoves``.
    """
    narrator = narrator or Silent()
    receipt = f"import-{uuid.uuid4().hex}"
    intake = Intake(
        source,
        units=profile.units,
        store=store,
        producer=producer,
        now=clock.now,
        vocabulary=mapping_of(profile, source).now,
        receipt=receipt,
        on_refusal=narrator.refused,
    )
    whole = Taken()
    for path in files:
        try:
            taken = intake.take(_records(path, narrator))
        except (UnreadableFile, OSError) as error:
            what = str(error.strerror) if isinstance(error, OSError) and error.strerror else str(error)
            message = f"the file cannot be read: {what}"
            name = file_label(path.name)
            intake.reject(name, "unreadable_file", message, f"{name}\x1f{what}".encode())
            whole.reasons["unreadable_file"] += 1
            continue
        _add(whole, taken)
    if whole.offsets:
        wait(store, receipt, whole, narrator)
    accepted, unchanged = read_receipt(store, receipt)
    return _summary(whole, accepted, unchanged)


def _records(path: Path, narrator: Narrator) -> Iterator[Record]:
    name = file_label(path.name)
    for piece in split(_chunks(path, narrator)):
        yield Record(f"{name}, record {piece.number} (byte {piece.offset})", raw=piece.raw, fault=piece.fault)


def _chunks(path: Path, narrator: Narrator) -> Iterator[bytes]:
    size = path.stat().st_size
    done, told = 0, time.monotonic()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
            done += len(chunk)
            if time.monotonic() - told > _TELL_EVERY:
                told = time.monotonic()
                narrator.reading(path, done, size)


def _add(whole: Taken, taken: Taken) -> None:
    whole.read += taken.read
    whole.sent += taken.sent
    whole.rejected += taken.rejected
    whole.reasons += taken.reasons
    whole.unmapped += taken.unmapped
    for partition, offset in taken.offsets.items():
        whole.offsets[partition] = max(offset, whole.offsets.get(partition, -1))


def _summary(whole: Taken, accepted: int, unchanged: int) -> dict[str, Any]:
    reasons: Counter[str] = Counter(whole.reasons)
    undigested = whole.sent - accepted - unchanged
    if undigested > 0:
        # The worker could not fold them in; they lie among the dead letters.
        reasons["dead_letter"] = undigested
    summary: dict[str, Any] = {
        "read": whole.read,
        "accepted": accepted,
        "unchanged": unchanged,
        "rejected": whole.rejected + max(0, undigested),
        "reasons": dict(reasons.most_common()),
    }
    if whole.unmapped:
        summary["unmapped"] = dict(whole.unmapped.most_common())
    return summary
