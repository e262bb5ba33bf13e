"""The progress table as a terminal shows it: units with anything to show, by group, and the sum."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from opscentre.domain.units import Group

_GROUPS = {"I": "I. Sở, ngành", "II": "II. Chi nhánh đất đai", "III": "III. Xã, phường", "-": "Chưa xác định"}
_COLUMNS = (
    ("received", ("total", "carried_over", "in_period", "online", "counter", "postal")),
    ("finished", ("total", "early", "on_time", "overdue")),
    ("in_process", ("total", "in_time", "overdue")),
    ("paused", ("total", "in_time", "overdue")),
)
_HEADINGS = (
    "Nhận", "kỳ trước", "trong kỳ", "trực tuyến", "trực tiếp", "BCCI",
    "Đã giải quyết", "trước hạn", "đúng hạn", "quá hạn",
    "Đang giải quyết", "trong hạn", "quá hạn",
    "Tạm dừng", "trong hạn", "quá hạn",
)  # fmt: skip


def as_table(document: dict[str, Any], groups: Mapping[Group, str] | None = None) -> Table:
    """The table for a terminal: units with anything to show, by group, and the sum.

    ``groups``: what a province calls its groups where it differs.
    """
    named = _GROUPS | {str(group): name for group, name in (groups or {}).items()}
    table = Table(
        title=f"Tình hình giải quyết hồ sơ từ {_day(document['from'])} đến trước {_day(document['to'])}, "
        f"tính đến {document['as_of'][11:16]} {_day(document['as_of'])}",
        header_style="bold",
        row_styles=["", "on grey11"],
    )
    table.add_column("Đơn vị", no_wrap=True)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right")
    group = None
    for row in document["rows"]:
        numbers = _numbers(row)
        if not any(numbers):
            continue
        if (heading := _group_name(row["unit"], named)) != group:
            group = heading
            table.add_section()
            table.add_row(Text(group, style="bold"))
        table.add_row(row["unit"]["name"], *_cells(numbers))
    table.add_section()
    table.add_row(Text("Toàn tỉnh", style="bold"), *_cells(_numbers(document["total"])))
    return table


def _day(iso_text: str) -> str:
    date = f"{iso_text[8:10]}/{iso_text[5:7]}/{iso_text[:4]}"
    return date if len(iso_text) != len("2026-11-20T09:30:00") else f"{iso_text[11:16]} {date}"


def _group_name(unit: dict[str, str], named: Mapping[str, str]) -> str:
    """The heading above a unit; units of other times are not among today's departments and communes."""
    for bound, words in (("until", "Đến ngày"), ("since", "Từ ngày")):
        if bound in unit:
            return f"{words} {dt.date.fromisoformat(unit[bound]):%d/%m/%Y}"
    return named[unit["group"]]


def _numbers(row: dict[str, Any]) -> list[int]:
    return [row[group][name] for group, names in _COLUMNS for name in names]


def _cells(numbers: list[int]) -> list[str]:
    return [f"{number:,}".replace(",", ".") if number else "–" for number in numbers]
