"""Leaderboards: departments and communes by on-time share and by online share, with their moves since yesterday."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dash import html

from layouts.change import DASH, Change, Patch, say
from layouts.measures import MEASURES, Measure
from layouts.place import Place
from layouts.ranking import TOLERANCE
from layouts.text import number, worked
from opscentre.domain import ranking
from opscentre.domain.dossier import UNMAPPED
from opscentre.domain.units import UNMAPPED_UNIT, Unit
from opscentre.live.wall import Wall

TITLE = "Xếp hạng"


#: Units named as slow to acknowledge.
SLOWEST = 3
#: Before a time that can only be longer.
LEAST = "≥ "
#: Units with longer names go by their short ones.
LONGEST = 24


class Board(NamedTuple):
    """One leaderboard: its id, what it ranks by, whom, how many rows at the top and at the end."""

    id: str
    title: str
    measure: Measure
    departments: bool
    best: int
    last: int

    def units(self, place: Place) -> tuple[Unit, ...]:
        """Whom it ranks."""
        return place.departments if self.departments else place.communes

    @property
    def rows(self) -> int:
        """Rows there are; the gap between the best and the last takes one."""
        return self.best + self.last + (1 if self.last else 0)


BY_ONTIME, BY_ONLINE = MEASURES[0], MEASURES[2]
BOARDS = (
    Board("rank-dept", "Sở, ban, ngành · đúng hạn 30 ngày", BY_ONTIME, True, 10, 7),
    Board("rank-comm", "Xã, phường · đúng hạn 30 ngày", BY_ONTIME, False, 9, 8),
    Board("rank-donl", "Sở, ban, ngành · trực tuyến hôm nay", BY_ONLINE, True, 5, 3),
    Board("rank-conl", "Xã, phường · trực tuyến hôm nay", BY_ONLINE, False, 5, 3),
)


def layout(place: Place) -> html.Div:
    """A row for every unit of every board, and a line for those without a place."""
    return html.Div(
        className="ranks",
        children=[
            *[_board(board, place) for board in BOARDS],
            html.Section(
                className="card rank-apart",
                children=[
                    html.Span("Không xếp hạng", className="rank-apart-title"),
                    html.Span("", id="ranks-apart", className="rank-apart-text"),
                    html.Span("", id="ranks-moves", className="footnote"),
                ],
            ),
            html.Section(
                className="card rank-react",
                children=[
                    html.Span("Nhận cảnh báo chậm nhất", className="rank-apart-title"),
                    html.Span(DASH, id="ranks-react", className="rank-apart-text"),
                    html.Span("trung vị 30 ngày, giờ làm việc", className="footnote"),
                ],
            ),
        ],
    )


def _board(board: Board, place: Place) -> html.Section:
    return html.Section(
        className=f"card board {board.id}",
        children=[
            html.Div(
                className="card-head",
                children=[html.H2(board.title), html.Span("", id=f"{board.id}-count", className="card-fact")],
            ),
            html.Div(
                className="board-rows",
                style={"--rows": board.rows},
                children=[
                    html.Div("", id=f"{board.id}-gap", className="board-gap is-out"),
                    html.Div(DASH, id=f"{board.id}-nothing", className="nothing is-absent"),
                    *[_row(f"{board.id}-{unit.code}", unit) for unit in board.units(place)],
                ],
            ),
        ],
    )


def _row(key: str, unit: Unit) -> html.Div:
    return html.Div(
        id=key,
        className="board-row is-out",
        children=[
            html.Span(DASH, id=f"{key}-place", className="board-place"),
            html.Span("", id=f"{key}-move", className="board-move"),
            html.Span(unit.name if len(unit.name) <= LONGEST else unit.label, className="board-name"),
            html.Span(DASH, id=f"{key}-volume", className="board-volume"),
            html.Span(DASH, id=f"{key}-value", className="board-value"),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """The places of all boards, and who has none and why."""
    changes: Patch = {}
    for board in BOARDS:
        changes.update(_board_patch(board, wall, place))
    small = [unit for unit in (*place.departments, *place.communes) if _is_small(unit, wall)]
    lost = wall.units.get(UNMAPPED)
    told = [f"dưới {ranking.MINIMUM} hồ sơ: {_names(small)}"] if small else []
    stale = [place.by_code[code].name for code in _stale(wall) if code in place.by_code]
    if stale:
        told.append(f"◆ nguồn lỗi, số có thể cũ: {_listed(stale)}")
    if lost and lost.in_process + lost.paused:
        told.append(f"{number(lost.in_process + lost.paused)} hồ sơ chưa rõ đơn vị")
    changes["ranks-apart"] = say(" · ".join(told) or ("không có đơn vị nào" if wall.state == "live" else DASH))
    changes["ranks-moves"] = say(
        "▲▼ so với hạng cuối ngày hôm qua" if wall.slow else "▲▼ — : hạng hôm qua đang được tính"
    )
    changes["ranks-react"] = say(_slowest(wall, place))
    return changes


def _slowest(wall: Wall, place: Place) -> str:
    """The units that take longest to acknowledge an alert, each with how many it still has not."""
    if wall.slow is None:
        return DASH
    shown = []
    for one in wall.slow.reactions[:SLOWEST]:
        length = f"{LEAST if one.least else ''}{worked(one.median)}"
        unit = place.by_code.get(one.unit, UNMAPPED_UNIT)
        shown.append(f"{unit.label} {length} ({number(one.open)} chưa nhận)")
    return " · ".join(shown) or "chưa đủ cảnh báo để so sánh"


def _is_small(unit: Unit, wall: Wall) -> bool:
    totals = wall.units.get(unit.code)
    return totals is None or BY_ONTIME.behind(totals) < BY_ONTIME.minimum


def _stale(wall: Wall) -> Sequence[str]:
    return wall.slow.stale_units if wall.slow else ()


def _names(units: Sequence[Unit]) -> str:
    return _listed([unit.label for unit in units])


def _listed(names: Sequence[str], most: int = 6) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" và {rest} đơn vị khác" if rest > 0 else "")


def placed(board: Board, wall: Wall, place: Place) -> list[ranking.Ranked]:
    """The ranked units of a board, best first."""
    entries = []
    for unit in board.units(place):
        totals = wall.units.get(unit.code)
        if totals is not None:
            entries.append(ranking.Entry(unit.code, board.measure.value(totals), board.measure.behind(totals)))
    ranked = ranking.rank(entries, tolerance=TOLERANCE, minimum=board.measure.minimum, stale=_stale(wall))
    return [entry for entry in ranked if entry.rank is not None]


def _board_patch(board: Board, wall: Wall, place: Place) -> Patch:
    ranked, units = placed(board, wall, place), board.units(place)
    whole = len(ranked) <= board.rows
    shown = dict(enumerate(ranked)) if whole else dict(enumerate(ranked[: board.best]))
    if not whole and board.last:
        shown.update({board.best + 1 + index: entry for index, entry in enumerate(ranked[-board.last :])})
    at = {entry.code: index for index, entry in shown.items()}
    between = len(ranked) - len(shown)
    nothing = "Chưa có đơn vị đủ hồ sơ" if wall.state == "live" else DASH
    changes: Patch = {
        f"{board.id}-count": say(f"{len(ranked)}/{len(units)} đơn vị"),
        f"{board.id}-nothing": say(nothing, "nothing is-absent" if ranked else "nothing"),
        f"{board.id}-gap": Change(
            text=f"⋯ {between} đơn vị ở giữa",
            cls="board-gap" if between and board.last else "board-gap is-out",
            v=board.best if board.last else 0,
        ),
    }
    for unit in units:
        key = f"{board.id}-{unit.code}"
        if unit.code in at:
            changes.update(_row_patch(key, shown[at[unit.code]], at[unit.code], board, wall))
        else:
            changes[key] = Change(cls="board-row is-out")
    return changes


def _row_patch(key: str, entry: ranking.Ranked, index: int, board: Board, wall: Wall) -> Patch:
    move, tone = _move(entry, board, wall)
    band = board.measure.band(entry.value).name
    return {
        key: Change(cls=f"board-row {band}" + (" is-stale" if entry.stale else ""), v=index),
        f"{key}-place": say(str(entry.rank)),
        f"{key}-move": say("◆" if entry.stale else move, f"board-move {tone}"),
        f"{key}-volume": say(number(entry.volume)),
        f"{key}-value": say(board.measure.write(entry.value), f"board-value {band}"),
    }


def _move(entry: ranking.Ranked, board: Board, wall: Wall) -> tuple[str, str]:
    """How many places a unit rose or fell since yesterday; nothing where that is not known."""
    if wall.slow is None:
        return "", ""
    places = wall.slow.places_yesterday if board.measure is BY_ONTIME else wall.slow.online_places_yesterday
    before = places.get(entry.code)
    if before is None or entry.rank is None or before == entry.rank:
        return "", ""
    rose = before - entry.rank
    return (f"▲{rose}", "up") if rose > 0 else (f"▼{-rose}", "down")
