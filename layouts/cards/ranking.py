"""Who is on time: the best and the last of the departments and of the communes."""

from __future__ import annotations

from dash import html

from layouts import shares
from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from layouts.ranking import MINIMUM, rank
from layouts.rows import Cell, Rows, Values, ends
from layouts.text import number, percent
from opscentre.domain.dossier import UNMAPPED
from opscentre.domain.ranking import Ranked
from opscentre.live.wall import Wall

#: Rows at the top and as many at the bottom of each group.
EACH = 3
_CELLS = (
    Cell("place", "rank-place"),
    Cell("name", "rank-name"),
    Cell("volume", "rank-volume"),
    Cell("band", "swatch none", ""),
    Cell("share", "rank-share"),
)
#: What the columns are.
NOTE = f"từ {MINIMUM} hồ sơ trở lên · số mờ: số hồ sơ"
NOBODY = "Chưa có đơn vị đủ hồ sơ"
GROUPS = ("departments", "communes")


def layout(place: Place) -> html.Section:
    """Two groups of rows that are filled in place."""
    return html.Section(
        className="card ranking",
        children=[
            html.Div(
                className="card-head",
                children=[html.H2("Xếp hạng đúng hạn · 30 ngày")],
            ),
            *[_group(key, name) for key, name in zip(GROUPS, ("Sở, ban, ngành", place.lowest), strict=True)],
            html.Div(NOTE, id="ranking-note", className="footnote"),
        ],
    )


def _rows(key: str) -> Rows:
    return Rows(f"rank-{key}", "rank-row", _CELLS, 2 * EACH, second=EACH)


def _group(key: str, name: str) -> html.Div:
    return html.Div(
        className="rank-group",
        children=[
            html.Div(className="rank-head", children=[html.Span(name), html.Span("", id=f"rank-{key}-count")]),
            html.Div(DASH, id=f"rank-{key}-nothing", className="nothing is-absent"),
            *_rows(key).layout(),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """The rows of both groups; rows without a unit are hidden, not zero."""
    changes: Patch = {}
    known = wall.state == "live"
    for key, units in zip(GROUPS, (place.departments, place.communes), strict=True):
        ranked = rank(units, wall.units)
        best, worst = ([_row(entry, place) for entry in half] for half in ends(ranked, EACH, EACH))
        changes[f"rank-{key}-count"] = say(f"{len(ranked)}/{len(units)} đơn vị" if known or ranked else "")
        changes[f"rank-{key}-nothing"] = say(
            NOBODY if known else DASH, "nothing is-absent" if ranked else "nothing is-floating"
        )
        changes.update(_rows(key).patch([*best, *[{}] * (EACH - len(best)), *worst]))
    unmapped = wall.units.get(UNMAPPED)
    lost = unmapped.in_process + unmapped.paused if unmapped else 0
    changes["ranking-note"] = say(f"{NOTE} · {number(lost)} hồ sơ chưa rõ đơn vị" if lost else NOTE)
    return changes


def _row(entry: Ranked, place: Place) -> Values:
    return {
        "place": str(entry.rank),
        "name": place.by_code[entry.code].name,
        "volume": number(entry.volume),
        "band": Change(cls=f"swatch {shares.band(entry.value).name}"),
        "share": percent(entry.value),
    }
