"""The progress table counted from raw records by the letter of its definitions, sharing no code with the product."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Any

_ENDS = {"7", "9", "10"}
_PAUSES = {"5", "6", "8"}


def _date(text: object) -> dt.datetime | None:
    return dt.datetime.strptime(str(text), "%Y%m%d%H%M%S") if text else None  # noqa: DTZ007 - local times throughout


def _finished(record: dict[str, Any]) -> dt.datetime | None:
    known = _date(record.get("NgayKetThucXuLy"))
    if known:
        return known
    steps = [(str(step["TrangThai"]), _date(step["ThoiDiemXuLy"])) for step in record.get("DanhSachTienDo") or []]
    for wanted in ("9", "10", "7"):
        times = [at for status, at in steps if status == wanted and at]
        if times:
            return min(times)
    return _date(record.get("NgayTra"))


def _due(record: dict[str, Any]) -> dt.datetime | None:
    due = _date(record.get("NgayHenTra"))
    for supplement in record.get("DanhSachHoSoBoSung") or []:
        due = _date(supplement.get("NgayHenTraMoi")) or due
    return due


def _pause_began(record: dict[str, Any]) -> dt.datetime:
    status = str(record["TrangThaiHoSo"])
    if status == "5":
        open_ = [s for s in record.get("DanhSachHoSoBoSung") or [] if not s.get("NgayTiepNhanBoSung")]
        if open_:
            began = _date(open_[-1]["NgayBoSung"])
            assert began is not None
            return began
    began = None
    # Some systems send the newest step first; the moments are all of one width, so text order is time order.
    for step in sorted(record.get("DanhSachTienDo") or [], key=lambda step: str(step["ThoiDiemXuLy"])):
        if str(step["TrangThai"]) == status:
            began = began or _date(step["ThoiDiemXuLy"])
        else:
            began = None
    assert began is not None, f"nothing dates the pause of {record['MaHoSo']}"
    return began


def progress_table(
    records: Iterable[tuple[str, dict[str, Any]]], start: dt.datetime, at: dt.datetime
) -> dict[str, Counter[str]]:
    """Cells by unit for [start, ∞) as of ``at`` (both local, without zone), from (unit, record) pairs at ``at``."""
    table: dict[str, Counter[str]] = {}
    for unit, record in records:
        status = str(record["TrangThaiHoSo"])
        received = _date(record.get("NgayTiepNhan"))
        if status in ("1", "3") or received is None or received >= at:
            continue
        due = _due(record)
        cell = ""
        if status in _ENDS:
            finished = _finished(record)
            assert finished is not None, f"nothing dates the end of {record['MaHoSo']}"
            if finished < start:
                continue
            if due and finished > due:
                cell = "finished.overdue"
            else:
                cell = "finished.early" if due and finished.date() < due.date() else "finished.on_time"
        elif status in _PAUSES:
            cell = "paused.overdue" if due and _pause_began(record) > due else "paused.in_time"
        else:
            cell = "in_process.overdue" if due and at > due else "in_process.in_time"
        channel = {"2": "online", "3": "postal"}.get(str(record.get("KenhThucHien") or "1"), "counter")
        came = "received.carried_over" if received < start else f"received.{channel}"
        table.setdefault(unit, Counter()).update([came, cell])
    return table


def cells(row: dict[str, Any]) -> Counter[str]:
    """The same cells of a row of ``opscentre board --json``; zeros left out."""
    found: Counter[str] = Counter()
    for group, names in (
        ("received", ("carried_over", "online", "counter", "postal")),
        ("finished", ("early", "on_time", "overdue")),
        ("in_process", ("in_time", "overdue")),
        ("paused", ("in_time", "overdue")),
    ):
        for name in names:
            if row[group][name]:
                found[f"{group}.{name}"] = row[group][name]
    return found


def by_code(records: Iterable[dict[str, Any]], key: str, at: dt.datetime) -> dict[str, Counter[str]]:
    """What stands at ``at`` and came in or was finished in some days, by the value of a field of the records."""
    pairs = [(str(record.get(key) or ""), record) for record in records]
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    found: dict[str, Counter[str]] = {code: Counter() for code, _ in pairs}
    for code, record in pairs:
        found[code]["waiting"] += str(record["TrangThaiHoSo"]) == "1"
    for code, row in progress_table(pairs, midnight, at).items():
        for kind in ("in_process", "paused"):
            found[code][kind] += row[f"{kind}.in_time"] + row[f"{kind}.overdue"]
            found[code][f"{kind}_overdue"] += row[f"{kind}.overdue"]
    days = {"today": (0, None), "yesterday": (1, 0), "week": (6, None), "month": (29, None)}
    for span, (first, beyond) in days.items():
        tables = [progress_table(pairs, midnight - dt.timedelta(first), at)]
        if beyond is not None:
            tables.append(progress_table(pairs, midnight - dt.timedelta(beyond), at))
        for code, table in ((code, table) for code in found for table in tables):
            sign = 1 if table is tables[0] else -1
            for cell, name in (
                ("received.counter", "counter"), ("received.online", "online"), ("received.postal", "postal"),
                ("finished.early", "early"), ("finished.on_time", "on_time"),
                ("finished.overdue", "finished_overdue"),
            ):  # fmt: skip
                found[code][f"{span}.{name}"] += sign * table.get(code, Counter())[cell]
    return {code: row for code, told in found.items() if (row := +told)}
