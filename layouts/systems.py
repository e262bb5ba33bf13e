"""What is said of each system of the province: its link's state, its source's age, a figure, a number of the board."""

from __future__ import annotations

from layouts.cards.kpis import is_known
from layouts.change import DASH, Change, say
from layouts.notice import SILENT_MS
from layouts.states import LINK_WORDS, SOURCE_WORDS, link_state, source_state
from layouts.text import number
from opscentre.domain.figures import System
from opscentre.live.slow import FigureShown
from opscentre.live.wall import Wall

#: What a leader asks first, by metric: how far the national portal has what the province did.
NATIONAL = {
    "input:sync-lag": "Độ trễ",
    "input:sync-backlog": "Hồ sơ chờ gửi",
    "input:indicator-1.4": "Chỉ tiêu 1.4",
}
#: Said where nobody has sent a figure yet: it is never a zero.
UNMEASURED = "chưa có số đo"
UNDECLARED = "chưa khai báo"
_TROUBLE = {"down": 0, "failing": 1, "stale": 2}
_UNMEASURED = ("unmeasured", "never", "unknown")

#: State (the class of the row), value and what stands below it.
Told = tuple[str, Change, Change]


def national(systems: tuple[System, ...]) -> list[System]:
    """The national portal's figures among the systems, in the order in which they are asked for."""
    return sorted((one for one in systems if one.metric in NATIONAL), key=lambda one: list(NATIONAL).index(one.metric))


def others(systems: tuple[System, ...], wall: Wall) -> list[tuple[System, Told]]:
    """Every other system with what is said of it: those in trouble first, those without a measurement last."""
    found = [(one, told(one, wall)) for one in systems if one.metric not in NATIONAL]
    return sorted(found, key=lambda entry: _order(entry[1][0]))


def _order(state: str) -> int:
    return _TROUBLE.get(state, 4 if state in _UNMEASURED else 3)


def told(system: System, wall: Wall) -> Told:
    """What is said of one system now."""
    kind, _, name = system.metric.partition(":")
    if kind == "link":
        return _of_link(name, wall)
    if kind == "source":
        return _of_source(name, wall)
    if kind == "board":
        return _of_board(name, wall)
    return of_figure(wall.slow.measured.get(system.metric) if wall.slow else None, wall)


def _of_link(code: str, wall: Wall) -> Told:
    link = next((one for one in wall.links if one.code == code), None)
    if link is None:
        return "unknown", say(UNDECLARED), say("")
    state = link_state(link, wall.made_at)
    since = link.since if state != "unknown" else None
    return state, say(LINK_WORDS[state]), say("") if since is None else Change(tick=("age", since))


def _of_source(code: str, wall: Wall) -> Told:
    source = next((one for one in wall.sources if one.code == code), None)
    if source is None:
        return "unknown", say(UNDECLARED), say("")
    state = source_state(source, wall.made_at)
    seen = source.observed_at
    word = SOURCE_WORDS[state] or "kịp thời"
    return state, say(word), say("") if seen is None else Change(tick=("age", seen))


def _of_board(name: str, wall: Wall) -> Told:
    if name.endswith("_at"):
        return _of_moment(name, getattr(wall, name), wall)
    value = getattr(wall.totals, name, None)
    if not isinstance(value, int) or not is_known(wall, value):
        return "unknown", say(DASH), say("")
    return "counted", say(number(value)), say("hôm nay" if name.endswith("_today") else "hiện tại")


def _of_moment(name: str, at: int | None, wall: Wall) -> Told:
    """How long ago something was; of a heartbeat only that it is in time, else every beat would change the picture."""
    if at is None:
        return "unknown", say(DASH), say("")
    below = say("nhịp gần nhất" if name == "heartbeat_at" else "")
    if wall.made_at - at <= SILENT_MS:
        return "up", say("kịp thời"), below
    return "counted", Change(tick=("age", at)), below


def of_figure(figure: FigureShown | None, wall: Wall) -> Told:
    """A figure that somebody sent or published, with its day."""
    if figure is None:
        return "unmeasured", say(UNMEASURED if wall.slow else DASH), say("")
    unit = figure.unit if figure.unit == "%" else f" {figure.unit}"
    value = f"thứ {figure.value}" if figure.unit == "hạng" else f"{figure.value}{unit}".strip()
    return "measured", say(value), say(figure.as_of)
