"""Generated histories of dossiers for the stream's tests, and a recount of them in one pass."""

from __future__ import annotations

import random
import zlib
from collections import Counter

import msgspec

from opscentre.domain.counting import CELLS, DAILY, count_table, table_cells
from opscentre.domain.dossier import Batch, Snapshot, Supplement, partition_of
from opscentre.domain.fold import DossierState, fold
from opscentre.domain.moments import DAY, HOUR, MINUTE, day_number, day_start, parse_local
from opscentre.domain.windows import SPANS
from opscentre.live.services import Line, Services

#: Friday 20 November 2026, 10:00: "now" of the histories.
NOW = parse_local("2026-11-20T10:00")
UNITS = ("H55.12", "H55.05", "01840", "05443", "unmapped")


def history(dossiers: int, seed: int = 1, source: str = "s") -> list[Snapshot]:
    """Whole lives of dossiers: out of order, some repeated, some corrected backwards, some equal in version."""
    dice = random.Random(seed)
    found: list[Snapshot] = []
    for index in range(dossiers):
        found += _life(f"H55.12-2611-{index:05}", dice, source)
    found += dice.sample(found, len(found) // 10)
    # Near neighbours change places, as they do between retries and parallel feeds.
    return [found[i] for i in sorted(range(len(found)), key=lambda i: i + dice.uniform(0, 40))]


def _life(number: str, dice: random.Random, source: str) -> list[Snapshot]:
    received = NOW - dice.randint(1, 20 * 24 * 60) * MINUTE
    due = received + dice.randint(1, 9) * DAY
    common = Snapshot(
        source=source,
        number=number,
        status=1,
        observed=NOW,
        unit=dice.choice(UNITS),
        channel=dice.choice((1, 2, 2, 3)),
        **_about(number),
        submitted=received - HOUR,
        due=due,
    )
    at, lives, supplements = received, [], ()
    for status in (1, 2, *dice.choice(((4,), (4, 5, 4), (4, 6, 4), (4, 9, 4, 9), (4, 9, 10), (3,), (4, 5)))):
        at += dice.randint(1, 30) * HOUR
        if at > NOW:
            break
        if status == 5:
            supplements = (Supplement(at, None, None, None),)
        elif supplements and supplements[0].answered is None:
            supplements = (Supplement(supplements[0].requested, at, due, due + 2 * DAY),)
        lives.append(
            msgspec.structs.replace(
                common,
                status=status,
                version=at,
                modified=at,
                observed=at + MINUTE,
                received=None if status in (1, 3) else received,
                finished=at if status in (9, 10) else None,
                supplements=supplements,
            )
        )
    return lives


#: (field, its name, procedure, its name): one that the profile knows, one that it does not, and none.
ABOUT = (
    ("CT", "Chứng thực", "2.000815", "Chứng thực bản sao từ bản chính"),
    ("CT", "Chứng thực", "2.000884", ""),
    ("ZZ", "Lĩnh vực lạ", "9.999999", "Thủ tục lạ"),
    ("", "", "", ""),
)


def _about(number: str) -> dict[str, str]:
    about = ABOUT[zlib.crc32(number.encode()) % len(ABOUT)]
    return dict(zip(("field", "field_name", "procedure", "procedure_name"), about, strict=True))


def batches(snapshots: list[Snapshot], partitions: int, size: int = 20, receipt: str = "") -> list[tuple[int, bytes]]:
    """The messages that carry snapshots, in order within each partition."""
    waiting: dict[int, list[Snapshot]] = {}
    found = []
    for snapshot in snapshots:
        partition = partition_of(snapshot.source, snapshot.number, partitions)
        batch = waiting.setdefault(partition, [])
        batch.append(snapshot)
        if len(batch) == size:
            found.append((partition, msgspec.json.encode(Batch(waiting.pop(partition), receipt))))
    found += [(partition, msgspec.json.encode(Batch(batch, receipt))) for partition, batch in waiting.items()]
    return found


def recount(snapshots: list[Snapshot], start: int, end: int, now: int) -> dict[str, list[int]]:
    """The progress table of the histories in a single pass, without any of the stream's machinery."""
    states: dict[tuple[str, str], DossierState] = {}
    for snapshot in snapshots:
        states[snapshot.key], _ = fold(states.get(snapshot.key), snapshot)
    return count_table(states.values(), start, end, now)


STANDING = ("in_process", "in_process_overdue", "paused", "paused_overdue", "waiting")


def by_code(snapshots: list[Snapshot], now: int) -> dict[str, dict[str, dict[str, int]]]:
    """What the read model of the online services must say: ``fields``, ``procedures``, ``channels``; zeros left out.

    Counted as the progress table is, dossier by dossier and period by period.
    """
    states: dict[tuple[str, str], DossierState] = {}
    for snapshot in snapshots:
        states[snapshot.key], _ = fold(states.get(snapshot.key), snapshot)
    midnight = day_start(day_number(now))
    spans = {
        "": (0, now + DAY),
        "today": (midnight, now + DAY),
        # Less what is of today: by what is known now, not by what was known at midnight.
        "yesterday": (midnight - DAY, now + DAY),
        "week": (midnight - 6 * DAY, now + DAY),
        "month": (midnight - 29 * DAY, now + DAY),
    }
    found: dict[str, dict[str, Counter[str]]] = {"fields": {}, "procedures": {}, "channels": {}}
    for state in states.values():
        snapshot = state.snapshot
        told: Counter[str] = Counter(waiting=1) if snapshot.status == 1 else Counter()
        for span, (start, end) in spans.items():
            cells = [CELLS[cell] for cell in table_cells(state, start, end, now) or ()]
            if span:
                told.update(f"{span}.{cell}" for cell in cells if cell in DAILY)
                if span == "yesterday":
                    told.subtract({f"yesterday.{cell}": told[f"today.{cell}"] for cell in DAILY})
            else:
                told.update(cell.removesuffix("_in_time").removesuffix("_overdue") for cell in cells[1:])
                told.update(cell for cell in cells[1:] if cell.endswith("_overdue"))
        for place, code in (
            ("fields", snapshot.field),
            ("procedures", snapshot.procedure),
            ("channels", ("counter", "online", "postal")[snapshot.channel - 1]),
        ):
            found[place].setdefault(code, Counter()).update(told)
    wanted = {*STANDING, *(f"{span}.{cell}" for span in spans if span for cell in DAILY)}
    return {
        place: {
            code: row for code, told in rows.items() if (row := {k: n for k, n in told.items() if k in wanted and n})
        }
        for place, rows in found.items()
    }


def said_by_code(services: Services) -> dict[str, dict[str, dict[str, int]]]:
    """What the read model of the online services says, as ``by_code`` has it."""

    def said(line: Line) -> dict[str, int]:
        plain = msgspec.to_builtins(line)
        now = {
            name: plain[name] for name in ("in_process", "in_process_overdue", "paused", "paused_overdue", "waiting")
        }
        flows = {f"{span}.{cell}": plain[span][cell] for span in SPANS for cell in DAILY}
        return {name: count for name, count in (now | flows).items() if count}

    return {
        place: {line.code: row for line in getattr(services, place) if (row := said(line))}
        for place in ("fields", "procedures", "channels")
    }
