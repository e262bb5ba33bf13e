"""``opscentre figures``: a province's dated figures, targets and campaign, and what sources feed, as of a day."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.table import Table

from opscentre import profile as profiles
from opscentre import settings
from opscentre.commands.shared import AsJson, MaybeProfile, fail, print_wide, settings_beside
from opscentre.domain.figures import (
    CAMPAIGN_ROWS,
    SCOPES,
    Amount,
    CampaignRow,
    Figure,
    Reached,
    parse_period,
    reached,
    standing,
)
from opscentre.domain.moments import ZONE, day_of, day_start, iso, local
from opscentre.domain.text import number
from opscentre.figures_file import read_campaign, read_figures, read_targets
from opscentre.profile import Profile
from opscentre.settings import Settings
from opscentre.store.engine import open_store
from opscentre.store.figures import FedFigure, newest_figures


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command()(figures)


def figures(
    profile: MaybeProfile = None,
    as_of: Annotated[str | None, typer.Option(help="A day, month or year, e.g. 2020-08-31; today.")] = None,
    data: Annotated[Path | None, typer.Option(help="Also the figures that sources feed there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the newest value of every dated figure on a day, the targets, the campaign, and what sources feed."""
    try:
        day = parse_period(as_of).last if as_of else dt.datetime.now(ZONE).date()
    except ValueError as error:
        fail(f"--as-of {as_of}: {error}")
    chosen = settings_beside(data, profile) if data else settings.load(profile=profile)
    province = profiles.load(chosen.profile)
    fed = _fed(chosen, day) if data else None
    known = read_figures(province.folder)
    found, targets = standing(known, day), reached(read_targets(province.folder), known, day)
    campaign = read_campaign(province.folder)
    names = {**SCOPES, **CAMPAIGN_ROWS, **{code: unit.name for code, unit in province.units.by_code.items()}}
    if as_json:
        document = as_document(province, day, found, targets, campaign, names)
        if fed is not None:
            document["fed"] = [_fed_figure(one) for one in fed]
        print(json.dumps(document, ensure_ascii=False))
        return
    title = f"Số liệu có ngày của {province.province.name}, tính đến {day:%d/%m/%Y}"
    tables = [_figures_table(title, found, names)]
    if targets:
        tables.append(_targets_table(targets, names))
    if campaign:
        tables.append(_campaign_table(campaign, names))
    if fed is not None:
        tables.append(_fed_table(fed, {figure.code: figure.name for figure in known}))
    print_wide(Group(*tables))


def _fed(chosen: Settings, day: dt.date) -> list[FedFigure]:
    """The newest of what sources feed, as it stood at the end of a day."""
    if not chosen.database and not (chosen.data / "opscentre.db").is_file():
        fail(f"--data {chosen.data}: there is no opscentre.db; name the data folder of an installation")
    store = open_store(chosen.database_url)
    try:
        return newest_figures(store, day_start(day_of(day) + 1) - 1)
    finally:
        store.dispose()


def as_document(
    province: Profile,
    day: dt.date,
    found: list[Figure],
    targets: list[Reached],
    campaign: tuple[CampaignRow, ...],
    names: dict[str, str],
) -> dict[str, Any]:
    """Figures, targets and campaign with plain numbers: ``qualifier`` is ``~`` about, ``>`` more than, ``<`` nearly."""
    return {
        "profile": province.slug,
        "as_of": day.isoformat(),
        "figures": [_figure(figure, names) for figure in found],
        "targets": [
            {
                "code": one.target.code,
                "name": one.target.name,
                **_amount(one.target.value),
                "unit": one.target.unit,
                "by": one.target.by.text,
                "scope": one.target.scope,
                "series": one.target.series,
                "reached": _figure(one.figure, names) if one.figure else None,
                "met": one.met,
                "source": one.target.source,
                "note": one.target.note,
            }
            for one in targets
        ],
        "campaign": [
            {
                "unit": row.unit,
                "unit_name": names.get(row.unit, row.unit),
                "window_from": row.window_from.isoformat() if row.window_from else None,
                "window_to": row.window_to.isoformat() if row.window_to else None,
                "planned": row.planned,
                "actual": row.actual,
                "source": row.source,
                "note": row.note,
            }
            for row in campaign
        ],
    }


def _figure(figure: Figure, names: dict[str, str]) -> dict[str, Any]:
    return {
        "code": figure.code,
        "name": figure.name,
        **_amount(figure.value),
        "unit": figure.unit,
        "as_of": figure.as_of.text,
        "first_day": figure.as_of.first.isoformat(),
        "last_day": figure.as_of.last.isoformat(),
        "scope": figure.scope,
        "scope_name": names.get(figure.scope, figure.scope),
        "series": figure.line,
        "source": figure.source,
        "note": figure.note,
    }


def _amount(amount: Amount) -> dict[str, Any]:
    return {"value": _plain(amount.number), "qualifier": amount.qualifier}


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _fed_figure(one: FedFigure) -> dict[str, Any]:
    return {
        "code": one.code,
        "value": _plain(Decimal(repr(one.value))),
        "unit": one.unit,
        "as_of": iso(one.as_of),
        "source": one.source,
        "seen_at": iso(one.seen_at),
    }


def _fed_table(fed: list[FedFigure], names: dict[str, str]) -> Table:
    table = _table("Số liệu do các nguồn gửi về", "Mã", "Chỉ số", "Giá trị", "Đơn vị tính", "Thời điểm", "Nguồn")
    for one in fed:
        at = f"{local(one.as_of):%d/%m/%Y %H:%M}".removesuffix(" 00:00")
        value = Amount(number=Decimal(str(_plain(Decimal(repr(one.value))))))
        table.add_row(one.code, names.get(one.code, ""), str(value), one.unit, at, one.source)
    return table


def _figures_table(title: str, found: list[Figure], names: dict[str, str]) -> Table:
    table = _table(title, "Phạm vi", "Chỉ số", "Giá trị", "Đơn vị tính", "Thời điểm", "Nguồn", "Ghi chú")
    for figure in found:
        scope = names.get(figure.scope, figure.scope)
        table.add_row(scope, figure.name, str(figure.value), figure.unit, str(figure.as_of), figure.source, figure.note)
    return table


def _targets_table(targets: list[Reached], names: dict[str, str]) -> Table:
    table = _table("Chỉ tiêu", "Phạm vi", "Chỉ tiêu", "Giá trị", "Đơn vị tính", "Đến", "Đạt được", "Nguồn", "Ghi chú")
    for one in targets:
        target = one.target
        now = f"{one.figure.value} ({one.figure.as_of})" if one.figure else "chưa có số liệu"
        scope = names.get(target.scope, target.scope)
        table.add_row(
            scope, target.name, str(target.value), target.unit, str(target.by), now, target.source, target.note
        )
    return table


def _campaign_table(campaign: tuple[CampaignRow, ...], names: dict[str, str]) -> Table:
    table = _table("Nâng cấp dịch vụ công trực tuyến", "Đơn vị", "Từ", "Đến", "Kế hoạch", "Thực hiện", "Ghi chú")
    for row in campaign:
        window = (f"{day:%d/%m/%Y}" if day else "—" for day in (row.window_from, row.window_to))
        actual = "—" if row.actual is None else number(row.actual)
        table.add_row(names.get(row.unit, row.unit), *window, number(row.planned), actual, row.note)
    return table


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, header_style="bold")
    for heading in headings:
        table.add_column(heading, justify="right" if heading in ("Giá trị", "Kế hoạch", "Thực hiện") else "left")
    return table
