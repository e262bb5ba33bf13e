"""No person gets past the collectors: planted in every field of every kind, searched for in everything written."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import openpyxl
import pytest
import redis
from sqlalchemy import select
from typer.testing import CliRunner

from collectors.webhook.collector import signature_of
from opscentre.cli import app
from opscentre.clock import ClockAnchor
from opscentre.domain.dossier import Batch, Snapshot, partition_of
from opscentre.domain.dvcqg import FIELDS
from opscentre.domain.moments import parse_compact
from opscentre.domain.observations import SourceSeen
from opscentre.paths import ROOT
from opscentre.pipe import topics
from opscentre.pipe.embedded import EmbeddedProducer, log_path
from opscentre.pipe.eventlog import EventLog
from opscentre.settings import Settings
from opscentre.store import journal, tables
from opscentre.store.engine import open_store
from tests.collectors.parts import NOW
from tests.collectors.privacy import Gossip, as_numbers, found_in, good, gossip, persons, planted
from tests.parts.process import die_with_parent, free_port, wait_until
from tests.parts.redis import Redis

SECRET = "a secret of sixteen and more"
#: Simulated time stands still at noon of 21 November 2026.
STANDING = msgspec.json.encode(ClockAnchor(real=2**52, simulated=NOW, speed=1.0)).decode()
#: Kept by design: written past the collectors, so that the search is seen to find what is there.
CONTROL = "Kontrollwert"
#: Sources that take dossiers, and sources that fail in ways that name somebody.
TAKING = ("rest-portal", "rest-oauth", "rest-rows", "view", "drop", "push")

FAILING = ("rest-500", "rest-html", "rest-refused", "rest-code", "rest-moved", "rest-token", "rest-head",
           "view-gone", "figures-500", "figures-head")  # fmt: skip
NO_PAGE = "rest-list"
FIGURES = ("figures-http", "figures-file", "figures-sql")


def table(rows: list[dict[str, Any]]) -> list[list[Any]]:
    """Rows as a sheet has them: a header, lists as JSON text, and a column that nobody asked for."""

    def cell(value: Any) -> Any:
        return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value

    columns = (*FIELDS, "ChuHoSo")
    return [[*FIELDS, next(persons()).name], *([cell(row.get(name, "")) for name in columns] for row in rows)]


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(table(rows))
    open_quote = f'X-1,"{gossip()}\n'
    return (text.getvalue() + open_quote).encode()


def as_workbook(rows: list[dict[str, Any]]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.title = next(persons()).name
    for row in table(rows):
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def as_archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def drop_files(folder: Path) -> None:
    """Files whose names name somebody; some of them cannot be read."""
    crowd = persons()
    folder.mkdir()
    name = [next(crowd) for _ in range(9)]
    whole = as_archive({f"{name[3].name}.csv": as_csv(planted("zip"))})
    files = {
        f"{name[0].name} 019078987898.csv": as_csv(planted("csv")),
        f"{name[1].plain.replace(' ', '-').lower()}.xlsx": as_workbook(planted("xlsx")),
        f"{name[2].plain.replace(' ', '')}.json": json.dumps({"data": planted("json")}, ensure_ascii=False).encode(),
        f"ho-so-{name[3].plain.replace(' ', '_')}.zip": whole,
        f"{name[4].name}.zip": whole.replace(b"\x9d", b"\x9c", 40)[:-40],
        f"{name[5].name}.csv": f"{name[5].name};0987898787\n".encode(),
        f"{name[6].name}.json": f'{{"data": [{{"MaHoSo": "{gossip()}'.encode(),
        f"{name[7].name}.xlsx": as_archive({"xl/workbook.xml": gossip().encode()}),
        f"{name[8].name}.txt": b"\xff\xfe" + gossip().encode("utf-16-le"),
    }
    for file, content in files.items():
        (folder / file).write_bytes(content)


def make_views(path: Path) -> None:
    columns = ", ".join(f'"{name}" TEXT' for name in (*FIELDS, "ChuHoSo"))
    with sqlite3.connect(path) as database:
        database.execute(f"CREATE TABLE v ({columns})")
        rows = [row[: len(FIELDS) + 1] for row in table(planted("view"))[1:]]
        database.executemany(f"INSERT INTO v VALUES ({', '.join('?' * (len(FIELDS) + 1))})", rows)
        database.execute("CREATE TABLE so (gia_tri TEXT, ngay TEXT)")
        ways = [way for person in (p for p, _ in zip(persons(), range(2), strict=False)) for way in person.ways()]
        database.executemany(
            "INSERT INTO so VALUES (?, ?)", [(way, way) for way in ways] + [("5", way) for way in ways]
        )
    database.close()


def answers(server: Gossip) -> None:
    """How each department answers."""
    page = gossip().encode()
    head = f"HTTP/1.1 200 {gossip()}\r\nX {persons().__next__().plain}: 1\r\n\r\n".encode()
    server.page("rest-portal", planted("portal"))
    server.page("rest-oauth", [as_numbers(row) for row in planted("oauth")])
    cut = json.dumps({"data": [*planted("rows")[::9], good("rows-0000")]}, ensure_ascii=False).encode()
    server.answers |= {
        "rest-rows": (200, {}, cut[:-30]),
        "rest-500": (500, {"Retry-After": next(persons()).plain}, b"<html><h1>" + page + b"</h1></html>"),
        "rest-html": (200, {}, b"<html>" + page + b"</html>"),
        "rest-refused": (200, {}, json.dumps({"error_code": "37", "message": gossip()}).encode()),
        "rest-code": (200, {}, json.dumps({"error_code": gossip(), "message": ""}, ensure_ascii=False).encode()),
        "rest-moved": (302, {"Location": f"/login?user={next(persons()).plain.replace(' ', '%20')}"}, page),
        "rest-token": (400, {}, json.dumps({"error": gossip(), "error_description": gossip()}).encode()),
        "rest-list": (200, {}, json.dumps({"error_code": "00", "data": gossip()}).encode()),
        "figures-500": (500, {}, page),
        "link-500": (503, {}, page),
    }  # fmt: skip
    ways = next(persons()).ways()
    rows = [*({"v": way, "d": way, way: 1} for way in ways), *({"v": 3, "d": way} for way in ways)]
    server.answers["figures-http"] = (200, {}, json.dumps({"rows": rows}).encode())
    server.raw |= {"rest-head": head, "figures-head": head, "link-head": head}


def settings_files(folder: Path, server: Gossip, port: int) -> None:
    """``sources.toml`` and ``links.toml``."""
    folder.mkdir()
    made = []

    def source(code: str, kind: str, more: str = "", **settings: object) -> None:
        lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in settings.items())
        made.append(f'[[source]]\ncode = "{code}"\nname = "{code}"\nkind = "{kind}"\ninterval = 2.0\n'
                    f"[source.settings]\n{lines}\n{more}\n")  # fmt: skip

    def figure(value: str, date: str) -> str:
        return f'[[source.settings.figure]]\ncode = "so"\nvalue = "{value}"\ndate = "{date}"\nunit = "lượt"\n'

    account = {"client_id": "me", "client_secret_env": "SECRET", "page_rows": 1000}
    for code in (*TAKING, *FAILING, NO_PAGE):
        if code.startswith("rest"):
            way = "oauth2" if code in ("rest-oauth", "rest-token") else "portal"
            source(code, "dvcqg_rest", url=f"{server.url}/{code}", sign_in=way, **account)
    view = f"sqlite:///{folder.parent / 'department.db'}"
    source("view", "sql_view", url=view, view="v", page_rows=5000)
    source("view-gone", "sql_view", url=view, view="v_khac")
    source("drop", "file_drop", folder="drop", settle=0.0)
    source("push", "webhook", secret_env="SECRET", port=port)
    source("figures-http", "figures", figure("v", "d"), url=f"{server.url}/figures-http", rows="rows")
    source("figures-file", "figures", figure("v", "d"), url="figures.csv", read="file")
    source("figures-sql", "figures", figure("gia_tri", "ngay"), url=view, read="sql", rows="so")
    for code in ("figures-500", "figures-head"):
        source(code, "figures", figure("v", "d"), url=f"{server.url}/{code}")
    (folder / "sources.toml").write_text("".join(made), encoding="utf-8")
    links = "".join(
        f'[[link]]\ncode = "{code}"\nname = "{code}"\nkind = "http"\naddress = "{server.url}/{code}"\ninterval = 0.3\n'
        for code in ("link-500", "link-head")
    )
    (folder / "links.toml").write_text(links, encoding="utf-8")


class Installation:
    """Collectors, stream and dashboard as processes of their own, and everything they wrote."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.folder = folder
        self.port, self.push_port = free_port(), free_port()
        self.settings = Settings(
            data=folder, redis=redis_url, clock=STANDING, partitions=4, sources=str(folder / "conf"), port=self.port
        )
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.answers: list[bytes] = []

    def start(self, role: str) -> None:
        with (self.folder / f"{role}.log").open("ab") as log:
            self.processes[role] = subprocess.Popen(
                [sys.executable, "-m", "opscentre", role],
                cwd=ROOT,
                env={**os.environ, **self.settings.environment(), "SECRET": SECRET},
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            process.wait(20)

    def push(self, body: bytes, key: str, path: str = "push") -> int:
        stamp = str(int(time.time()))
        headers = {"X-Timestamp": stamp, "X-Signature": signature_of(SECRET, stamp, body), "Idempotency-Key": key}
        url = f"http://127.0.0.1:{self.push_port}/webhook/{path}"
        answer = httpx.post(url, content=body, headers=headers, timeout=60, trust_env=False)
        self.answers.append(answer.content + str(answer.headers).encode())
        return answer.status_code

    def counted(self) -> bool:
        """Whether every source was asked, every link probed, and everything sent stands in SQL."""
        store = open_store(self.settings.database_url)
        with store.connect() as connection:
            codes = set(connection.execute(select(tables.observations.c.code)).scalars())
        counted = journal.next_offsets(store, topics.DOSSIERS, range(4))
        store.dispose()
        if self.silent(codes):
            return False
        log = EventLog(log_path(self.settings.broker_url))
        try:
            return counted == {partition: log.highwater(topics.DOSSIERS, partition) for partition in range(4)}
        finally:
            log.close()

    def silent(self, heard: set[str]) -> set[str]:
        """Sources and links that nothing has been told of yet."""
        return {*TAKING, *FAILING, *FIGURES, NO_PAGE, "link-500", "link-head"} - heard

    def sources(self) -> dict[str, SourceSeen]:
        """What is told of each source."""
        store = open_store(self.settings.database_url)
        with store.connect() as connection:
            rows = connection.execute(select(tables.observations).where(tables.observations.c.kind == "source")).all()
        store.dispose()
        return {row.code: msgspec.json.decode(row.value, type=SourceSeen) for row in rows}

    def get(self, path: str) -> bytes:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=20, trust_env=False).content

    def picture(self) -> bytes:
        """What the stream of pictures sends first."""
        seen = b""
        with httpx.stream("GET", f"http://127.0.0.1:{self.port}/stream", timeout=20, trust_env=False) as stream:
            for piece in stream.iter_bytes():
                seen += piece
                if b"data:" in seen and seen.endswith(b"\n\n"):
                    break
        return seen

    def pages(self) -> dict[str, bytes]:
        """What the dashboard answers, and what Redis holds for it."""
        places = {f"GET {path}": self.get(path) for path in ("/wall", "/", "/api/wall", "/api/board")}
        places["GET /stream"] = self.picture()
        client = redis.Redis.from_url(self.settings.redis_url)
        for key in client.scan_iter():
            value = client.hgetall(key) if client.type(key) == b"hash" else client.get(key)
            places[f"Redis {key.decode()}"] = _bytes_of(value)
        return places

    def everything(self) -> dict[str, bytes]:
        """Every place that something can stand in behind the collectors → what stands there."""
        places = self.pages() | {"answers to pushes": b"\n".join(self.answers)}
        checks = [
            self.command("source", "check", code)
            for code in ("rest-portal", "rest-oauth", "view", "figures-sql", "rest-code")
        ]
        places["source check and status"] = b"\n".join([*checks, self.command("source", "status")])
        store = open_store(self.settings.database_url)
        with store.connect() as connection:
            for one in tables.metadata.sorted_tables:
                rows = connection.execute(select(one)).all()
                places[f"SQL {one.name}"] = b"\n".join(_bytes_of(value) for row in rows for value in row)
        store.dispose()
        # What departments laid there themselves stays as they wrote it; the word beside a rejected file is ours.
        own = {self.folder / name for name in ("figures.csv", "department.db")}
        for path in sorted(self.folder.rglob("*")):
            ours = "drop" not in path.parts or path.suffixes[-2:] in _SAID
            if path.is_file() and path not in own and ours:
                places[f"file {path.name if 'drop' not in path.parts else path.parent.name}"] = path.read_bytes()
        return places

    def command(self, *words: str) -> bytes:
        """What a command prints."""
        environment = {**self.settings.environment(), "SECRET": SECRET}
        done = CliRunner().invoke(app, [*words, "--data", str(self.folder)], env=environment)
        assert done.exit_code in (0, 2, 3), done.output
        return done.output.encode()


#: The endings of the words beside rejected files.
_SAID = ([".csv", ".txt"], [".zip", ".txt"], [".xlsx", ".txt"], [".json", ".txt"])


def _bytes_of(value: Any) -> bytes:
    if isinstance(value, dict):
        return b"\n".join(b"%s %s" % (name, one) for name, one in value.items())
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture
def installation(redis_server: Redis, tmp_path: Path) -> Iterator[Installation]:
    redis.Redis.from_url(redis_server.url).flushall()
    server, made = Gossip(), Installation(tmp_path, redis_server.url)
    answers(server)
    settings_files(tmp_path / "conf", server, made.push_port)
    make_views(tmp_path / "department.db")
    drop_files(tmp_path / "drop")
    ways = next(persons()).ways()
    rows = [f'"{way}","{way}"' for way in ways] + [f'7,"{way}"' for way in ways]
    (tmp_path / "figures.csv").write_text("v,d\n" + "\n".join(rows) + "\n", encoding="utf-8")
    for role in ("collect", "stream", "dashboard"):
        made.start(role)
    yield made
    for process in made.processes.values():
        process.kill()
        process.wait()
    server.close()


def test_nobody_planted_anywhere_is_found_behind_the_collectors(installation: Installation) -> None:
    one = installation
    wait_until(lambda: (one.folder / "opscentre.db").exists() and one.counted(), 60.0, "not all sources were read")
    rows = planted("push")
    assert one.push(json.dumps({"data": rows}, ensure_ascii=False).encode(), "k1") == 422
    assert one.push(json.dumps({"data": rows[-40:]}).encode()[:-30], "k2") == 422
    assert one.push(gossip().encode(), gossip().encode("ascii", "ignore").decode()) == 422
    assert one.push(b"{}", "k4", next(persons()).plain.replace(" ", "%20")) == 404
    wait_until(one.counted, 60.0, "not everything was counted")
    wait_until(lambda: one.get("/api/wall").count(b"procedure_name") >= 40, 20.0, "the wall shows no late dossiers")
    before = {f"first {where}": data for where, data in one.pages().items()}
    _write_control(one.settings)
    wait_until(one.counted, 60.0, "not everything was counted")
    shown = CONTROL.encode()
    wait_until(lambda: one.get("/api/wall").count(shown) >= 40, 20.0, "the wall does not show what was counted")
    found = one.everything()
    one.stop()
    found |= {f"log of {role}": (one.folder / f"{role}.log").read_bytes() for role in one.processes}

    seen = one.sources()
    assert [code for code in TAKING if not seen[code].ok or seen[code].total < 10] == []
    assert [code for code in (*TAKING, *FIGURES, NO_PAGE) if not seen[code].quarantined] == []
    assert [code for code in FAILING if seen[code].ok] == []
    # The search finds what is there: what is kept by design, and what was written past the collectors.
    for where in ("file events.db", "file opscentre.db", "SQL dossiers", "Redis", "GET /api/wall", "GET /stream"):
        data = b"".join(data for place, data in found.items() if place.startswith(where))
        assert shown in data, f"the control is not in {where}"
    assert b"rest-500" in found["log of collect"]
    assert b"rest-500" in found["Redis opscentre:1:sources"]
    assert {f"{name}-0000" for name in ("portal", "oauth", "rows", "view", "csv", "xlsx", "json", "zip", "push")} <= {
        line.decode(errors="replace") for line in found["SQL dossiers"].split(b"\n")
    }
    assert found["SQL quarantine"].count(b"bad_date") > 500
    assert found["file rejected"]

    leaks = [f"{where}: {find}" for where, data in (before | found).items() for find in found_in(data)[:4]]
    assert leaks == [], "\n".join(leaks[:60])


def test_the_search_finds_a_person_in_every_writing() -> None:
    for person, _ in zip(persons(), range(3), strict=False):
        for way in person.ways():
            assert found_in(f"x {way} y".encode()), way
            assert found_in(json.dumps({"a": way}).encode()), way
            assert found_in(way.encode("utf-16-le")), way
            assert found_in(repr(way.encode()).encode()), way
    assert found_in(b"so 0987 898.787") != []
    assert found_in(CONTROL.encode()) == []


def _write_control(settings: Settings) -> None:
    """More late dossiers than the wall shows, with a word in a field that is kept, put into the pipe past every
    collector."""
    at = parse_compact("20261120100000")
    producer = EmbeddedProducer(settings.broker_url, 4)
    for index in range(60):
        number = f"control-{index:04d}"
        snapshot = Snapshot(source="push", number=number, status=4, observed=at, version=at, unit="H55.12", received=at,
                            due=parse_compact("20261101100000"), procedure_name=CONTROL)  # fmt: skip
        message = msgspec.json.encode(Batch([snapshot]))
        producer.append(topics.DOSSIERS, [(partition_of("push", number, 4), message)])
    producer.close()
