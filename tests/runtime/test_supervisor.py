"""The supervisor restarts what dies, stops everything in time, and leaves no orphan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from opscentre.runtime.role import ANEW
from opscentre.runtime.supervisor import RESTART_FIRST, Part, PartFailed, Supervisor
from tests.parts.process import wait_until

ROOT = Path(__file__).parents[2]


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def sleeper(name: str = "sleeper", code: str = "import time; time.sleep(60)") -> Part:
    return Part(name, python(code), {}, ready=lambda: True)


@pytest.fixture
def supervisor(tmp_path):
    made = Supervisor(tmp_path / "logs")
    yield made
    made.stop()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


def test_a_part_that_dies_is_started_again(supervisor):
    part = sleeper()
    supervisor.start([part], within=5)
    first = part.process.pid
    os.kill(first, signal.SIGKILL)

    def again() -> bool:
        supervisor.look()
        return part.state == "up" and part.process.pid != first

    wait_until(again, 5.0, "the part was not started again")
    assert part.restarts == 1


def test_what_a_dead_part_left_behind_is_ended_before_it_is_started_again(supervisor, tmp_path):
    told = tmp_path / "child"
    code = (
        "import pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(told)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    part = Part("parent", python(code), {}, ready=lambda: told.is_file() and bool(told.read_text()))
    supervisor.start([part], within=10)
    child = int(told.read_text())
    os.kill(part.process.pid, signal.SIGKILL)

    def ended() -> bool:
        supervisor.look()
        return not alive(child)

    wait_until(ended, 5.0, "the child of the dead part is ended")


def test_a_part_that_keeps_dying_is_started_again_less_and_less_often(tmp_path):
    told: list[str] = []
    supervisor = Supervisor(tmp_path / "logs", tell=lambda part, text: told.append(text))
    part = sleeper(code="import time; time.sleep(0.05)")
    supervisor.start([part], within=5)

    def thrice() -> bool:
        supervisor.look()
        return sum("died" in text for text in told) == 3

    wait_until(thrice, 10.0, "the part did not die three times")
    supervisor.stop()
    assert [text.split("in ")[1].split(" s;")[0] for text in told if "died" in text] == ["0.5", "1", "2"]


def test_a_part_that_cannot_start_is_told_with_the_end_of_its_log(supervisor):
    part = Part("broken", python("raise SystemExit('no such database: ioc')"), {}, ready=lambda: False)
    with pytest.raises(PartFailed, match="no such database: ioc"):
        supervisor.start([part], within=5)


def test_a_part_that_never_answers_is_given_up(supervisor):
    part = Part("mute", python("import time; time.sleep(60)"), {}, ready=lambda: False)
    with pytest.raises(PartFailed, match="did not answer within 1 s"):
        supervisor.start([part], within=1)


def test_a_part_that_ignores_the_stop_is_killed_within_five_seconds(tmp_path):
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    supervisor = Supervisor(tmp_path / "logs")
    part = Part("deaf", python(deaf), {}, ready=lambda: supervisor.log(part).stat().st_size > 0)
    supervisor.start([part], within=5)
    begun = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - begun < 5
    assert part.process.returncode == -signal.SIGKILL


def test_parts_go_when_the_supervisor_is_killed_outright(tmp_path):
    outer = (
        "import sys, time; sys.path.insert(0, '.')\n"
        "from pathlib import Path\n"
        "from opscentre.runtime.supervisor import Part, Supervisor\n"
        f"s = Supervisor(Path({str(tmp_path)!r}))\n"
        "role = 'from opscentre.runtime import role; role.begin(\"x\"); import time; time.sleep(60)'\n"
        "a = Part('role', [sys.executable, '-c', role], {}, lambda: True)\n"
        "b = Part('plain', [sys.executable, '-c', 'import time; time.sleep(60)'], {}, lambda: True)\n"
        "s.start([a, b], 5)\n"
        "print(a.process.pid, b.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", outer], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    children = [int(pid) for pid in process.stdout.readline().split()]
    assert [alive(pid) for pid in children] == [True, True]
    time.sleep(0.5)
    process.kill()
    process.wait()
    process.stdout.close()
    wait_until(lambda: not any(alive(pid) for pid in children), 8.0, "orphans are left")


def test_a_part_that_ends_for_changed_files_is_started_again_at_once(tmp_path):
    told: list[str] = []
    supervisor = Supervisor(tmp_path / "logs", tell=lambda part, text: told.append(text))
    part = sleeper(code=f"import time; time.sleep(0.05); raise SystemExit({ANEW})")
    supervisor.start([part], within=5)

    def thrice() -> bool:
        supervisor.look()
        return part.ends[ANEW] == 3

    wait_until(thrice, 20.0, "the part did not end three times")
    supervisor.stop()
    assert not any("died" in text for text in told)
    assert part.pause == RESTART_FIRST
