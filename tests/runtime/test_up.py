"""``opscentre up`` end to end: dossiers reach a page behind nginx, through kills, and everything stops in time."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import redis
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from opscentre import paths
from opscentre.pipe import topics
from opscentre.pipe.base import open_producer
from opscentre.runtime.folder import Unusable
from opscentre.runtime.nginx import nginx_part
from opscentre.runtime.up import roles
from opscentre.settings import Settings
from tests import recount
from tests.collectors.department import Department
from tests.collectors.records import dossier
from tests.conftest import part_or_skip
from tests.parts import chromium, nginx
from tests.parts.kafka import Kafka
from tests.parts.process import free_port, wait_until
from tests.parts.redis import Redis
from tests.streams.crashes.installation import STANDING

SOURCES = """
[[source]]
code = "so"
name = "Một cửa"
kind = "dvcqg_rest"
interval = 0.5
settings = {{ url = "{url}", client_id = "me", client_secret_env = "OPSCENTRE_SECRET_SO" }}

# After its first poll it is asked only when a person wants it.
[[source]]
code = "cham"
name = "Hệ thống hỏi mỗi ngày một lần"
kind = "dvcqg_rest"
interval = 86400
settings = {{ url = "{seldom}", client_id = "me", client_secret_env = "OPSCENTRE_SECRET_SO" }}
"""
#: The moment at which the clock of the test stands.
AT = dt.datetime(2026, 11, 20, 10, 0)  # noqa: DTZ001 - local times throughout
STATES: tuple[dict[str, object], ...] = (
    {},
    {"TrangThaiHoSo": "5", "DanhSachHoSoBoSung": [{"NgayBoSung": "20261120075000"}]},
    {"TrangThaiHoSo": "10", "NgayKetThucXuLy": "20261120094500"},
    {"NgayHenTra": "20261119163000"},
    {"KenhThucHien": "1"},
)


class Up:
    """``opscentre up`` as a process; what it and its parts wrote is in one file."""

    def __init__(self, settings: Settings, department: Department, logs: Path) -> None:
        self.out = settings.data / "up.log"
        self.logs = logs
        self._environment = {**os.environ, **settings.environment(), "OPSCENTRE_SECRET_SO": department.secret}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "opscentre", "up", "--logs", str(self.logs)],
                cwd=paths.ROOT, env=self._environment, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        wait_until(lambda: "ready after" in self.said() or self.process.poll() is not None, 180, "it is up")
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        """What it and all its parts have written."""
        files = [self.out, *sorted(self.logs.glob("*.log"))]
        return "\n".join(file.read_text("utf-8", "replace") for file in files if file.is_file())

    def pid(self, part: str) -> int:
        """The newest process of a part."""
        return int(re.findall(rf"{part} up after .*\(pid (\d+)\)", self.said())[-1])

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def department() -> Iterator[Department]:
    made = Department()
    yield made
    made.close()


@pytest.fixture
def seldom() -> Iterator[Department]:
    """A department that is polled once a day."""
    made = Department()
    yield made
    made.close()


@pytest.fixture
def settings(
    empty_kafka: Kafka, redis_server: Redis, postgres_url: str, department: Department, seldom: Department,
    tmp_path: Path,
) -> Settings:  # fmt: skip
    """An installation on the real parts, as a province would set it."""
    part_or_skip("nginx", nginx.program)
    (tmp_path / "sources.toml").write_text(SOURCES.format(url=department.url, seldom=seldom.url), encoding="utf-8")
    for name in ("alerts.toml", "recipients.csv"):
        shutil.copy(paths.CONFIG / "skeleton" / name, tmp_path)
    certificate, key = nginx.certificate(tmp_path)
    cache = redis_server.url.removesuffix("/0") + "/5"
    redis.Redis.from_url(cache).flushdb()
    first = free_port()
    while free_port() != first + 1:
        first = free_port()
    return Settings(
        data=tmp_path, broker=empty_kafka.url, database=postgres_url, redis=cache, clock=STANDING, workers=2,
        sources=str(tmp_path / "sources.toml"), alerts=str(tmp_path), mail="dry-run", port=first, partitions=4,
        tls_listen=f"127.0.0.1:{free_port()}", http_listen=f"127.0.0.1:{free_port()}",
        certificate=str(certificate), certificate_key=str(key),
    )  # fmt: skip


@pytest.fixture
def installation(settings: Settings, department: Department, tmp_path: Path) -> Iterator[Up]:
    made = Up(settings, department, tmp_path / "logs")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


def records(first: int, end: int) -> list[dict]:
    return [dossier(n, seconds=n, **STATES[n % len(STATES)]) for n in range(first, end)]


def changed(department: Department, count: int) -> list[dict]:
    """The first so many dossiers, finished and modified since."""
    rows = list(department.dossiers.values())[:count]
    over = {"TrangThaiHoSo": "10", "NgayKetThucXuLy": "20261120095000", "NgayCapNhat": "20261120095500"}
    return [{**row, **over} for row in rows]


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.browser
@pytest.mark.timeout(600)
def test_dossiers_reach_a_page_behind_nginx_through_kills_and_everything_ends_in_time(
    installation: Up, settings: Settings, department: Department, seldom: Department
) -> None:
    department.put(*records(0, 300))
    installation.start()
    trusted = ssl.create_default_context(cafile=settings.certificate)
    address = f"https://{settings.tls_listen}"
    browser = chromium.browser()
    with (
        httpx.Client(base_url=address, verify=trusted, timeout=30) as visitor,
        part_or_skip("chromium", lambda: browser) as started,
    ):
        page = started.new_page(ignore_https_errors=True, reduced_motion="reduce")
        page.goto(f"{address}/wall")
        wait_until(lambda: shown(page) == received(department), 90, "the page shows the number of the first dossiers")
        require_equal(visitor, department)
        assert [visitor.get(path).status_code for path in ("/metrics", "/readyz", "/healthz")] == [404, 404, 200]

        dead = {part: installation.pid(part) for part in ("stream-1", "dashboard-1", "nginx")}
        for pid in dead.values():
            os.kill(pid, signal.SIGKILL)
        department.put(*records(300, 400), *changed(department, 50))
        wait_until(lambda: shown(page) == received(department), 120, "the page shows the number after the kills")
        wait_until(lambda: counted(visitor) == expected(department), 60, "every cell follows")
        require_equal(visitor, department)
        for part, pid in dead.items():
            wait_until(lambda part=part, pid=pid: installation.pid(part) != pid, 90, f"{part} is up again")
        press_the_buttons(page, visitor, settings, department, seldom)

    follow_one_change(installation)
    require_check_finds_no_error(settings, department)
    children = installation.children()
    begun = time.monotonic()
    installation.process.send_signal(signal.SIGTERM)
    assert installation.process.wait(10) == 0
    assert time.monotonic() - begun < 5
    assert not psutil.wait_procs(children, timeout=1)[1]
    assert department.secret not in installation.said()


def press_the_buttons(
    page: Page, visitor: httpx.Client, settings: Settings, department: Department, seldom: Department
) -> None:
    """What a person presses in a browser is done by the collectors' process, and the page says what it came to."""
    # Where nobody signs in, whoever comes through nginx only looks on: the administrator sits at this machine.
    address = f"http://127.0.0.1:{settings.port}/admin"
    mine = "li.card:has(input[name=source][value=cham])"
    wait_until(lambda: bool(seldom.asked), 60, "the source that is asked once a day was asked when it began")
    asked = len(seldom.asked)
    seldom.put(*(dossier(n, seconds=n) for n in range(900, 907)))

    page.goto(f"{address}/sources")
    page.locator(f"{mine} summary", has_text="Tạm dừng").click()
    page.locator(f"{mine} input[name=reason]").fill("chuyển máy chủ")
    page.locator(f"{mine} button[value=pause]").click()
    page.locator(f"{mine} button[value=resume]").wait_for()
    # Nobody else's word is taken for it: the collectors themselves know that it is paused.
    form = {"deed": "run", "source": "cham"}
    same = {"sec-fetch-site": "same-origin"}
    assert visitor.post("/admin/sources", data=form, headers=same).status_code == 403
    assert httpx.post(f"{address}/sources", data=form, headers=same).status_code == 303
    refused = "paused: let it go on first"
    wait_until(lambda: refused in httpx.get(f"{address}/sources").text, 60, "the poll is refused")
    assert len(seldom.asked) == asked
    page.locator(f"{mine} button[value=resume]").click()
    page.locator(f"{mine} button[value=run]").click()
    page.locator(f"{mine} .remark.is-good", has_text="7 taken, 0 set aside").wait_for(timeout=60_000)
    assert len(seldom.asked) > asked
    wait_until(lambda: counted(visitor) == expected(department, seldom), 60, "what it had is on the board")

    producer = open_producer(settings.broker_url, settings.dossier_partitions)
    producer.append(topics.DOSSIERS, [(0, b"no batch at all")])
    producer.close()
    wait_until(lambda: "?digest=" in httpx.get(f"{address}/dead-letters").text, 60, "the dead letter is listed")
    page.goto(f"{address}/dead-letters")
    page.locator("a", has_text="Xem").first.click()
    page.locator("#letter button[value=redrive]").click()
    # It is no better the second time, and the page says so.
    told = "1 sent again: 0 digested, 1 came back"
    page.locator("#letter .remark.is-good", has_text=told).wait_for(timeout=90_000)


def received(department: Department) -> str:
    return str(len(department.dossiers))


def shown(page) -> str:
    try:
        return page.evaluate("() => document.getElementById('kpi-received')?.textContent ?? ''")
    except PlaywrightError:
        # A wall that finds a new server loads itself anew, also in the midst of a question.
        return ""


def expected(*departments: Department) -> Counter[str]:
    midnight = AT.replace(hour=0)
    records = [("", record) for department in departments for record in department.dossiers.values()]
    table = recount.progress_table(records, midnight, AT)
    return table[""]


def counted(visitor: httpx.Client) -> Counter[str]:
    return recount.cells(visitor.get("/api/board").json()["total"])


def require_equal(visitor: httpx.Client, department: Department) -> None:
    assert counted(visitor) == expected(department)


def follow_one_change(installation: Up) -> None:
    """One search for an event's id finds the collector that read it, the worker that counted it and the push."""
    event = re.findall(r"collect INFO source so: \d+ changes sent event=(\w+)", installation.said())[-1]
    way = (r"collect INFO .*sent", r"stream-\d INFO .*changes counted in", r"dashboard-\d INFO .*is pushed to")

    def followed() -> bool:
        lines = [line for line in installation.said().splitlines() if event in line]
        return all(any(re.search(step, line) for line in lines) for step in way)

    wait_until(followed, 30, f"the logs tell the way of event {event}")


def require_check_finds_no_error(settings: Settings, department: Department) -> None:
    environment = {**os.environ, **settings.environment(), "OPSCENTRE_SECRET_SO": department.secret}
    done = subprocess.run(
        [sys.executable, "-m", "opscentre", "check", "--sources", "--json"],
        cwd=paths.ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    found = json.loads(done.stdout)["findings"]
    assert not [one for one in found if one["level"] == "error"], done.stdout
    told = {f"{one['subject']}: {one['said']}" for one in found if one["level"] == "ok"}
    for what in (r"database: PostgreSQL \d+", "schema: revision", "redis: Redis", "pipe: Kafka at .*: 1 brokers answer",
                 r"topics: opscentre\.dossiers: 4 partitions", "board: 4 of 4 partitions are whole",
                 "heartbeat: the newest", "clock: the database has the same time", "clock: Redis has the same time",
                 "so: 3 records looked at", r"files in use: \d running roles use"):  # fmt: skip
        assert any(re.match(what, line) for line in told), f"{what}: {done.stdout}"


def test_nginx_without_a_certificate_is_refused_with_what_it_wants(tmp_path: Path) -> None:
    part_or_skip("nginx", nginx.program)
    with pytest.raises(Unusable, match="OPSCENTRE_CERTIFICATE='.*cert.pem': cannot be read"):
        nginx_part(Settings(data=tmp_path, tls_listen="127.0.0.1:1", certificate=f"{tmp_path}/cert.pem"), ["a:1"])


def test_each_role_has_a_name_a_port_and_an_address_for_its_health_of_its_own() -> None:
    found = roles(Settings(redis="redis://r/0", workers=2, port=8050, stream_metrics="127.0.0.1:9464"), 2)
    assert [part.name for part in found] == [
        "stream-1", "stream-2", "collect", "dashboard-1", "dashboard-2", "alerts",
    ]  # fmt: skip
    assert [part.environment["OPSCENTRE_PORT"] for part in found[3:5]] == ["8050", "8051"]
    # The worker adds its own number to the first one's port.
    assert {part.environment["OPSCENTRE_STREAM_METRICS"] for part in found[:2]} == {"127.0.0.1:9464"}
    assert all(part.environment["OPSCENTRE_WORKERS"] == "1" for part in found)
