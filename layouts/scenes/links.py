"""Connectivity: a tile for each link with its history and availability, the age of every source, every system."""

from __future__ import annotations

from dash import html

from layouts.cards import linkmap, systems
from layouts.change import DASH, Change, Patch, say
from layouts.place import Place
from layouts.states import LINK_WORDS, SOURCE_ORDER, SOURCE_WORDS, link_state, source_state
from layouts.text import clock, date, latency, number, percent
from opscentre.live.wall import Availability, LinkState, SourceAge, Wall

TITLE = "Kết nối"
#: Tiles and rows there are; of more links or sources those in trouble come first.
TILES, SOURCES = 18, 8
#: Probes in the small line.
SPARK = 30
_TROUBLE = {"down": 0, "unknown": 1, "maintenance": 2, "up": 3}


def layout(place: Place) -> html.Div:
    """Tiles and rows that are filled in place."""
    return html.Div(
        className="net",
        children=[
            html.Section(
                className="card net-links",
                children=[
                    html.Div(
                        className="card-head",
                        children=[html.H2("Liên kết"), html.Span("", id="net-links-count", className="card-fact")],
                    ),
                    html.Div([_tile(f"net-{index}") for index in range(TILES)], id="net-tiles", className="net-tiles"),
                    html.Div(
                        "Đường nhỏ: thời gian đáp của 30 lần dò gần nhất · Sẵn sàng: phần thời gian thông trong "
                        "giờ tính, không kể bảo trì và lúc chưa rõ",
                        className="footnote",
                    ),
                ],
            ),
            systems.layout(place),
            html.Section(
                className="card net-sources",
                children=[
                    html.Div(
                        className="card-head",
                        children=[
                            html.H2("Nguồn số liệu"),
                            html.Span("", id="net-sources-count", className="card-fact"),
                        ],
                    ),
                    html.Div([_source(f"net-source-{index}") for index in range(SOURCES)], className="net-rows"),
                    html.Div("Tuổi: từ lần đọc thành công gần nhất; trễ khi quá ba chu kỳ", className="footnote"),
                ],
            ),
            linkmap.layout(place),
        ],
    )


def _tile(key: str) -> html.Div:
    return html.Div(
        id=key,
        className="net-tile unknown is-empty",
        children=[
            html.Div(className="net-name", children=[html.Span(className="mark"), html.Span(DASH, id=f"{key}-name")]),
            html.Div(DASH, id=f"{key}-word", className="net-word"),
            html.Div(id=f"{key}-spark", className="net-spark"),
            html.Div(DASH, id=f"{key}-share", className="net-share"),
            html.Div("", id=f"{key}-note", className="net-note"),
            html.Div("", id=f"{key}-since", className="net-since"),
        ],
    )


def _source(key: str) -> html.Div:
    return html.Div(
        id=key,
        className="net-source never is-empty",
        children=[
            html.Span(className="mark"),
            html.Span(DASH, id=f"{key}-name", className="net-source-name"),
            html.Span(DASH, id=f"{key}-age", className="net-source-age"),
            html.Span("", id=f"{key}-sub", className="net-source-sub"),
        ],
    )


def patch(wall: Wall, place: Place) -> Patch:
    """Every link and source; what was not probed or read for three intervals is not called well."""
    links = [(link, link_state(link, wall.made_at)) for link in wall.links]
    sources = [(source, source_state(source, wall.made_at)) for source in wall.sources]
    up, fresh = sum(state == "up" for _, state in links), sum(state == "fresh" for _, state in sources)
    # Links under maintenance are neither in order nor out of it, nor are sources that a person has paused.
    away = sum(state == "maintenance" for _, state in links)
    paused = sum(state == "paused" for _, state in sources)
    changes: Patch = {
        **systems.patch(wall, place),
        **linkmap.patch(wall, place),
        "net-links-count": _count(up, len(links) - away, "thông", TILES, away, "bảo trì"),
        "net-sources-count": _count(fresh, len(sources) - paused, "kịp thời", SOURCES, paused, "tạm dừng"),
        "net-tiles": Change(v=max(1, min(TILES, len(links)))),
    }
    if len(links) > TILES:
        links.sort(key=lambda entry: _TROUBLE[entry[1]])
    if len(sources) > SOURCES:
        sources.sort(key=lambda entry: SOURCE_ORDER[entry[1]])
    for index in range(TILES):
        if index < len(links):
            changes.update(_tile_patch(f"net-{index}", *links[index], wall))
        else:
            changes[f"net-{index}"] = Change(cls="net-tile unknown is-empty")
    for index in range(SOURCES):
        if index < len(sources):
            changes.update(_source_patch(f"net-source-{index}", *sources[index]))
        else:
            changes[f"net-source-{index}"] = Change(cls="net-source never is-empty")
    return changes


def _count(well: int, whole: int, word: str, room: int, away: int, why: str) -> Change:
    if not whole + away:
        return say("chưa khai báo", "card-fact is-warn")
    more = (f" · {away} {why}" if away else "") + (f" · hiện {room}" if whole + away > room else "")
    return say(f"{well}/{whole} {word}{more}", "card-fact" if well == whole else "card-fact is-warn")


def _tile_patch(key: str, link: LinkState, state: str, wall: Wall) -> Patch:
    warned, note = _note(link, wall)
    known = link.since is not None and state != "unknown"
    return {
        key: Change(cls=f"net-tile {state}" + (" is-warned" if warned else "")),
        f"{key}-name": say(link.name),
        f"{key}-word": say(
            latency(link.latency_ms) if state == "up" and link.latency_ms else LINK_WORDS[state].upper()
        ),
        f"{key}-spark": Change(spark=link.latencies[-SPARK:]),
        f"{key}-share": say(_available(link.available_30d)),
        f"{key}-note": say(note),
        f"{key}-since": Change(tick=("age", link.since)) if known and link.since is not None else say(""),
    }


def _available(found: Availability | None) -> str:
    """The share of the last 30 days; a dash before the first probe, words before the first hour that counts."""
    share = None if found is None else found.share
    if found is None:
        return f"30 ngày: {DASH}"
    return f"30 ngày: {percent(share)}" if share is not None else "30 ngày: chưa đo"


def _note(link: LinkState, wall: Wall) -> tuple[bool, str]:
    """What else is to be said of a link, the most urgent first, and whether it is a warning."""
    days = link.certificate_days(wall.made_at)
    if days is not None and link.certificate_due(wall.made_at):
        return True, f"chứng thư còn {number(days)} ngày" if days >= 0 else "CHỨNG THƯ ĐÃ HẾT HẠN"
    if link.flapping:
        return True, "chập chờn"
    if link.maintenance_until is not None and link_state(link, wall.made_at) == "maintenance":
        return False, f"hết lúc {clock(link.maintenance_until)} {date(link.maintenance_until)[:5]}"
    slowest = max((one for one in link.latencies[-SPARK:] if one is not None), default=None)
    return False, f"cao nhất {latency(slowest)}" if slowest is not None else ""


def _source_patch(key: str, source: SourceAge, state: str) -> Patch:
    seen = source.observed_at
    if source.paused_since is not None:
        told = [f"{SOURCE_WORDS[state]} từ {clock(source.paused_since)} {date(source.paused_since)}"]
    else:
        told = [*filter(None, [SOURCE_WORDS[state]]), f"{number(source.total)} bản ghi đã nhận"]
    if source.quarantined:
        told.append(f"{number(source.quarantined)} bị giữ lại")
    return {
        key: Change(cls=f"net-source {state}"),
        f"{key}-name": say(source.name),
        f"{key}-age": say(DASH) if seen is None else Change(tick=("age", seen)),
        f"{key}-sub": say(" · ".join(told)),
    }
