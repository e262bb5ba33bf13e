"""Taking partitions over: their ledgers from what SQL holds, settled dossiers as sums, the others state by state."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Engine

from opscentre.domain.counting import CHANNELS, SETTLEMENT_RULES
from opscentre.domain.moments import day_number
from opscentre.domain.windows import KEPT_DAYS, WINDOW
from opscentre.pipe import topics
from opscentre.store import journal, settled
from streams.ledger import Ledger

log = logging.getLogger(__name__)

#: Dossiers between two lines of progress while settlements are made anew.
_TOLD = 100_000


def fill(engine: Engine, ledgers: Mapping[int, Ledger], now: int) -> None:
    """Fill empty ledgers (by partition, each with its claim) with what SQL holds.

    Where a settlement in SQL may be wrong, every state of the partition is read and the wrong ones are put right.
    Raises ``Fenced`` where a partition went to another worker meanwhile.
    """
    kept = settled.made_by(engine)
    sound = {p: one for p, one in ledgers.items() if kept.get(p) == (SETTLEMENT_RULES, one.claim)}
    begun = time.monotonic()
    with _without_collecting():
        if sound:
            _add_sums(engine, sound, now)
            counted = sum(ledger.dossiers for ledger in sound.values())
            log.info("%d settled dossiers summed by SQL in %.1f s", counted, time.monotonic() - begun)
        for place, (partition, ledger) in enumerate(sorted(ledgers.items()), 1):
            if partition in sound:
                ledger.load(settled.unsettled(engine, partition), now)
            else:
                _load_anew(engine, ledger, kept.get(partition), now)
            log.info(
                "partition %d (%d of %d): %d dossiers, %d of them not settled; %.1f s so far",
                partition, place, len(ledgers), ledger.dossiers, len(ledger.entries), time.monotonic() - begun,
            )  # fmt: skip


def _add_sums(engine: Engine, ledgers: Mapping[int, Ledger], now: int) -> None:
    today = day_number(now)
    for ledger in ledgers.values():
        ledger.begin_day(now)
    for partition, count in settled.counts(engine, ledgers).items():
        ledgers[partition].dossiers += count
    # Most days of most units look like some other's.
    shared: dict[tuple[int, ...], tuple[int, ...]] = {}
    for partition, day, unit, *numbers in settled.daily(engine, ledgers, today - KEPT_DAYS + 1):
        row = tuple(numbers)
        ledgers[partition].daily.setdefault(day, {})[unit] = shared.setdefault(row, row)
    first = today - WINDOW + 1
    for partition, hour, half, count in settled.hourly(engine, ledgers, first):
        ledgers[partition].hourly.setdefault(first + hour // 24, [0] * 48)[24 * half + hour % 24] = count
    for partition, day, field, *numbers in settled.daily(engine, ledgers, first, "field"):
        ledgers[partition].fields.add_days(field, day, numbers)
    for partition, day, procedure, *numbers in settled.daily(engine, ledgers, first, "procedure"):
        ledgers[partition].procedures.add_days(procedure, day, numbers)
    for partition, day, channel, *numbers in settled.daily(engine, ledgers, first, "channel"):
        ledgers[partition].channels.add_days(CHANNELS[channel], day, numbers)


def _load_anew(engine: Engine, ledger: Ledger, kept: tuple[int, int] | None, now: int) -> None:
    """Count every state of a partition, and write each settlement that is wrong or missing."""
    told = 0
    for page in settled.pages(engine, ledger.partition):
        if not ledger.dossiers:
            _say_why(ledger, kept)
        wrong = ledger.load_anew(page, now)
        if wrong:
            journal.write(engine, journal.Entries(dossiers=wrong, claims={_place(ledger): ledger.claim}))
        if ledger.dossiers - told >= _TOLD:
            told = ledger.dossiers
            log.info("partition %d: %d dossiers counted anew so far", ledger.partition, told)
    entries = journal.Entries(claims={_place(ledger): ledger.claim})
    entries.settled_by[ledger.partition] = (SETTLEMENT_RULES, ledger.claim)
    journal.write(engine, entries)


def _say_why(ledger: Ledger, kept: tuple[int, int] | None) -> None:
    if kept is None:
        why = "an earlier release, or a worker that was stopped while it did this, left it without settlements"
    elif kept[0] != SETTLEMENT_RULES:
        why = f"its settlements follow rules {kept[0]}, this release counts by rules {SETTLEMENT_RULES}"
    else:
        why = f"claim {kept[1]} kept its settlements, but a worker that keeps none has held it since"
    log.warning("partition %d is counted anew from its states, which takes a while, once: %s", ledger.partition, why)


def _place(ledger: Ledger) -> tuple[str, int]:
    return topics.DOSSIERS, ledger.partition


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Load without the collector of cycles, and keep it off what was loaded.

    States form no cycles; looking for some among ever more of them takes as long as loading them, and later, while
    the worker counts, would hold it up for seconds at a time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()
