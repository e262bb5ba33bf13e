"""All simulated systems in one process: listens, follows the clock, and says where everything is."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import logging
import signal
import socket
from pathlib import Path

import msgspec
import uvicorn
from starlette.applications import Starlette

from opscentre.clock import Clock, OfficeClock, wall_ms
from opscentre.domain.moments import day_number
from opscentre.profile import Profile
from simulator.certificates import serving, write_certificate
from simulator.extra import ExtraChanges
from simulator.feed import Feed
from simulator.file_drop import FileDrop
from simulator.http_api import OneStopApi
from simulator.links import HttpLinks, PortLink, names_of, placeholder, read_links
from simulator.name_server import NameServer
from simulator.sql_view import SqlView
from simulator.systems import System
from simulator.world import World

log = logging.getLogger("simulator")

HOST = "127.0.0.1"
#: Seconds of real time between two looks at the clock.
TICK = 0.25
#: How long the certificate of the simulated systems still holds.
CERTIFICATE_LEFT = dt.timedelta(days=9, hours=12)
#: Units whose next working day is made in one tick, so that no request waits for a whole day's dossiers.
_UNITS_A_TICK = 4
#: Days whose dossiers stay at hand for feeds that look a little back.
_DAYS_AT_HAND = 4
#: Placeholders of the HTTP systems' addresses, in the order of the systems.
_HTTP_PLACEHOLDERS = ("simulator_http", "simulator_http2")


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How the simulator is run."""

    #: Folder of its files; ``simulator.json`` is written there.
    data: Path
    seed: int = 1
    #: The moment the world begins (ms); None: where a simulated clock began, else now. A demo that goes on with
    #: another clock names the one it began with.
    start: int | None = None
    #: Port of the HTTP systems and links; 0: any free one.
    port: int = 0
    history_days: int = 10
    #: Multiplies the number of dossiers a day.
    volume: float = 1.0
    #: Codes of the only units that receive dossiers; none: all.
    units: frozenset[str] = frozenset()
    #: Extra changes a second (real time) on the first HTTP system.
    rate: float = 0.0
    #: Database of the SQL view, an SQLAlchemy URL; empty: SQLite in ``data``.
    sql: str = ""
    #: Seconds until a token expires.
    token_seconds: float = 300.0
    #: What the HTTP systems want as ``client_secret``.
    secret: str = "demo"


class Service:
    """The running simulator."""

    def __init__(self, options: Options, profile: Profile, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        now = clock.now()
        begun = clock.anchor.simulated if isinstance(clock, OfficeClock) else now
        start = begun if options.start is None else options.start
        self.world = World(profile, options.seed, start, options.history_days, options.volume, options.units)
        self._today = day_number(now)
        systems = self.world.systems
        self._feeds = {s.code: Feed(self.world, s, now) for s in systems if s.kind != "files"}
        own = options.data / "simulator"
        own.mkdir(parents=True, exist_ok=True)
        self._files = own / "files"
        self._drops = [FileDrop(self.world, s, now, self._files) for s in systems if s.kind == "files"]
        self._sql_url = options.sql or f"sqlite:///{(own / 'ho_so.db').resolve()}"
        self._sql_feed = next(self._feeds[s.code] for s in systems if s.kind == "sql")
        self._sql = SqlView(self._sql_feed, self._sql_url)
        links = read_links(profile.folder / "links.toml")
        # One that is about to end: the wall has something to warn of.
        self._certificate = own / "certificate.pem"
        tls = serving(write_certificate(self._certificate, CERTIFICATE_LEFT))
        ports = [link for link in links if link.kind in ("tcp", "tls")]
        self._ports = [PortLink(link, tls=tls if link.kind == "tls" else None) for link in ports]
        self._names = NameServer(names_of(links))
        self._names_port = 0
        self._http_systems = [s for s in systems if s.kind == "http"]
        self._app = self._make_app(self._http_systems, HttpLinks(links))

    def _make_app(self, systems: list[System], links: HttpLinks) -> Starlette:
        routes = links.routes("/lien-ket")
        for system in systems:
            api = OneStopApi(self._feeds[system.code], self._clock, self._options.secret, self._options.token_seconds)
            routes += api.routes(f"/{system.code}")
        return Starlette(routes=routes)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; in the main thread only."""
        told = self._options.data / "simulator.json"
        told.unlink(missing_ok=True)
        for drop in self._drops:
            drop.start()
        await asyncio.to_thread(self._sql.fill)
        for link in self._ports:
            await link.start()
        self._names_port = await self._names.start(HOST)
        listener = _listen(self._options.port)
        server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                lifespan="off",
                log_config=None,
                log_level=logging.CRITICAL,
                access_log=False,
                timeout_graceful_shutdown=0,  # a link that hangs must not hold up the stop
            )
        )
        # The server takes the signals while it runs and hands them on when it has stopped; before that they come here.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(server, "should_exit", True))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        # Hundreds of thousands of objects that stay: the garbage collector need not look at them ever again.
        gc.freeze()
        working = [asyncio.create_task(self._follow_clock())]
        if self._options.rate > 0:
            working.append(asyncio.create_task(self._make_extra_changes()))
        try:
            # The socket listens already: who reads the file and comes before the server is up waits in its queue.
            self._tell(told, listener.getsockname()[1])
            await asyncio.wait([serving, *working], return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.should_exit = True
            for task in working:
                task.cancel()
            results = await asyncio.gather(serving, *working, return_exceptions=True)
            for link in self._ports:
                await link.stop()
            self._names.stop()
            self._sql.close()
            told.unlink(missing_ok=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    def addresses(self, port: int) -> dict[str, str]:
        """The placeholders of ``sources.toml`` and ``links.toml`` and what they stand for."""
        base = f"http://{HOST}:{port}"
        found = {
            "simulator": base,
            "simulator_links": f"{base}/lien-ket",
            "simulator_names": f"{HOST}:{self._names_port}",
            "simulator_ca": str(self._certificate.resolve()),
            "simulator_sql": self._sql_url,
            "simulator_files": str(self._files.resolve()),
        }
        for name, system in zip(_HTTP_PLACEHOLDERS, self._http_systems, strict=True):
            found[name] = f"{base}/{system.code}"
        for listening in self._ports:
            found[placeholder(listening.link)] = f"{HOST}:{listening.port}"
        return found

    def _tell(self, path: Path, port: int) -> None:
        aside = path.with_suffix(".json.part")
        aside.write_bytes(msgspec.json.format(msgspec.json.encode(self.addresses(port))))
        aside.replace(path)
        held = sum(len(feed) for feed in self._feeds.values())
        log.info("listening on %s:%d, %d dossiers in the HTTP and SQL systems", HOST, port, held)

    async def _follow_clock(self) -> None:
        while True:
            now = self._clock.now()
            for code, feed in self._feeds.items():
                if code != self._sql_feed.system.code:
                    feed.advance(now)
            changed = self._sql_feed.advance(now)
            if changed:
                await asyncio.to_thread(self._sql.write, *self._sql.rows(changed))
            for drop in self._drops:
                drop.advance(now)
            for link in self._ports:
                try:
                    await link.follow()
                except OSError as error:
                    log.warning("link %s stays down: cannot listen on port %d (%s)", link.link.code, link.port, error)
            self._prepare(now)
            if day_number(now) != self._today:
                self._today = day_number(now)
                self.world.release(self._today - _DAYS_AT_HAND)
                await asyncio.to_thread(self._sql.delete, self._sql.archived())
            await asyncio.sleep(TICK)

    def _prepare(self, now: int) -> None:
        """Make a little of the next working day ahead of time."""
        next_day = self.world.profile.calendar.next_working_day(self.world.days_until(now)[-1])
        for _ in range(_UNITS_A_TICK):
            if self.world.prepare(next_day):
                break

    async def _make_extra_changes(self) -> None:
        feed = self._feeds[self._http_systems[0].code]
        extra = ExtraChanges(self.world, feed)
        begun = wall_ms()
        while True:
            feed.advance(self._clock.now())
            extra.make(int((wall_ms() - begun) / 1000 * self._options.rate) - extra.made)
            await asyncio.sleep(min(0.02, 1 / self._options.rate))


def _listen(port: int) -> socket.socket:
    """A listening socket on loopback. Raises ``OSError`` naming the port."""
    # With the protocol named, asyncio turns off Nagle's algorithm; without, small answers take 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {HOST}:{port} ({error.strerror}); give another --port, or 0") from error
    listener.listen(128)
    listener.setblocking(False)
    return listener
