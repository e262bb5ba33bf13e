"""A collector killed in the middle of big files: nothing is lost, and nothing counts twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from opscentre.paths import ROOT
from tests.collectors.parts import Bench
from tests.parts.process import die_with_parent, wait_until

ROWS, FILES, BROKEN_EVERY = 12_000, 2, 1_000

#: What is killed: a collector over the drop folder, over and over, as the schedule would have it.
CHILD = """
import sys
from pathlib import Path
from collectors.file_drop.collector import make
from tests.collectors.parts import Bench, given

bench = Bench(Path(sys.argv[1]))
reading = make(given(bench, "file_drop", {"folder": "drop", "settle": 0}))
print("ready", flush=True)
while True:
    reading.poll()
    if not list((bench.folder / "drop").glob("*.csv")):
        break
"""


def drop(folder: Path) -> set[str]:
    """Big files with broken rows among good ones; the numbers of the good ones."""
    good = set()
    folder.mkdir()
    for file in range(FILES):
        lines = ["MaHoSo,TrangThaiHoSo,NgayTiepNhan,DonViXuLy,NgayCapNhat"]
        for n in range(ROWS):
            number = f"H55.12-{file}-{n:05d}"
            broken = n % BROKEN_EVERY == 0
            lines.append(f"{number},{'11' if broken else '4'},20261120073000,Sở Công Thương,20261120080000")
            good |= set() if broken else {number}
        (folder / f"{file}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return good


def begin(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(folder)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def test_killed_again_and_again_in_big_files_it_loses_and_doubles_nothing(bench: Bench) -> None:
    good = drop(bench.folder / "drop")
    chance = random.Random(7)
    for _ in range(5):
        before = len(bench.snapshots())
        child = begin(bench.folder)
        # It is killed while it works: sometimes just after the first rows, sometimes near the end of a file.
        wait_until(lambda now=before, one=child: len(bench.snapshots()) > now or one.poll() is not None, 60, "rows")
        time.sleep(chance.uniform(0, 0.4))
        child.kill()
        child.wait(20)
    child = begin(bench.folder)
    assert child.wait(120) == 0
    snapshots = bench.snapshots()
    assert {snapshot.number for snapshot in snapshots} == good
    # What came twice is of one version: the fold keeps one of them.
    assert len({(snapshot.number, snapshot.version, snapshot.status) for snapshot in snapshots}) == len(good)
    assert len(bench.quarantine()) == FILES * ROWS // BROKEN_EVERY
    assert sorted(path.name for path in (bench.folder / "drop").iterdir()) == ["processed"]
    assert len(list((bench.folder / "drop" / "processed").iterdir())) == FILES


def test_after_the_last_file_a_restart_sends_nothing_more(bench: Bench) -> None:
    drop(bench.folder / "drop")
    assert begin(bench.folder).wait(120) == 0
    sent = len(bench.snapshots())
    for path in (bench.folder / "drop" / "processed").iterdir():
        path.rename(bench.folder / "drop" / f"again-{path.name}")
    assert begin(bench.folder).wait(120) == 0
    assert len(bench.snapshots()) == sent
