"""The tutorial is true: its files in a copy of the project make a kind whose dossiers arrive over a real socket."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from opscentre.paths import ROOT
from opscentre.settings import Settings
from tests.collectors.parts import Bench

TUTORIAL = (ROOT / "docs" / "tutorial-source-kind.md").read_text(encoding="utf-8")
LATER = "H55.04-261120-0002|9|20261120073000|20261127073000|Sở Tài chính|20261120090000|Trần Hư Cấu"
BROKEN = "H55.04-261120-0003|4|Nguyễn Hư Cấu"


class System(socketserver.ThreadingTCPServer):
    """The department's old system: answers ``SINCE`` with its list."""

    allow_reuse_address = daemon_threads = True
    lines: list[str]
    asked: list[str]


class Talk(socketserver.StreamRequestHandler):
    server: System

    def handle(self) -> None:
        asked = self.rfile.readline().decode().strip()
        self.server.asked.append(asked)
        since = asked.removeprefix("SINCE ")
        kept = [line for line in self.server.lines if len(line.split("|")) < 6 or line.split("|")[5] >= since]
        self.wfile.write("".join(f"{line}\n" for line in [*kept, "END"]).encode())


@pytest.fixture
def system() -> Iterator[System]:
    server = System(("127.0.0.1", 0), Talk)
    server.asked = []
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def files() -> dict[str, str]:
    """Path → content of every file that the tutorial has written."""
    return dict(re.findall(r"^`(collectors/[^`]+)`:\n\n```\w*\n(.*?)^```", TUTORIAL, re.M | re.S))


def block(language: str, number: int = 0) -> str:
    """A block of a language, the first one being 0."""
    return re.findall(rf"^```{language}\n(.*?)^```", TUTORIAL, re.M | re.S)[number]


def test_the_tutorial_makes_a_kind_whose_dossiers_arrive(tmp_path: Path, system: System) -> None:
    copy, data, conf = tmp_path / "project", tmp_path / "data", tmp_path / "conf"
    leave = shutil.ignore_patterns("__pycache__")
    for part in ("opscentre", "collectors", "config/thai-nguyen"):
        shutil.copytree(ROOT / part, copy / part, ignore=leave)
    assert len(files()) == 5
    for name, content in files().items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text(content, encoding="utf-8")
    registry = copy / "collectors" / "registry.py"
    (line,) = re.findall(r'^    "line_list": .*\n', TUTORIAL, re.M)
    registry.write_text(registry.read_text(encoding="utf-8").replace("KINDS = {\n", f"KINDS = {{\n{line}"), "utf-8")
    conf.mkdir()
    data.mkdir()
    source = block("toml").replace("port = 7070", f"port = {system.server_address[1]}")
    (conf / "sources.toml").touch()
    sample = (copy / "collectors/line_list/samples/list.txt").read_text(encoding="utf-8")
    system.lines = [*sample.splitlines()[:-1]]
    settings = Settings(data=data, sources=str(conf))
    environment = {**os.environ, **settings.environment(), "PYTHONPATH": str(copy)}

    def run(words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", *shlex.split(words.replace("DIR", str(data)))]
        return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)

    new, check, once, status = [one for sh in (0, 1) for one in block("sh", sh).splitlines()]
    made = run(new)
    assert made.returncode == 0, made.stderr
    printed = made.stdout
    assert 'kind = "line_list"' in printed
    assert "# where the system listens" in printed
    (conf / "sources.toml").write_text(source, encoding="utf-8")
    looked = run(check)
    assert looked.returncode == 0, looked.stderr
    assert "1 records looked at, nothing written" in looked.stdout
    assert "H55.04-261120-0001" in looked.stdout
    assert "Cấu" not in looked.stdout
    assert run(once).stdout.startswith("so-tai-chinh: 1 records taken, 0 set aside")

    system.lines += [LATER, BROKEN]
    again = run(once)
    assert (again.returncode, again.stdout) == (3, "so-tai-chinh: 2 records taken, 1 set aside\n")
    # check, the first poll, and the second one from the newest change on.
    assert system.asked == ["SINCE 19900101000000", "SINCE 19900101000000", "SINCE 20261120080000"]
    assert "so-tai-chinh" in run(status).stdout
    system.server_close()
    gone = run(once)
    assert gone.returncode == 2
    assert "so-tai-chinh: connection: no connection to 127.0.0.1" in gone.stderr.splitlines()[-1]

    bench = Bench(data)
    arrived = [(one.number, one.status, one.unit) for one in bench.snapshots()]
    aside = bench.quarantine()
    bench.close()
    assert sorted(set(arrived)) == [("H55.04-261120-0001", 4, "H55.04"), ("H55.04-261120-0002", 9, "H55.04")]
    assert [row[1] for row in aside] == ["bad_csv"]
    assert "Cấu".encode() not in b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
