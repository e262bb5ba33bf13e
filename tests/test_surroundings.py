"""A machine's time zone and language change nothing that commands print; the tests in tests/streams/crashes hold the
stream workers to it, cell by cell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import insert

from opscentre import paths
from opscentre.store import tables
from opscentre.store.engine import open_store
from tests.commands.test_score import DONE, PERIOD, RECEIVED, dossier, stored
from tests.parts.process import ELSEWHERE

#: All commands in one process: each reads the clock's zone and the language as it starts.
SCRIPT = """
import sys
from opscentre import cli
for line in sys.stdin.read().splitlines():
    sys.argv = ["opscentre", *line.split("\\t")]
    print("$", *sys.argv[1:2], flush=True)
    try:
        cli.main()
    except SystemExit as ended:
        print("exit", ended.code, flush=True)
"""


def said(surroundings: dict[str, str], commands: list[tuple[str, ...]]) -> str:
    """What the commands print there."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "TZ"))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], input="\n".join("\t".join(one) for one in commands),
        capture_output=True, encoding="utf-8", timeout=120, cwd=paths.ROOT, env={**plain, **surroundings}, check=True,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_commands_print_the_same_wherever_the_machine_thinks_it_is(tmp_path: Path):
    # Around midnight and New Year's Eve in Việt Nam, where other zones have other days.
    late = {**RECEIVED, "received": "2026-11-01T00:10", "due": "2026-11-30T23:50"}
    few = [dossier(n, "H55.12", 4, **late) for n in range(3)] + [dossier(9, "01840", 9, **DONE)]
    data = str(stored(tmp_path, few))
    engine = open_store(f"sqlite:///{tmp_path / 'opscentre.db'}")
    with engine.begin() as connection:
        row = {"source": "igate", "severity": "rejected", "reason": "missing unit", "place": "Ô hồ sơ ỈI.json",
               "message": "thiếu đơn vị", "digest": "d", "seen_at": 1_793_466_000_000, "number": "H55-İI"}  # fmt: skip
        connection.execute(insert(tables.quarantine), row)
    engine.dispose()
    commands: list[tuple[str, ...]] = [
        ("calendar", "--year", "2026"),
        ("due", "--received", "2026-04-29T16:30", "--limit", "3d", "--explain"),
        ("board", "--data", data, *PERIOD),
        ("board", "--data", data, *PERIOD, "--json"),
        ("score", "--data", data, *PERIOD, "--json"),
        ("figures", "--as-of", "2026-11-21"),
        ("quarantine", "list", "--data", data),
        ("quarantine", "list", "--data", data, "--json"),
        ("anomalies", "list", "--data", data, "--json"),
        ("profile", "list"),
        ("profile", "check", "thai-nguyen"),
        ("unmapped", "list", "--data", data),
        ("migrate", "--data", data, "--check"),
    ]
    at_home = said({"TZ": "Asia/Ho_Chi_Minh", "LC_ALL": "C.UTF-8"}, commands)
    assert at_home.count("$ ") == len(commands)
    assert "exit 2" not in at_home, at_home
    assert "Traceback" not in at_home
    assert "thiếu đơn vị" in at_home
    for surroundings in ELSEWHERE:
        assert said(surroundings, commands) == at_home, surroundings
