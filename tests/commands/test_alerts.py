"""``opscentre alerts``: list, acknowledge, silence, look back, preview; what a person can mend is one line, exit 2."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from docx import Document

from alerts.bounces.mailbox import Maildir
from alerts.bounces.noting import BounceReader
from opscentre import cli
from opscentre.access import audit
from opscentre.domain.moments import parse_local
from opscentre.store.answers import answer
from tests.alerts.playing import Play
from tests.alerts.scene import BUILDING, PROFILE, TRADE
from tests.alerts.test_bounces import report


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Friday 16:55: two units have been told of a late dossier each."""
    made = Play(tmp_path, "2026-11-20T16:50")
    made.dossier("late-1", BUILDING, due="2026-11-20T16:00")
    made.dossier("late_2", TRADE, due="2026-11-20T16:30")
    made.until("2026-11-20T16:55")
    anchor = json.dumps({"real": 1 << 52, "simulated": made.now, "speed": 1})
    monkeypatch.setenv("OPSCENTRE_DATA", str(tmp_path))
    monkeypatch.setenv("OPSCENTRE_CLOCK", anchor)
    yield made
    made.close()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run a command in this process: what it printed; with ``fails`` what it complained of."""

    def command(*arguments: str, fails: bool = False) -> str:
        monkeypatch.setattr(sys, "argv", ["opscentre", "alerts", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert ended.value.code == (2 if fails else 0), said.err
        return said.err.strip() if fails else said.out

    return command


def test_what_is_open_is_listed_by_gravity_and_as_json(play: Play, run):
    document = json.loads(run("list", "--json"))
    open_now = [(one["severity"], one["rule"], one["subject"]) for one in document["alerts"]]
    assert open_now == [
        ("warning", "overdue", "dossier:s/late-1"),
        ("warning", "overdue", "dossier:s/late_2"),
        ("info", "nothing-overdue", "unit:H55.06"),
        ("info", "nothing-overdue", "unit:H55.12"),
    ]
    assert document["alerts"][0]["since"] == "2026-11-20T16:00:00+07:00"
    assert "Sở Công Thương" in run("list", "--unit", TRADE)
    assert "Sở Xây dựng" not in run("list", "--unit", TRADE)


def test_an_acknowledged_dossier_is_told_of_no_more_and_ends_with_it(play: Play, run):
    assert run("ack", "late-1", "--reason", "giao lại") == "dossier:s/late-1: acknowledged until it is over\n"
    play.skip("2026-11-25T16:45")
    assert [one.to.split("@")[0] for one in play.mails("lanhdao")] == ["lanhdao.h55-12"]
    (mark,) = json.loads(run("list", "--json"))["marks"]
    assert (mark["kind"], mark["reason"]) == ("ack", "giao lại")
    play.dossier("late-1", BUILDING, due="2026-11-20T16:00", status=9)
    play.until("2026-11-25T16:47")
    assert json.loads(run("list", "--json"))["marks"] == []


def test_a_silence_has_an_end_and_can_be_ended_before_it(play: Play, run):
    said = run("silence", "--unit", BUILDING, "--until", "2026-11-30T08:00", "--reason", "bảo trì", "--by", "An")
    assert said.startswith("silence 1 stands")
    assert "silence 1: H55.06, until 2026-11-30T08:00:00+07:00, by An: bảo trì" in run("list")
    assert run("end", "1", "--by", "Bình") == "1 has ended\n"
    done = [(row.who, row.action, row.subject) for row in audit.entries(play.engine, limit=9)]
    assert done == [("Bình", "alert.end", "mark:1"), ("An", "alert.silence", "alerts")]
    assert json.loads(run("list", "--json"))["marks"] == []
    assert "no acknowledgement or silence of that number stands" in run("end", "1", fails=True)


def test_history_tells_what_became_of_alerts_and_of_messages(play: Play, run):
    steps = json.loads(run("history", "--json", "--unit", BUILDING))
    # The unit's own rule, whose end alone is told, is open as well.
    assert {(one["rule"], one["key"], one["state"]) for one in steps} == {
        ("overdue", "s/late-1", "firing"),
        ("nothing-overdue", BUILDING, "firing"),
    }
    mails = json.loads(run("history", "--mails", "--json"))
    assert {(one["recipient"], one["state"], one["attempts"]) for one in mails} == {
        (f"desk@{BUILDING}", "sent", 1),
        (f"desk@{TRADE}", "sent", 1),
    }
    assert "1 hồ sơ quá hạn" in run("history", "--mails")


def test_a_preview_says_what_would_be_told_now_and_writes_nothing(play: Play, run, tmp_path: Path):
    play.dossier("new", TRADE, due="2026-11-20T16:40")
    sent = len(play.mails())
    page = tmp_path / "mail.html"
    said = run("preview", "--unit", TRADE, "--html", str(page))
    assert said.startswith("[Thái Nguyên IOC] Sở Công Thương: 2 hồ sơ quá hạn (20/11)")
    assert "late_2" in page.read_text(encoding="utf-8")
    (document,) = json.loads(run("preview", "--unit", TRADE, "--json"))
    assert [one["number"] for one in document["dossiers"]] == ["late_2", "new"]
    assert len(json.loads(run("list", "--json"))["alerts"]) == 4
    assert len(play.mails()) == sent


def test_an_address_that_fails_is_listed_until_somebody_says_that_it_works(play: Play, run, tmp_path: Path):
    sent = play.mails("motcua.h55-06")[-1]
    for place in ("new", "cur"):
        (tmp_path / "box" / place).mkdir(parents=True)
    (tmp_path / "box" / "new" / "1").write_bytes(report(sent.to, sent.id.strip("<>")))
    BounceReader(play.engine, play.alerting, PROFILE.units, Maildir(tmp_path / "box")).look(play.times())
    assert (
        f"mail does not reach desk@{BUILDING} ({sent.to}), failing since 2026-11-20T16:55:00+07:00: 5.1.1 550"
        in run("list")
    )
    (failing,) = json.loads(run("list", "--json"))["failing"]
    assert (failing["recipient"], failing["status"]) == (f"desk@{BUILDING}", "5.1.1")
    assert "bounced: 5.1.1" in run("history", "--mails", "--json")
    assert run("reachable", sent.to.upper()) == f"desk@{BUILDING}: counts as reachable until a mail comes back again\n"
    assert json.loads(run("list", "--json"))["failing"] == []


def test_a_slip_is_written_with_the_date_that_its_office_promised(play: Play, run, tmp_path: Path):
    sent = play.mails("motcua.h55-06")[-1].id.strip("<").partition("@")[0]
    answer(play.engine, sent, play.now, parse_local("2026-11-26T00:00"))
    out = tmp_path / "slip.docx"
    said = run("slip", "s", "late-1", "--out", str(out))
    assert said == f"{out}: dossier late-1 of Sở Xây dựng; fill in, sign and seal\n"
    text = "\n".join(one.text for one in Document(str(out)).paragraphs)
    assert "Ngày hẹn trả kết quả mới: ngày 25 tháng 11 năm\u00a02026." in text
    assert "quá hạn 55 phút làm việc" in text
    run("slip", "s", "late_2", "--out", str(tmp_path / "slip.pdf"))
    assert (tmp_path / "slip.pdf").read_bytes().startswith(b"%PDF")


#: Arguments → what is told.
MENDABLE = (
    (("ack", "late", "--reason", "x"), "'late': no open alert is about that; 'opscentre alerts list' shows"),
    (("ack", "late%", "--reason", "x"), "no open alert is about that"),
    (("silence", "--until", "2026-12-01", "--reason", "x"), "want at least one of --unit, --rule, --dossier"),
    (("silence", "--unit", "H55", "--until", "2026-12-01", "--reason", "x"), "--unit H55: units.csv of thai-nguyen"),
    (("silence", "--rule", "x", "--until", "2026-12-01", "--reason", "x"), "--rule x: alerts.toml has due-soon, "),
    (("silence", "--rule", "silent", "--until", "2026-11-01", "--reason", "x"), "it is 2026-11-20T16:55"),
    (("silence", "--rule", "silent", "--until", "soon", "--reason", "x"), "--until: 'soon' is not a local time"),
    (("slip", "s", "late-1", "--out", "slip.txt"), "--out slip.txt: want a name that ends in .pdf or .docx"),
    (("slip", "s", "late", "--out", "slip.pdf"), "s/late: there is no such dossier"),
    (("slip", "s", "late-1", "--out", "nowhere/slip.pdf"), "--out nowhere/slip.pdf: cannot be written: No such file"),
    (("reachable", "desk@H55"), "desk@H55: no address or recipient of that name fails; 'opscentre alerts list'"),
    (("preview", "--unit", "nowhere"), "--unit nowhere"),
)


def test_what_a_person_can_mend_is_one_line(play: Play, run):
    for arguments, told in MENDABLE:
        said = run(*arguments, fails=True)
        assert told in said
        assert len(said.splitlines()) == 1


def test_a_folder_in_which_nothing_was_counted_is_told(run, tmp_path: Path):
    assert "nothing was ever counted in this folder" in run("list", "--data", str(tmp_path / "empty"), fails=True)
