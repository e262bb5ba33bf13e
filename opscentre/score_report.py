"""The service-quality score as JSON and as tables for a terminal, numbers written as in Vietnam."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rich.table import Table
from rich.text import Text

from opscentre.board import period_end
from opscentre.domain.moments import HOUR, iso, local
from opscentre.domain.procedures import Procedure
from opscentre.domain.ranking import MINIMUM
from opscentre.domain.score import Line, Score, document, gaps, rounded
from opscentre.domain.score_inputs import FED, Tally, national
from opscentre.domain.text import decimal, number
from opscentre.scoring import Report, Scored, UnitScored

TITLE = "Chỉ số phục vụ người dân, doanh nghiệp (Quyết định 766/QĐ-TTg)"
NO_DATA = "chưa có số liệu"
_DASH = "–"


def period_document(asked: Report, explain: bool) -> dict[str, Any]:
    """A period's score as JSON."""
    shown: dict[str, Any] = {
        "profile": asked.profile.slug,
        "from": period_end(asked.start),
        "to": period_end(asked.end),
        "as_of": iso(asked.looking),
        "on": asked.day.isoformat(),
        **scored_document(asked.province),
        "processing_times": processing_times(asked.province.tally, asked.procedures),
        "stale_units": sorted(asked.stale),
    }
    if asked.units is not None:
        shown["units"] = [unit_document(row) for row in asked.units]
    if explain:
        shown["gaps"] = gap_rows(asked.province.score)
    return shown


def period_tables(asked: Report, explain: bool) -> Iterator[Table | str]:
    """A period's score as tables and the lines between them."""
    span = f"{_bound(asked.start)} → {_bound(asked.end)}, tính đến {local(asked.looking):%H:%M %d/%m/%Y}"
    found = asked.province.score
    yield score_table(found, f"{TITLE}\n{asked.profile.province.name}, {span}")
    yield from no_data_notice(found)
    if asked.province.partial:
        yield "5.4 mới trừ hồ sơ quá hạn, chưa có số hồ sơ bị phản ánh."
    if asked.units is not None:
        yield unit_table(asked.units, f"Xếp hạng đơn vị theo hồ sơ, {span}")
        yield f"Xếp theo % của điểm tối đa đạt được; dưới {MINIMUM} hồ sơ không xếp hạng."
    if explain:
        yield gap_table(found)
        yield time_table(asked.province.tally, asked.procedures)


def gap_rows(found: Score) -> list[dict[str, Any]]:
    """What would raise the score most, as JSON."""
    return [{"code": gap.indicator.code, "missing": float(gap.missing), "needed": gap.needed} for gap in gaps(found)]


def scored_document(scored: Scored) -> dict[str, Any]:
    """A score with the counts behind its ratios and where each comes from."""
    shown = document(scored.score)
    for line in scored.score.lines:
        code = line.indicator.code
        entry = shown["indicators"][code]
        if line.input is not None:
            entry["numerator"], entry["denominator"] = (_json_number(part) for part in line.input)
        entry["origin"] = "figures" if code in scored.figures else "dossiers" if code in FED else None
    if "1.4" in scored.figures:
        shown["indicators"]["1.4"]["origin"] = "figures and dossiers"
    percent = scored.percent
    shown["percent_of_reachable"] = None if percent is None else float(percent)
    shown["partial"] = list(scored.partial)
    return shown


def unit_document(row: UnitScored) -> dict[str, Any]:
    """A unit's place and score as JSON."""
    unit, place = row.unit, row.place
    return {
        "unit": {"code": unit.code, "name": unit.name, "group": unit.group},
        "rank": place.rank,
        "tied": place.tied,
        "stale": place.stale,
        "volume": row.scored.tally.volume,
        **scored_document(row.scored),
    }


def processing_times(tally: Tally, procedures: Iterable[Procedure]) -> list[dict[str, Any]]:
    """Indicator 2.2 by procedure: working hours in the mean, the most frequent procedure first."""
    names = {national(procedure.code): procedure.name for procedure in procedures}
    rows = sorted(tally.used.items(), key=lambda entry: (-entry[1][1], entry[0]))
    return [
        {
            "procedure": code,
            "name": names.get(code, ""),
            "finished": finished,
            "mean_working_hours": round(spent / finished / HOUR, 2),
        }
        for code, (spent, finished) in rows
    ]


def _json_number(value: int | Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)


def score_table(found: Score, title: str) -> Table:
    """The score by group and indicator, and the sum."""
    table = Table(title=title, header_style="bold", row_styles=["", "on grey11"])
    table.add_column("Mã", no_wrap=True)
    table.add_column("Chỉ số", overflow="fold")
    for heading in ("Tử số", "Mẫu số", "Tỷ lệ", "Điểm", "Tối đa"):
        table.add_column(heading, justify="right", no_wrap=True)
    for group, part in found.groups:
        lines = [line for line in found.lines if line.indicator.group == group.code]
        table.add_section()
        points = decimal(part.points, 2) if part.reachable else _DASH
        table.add_row("", Text(group.name, style="bold"), "", "", "", Text(points, style="bold"), _ceiling(part.max))
        for line in lines:
            table.add_row(line.indicator.code, line.indicator.name, *_line_cells(line))
    table.add_section()
    total = found.total
    whole = Text(decimal(total.points, 2), style="bold")
    table.add_row("", Text("Tổng điểm", style="bold"), "", "", "", whole, _ceiling(total.max))
    table.add_row("", "Tối đa đạt được với chỉ số có số liệu", "", "", "", _ceiling(total.reachable), "")
    return table


def _line_cells(line: Line) -> list[str]:
    if line.ratio is None or line.input is None:
        return [_DASH, _DASH, NO_DATA, _DASH, _ceiling(line.indicator.max) if line.indicator.scored else _DASH]
    counts = [_amount(line.input.numerator), _amount(line.input.denominator)]
    if line.points is None:
        return [*counts, decimal(float(line.ratio), 2), _DASH, _DASH]
    return [*counts, _percent(line.ratio), decimal(line.points, 2), _ceiling(line.indicator.max)]


def _bound(at: int) -> str:
    """A period's bound: the day alone at midnight, else time and day."""
    when = local(at)
    return f"{when:%d/%m/%Y}" if (when.hour, when.minute) == (0, 0) else f"{when:%H:%M %d/%m/%Y}"


def _percent(ratio: Fraction) -> str:
    """A ratio in percent with two decimals; 0 and 100 are said only when they are exact."""
    if ratio in (0, 1):
        return f"{int(ratio) * 100}%"
    return f"{decimal(min(Decimal('99.99'), max(Decimal('0.01'), rounded(ratio * 100))), 2)}%"


def _amount(value: int | Decimal) -> str:
    return number(int(value)) if value == int(value) else decimal(value, 2)


def _ceiling(value: Decimal) -> str:
    """A ceiling as short as it can be written: 6, 2,5."""
    return _amount(value) if value == int(value) else decimal(value, 2).rstrip("0")


def no_data_notice(found: Score) -> Iterator[str]:
    """A line that names the indicators without data; none where every one has."""
    missing = found.no_data
    if missing:
        names = "; ".join(f"{indicator.code} {indicator.name}" for indicator in missing)
        yield f"Điểm chưa đầy đủ, {len(missing)} chỉ số chưa có số liệu: {names}."


def gap_table(found: Score) -> Table:
    """What would raise the score most."""
    table = Table(title="Tăng điểm nhiều nhất ở đâu", header_style="bold", row_styles=["", "on grey11"])
    table.add_column("Mã", no_wrap=True)
    table.add_column("Chỉ số", overflow="fold")
    table.add_column("Còn thiếu (điểm)", justify="right")
    table.add_column("Tử số cần thêm để đạt tối đa", justify="right")
    for gap in gaps(found):
        needed = NO_DATA if gap.needed is None else number(gap.needed)
        table.add_row(gap.indicator.code, gap.indicator.name, decimal(gap.missing, 2), needed)
    return table


def unit_table(rows: Sequence[UnitScored], title: str) -> Table:
    """The units by place: points by group, the sum, and what it is in percent of the reachable points."""
    table = Table(title=title, header_style="bold", row_styles=["", "on grey11"])
    table.add_column("Hạng", justify="right", no_wrap=True)
    table.add_column("Đơn vị", overflow="fold")
    groups = [group for group, _ in rows[0].scored.score.groups] if rows else []
    for heading in ("Hồ sơ", *(group.name for group in groups), "Tổng", "Tối đa đạt được", "%"):
        table.add_column(heading, justify="right")
    for row in rows:
        found, place, percent = row.scored.score, row.place, row.scored.percent
        rank = _DASH if place.rank is None else f"{place.rank}{'=' if place.tied else ''}"
        name = f"{row.unit.name} (số liệu có thể cũ)" if place.stale else row.unit.name
        points = [decimal(part.points, 2) if part.reachable else _DASH for _, part in found.groups]
        sums = [decimal(found.total.points, 2), _ceiling(found.total.reachable)]
        shown = _DASH if percent is None else f"{decimal(percent, 2)}%"
        table.add_row(rank, name, number(row.scored.tally.volume), *points, *sums, shown)
    return table


def time_table(tally: Tally, procedures: Iterable[Procedure], most: int = 15) -> Table:
    """Indicator 2.2 by procedure, the most frequent ones."""
    table = Table(title="2.2 Thời gian giải quyết trung bình", header_style="bold", row_styles=["", "on grey11"])
    table.add_column("Mã TTHC", no_wrap=True)
    table.add_column("TTHC", overflow="fold")
    table.add_column("Đã giải quyết", justify="right")
    table.add_column("Giờ làm việc", justify="right")
    for row in processing_times(tally, procedures)[:most]:
        hours = decimal(row["mean_working_hours"], 2)
        table.add_row(row["procedure"], row["name"], number(row["finished"]), hours)
    return table
