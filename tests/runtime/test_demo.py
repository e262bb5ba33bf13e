"""The demo end to end: it comes up, counts exactly through kills and restarts, stops in time, leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from opscentre import profile
from opscentre.domain.moments import local
from opscentre.runtime.book import DemoBook, read_book
from simulator.world import World
from tests import recount
from tests.parts.process import free_port, wait_until

ROOT = Path(__file__).parents[2]
SPEED = 60
ROLES = ("redis", "simulator", "stream", "collect", "dashboard", "alerts")
#: Simulated ms that collectors may lag behind the departments while everything is up.
SETTLED = 10_000 * SPEED


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "opscentre", *map(str, arguments)]


class Demo:
    """``opscentre demo`` as a process."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.out = data.parent / "demo.out"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; the seconds until it said that it is ready."""
        begun = time.monotonic()
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                command("demo", "--port", self.port, "--data", self.data, "--speed", SPEED, "--seed", 7),
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        wait_until(lambda: "ready after" in self.said() or self.process.poll() is not None, 60.0, "the demo is not up")
        assert self.process.poll() is None, self.said()
        return time.monotonic() - begun

    def said(self) -> str:
        return self.out.read_text(encoding="utf-8", errors="replace")

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Stop it; the seconds it took."""
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        return time.monotonic() - begun

    def pids(self) -> dict[str, int]:
        """The newest process of each part, by what the supervisor said."""
        return {name: int(pid) for name, pid in re.findall(r"^(\w+)\s+up after .*\(pid (\d+)\)", self.said(), re.M)}

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def board(self) -> dict:
        return httpx.get(f"{self.url}/api/board", timeout=5).json()

    def book(self) -> DemoBook:
        book = read_book(self.data)
        assert book is not None
        return book


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    made = Demo(tmp_path_factory.mktemp("demo") / "data")
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


def wait_settled(demo: Demo) -> None:
    """Until the opening backlog is counted: the numbers of two seconds' distance hardly differ."""
    seen: list[int] = []

    def settled() -> bool:
        time.sleep(1)
        seen.append(demo.board()["total"]["received"]["total"])
        return len(seen) > 3 and seen[-1] > 10_000 and seen[-1] - seen[-3] < seen[-1] // 20

    wait_until(settled, 90.0, "the opening backlog is not counted")


def assert_exact(demo: Demo, at: int) -> None:
    """SQL, looked back at from now, equals the departments' own records as they stood at ``at``."""
    when, day = (
        local(at).replace(tzinfo=None),
        local(at).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0),
    )
    end = (day.replace(hour=23, minute=59, second=59)).isoformat()
    printed = subprocess.run(
        command("board", "--data", demo.data, "--json", "--from", day.date(), "--to", end, "--at", when.isoformat()),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    document = json.loads(printed.stdout)
    book = demo.book()
    world = World(profile.load(book.profile), book.seed, book.began)
    expected = recount.progress_table(world.dossiers_at(at), day, when)
    found = {row["unit"]["code"]: recount.cells(row) for row in document["rows"]}
    assert {code: cells for code, cells in found.items() if cells} == expected
    assert document["total"]["received"]["total"] > 10_000


def test_every_part_is_up_and_every_url_answers(demo: Demo):
    assert set(demo.pids()) == set(ROLES)
    for path in ("/", "/wall", "/healthz", "/api/board", "/api/wall"):
        assert f"{demo.url}{path}" in demo.said() or path in ("/healthz", "/api/wall")
        assert httpx.get(f"{demo.url}{path}", timeout=5).status_code == 200


def picture(demo: Demo, lang: str) -> str:
    """What the push shows on every page, as JSON."""
    with httpx.stream("GET", f"{demo.url}/stream", params={"lang": lang}, timeout=10) as answer:
        return next(line for line in answer.iter_lines() if line.startswith("data: ") and '"patch"' in line)


def test_a_second_demo_on_the_same_folder_or_port_is_one_line_and_exit_2(demo: Demo, tmp_path: Path):
    for arguments, told in (
        (("--data", demo.data, "--port", free_port()), "already in use by another opscentre"),
        (("--data", tmp_path, "--port", demo.port), f"--port {demo.port}: cannot listen"),
        (("--data", tmp_path, "--port", free_port(), "--profile", "nowhere"), "there are: "),
    ):
        ended = subprocess.run(command("demo", *arguments), cwd=ROOT, capture_output=True, text=True, timeout=20)
        assert ended.returncode == 2
        assert told in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1


def test_what_dies_is_started_again_and_the_numbers_stay_exact(demo: Demo):
    wait_settled(demo)
    for name in ("stream", "collect", "redis", "dashboard", "simulator"):
        before = demo.pids()[name]
        os.kill(before, signal.SIGKILL)
        wait_until(lambda name=name, before=before: demo.pids()[name] != before, 40.0, f"{name} is not up again")
    wait_until(lambda: demo.board()["state"] == "live", 20.0, "the board is not live again")
    at = demo.book().reached
    wait_until(lambda: demo.book().reached > at + SETTLED, 60.0, "the clock stands still")
    assert_exact(demo, at)


def test_a_source_that_a_person_pauses_is_so_on_the_wall_until_it_goes_on(demo: Demo):
    def source() -> dict:
        return next(
            one for one in httpx.get(f"{demo.url}/api/wall", timeout=5).json()["sources"] if one["code"] == "bhxh"
        )

    def say(*words: str) -> None:
        subprocess.run(command("source", *words, "--data", demo.data), cwd=ROOT, check=True, capture_output=True)

    wait_until(lambda: source()["observed_at"] is not None, 60.0, "the source was never read")
    say("pause", "bhxh", "--reason", "chuyển máy chủ")
    wait_until(lambda: source()["paused_since"] is not None, 30.0, "the wall does not know that the source is paused")
    paused = source()
    for lang, told in (("vi", "tạm dừng từ "), ("en", "paused since ")):
        shown = picture(demo, lang)
        assert "net-source paused" in shown
        assert told in shown
        assert "chuyển máy chủ" not in shown, "who paused it, and why, is no matter of the wall"
    say("resume", "bhxh")
    wait_until(lambda: source()["observed_at"] > paused["observed_at"], 30.0, "the source is not read again")
    assert source()["paused_since"] is None


def test_stopped_and_started_again_it_goes_on_without_loss_or_double_counting(demo: Demo):
    children = demo.children()
    assert len(children) >= len(ROLES)
    assert demo.stop() < 5
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert demo.process.returncode == 0
    began = demo.book().began
    demo.start()
    assert demo.book().began == began
    at = demo.book().reached
    wait_until(lambda: demo.book().reached > at + SETTLED, 60.0, "the clock stands still")
    assert_exact(demo, at)


def test_the_live_board_equals_sql(demo: Demo):
    """Read while dossiers flow: asked again until no change fell between the two looks."""

    def equal() -> bool:
        live = demo.board()
        at = live["as_of"][:19]
        printed = subprocess.run(
            command("board", "--data", demo.data, "--json", "--from", live["from"], "--to", live["to"], "--at", at),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        truth = json.loads(printed.stdout)
        return truth["rows"] == live["rows"] and truth["total"] == live["total"]

    os.kill(demo.pids()["simulator"], signal.SIGSTOP)
    try:
        time.sleep(4)
        wait_until(equal, 60.0, "the live board and SQL differ")
    finally:
        os.kill(demo.pids()["simulator"], signal.SIGCONT)


def test_ctrl_c_stops_everything_within_five_seconds(demo: Demo):
    children = demo.children()
    assert demo.stop(signal.SIGINT) < 5
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_a_demo_of_another_world_is_refused_on_the_same_folder(demo: Demo):
    ended = subprocess.run(
        command("demo", "--data", demo.data, "--port", demo.port, "--seed", 8),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert ended.returncode == 2
    assert "--seed 7" in ended.stderr
