"""Puts the application together: the Dash pages, the feed that pushes to them, the API, the headers."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from html import escape
from pathlib import Path

import dash
import msgspec
from dash import Input, Output, dcc, html
from dash.development.base_component import Component
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from dashboard import (
    alert_actions,
    answers,
    api,
    charts,
    desk_export,
    desk_install,
    desk_notes,
    desk_walls,
    doors,
    mails,
    plain_pages,
    slips,
)
from dashboard.account import Account
from dashboard.admin.pages import routes as admin_routes
from dashboard.admin.room import Room
from dashboard.alert_feed import AlertFeed
from dashboard.audience import painted
from dashboard.desk import Desk
from dashboard.feed import Feed
from dashboard.gate import FROM_INSIDE, Gate, allowed
from dashboard.limits import Limits
from dashboard.rate_limit import RateLimit
from dashboard.reader import Reader
from dashboard.request_id import RequestId
from dashboard.screens import Screens
from dashboard.security import SecurityHeaders, framers
from dashboard.sign_in import Route, SignIn
from dashboard.slow import SlowFeed
from dashboard.walls import Control
from dashboard.ways import ways_of
from layouts import wall
from layouts.alarms import Watch
from layouts.figures.areas import draw
from layouts.markup import at_once
from layouts.place import Place, place_of
from layouts.scenes import SCENES
from opscentre import maps, paths
from opscentre.alert_files import read_names
from opscentre.clock import Clock, open_clock
from opscentre.domain.moments import date_of, day_number
from opscentre.figures_file import read_systems
from opscentre.live.rates import Rates
from opscentre.live.wall_board import WallBoard
from opscentre.mail_folder import MailFolder
from opscentre.oidc_file import read_provider
from opscentre.profile import Profile
from opscentre.runtime.health import Health, database
from opscentre.settings import Settings
from opscentre.sources import read_links, read_sources
from opscentre.store.sessions import limits_of
from opscentre.wall_file import read_wall

log = logging.getLogger(__name__)

#: Seconds after which a job that does not end is told once more.
AGAIN = 0.5

INDEX = """<!DOCTYPE html>
<html lang="vi">
<head>
{%metas%}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{%title%}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="apple-touch-icon" href="/assets/icon-192.png">
<link rel="manifest" href="/manifest.webmanifest">
<meta name="theme-color" content="#0a0f15">
{%css%}
</head>
<body>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""


def create_app(
    settings: Settings,
    profile: Profile,
    reader_factory: Callable[[], Reader],
    look_back: api.LookBack,
    store: Engine,
    slow: SlowFeed | None = None,
) -> FastAPI:
    """The dashboard as an ASGI application; its ``state.feed`` is the push.

    ``reader_factory`` is called twice: the push and the API have a reader each, used from threads. ``look_back``
    answers from SQL for periods that the live board does not reach. ``store`` is what the desk's pages ask. ``slow``
    counts what changes by the minute; without it the scenes of that say that it is not there yet.
    """
    clock = open_clock(settings.clock, profile.calendar)
    place = _place(settings, profile, date_of(day_number(clock.now())))
    walls = WallBoard(settings.redis_url)
    control = Control(walls)
    feed = Feed(
        reader_factory(),
        partial(painted, place=place),
        settings.redis_url,
        alarm=Watch(place).take,
        slow=lambda: slow.newest if slow else None,
        control=control,
        alerts=lambda: told.newest,
    )
    told = AlertFeed(store, clock, lambda: feed.wall)

    jobs = {"feed": feed.run, "walls": control.run, "alerts": told.run} | ({"slow": slow.run} if slow else {})
    server = FastAPI(lifespan=_lifespan(feed, jobs), docs_url=None, redoc_url=None, openapi_url=None)
    server.state.feed = feed
    server.state.health = Health(f"dashboard-{settings.worker}" if settings.worker else "dashboard")
    server.state.health.can_work_when(board=partial(api.unreadable, feed), database=database(store))
    for path, handler in api.health_routes(feed, server.state.health):
        server.add_route(path, handler, methods=["GET"])
    for path, handler in api.routes(feed, reader_factory(), look_back, clock, place, control):
        server.add_route(path, handler, methods=["GET"])
    for path, handler in control.routes():
        server.add_route(path, handler, methods=["POST"])
    for path, handler in mails.routes(MailFolder(settings.data / "mails"), place):
        server.add_route(path, handler, methods=["GET"])
    pages: dict[str, Callable[[], Component]] = dict.fromkeys(wall.paths(place), wall.shell)
    desk = _desk(settings, profile, store, place, clock)
    got = [*desk_install.routes(place), *charts.routes(), *desk_export.routes(desk), *slips.routes(desk)]
    for path, handler in got:
        server.add_route(path, handler, methods=["GET"])
    for path, handler in answers.routes(store, clock, os.environ, place):
        server.add_route(path, handler, methods=["GET", "POST"])
    for path, handler in admin_routes(Room(store, settings, profile, place, clock)):
        server.add_route(path, handler, methods=["GET", "POST"])
    people = Screens(store, settings.redis_url, place).routes()
    if settings.sign_in == "required":
        people += _signing(settings, store, profile, place)
    for path, method, handler in people:
        server.add_route(path, handler, methods=[method])
    application = _dash(server, escape(place.title), pages, desk, walls)
    _shield(server, settings, store, desk, application)
    return server


def _desk(settings: Settings, profile: Profile, store: Engine, place: Place, clock: Clock) -> Desk:
    """The desk's pages, with the names that files give to sources, links and rules."""
    sources = read_sources(profile, settings)
    names = {source.code: source.name for source in sources}
    intervals = {source.code: source.interval for source in sources}
    links = {link.code: link.name for link in read_links(profile, settings)}
    return Desk(store, profile, place, clock, names, read_names(profile, settings), links, intervals)


def _lifespan(feed: Feed, jobs: dict[str, Callable[[], Coroutine[None, None, None]]]) -> Lifespan[FastAPI]:
    """While the server serves, these jobs run; one that fails stops it."""

    @asynccontextmanager
    async def lifespan(server: FastAPI) -> AsyncIterator[None]:
        await _warm(server)
        tasks = [asyncio.create_task(run(), name=name) for name, run in jobs.items()]
        for task in tasks:
            task.add_done_callback(_stop_if_failed)
        yield
        feed.close()
        await _end(tasks)

    return lifespan


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: one whose library takes a cancellation for a time-out of its own goes on once."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=AGAIN)


def _shield(server: FastAPI, settings: Settings, store: Engine, desk: Desk, application: dash.Dash) -> None:
    """What every request goes through, the innermost first."""
    server.add_middleware(Gate, ways=ways_of(settings, store), codes=desk.codes)
    server.add_middleware(
        RateLimit, rates=Rates(settings.redis_url), most=settings.api_rate, everybody=settings.sign_in == "required"
    )
    server.add_middleware(Limits)
    server.add_middleware(
        SecurityHeaders, script_hashes=application.csp_hashes(), framed_by=framers(settings.framed_by)
    )
    # Added last, so the outermost: whatever answers, the answer has a name.
    server.add_middleware(RequestId)


def _signing(settings: Settings, store: Engine, profile: Profile, place: Place) -> list[Route]:
    """The pages of signing in, with a password or with a provider, and of one's account."""
    limits, units = limits_of(settings), set(profile.units.by_code)
    provider = read_provider(Path(settings.oidc), units) if settings.oidc else None
    signing = SignIn(store, limits, place, provider.name if provider else "")
    account = Account(store, limits, place, profile)
    pages = [*signing.routes(), *account.routes()]
    if provider is None:
        return pages
    # Read where it is wanted: what it stands on takes fourteen megabytes.
    from dashboard.oidc import OidcSignIn

    return [*pages, *OidcSignIn(store, provider, units, signing, Rates(settings.redis_url)).routes()]


def _place(settings: Settings, profile: Profile, day: dt.date) -> Place:
    """What the pages draw on a day; its map's areas where the profile wants them. Raises ``ProfileError``."""
    wanted = read_wall(profile.folder, SCENES)
    there = profile.units.at(day).all
    areas, mapped = None, there[:0]
    try:
        imported = maps.packed(settings.data, profile.slug, day)
        if wanted.map == "areas" or (wanted.map == "auto" and imported):
            kind = imported or maps.lowest(there)
            picture = maps.picture(settings.data, profile.slug, profile.units, day, kind)
            areas = draw(msgspec.json.decode(picture.geojson), picture.caption) if picture else None
            mapped = tuple(unit for unit in there if unit.kind in maps.KINDS[kind]) if areas else ()
    except maps.MapError as error:
        log.error("the wall's map is drawn as hexagons: %s", error)
    return place_of(profile, day, wanted, areas, mapped, read_systems(profile.folder))


def _dash(
    server: FastAPI, title: str, pages: dict[str, Callable[[], Component]], desk: Desk, walls: WallBoard
) -> dash.Dash:
    """The Dash application on ``server``, with one route for each page, and the desk's pages beside them."""
    application = dash.Dash(
        __name__,
        server=False,
        backend="fastapi",
        title=title,
        update_title="",
        assets_folder=str(paths.ASSETS),
        # Not a page's script: the worker is served at the root, whence it may stand before every page.
        assets_ignore=r"worker\.js",
        index_string=INDEX,
        serve_locally=True,
        suppress_callback_exceptions=True,
        on_error=_told,
    )
    # The browser would open a websocket beside our stream for nothing: callbacks here go over HTTP.
    application.backend.websocket_capability = False
    application.init_app(server)
    desk_notes.register(application, desk)
    alert_actions.register(application, desk)
    desk_walls.register(application, desk, walls)
    application.layout = html.Div([dcc.Location(id="address"), html.Div(id="page")])

    @application.callback(Output("page", "children"), Input("address", "pathname"), Input("address", "search"))
    def show(path: str, search: str) -> Component:
        page, language = pages.get(path), dash.ctx.cookies.get("lang")
        if not any(allowed(action) for action in doors.asked_of(path)):
            return desk.refused(path, language)
        return page() if page else at_once(desk.show(path, search or "", language))

    async def not_found(request: Request) -> Response:
        return plain_pages.refusal(request, 404, "page.missing")

    server.add_middleware(OnePage, serves=lambda path: path in pages or desk.serves(path))
    # Before Dash's own catch-all, which would answer 200 to any path.
    server.add_route("/{path:path}", not_found, methods=["GET"])
    return application


def _told(error: Exception) -> None:
    """Tell the log of a callback that failed: Dash answers 500 and says nothing of it anywhere."""
    log.error("a callback failed", exc_info=error)
    raise error


class OnePage:
    """ASGI middleware: every page's path is served Dash's one HTML page, which then asks for its layout."""

    def __init__(self, app: ASGIApp, serves: Callable[[str], bool]) -> None:
        self._app = app
        self._serves = serves

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a page's path as ``/``."""
        if scope["type"] == "http" and self._serves(scope["path"]):
            scope = {**scope, "path": "/", "raw_path": b"/"}
        await self._app(scope, receive, send)


async def _warm(server: FastAPI) -> None:
    """Ask for the layout once from inside: Dash on FastAPI sets itself up at its first request only."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise RuntimeError(f"Dash did not set itself up: GET /_dash-layout answered {message['status']}")

    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/_dash-layout",
        "raw_path": b"/_dash-layout", "query_string": b"", "root_path": "", "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 0), "server": ("127.0.0.1", 0), "asgi": {"version": "3.0"}, FROM_INSIDE: True,
    }  # fmt: skip
    await server(scope, receive, send)


def _stop_if_failed(task: asyncio.Task[None]) -> None:
    """A feed that died of a fault of ours must not leave a server that only looks alive: stop it, loudly."""
    if not task.cancelled() and task.exception() is not None:
        log.critical("the feed failed; stopping", exc_info=task.exception())
        os.kill(os.getpid(), signal.SIGTERM)
