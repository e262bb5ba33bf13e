"""Markup and scripts planted in every text of dossiers, units, sources, links and notes stay text wherever shown."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from dash.development.base_component import Component

from bench.stream.changes import NOW
from bench.web.seed import rows, states
from dashboard.desk import Desk
from dashboard.desk_export import as_csv, as_xlsx, list_sheet, table_sheet
from layouts import wall as wall_page
from layouts.markup import at_once, to_html
from layouts.picture import paint
from layouts.place import place_of
from opscentre.domain.dossier import Apology
from opscentre.domain.fold import fold
from opscentre.domain.moments import DAY
from opscentre.live.wall import Wall
from opscentre.profile import Profile
from opscentre.store import journal
from opscentre.store.engine import open_store, reading
from tests.dashboard.conftest import Dashboard
from tests.dashboard.desks import Standing
from tests.dashboard.pictures import Board, plausible
from tests.parts.process import wait_until
from tests.parts.redis import Redis

PLANT = "x\"'><script data-planted>alert(1)</script><img data-planted src=x onerror=alert(1)>"
#: Where a text could become an address.
LINK = "javascript:alert(1)"
FORMULA = "=cmd|' /C calc'!A0"
UNIT = "H55.12"
SOURCE = "mot-cua"
#: Attributes that hold addresses, and what these may begin with.
ADDRESSES, INSIDE = ("href", "src", "action", "formaction"), ("/", "#", "?", "data:image/")
NUMBERS = (PLANT[:100], LINK, FORMULA)


def planted_in(profile: Profile) -> Profile:
    """The profile with planted names of a unit."""
    units = profile.units
    unit = msgspec.structs.replace(units[UNIT], name=PLANT, short=LINK)
    changed = type(units)([unit if one.code == UNIT else one for one in units.all])
    return msgspec.structs.replace(profile, units=changed)


def fill(url: str, profile: Profile) -> Any:
    """A database with dossiers whose every text is planted."""
    engine = open_store(url)
    found = list(states(profile, 0, 30, still_open=3))
    like = next(state.snapshot for state in found)
    for number in NUMBERS:
        planted = msgspec.structs.replace(
            like, source=SOURCE, number=number, unit=UNIT, procedure=LINK, procedure_name=PLANT, field=LINK,
            field_name=PLANT, status=4, due=NOW - DAY, received=NOW - 3 * DAY, version=NOW - 2 * DAY, finished=None,
            returned=None, supplements=(), progress=(), apologies=(Apology(NOW - DAY // 2),),
        )  # fmt: skip
        found.append(fold(None, planted)[0])
    journal.write(engine, journal.Entries(dossiers=list(rows(profile, found))))
    return engine


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> Desk:
    planted = planted_in(profile)
    engine = fill(f"sqlite:///{tmp_path_factory.mktemp('planted')}/desk.db", planted)
    made = Desk(reading(engine), planted, place_of(planted), Standing(), {SOURCE: PLANT})
    made.add_note(("dossier", SOURCE, NUMBERS[0]), PLANT[:80], PLANT)
    made.add_note(("unit", UNIT, ""), PLANT[:80], LINK)
    return made


def parts(component: Any) -> Iterator[Component]:
    """Every component of a page."""
    if isinstance(component, list | tuple):
        for one in component:
            yield from parts(one)
    elif isinstance(component, Component):
        yield component
        yield from parts(getattr(component, "children", None))


def pages() -> Iterator[str]:
    for lang in ("vi", "en"):
        yield from (f"{path}?lang={lang}" for path in ("/", "/table", "/list/overdue", f"/unit/{UNIT}", "/alerts"))
        yield f"/search?q={quote(NUMBERS[0][:20])}&lang={lang}"
        yield f"/table?by=procedure&unit={UNIT}&lang={lang}"
        yield f"/compare?units={UNIT}&lang={lang}"
        yield f"/unit/{UNIT}/{quote(LINK, safe='')}?lang={lang}"
        yield from (f"/dossier/{SOURCE}/{quote(number, safe='')}?lang={lang}" for number in NUMBERS)
    yield f"/list/overdue?unit={quote(PLANT)}"
    yield f"/{quote(PLANT)}"
    yield f"/figure/{quote(PLANT, safe='')}"


@pytest.mark.parametrize("address", pages())
def test_a_page_of_the_desk_holds_planted_texts_as_texts_and_leads_nowhere_else(desk: Desk, address: str) -> None:
    path, _, search = address.partition("?")
    page = desk.show(path, f"?{search}")
    for part in parts(at_once(page)):
        require_harmless(part.to_plotly_json()["props"].get("data-markup", ""))
    for part in parts(page):
        assert part._type not in ("Script", "Iframe", "ObjectEl", "Embed", "Base", "Meta", "Style", "Markdown")
        for name, value in part.to_plotly_json()["props"].items():
            assert not name.lower().startswith("on")
            assert "dangerously" not in name
            if name in ADDRESSES and value:
                assert str(value).startswith(INSIDE), (part._type, value)
                assert not str(value).startswith("//")


class Tags(HTMLParser):
    """The elements of a document as a browser takes them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.found.append((tag, dict(attrs)))


def require_harmless(text: str) -> None:
    for tag, attributes in Tags(text).found:
        assert tag not in ("script", "iframe", "object", "embed", "base"), tag
        assert "data-planted" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        for name in ADDRESSES:
            assert not (attributes.get(name) or "").lower().startswith("javascript:")


def planted_wall(profile: Profile) -> Wall:
    wall = plausible(profile)
    for dossiers in (wall.overdue, wall.due_soon):
        for dossier in dossiers:
            dossier.number, dossier.procedure_name, dossier.unit = PLANT, PLANT, UNIT
    for source in wall.sources:
        source.name = source.error = PLANT
    for link in wall.links:
        link.name = link.detail = PLANT
        link.state = "down"
    assert wall.slow is not None
    for figure in wall.slow.figures:
        figure.scope = figure.unit = figure.source = figure.note = PLANT
    return wall


def test_the_wall_holds_planted_texts_as_texts(profile: Profile) -> None:
    place = place_of(planted_in(profile))
    require_harmless(to_html(wall_page.layout(place).children))
    # A push sets texts, classes and numbers: there is no other kind of change, and classes are ours.
    patch = paint(planted_wall(planted_in(profile)), place)
    assert any(change.text and "<script" in change.text for change in patch.values())
    for change in patch.values():
        assert not set(change.cls or "") & set("<>\"'")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_export_holds_a_formula_or_a_line_of_its_own(desk: Desk, kind: str) -> None:
    view = desk.view("/list/overdue", f"?unit={UNIT}")
    for sheet in (list_sheet(desk, view, "overdue"), table_sheet(desk, desk.view("/table", "?by=procedure"))):
        if kind == "csv":
            text = b"".join(as_csv(sheet)).decode("utf-16")
            cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter="\t") for cell in row]
            assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        else:
            with zipfile.ZipFile(io.BytesIO(b"".join(as_xlsx(sheet)))) as book:
                written = book.read("xl/worksheets/sheet1.xml").decode()
            assert "<f>" not in written
            assert "<script" not in written
    assert FORMULA in " ".join(str(cell) for row in list_sheet(desk, view, "overdue").rows for cell in row)


@pytest.mark.browser
def test_in_a_browser_nothing_planted_becomes_an_element(
    chromium: Any, redis_server: Redis, tmp_path: Path, profile: Profile
) -> None:
    database = f"sqlite:///{tmp_path}/desk.db"
    fill(database, profile).dispose()
    server, board = Dashboard(tmp_path, redis_server.url, database), Board(redis_server.url)
    server.start()
    context = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="vi-VN")
    page, alerts = context.new_page(), []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    try:
        board.show(planted_wall(profile))
        page.goto(f"{server.url}/wall/late")
        wait_until(lambda: "data-planted" in (page.locator("#late-overdue-0-number").text_content() or ""), 40, "plant")
        assert page.locator("[data-planted]").count() == 0
        for number in NUMBERS:
            page.goto(f"{server.url}/dossier/{SOURCE}/{quote(number, safe='')}")
            page.locator("main h1", has_text=number).wait_for(timeout=40_000)
            assert page.locator("[data-planted]").count() == 0
            assert page.locator('a[href^="javascript:"]').count() == 0
        assert alerts == []
    finally:
        context.close()
        server.kill()
