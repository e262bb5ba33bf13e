"""The changes that every contender folds: whole lives of dossiers, about 520 bytes a change, always the same ones."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

from opscentre.domain.dossier import Batch, Progress, Snapshot, Supplement, partition_of
from opscentre.domain.fold import DossierState, Seen
from opscentre.domain.moments import DAY, HOUR, MINUTE, parse_local

#: "Now" of every run, Friday 20 November 2026, 10:00: the contenders' clock stands still.
NOW = parse_local("2026-11-20T10:00")
PARTITIONS = 12
#: Snapshots of a packed message.
PACKED = 50
#: The statuses of a life, one change each.
LIFE = (1, 2, 4, 4, 5, 4, 6, 4, 9, 10)
_UNITS = tuple(f"H55.{number:02}" for number in range(1, 20)) + tuple(f"{number:05}" for number in range(5400, 5492))

_encode = msgspec.json.Encoder().encode


def changes(count: int) -> Iterator[Snapshot]:
    """``count`` changes on ``count / 10`` dossiers: step by step through all lives, shuffled within a step.

    No dossier comes twice in a row, so that nobody gains by writing several of its changes as one.
    """
    dice = random.Random(7)
    dossiers = max(1, count // len(LIFE))
    left = count
    for step in range(len(LIFE)):
        order = list(range(dossiers))
        dice.shuffle(order)
        for index in order[: left if step == len(LIFE) - 1 else dossiers]:
            yield _change(index, step)
            left -= 1


def year(begin: int, end: int, *, still_open: int = 10) -> Iterator[DossierState]:
    """The states of dossiers ``begin`` to ``end`` of a year's: one in ``still_open`` is not over yet, the rest are.

    Those that are over began from a year ago to two weeks ago, the others within the last 30 days, and few are late.
    """
    for index in range(begin, end):
        open_ = index % still_open == 0
        steps = 3 + index // still_open % 6 if open_ else len(LIFE)
        spread = (index * 2_654_435_761) % (2**32) / 2**32
        shift = 13 * DAY + round(spread * 352 * DAY) // MINUTE * MINUTE if not open_ else 0
        last = _change(index, steps - 1, shift)
        if open_:
            due = (last.received or NOW) + (27 + index % 20) * DAY
            last = msgspec.structs.replace(last, due=due, supplements=())
        began = last.version - (steps - 1) * _pace(index)
        trail = (began + step * _pace(index) for step in range(steps))
        yield DossierState(
            last, tuple(Seen(at, LIFE[step], at + MINUTE, at + MINUTE, True) for step, at in enumerate(trail))
        )


def messages(count: int, size: int) -> Iterator[tuple[int, bytes, int]]:
    """(partition, value, snapshots in it): the changes in messages of ``size`` snapshots of one partition."""
    waiting: list[list[Snapshot]] = [[] for _ in range(PARTITIONS)]
    for change in changes(count):
        partition = partition_of(change.source, change.number, PARTITIONS)
        batch = waiting[partition]
        batch.append(change)
        if len(batch) == size:
            yield partition, _encode(Batch(batch)), size
            waiting[partition] = []
    for partition, batch in enumerate(waiting):
        if batch:
            yield partition, _encode(Batch(batch)), len(batch)


def _pace(index: int) -> int:
    """The time between two changes of a dossier."""
    return HOUR + index % 5 * 7 * HOUR


def _change(index: int, step: int, shift: int | None = None) -> Snapshot:
    """Step ``step`` in the life of dossier ``index``: lives begin spread over the last 30 days, or ``shift`` ago."""
    began = NOW - (shift or 30 * DAY) + (0 if shift else (index * 2_654_435_761) % (30 * DAY)) // MINUTE * MINUTE
    pace = _pace(index)
    at = began + step * pace
    received = began + pace
    due = received + (1 + index % 9) * DAY
    asked, answered = began + 4 * pace, began + 5 * pace
    supplements = ()
    if step >= 4:
        supplements = (Supplement(asked, answered if step >= 5 else None, due, due + DAY if step >= 5 else None),)
    shown = range(max(1, step - 2), step + 1)
    return Snapshot(
        source="mot-cua",
        number=f"H55.{index % 100:02}-261120-{index:07}",
        status=LIFE[step],
        observed=at + MINUTE,
        version=at,
        modified=at,
        unit=_UNITS[index % len(_UNITS)],
        procedure=f"2.{index % 2000:06}.000.00.00.H55",
        procedure_name="Cấp giấy phép bán lẻ sản phẩm thuốc lá tại địa bàn"[: 30 + index % 20],
        field=f"G{index % 100:02}-CT{index % 7}",
        channel=1 + index % 2,
        subject=1 + index % 3,
        submitted=began,
        received=received if step >= 1 else None,
        due=due,
        finished=at if step == 8 else at - pace if step == 9 else None,
        returned=at if step == 9 else None,
        documents=(3 + index % 4, 2, 1, 0),
        fees=(1, index % 2),
        payment=index % 4,
        supplements=supplements,
        progress=tuple(Progress(began + n * pace, LIFE[n]) for n in shown),
    )
