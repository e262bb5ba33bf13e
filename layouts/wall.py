"""The wall's page: its head, its alarm, and the stage on which all its scenes are mounted."""

from __future__ import annotations

from typing import Any

import msgspec
from dash import html
from plotly.offline import get_plotlyjs_version

from layouts.cards import head, pin
from layouts.change import Patch
from layouts.english import english
from layouts.markup import to_html
from layouts.place import Place
from layouts.scenes import SCENES
from layouts.words import WORDS, Lang, Words
from opscentre.live.wall import Wall

PATH = "/wall"
#: Where the screen gets the page's content.
CONTENT = "/api/page"
#: Where it gets the chart library, which its address names whole: another version is another address.
CHARTS = f"/charts/plotly-{get_plotlyjs_version()}.js"


def keys(place: Place) -> tuple[str, ...]:
    """The scenes of a place's wall, in their order."""
    return place.wall.scenes or tuple(SCENES)


def paths(place: Place) -> list[str]:
    """Every address of the wall: its own, and one a scene."""
    return [PATH, *(f"{PATH}/{key}" for key in keys(place))]


def shell() -> html.Div:
    """The empty page, which the screen fills once with what ``layout`` holds (``layouts/markup.py`` says why)."""
    source: dict[str, Any] = {"data-source": CONTENT, "data-charts": CHARTS}
    return html.Div(id="wall", className="wall", **source)


def scene_name(key: str, words: Words) -> str:
    """What a scene is called."""
    return SCENES[key].TITLE if words.lang == "vi" else english(SCENES[key].TITLE)


def content(place: Place, lang: Lang = "vi") -> str:
    """What the page holds, as HTML; in English with the words that the screen itself says."""
    if lang == "vi":
        return to_html(layout(place).children)
    said: dict[str, Any] = {"data-said": msgspec.json.encode(WORDS[lang].said()).decode()}
    return to_html([*layout(place).children, html.Div(className="is-absent", **said)], english)


def layout(place: Place) -> html.Div:
    """The page, mounted once. Until the first push every number is a dash; which scene is seen the screen decides."""
    turning: dict[str, Any] = {"data-rotate": str(place.wall.rotate)}
    return html.Div(
        id="wall",
        className="wall",
        children=[
            pin.layout(),
            head.layout(place, keys(place)),
            html.Div(
                [_mounted(key, place) for key in keys(place)],
                className="stage",
                **turning,
            ),
            html.Div(
                id="alarm",
                className="alarm",
                role="alert",
                children=[html.Span(className="mark"), html.Span("", id="alarm-text")],
            ),
        ],
    )


def _mounted(key: str, place: Place) -> html.Section:
    scene = SCENES[key]
    named: dict[str, Any] = {"data-scene": key, "data-title": scene.TITLE}
    return html.Section(scene.layout(place), className="scene", **named)


def patch(wall: Wall, place: Place) -> Patch:
    """What every element of the page shows now."""
    changes = head.patch(wall, place)
    for key in keys(place):
        changes.update(SCENES[key].patch(wall, place))
    return changes
