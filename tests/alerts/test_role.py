"""``opscentre alerts`` as a process: it tells, keeps a demo's mails, stops at once, and tells what is wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from opscentre import paths
from opscentre.clock import wall_ms
from opscentre.domain.moments import parse_local
from opscentre.mail_folder import MailFolder
from opscentre.runtime.files_in_use import in_use
from opscentre.runtime.role import ANEW
from opscentre.settings import Settings
from opscentre.store.engine import open_store
from opscentre.store.running import there
from tests.alerts.scene import BUILDING, PROFILE, Scene
from tests.alerts.test_bounces import report
from tests.parts.process import free_port, wait_until

Begin = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Start the role on a folder of its own: Friday 20 November 2026, 10:00, sixty times as fast."""
    started: list[subprocess.Popen[str]] = []
    anchor = json.dumps({"real": wall_ms(), "simulated": parse_local("2026-11-20T10:00"), "speed": 60})

    def make(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        own = {"OPSCENTRE_DATA": str(tmp_path), "OPSCENTRE_CLOCK": anchor, "OPSCENTRE_MAIL": "mailbox"}
        process = subprocess.Popen(
            [sys.executable, "-m", "opscentre", "alerts", *arguments],
            cwd=paths.ROOT, env=os.environ | own | environment, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield make
    for process in started:
        process.kill()
        process.communicate()


def test_it_tells_keeps_the_mails_of_a_demo_and_stops_at_once(tmp_path: Path, begin: Begin):
    scene = Scene(tmp_path)
    scene.dossier("late", BUILDING, due="2026-11-20T09:00")
    folder = MailFolder(tmp_path / "mails")
    metrics = f"127.0.0.1:{free_port()}"
    box, files = tmp_path / "box" / "new", tmp_path / "files"
    for place in (box, box.with_name("cur"), files):
        place.mkdir(parents=True)
    shutil.copy(PROFILE.folder / "recipients.csv", files)
    shipped = (PROFILE.folder / "alerts.toml").read_text("utf-8")
    (files / "alerts.toml").write_text(
        f'{shipped}\n[bounces]\nevery = 1\nmailbox = "maildir://{box.parent}"\n', "utf-8"
    )
    process = begin(OPSCENTRE_SECRET_LINKS="key", OPSCENTRE_ALERTS_METRICS=metrics, OPSCENTRE_ALERTS=str(files))
    wait_until(lambda: any(folder.listed()), 60, "a mail is in the folder")
    mail = next(folder.listed())
    assert (mail.to, "1 hồ sơ quá hạn" in mail.subject) == ("motcua.h55-06@thainguyen.example", True)
    text = folder.read(mail.name).get_body(("plain",)).get_content()
    assert "http://127.0.0.1:8050/answer/" in text
    assert (tmp_path / "alerts.alive").is_file()
    told = httpx.get(f"http://{metrics}/metrics").text
    assert 'opscentre_alerts_firing{severity="warning"} 1.0' in told
    assert 'opscentre_alerts_waiting_messages{state="queued"} 0.0' in told
    (box / "1").write_bytes(report(mail.to))
    wait_until(lambda: bool(scene.view.failing_addresses()), 60, "the report of a mail that came back is noted")
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    assert time.monotonic() - begun < 4
    assert process.returncode == 0
    assert (log.count(" INFO "), log.count("mail to desk@H55.06 bounced: 5.1.1"), log.count("\n")) == (2, 1, 3), log
    scene.engine.dispose()


def test_it_ends_with_a_code_of_its_own_when_a_file_changed_and_something_starts_it_again(tmp_path: Path, begin: Begin):
    for name in ("alerts.toml", "recipients.csv"):
        shutil.copy(PROFILE.folder / name, tmp_path)
    settings = Settings(data=tmp_path, alerts=str(tmp_path))
    engine = open_store(settings.database_url)
    process = begin("--dry-run", OPSCENTRE_ALERTS=str(tmp_path), OPSCENTRE_ON_CHANGE="end")
    wait_until(lambda: [one.pid for one in there(engine, wall_ms())] == [process.pid], 60, "it says that it runs")
    with (tmp_path / "recipients.csv").open("a", encoding="utf-8") as file:
        file.write(",clerk,Văn thư,vanthu@thainguyen.example,,,,,\n")
    [(one, names)] = in_use(engine, settings, wall_ms()).outdated
    assert (one.pid, one.renewed, names) == (process.pid, True, ["recipients.csv"])
    _, log = process.communicate(timeout=60)
    assert process.returncode == ANEW
    assert "ending with code 75, to be started on them" in log
    engine.dispose()


#: What is wrong → what is told of it.
MENDABLE = (
    ({"OPSCENTRE_ALERTS": "{folder}/alerts.toml"}, "alerts.toml, line 3, kind: there is no such kind of rule"),
    ({"OPSCENTRE_MAIL": "mail.example"}, "OPSCENTRE_MAIL: saw 'mail.example'; want smtp://HOST:PORT"),
    ({"OPSCENTRE_CLOCK": "sundial"}, "OPSCENTRE_CLOCK: "),
    ({"OPSCENTRE_ALERTS_METRICS": "9464"}, "OPSCENTRE_ALERTS_METRICS='9464': want host:port"),
)


def test_what_a_person_can_mend_is_one_line(tmp_path: Path, begin: Begin):
    (tmp_path / "alerts.toml").write_text('[[rule]]\ncode = "x"\nkind = "y"\n', encoding="utf-8")
    processes = [
        begin(**{name: value.format(folder=tmp_path) for name, value in environment.items()})
        for environment, _ in MENDABLE
    ]
    for process, (_, told) in zip(processes, MENDABLE, strict=True):
        _, said = process.communicate(timeout=90)
        assert process.returncode == 2
        assert told in said
        assert len(said.strip().splitlines()) == 1
