"""Who is on time: the best and the last of the departments and of the communes."""

from __future__ import annotations

from dash import html

from layouts import shares
from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from layouts.ranking import MINIMUM, Ranked, best_and_worst, rank
from layouts.text import number, percent
from opscentre.domain.dossier import UNMAPPED
from opscentre.live.wall import Wall

#: Rows at the top and as many at the bottom of each group.
EACH = 3
GROUPS = (("departments", "Sở, ban, ngành"), ("communes", "Xã, phường"))


def layout(place: Place) -> html.Section:
    """Two groups of rows that are filled in place."""
    return html.Section(
        className="card ranking",
        children=[
            html.Div(
                className="card-head",
                children=[
                    html.H2("Xếp hạng đúng hạn · 30 ngày"),
                    html.Span(f"từ {MINIMUM} hồ sơ trở lên", id="ranking-note", className="footnote"),
                ],
            ),
            *[_group(key, name) for key, name in GROUPS],
        ],
    )


def _group(key: str, name: str) -> html.Div:
    rows = [_row(f"rank-{key}-{index}", _extra(index)) for index in range(2 * EACH)]
    return html.Div(
        className="rank-group",
        children=[
            html.Div(className="rank-head", children=[html.Span(name), html.Span("", id=f"rank-{key}-count")]),
            html.Div("Chưa có đơn vị đủ hồ sơ", id=f"rank-{key}-nothing", className="nothing is-absent"),
            *rows,
        ],
    )


def _extra(index: int) -> str:
    """The first row of the last ones is set off from the best."""
    return " is-last-first" if index == EACH else ""


def _row(key: str, extra: str) -> html.Div:
    return html.Div(
        id=key,
        className="rank-row is-empty" + extra,
        children=[
            html.Span(DASH, id=f"{key}-place", className="rank-place"),
            html.Span(DASH, id=f"{key}-name", className="rank-name"),
            html.Span(DASH, id=f"{key}-volume", className="rank-volume"),
            html.Span(id=f"{key}-band", className="swatch none"),
            html.Span(DASH, id=f"{key}-share", className="rank-share"),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """The rows of both groups; rows without a unit are hidden, not zero."""
    changes: Patch = {}
    for (key, _), units in zip(GROUPS, (place.departments, place.communes), strict=True):
        ranked = rank(units, wall.units)
        best, worst = best_and_worst(ranked, EACH)
        changes[f"rank-{key}-count"] = say(f"{len(ranked)}/{len(units)} đơn vị")
        changes[f"rank-{key}-nothing"] = Change(cls="nothing is-absent" if ranked else "nothing is-floating")
        for index in range(2 * EACH):
            row, half = f"rank-{key}-{index}", best if index < EACH else worst
            entry = half[index % EACH] if index % EACH < len(half) else None
            changes.update(_row_patch(row, entry, _extra(index)))
    unmapped = wall.units.get(UNMAPPED)
    lost = unmapped.in_process + unmapped.paused if unmapped else 0
    note = f"từ {MINIMUM} hồ sơ trở lên"
    changes["ranking-note"] = say(f"{note} · {number(lost)} hồ sơ chưa rõ đơn vị" if lost else note)
    return changes


def _row_patch(row: str, entry: Ranked | None, extra: str) -> Patch:
    if entry is None:
        return {row: Change(cls="rank-row is-empty" + extra)}
    return {
        row: Change(cls="rank-row" + extra),
        f"{row}-place": say(str(entry.rank)),
        f"{row}-name": say(entry.unit.name),
        f"{row}-volume": say(number(entry.volume)),
        f"{row}-band": Change(cls=f"swatch {shares.band(entry.share).name}"),
        f"{row}-share": say(percent(entry.share)),
    }
