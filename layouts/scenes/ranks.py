"""Leaderboards: departments and communes by score, on-time share and online share, with their moves since yesterday."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dash import html

from layouts.cards import stamp
from layouts.cards.urgent import page
from layouts.change import DASH, Patch, say
from layouts.measures import MEASURES, Measure
from layouts.place import Place
from layouts.ranking import MINIMUM, rank_by
from layouts.rows import Cell, Rows, Values
from layouts.states import units_of_failing_sources
from layouts.text import decimal, number, worked
from opscentre.domain.dossier import UNMAPPED
from opscentre.domain.ranking import Entry, Ranked
from opscentre.domain.units import UNMAPPED_UNIT, Unit
from opscentre.live.slow import ScoreShown, Slow, UnitScore
from opscentre.live.wall import Wall

TITLE = "Xếp hạng"
#: Rows of a board: the best, the page of those between, the last.
BEST, BETWEEN, LAST = 4, 4, 3
ROWS = BEST + BETWEEN + LAST
#: Units named as slow to acknowledge.
SLOWEST = 3
#: Before a time that can only be longer.
LEAST = "≥ "
#: Units with longer names go by their short ones.
LONGEST = 24
BY_ONTIME, BY_ONLINE = MEASURES[0], MEASURES[2]
_PLACED = (Cell("place", "board-place"), Cell("move", "board-move", ""), Cell("name", "board-name"))
_SHARE = (*_PLACED, Cell("volume", "board-volume"), Cell("value", "board-value"))
_SCORE = (*_PLACED, Cell("value", "board-value"), Cell("change", "board-change"), Cell("word", "board-word", ""))


class Board(NamedTuple):
    """One leaderboard: its id, what its head calls the measure, whom it ranks, and by what (None: by the score)."""

    id: str
    title: str
    departments: bool
    measure: Measure | None

    def head(self, place: Place) -> str:
        """Whom it ranks, and by what."""
        return f"{'Sở, ban, ngành' if self.departments else place.lowest} · {self.title}"

    def units(self, place: Place) -> tuple[Unit, ...]:
        """Whom it ranks."""
        return place.departments if self.departments else place.communes

    @property
    def rows(self) -> Rows:
        """A row for each of its units."""
        if self.measure is None:
            return Rows(self.id, "board-row is-score", _SCORE, hidden="is-out")
        return Rows(self.id, "board-row", _SHARE, hidden="is-out")


BOARDS = (
    Board("rank-dsco", "điểm 766", True, None),
    Board("rank-dept", "đúng hạn 30 ngày", True, BY_ONTIME),
    Board("rank-donl", "trực tuyến hôm nay", True, BY_ONLINE),
    Board("rank-csco", "điểm 766", False, None),
    Board("rank-comm", "đúng hạn 30 ngày", False, BY_ONTIME),
    Board("rank-conl", "trực tuyến hôm nay", False, BY_ONLINE),
)


def layout(place: Place) -> html.Div:
    """A row for every unit of every board, and lines for what stands in none."""
    return html.Div(
        className="ranks",
        children=[
            *[_board(board, place) for board in BOARDS],
            _line("rank-apart", "Không xếp hạng, số cũ", "ranks-apart", ""),
            _line("rank-react", "Nhận cảnh báo chậm nhất", "ranks-react", "trung vị 30 ngày, giờ làm việc"),
            html.Div(
                className="rank-how footnote",
                children=[
                    html.Span("", id="ranks-moves"),
                    html.Span(
                        "Điểm tháng này: % số điểm mà hồ sơ của đơn vị có thể đạt, theo Quyết định 766 · "
                        "số mờ: số hồ sơ · giữa hai vạch: lần lượt các hạng còn lại"
                    ),
                    stamp.layout("ranks"),
                ],
            ),
        ],
    )


def _line(cls: str, title: str, key: str, note: str) -> html.Section:
    return html.Section(
        className=f"card {cls}",
        children=[
            html.Span(title, className="rank-apart-title"),
            html.Span(DASH, id=key, className="rank-apart-text"),
            html.Span(note, className="footnote"),
        ],
    )


def _board(board: Board, place: Place) -> html.Section:
    return html.Section(
        className=f"card board {board.id}",
        children=[
            html.Div(
                className="card-head",
                children=[html.H2(board.head(place)), html.Span("", id=f"{board.id}-count", className="card-fact")],
            ),
            html.Div(
                className="board-rows",
                style={"--rows": ROWS},
                children=[
                    html.Div(DASH, id=f"{board.id}-nothing", className="nothing is-absent"),
                    *board.rows.layout_of(unit.code for unit in board.units(place)),
                ],
            ),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """The places of all boards, and who has none and why."""
    changes: Patch = {}
    for board in BOARDS:
        changes.update(_board_patch(board, wall, place))
    moves = "▲▼ so với cuối ngày hôm qua · — : chưa rõ" if wall.slow else "▲▼ — : hạng hôm qua đang được tính"
    return {
        **changes,
        "ranks-apart": say(_apart(wall, place)),
        "ranks-moves": say(moves),
        "ranks-react": say(_slowest(wall, place)),
        **stamp.patch("ranks", wall),
    }


def _apart(wall: Wall, place: Place) -> str:
    """Who has no place and why, and whose numbers may be old."""
    everybody = (*place.departments, *place.communes)
    small = [unit for unit in everybody if _behind(BY_ONTIME, unit, wall) < BY_ONTIME.minimum]
    # Where nothing is known of anybody, nobody is known to have too few.
    told = [f"dưới {MINIMUM} hồ sơ: {_listed(small)}"] if small and wall.state == "live" else []
    scored = {code for code, one in _scores(wall).items() if one.rank is not None}
    # Those of too few dossiers are named already.
    unscored = [unit for unit in everybody if unit.code not in scored and unit not in small]
    if unscored and _score(wall):
        told.append(f"chưa đủ hồ sơ tháng này để có điểm: {_listed(unscored)}")
    offline = sum(_behind(BY_ONLINE, unit, wall) < BY_ONLINE.minimum for unit in everybody)
    if offline and wall.state == "live":
        told.append(f"trực tuyến: {number(offline)} đơn vị dưới {BY_ONLINE.minimum} hồ sơ hôm nay")
    stale = [place.by_code[code] for code in _stale(wall) if code in place.by_code]
    if stale:
        told.insert(0, f"◆ nguồn lỗi, trễ hoặc tạm dừng, số có thể cũ: {_listed(stale)}")
    lost = wall.units.get(UNMAPPED)
    if lost and lost.in_process + lost.paused:
        told.append(f"{number(lost.in_process + lost.paused)} hồ sơ chưa rõ đơn vị")
    return " · ".join(told) or ("không có đơn vị nào" if wall.state == "live" else DASH)


def _behind(measure: Measure, unit: Unit, wall: Wall) -> int:
    totals = wall.units.get(unit.code)
    return 0 if totals is None else measure.behind(totals)


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


def _score(wall: Wall) -> ScoreShown | None:
    return wall.slow.score if wall.slow else None


def _stale(wall: Wall) -> Sequence[str]:
    return sorted(units_of_failing_sources(wall))


def _listed(units: Sequence[Unit], most: int = 4) -> str:
    rest = len(units) - most
    return ", ".join(unit.label for unit in units[:most]) + (f" và {rest} đơn vị khác" if rest > 0 else "")


def placed(board: Board, wall: Wall, place: Place) -> list[Ranked]:
    """The ranked units of a board, best first; a score's value is a share of 1 too."""
    minimum = MINIMUM if board.measure is None else board.measure.minimum
    return rank_by(board.units(place), _entries(board, wall), minimum, _stale(wall))


def _entries(board: Board, wall: Wall) -> Callable[[Unit], Entry | None]:
    measure = board.measure
    if measure is None:
        scores = _scores(wall)

        def scored(unit: Unit) -> Entry | None:
            found = scores.get(unit.code)
            if found is None or found.percent is None:
                return None
            return Entry(unit.code, found.percent / 100, found.volume)

        return scored

    def shared(unit: Unit) -> Entry | None:
        totals = wall.units.get(unit.code)
        return None if totals is None else Entry(unit.code, measure.value(totals), measure.behind(totals))

    return shared


def _scores(wall: Wall) -> dict[str, UnitScore]:
    found = _score(wall)
    return {one.code: one for one in found.units} if found else {}


def _slots(count: int, made_at: int) -> tuple[dict[int, int], tuple[int, int] | None]:
    """At which row each place of a ranking stands now, and the places between the best and the last that do.

    Those between turn their pages, as the lists of dossiers do, the last of them filled up with the places before it;
    None: all of them have room.
    """
    if count <= ROWS:
        return {index: index for index in range(count)}, None
    between = count - BEST - LAST
    turned, _ = page(between, BETWEEN, made_at)
    first = BEST + min(turned * BETWEEN, between - BETWEEN)
    after = first + BETWEEN
    slots = {index: index for index in range(BEST)}
    slots |= {index: BEST + index - first for index in range(first, after)}
    slots |= {count - LAST + index: BEST + BETWEEN + index for index in range(LAST)}
    return slots, (first + 1, after)


def _board_patch(board: Board, wall: Wall, place: Place) -> Patch:
    ranked, rows = placed(board, wall, place), board.rows
    slots, between = _slots(len(ranked), wall.made_at)
    unknown = board.measure is None and _score(wall) is None
    nothing = DASH if wall.state != "live" else stamp.WAITING if unknown else "Chưa có đơn vị đủ hồ sơ"
    known = str(len(ranked)) if ranked or wall.state == "live" else DASH
    count = f"{known}/{len(board.units(place))}"
    changes: Patch = {
        f"{board.id}-count": say(f"{between[0]}–{between[1]} / {len(ranked)}" if between else count),
        f"{board.id}-nothing": say(nothing, "nothing is-absent" if ranked else "nothing"),
    }
    shown = {entry.code: (index, entry) for index, entry in enumerate(ranked)}
    scores = _scores(wall) if board.measure is None else {}
    words = score.grades if (score := _score(wall)) else []
    for unit in board.units(place):
        index, entry = shown.get(unit.code, (None, None))
        if index is None or entry is None:
            changes.update(rows.hide(unit.code))
        elif index not in slots:
            # It waits where its page will show it, so that it need not travel there.
            changes.update(rows.hide(unit.code, v=BEST + (index - BEST) % BETWEEN))
        else:
            slot = slots[index]
            values, tone = (
                _score_row(scores[unit.code], words) if board.measure is None else _share_row(entry, board.measure)
            )
            if between is not None and slot in (BEST, BEST + BETWEEN):
                tone += " is-part"
            values = {**_place_row(entry, unit, board, wall.slow), **values}
            changes.update(rows.fill(unit.code, values, tone + (" is-stale" if entry.stale else ""), v=slot))
    return changes


def _place_row(entry: Ranked, unit: Unit, board: Board, slow: Slow | None) -> Values:
    move, tone = _move(entry, board, slow)
    return {
        "place": str(entry.rank),
        "name": unit.name if len(unit.name) <= LONGEST else unit.label,
        "move": say("◆", "board-move") if entry.stale else say(move, f"board-move {tone}"),
    }


def _share_row(entry: Ranked, measure: Measure) -> tuple[Values, str]:
    band = measure.band(entry.value).name
    value = say(measure.write(entry.value), f"board-value {band}")
    return {"volume": number(entry.volume), "value": value}, band


def _score_row(found: UnitScore, words: Sequence[str]) -> tuple[Values, str]:
    """The score, by how much it changed since the end of yesterday, and the word for it."""
    percent = found.percent or 0.0
    step = None if found.yesterday is None else round(percent - found.yesterday, 1)
    sign = "" if not step else "+" if step > 0 else "−"
    tone = _tone(found.grade, words)
    change = DASH if step is None else f"{sign}{decimal(abs(step), 1)}"
    return {
        "value": say(decimal(percent, 1), f"board-value {tone}"),
        "change": say(change, "board-change" + (" up" if sign == "+" else " down" if sign else "")),
        "word": say(found.grade, f"board-word {tone}"),
    }, tone


def _tone(grade: str, words: Sequence[str]) -> str:
    """The colour of a word: the best is good, the last bad, the last but one a warning."""
    if grade not in words:
        return "none"
    index = words.index(grade)
    if index == 0:
        return "good"
    return {1: "bad", 2: "warn"}.get(len(words) - index, "fair")


def _move(entry: Ranked, board: Board, slow: Slow | None) -> tuple[str, str]:
    """How many places a unit rose or fell since yesterday; nothing for none, a dash where that is not known."""
    if slow is None:
        return DASH, ""
    places = {
        None: slow.score_places_yesterday,
        BY_ONTIME.key: slow.places_yesterday,
        BY_ONLINE.key: slow.online_places_yesterday,
    }[board.measure and board.measure.key]
    before = places.get(entry.code)
    if before is None or entry.rank is None:
        return DASH, ""
    rose = before - entry.rank
    if not rose:
        return "", ""
    return (f"▲{rose}", "up") if rose > 0 else (f"▼{-rose}", "down")
