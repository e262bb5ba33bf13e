"""Mails that come back: what a report says, whose it is, that nothing hostile breaks it, and who hears of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from alerts.bounces.mailbox import MailboxAway, Maildir, mailbox_of
from alerts.bounces.noting import BounceReader
from alerts.bounces.report import MOST_BYTES, MOST_RECIPIENTS, reports
from alerts.files import Bounces
from alerts.office import Office
from opscentre.settings import SettingsError
from opscentre.store.addresses import Failing, end_failing, left_out
from opscentre.store.alert_tables import mail_bounces, mailbox_marks, notifications
from tests.alerts.playing import SHIPPED, Play
from tests.alerts.postoffice import certificate
from tests.alerts.scene import BUILDING, PROFILE, TRADE
from tests.conftest import part_or_skip
from tests.parts.dovecot import PASSWORD, Dovecot, program

DESK = "motcua.h55-06@thainguyen.example"
REPORT = """Return-Path: <>
Delivered-To: {to}
From: MAILER-DAEMON@mail.a.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="3F1A.1795"

--3F1A.1795
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--3F1A.1795
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.a.example
Arrival-Date: Fri, 20 Nov 2026 17:00:00 +0700

{recipients}
--3F1A.1795
Content-Type: {kind}

{original}
--3F1A.1795--
"""
FAILED = """Final-Recipient: rfc822; {address}
Original-Recipient: rfc822;{address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {told}

"""


def report(
    address: str = DESK, message_id: str = "", *, action: str = "failed", status: str = "5.1.1",
    to: str = "ioc@a.example", told: str = "550 5.1.1 User unknown", kind: str = "message/rfc822", times: int = 1,
) -> bytes:  # fmt: skip
    """A report as mail servers write it."""
    head = f"Message-ID: <{message_id}>\n" if message_id else ""
    recipients = FAILED.format(address=address, action=action, status=status, told=told) * times
    original = f"From: ioc@a.example\n{head}Subject: x\n\nthe text"
    written = REPORT.format(to=to, recipients=recipients, kind=kind, original=original)
    return written.replace("\n", "\r\n").encode()


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_tells_the_address_the_reason_and_which_mail_it_was(kind: str):
    (found,) = reports(report(message_id="0123@a.example", kind=kind, to="bounces+77@a.example"))
    assert found == (DESK, True, "5.1.1", "550 5.1.1 User unknown", "0123@a.example", ("bounces+77@a.example",) * 2)


@pytest.mark.parametrize(
    ("action", "status", "permanent"),
    [("failed", "5.7.1", [True]), ("failed", "", [True]), ("failed", "4.4.7", [False]), ("delayed", "4.2.2", [False]),
     ("delivered", "2.1.5", []), ("relayed", "2.0.0", []), ("", "5.0.0", [])],
)  # fmt: skip
def test_what_is_given_up_for_good_is_told_from_what_may_still_arrive(action: str, status: str, permanent: list[bool]):
    assert [one.permanent for one in reports(report(action=action, status=status))] == permanent


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\x00\xff" * 5000, b"Subject: Out of office\r\n\r\nI am away",
        report().replace(b"delivery-status", b"feedback-report"),
        b"Content-Type: multipart/report\r\n\r\n--", report()[:300],
        b"".join(b'Content-Type: multipart/report; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(2000)),
        b"Content-Type: multipart/report; boundary=a\r\n\r\n" + b"--a\r\n\r\n" * 50_000,
        b"A: b\r\n" * 200_000,
    ],
    ids=range(9),
)  # fmt: skip
def test_what_is_no_report_says_nothing(raw: bytes):
    assert reports(raw) == []


def test_a_report_is_bounded():
    assert len(reports(report(times=500))) == MOST_RECIPIENTS
    assert len(reports(report(told="x" * 10_000))[0].detail) == 300
    evil = reports(report(told="\x1b[31m\x00 <script>\u202e"))[0].detail
    assert all(sign.isprintable() for sign in evil)
    late = report().replace(b"I'm sorry", b"x" * MOST_BYTES)
    assert reports(late) == []


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_mail_crashes_the_reading(data: st.DataObject):
    sound = report(message_id="0123@a.example")
    cut = data.draw(st.integers(0, len(sound)))
    spliced = data.draw(
        st.binary(max_size=40) | st.sampled_from([b"\r\n\r\n", b"--3F1A.1795\r\n", b"=?utf-8?q?", b"\xff"])
    )
    found = reports(sound[:cut] + spliced + sound[data.draw(st.integers(cut, len(sound))) :])
    assert len(found) <= 1
    assert reports(data.draw(st.binary(max_size=200))) == []


class Boxed(Play):
    """A play whose mails come back to a mailbox."""

    def read(self, mailbox: object) -> int:
        return BounceReader(self.engine, self.alerting, PROFILE.units, mailbox).look(self.times())  # type: ignore[arg-type]

    def noted(self) -> list[tuple[str, bool, str]]:
        column = mail_bounces.c
        query = select(column.recipient, column.permanent, column.status).order_by(column.status, column.recipient)
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def failing(self) -> list[str]:
        return [one.recipient for one in self.view.failing_addresses()]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Boxed]:
    """A Friday on which two desks were told of a late dossier each, by mails that say which they are."""
    made = Boxed(tmp_path, "2026-11-20T16:00", return_path="bounces+{id}@thainguyen.example")
    made.dossier("late-1", BUILDING, due="2026-11-20T15:00")
    made.dossier("late-2", TRADE, due="2026-11-20T15:00")
    made.until("2026-11-20T16:05")
    assert len(made.mails("motcua")) == 2
    yield made
    made.close()


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for place in ("new", "cur", "tmp"):
        (tmp_path / "box" / place).mkdir(parents=True)
    return tmp_path / "box"


def test_a_mail_leaves_under_the_address_that_it_comes_back_to(play: Boxed):
    sent = play.mails(DESK)[0]
    assert sent.sender == f"bounces+{sent.id[1:33]}@thainguyen.example"


def test_a_mail_is_matched_by_its_id_by_the_address_it_came_to_or_by_its_recipient(play: Boxed, box: Path):
    first, other = play.mails("motcua.h55-06")[0].id, play.mails("motcua.h55-12")[0].id
    (box / "new" / "1").write_bytes(report("forwarded@elsewhere.example", first.strip("<>"), status="5.0.1"))
    back = f"bounces+{other[1:33]}@thainguyen.example"
    (box / "cur" / "2:2,S").write_bytes(report("", to=back, status="5.0.2"))
    (box / "new" / "3").write_bytes(report("CHUTICH@thainguyen.example", status="5.0.3"))
    (box / "new" / "4").write_bytes(report("chutich@thainguyen.example", "somebody-elses@a.example", status="5.0.4"))
    (box / "new" / "5").write_bytes(report("nobody@a.example", status="5.0.5"))
    (box / "new" / "6").write_bytes(report(DESK, "f" * 32 + "@thainguyen.example", status="5.0.6"))
    (box / "new" / "7").write_bytes(b"\xff\x00" * 100)
    (box / "new" / "8").symlink_to("/etc/passwd")
    (box / "new" / os.fsdecode(b"9\xff")).write_bytes(b"x")
    assert play.read(Maildir(box)) == 3
    assert play.noted() == [
        (f"desk@{BUILDING}", True, "5.0.1"), (f"desk@{TRADE}", True, "5.0.2"), ("chair@province", True, "5.0.3"),
    ]  # fmt: skip
    with play.engine.connect() as connection:
        errors = connection.execute(select(notifications.c.error).where(notifications.c.id == first[1:33])).scalar_one()
        assert errors == "bounced: 5.0.1 550 5.1.1 User unknown"
        assert len(connection.execute(select(mailbox_marks)).all()) == 8
    # Another process, and the same mails after the mailbox's own program looked at them.
    (box / "new" / "1").rename(box / "cur" / "1:2,S")
    (box / "cur" / "2:2,S").unlink()
    assert play.read(Maildir(box)) == 0
    assert len(play.noted()) == 3
    with play.engine.connect() as connection:
        assert "2" not in connection.execute(select(mailbox_marks.c.name)).scalars().all()


def test_the_centre_hears_of_an_address_that_fails_until_it_is_mended(play: Boxed, box: Path):
    sent = play.mails(DESK)[0].id.strip("<>")
    (box / "new" / "1").write_bytes(report(DESK, sent, action="delayed", status="4.2.2"))
    play.read(Maildir(box))
    play.until("2026-11-20T16:10")
    assert play.failing() == []
    assert play.mails("kythuat") == []
    (box / "new" / "2").write_bytes(report(DESK, sent))
    play.read(Maildir(box))
    play.until("2026-11-20T16:15")
    (told,) = play.mails("kythuat")
    assert "Địa chỉ thư không nhận được: Sở Xây dựng" in told.text
    assert f"{DESK}: 5.1.1 550 5.1.1 User unknown" in told.text
    assert end_failing(play.engine, f"desk@{BUILDING}", play.now, "An") == [f"desk@{BUILDING}"]
    play.skip("2026-11-23T09:00")
    assert "Đã hết: Địa chỉ thư không nhận được" in play.mails("kythuat")[-1].text


def test_so_many_different_mails_of_ours_leave_an_address_out() -> None:
    found = [Failing(f"desk@u{mails}", f"u{mails}", "a@x", "5.1.1", "", 0, 0, mails) for mails in (0, 2, 3, 9)]
    assert left_out(found, 3) == {("desk@u3", "a@x"), ("desk@u9", "a@x")}
    assert left_out(found, 0) == frozenset()


def test_an_address_that_fails_is_left_out_and_the_centre_hears_in_its_place_until_it_is_let_in_again(
    play: Boxed, box: Path
):
    play.alerting = play.alerting._replace(bounces=msgspec.structs.replace(play.alerting.bounces, leave_out_after=1))
    play.looks = Office(play.engine, play.alerting, PROFILE, play.view)
    sent = play.mails(DESK)[0].id.strip("<>")
    # Inventions that name no mail of ours leave nobody out.
    (box / "new" / "1").write_bytes(report(DESK, status="5.0.8"))
    (box / "new" / "2").write_bytes(report(DESK, status="5.0.9"))
    play.read(Maildir(box))
    assert [(one.recipient, one.mails) for one in play.view.failing_addresses()] == [(f"desk@{BUILDING}", 0)]
    play.step()
    (box / "new" / "3").write_bytes(report(DESK, sent))
    (box / "new" / "4").write_bytes(report(DESK, sent, status="5.0.7"))
    play.read(Maildir(box))
    assert play.view.failing_addresses()[0].mails == 1
    play.until("2026-11-20T16:15")
    # What the address was told never arrived: the centre hears of it now.
    heard = "\n".join(mail.text for mail in play.mails("kythuat"))
    assert ("late-1" in heard, "late-2" in heard) == (True, False)
    play.dossier("late-4", BUILDING, due="2026-11-23T09:05")
    play.skip("2026-11-23T14:00")
    assert "late-4" in "\n".join(mail.text for mail in play.mails("kythuat"))
    assert len(play.mails(DESK)) == 1
    assert end_failing(play.engine, f"desk@{BUILDING}", play.now, "An") == [f"desk@{BUILDING}"]
    play.dossier("late-5", BUILDING, due="2026-11-23T14:05")
    play.skip("2026-11-23T16:30")
    assert "late-5" in play.mails(DESK)[-1].text


def test_an_address_that_was_changed_fails_no_more(play: Boxed, box: Path):
    (box / "new" / "1").write_bytes(report(DESK, play.mails(DESK)[0].id.strip("<>")))
    play.read(Maildir(box))
    assert play.failing() == [f"desk@{BUILDING}"]
    rows = [msgspec.structs.replace(row, address="new.{unit}@thainguyen.example") if row.role == "desk" else row
            for rows in SHIPPED.recipients._by_place.values() for row in rows]  # fmt: skip
    play.alerting = play.alerting._replace(recipients=type(SHIPPED.recipients)(rows))
    play.read(Maildir(box))
    assert play.failing() == []


@pytest.fixture(scope="module")
def imap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    """A real IMAP server."""
    part_or_skip("dovecot", program)
    folder = tmp_path_factory.mktemp("imap")
    shown, _ = certificate(folder)
    server = Dovecot(folder, shown, folder / "key.pem")
    server.start()
    yield server
    server.stop()


def test_a_real_imap_server_is_read_over_tls_and_nothing_in_it_is_touched(
    play: Boxed, imap: Dovecot, caplog: pytest.LogCaptureFixture
):
    named = Bounces(mailbox=imap.url, password_env="SECRET", ca_file=str(imap.certificate), timeout=10)
    mailbox = mailbox_of(named, {"SECRET": PASSWORD})
    assert mailbox is not None
    reader = BounceReader(play.engine, play.alerting, PROFILE.units, mailbox)
    caplog.set_level("INFO")
    mailbox.greet()
    assert reader.look(play.times()) == 0
    imap.keep("1.M1.a", b"Subject: a letter of somebody's\r\n\r\nx")
    imap.keep("2.M2.a", report(DESK, play.mails(DESK)[0].id.strip("<>")))
    imap.keep("3.M3.a", b"\xff\x00" * 400_000)
    assert reader.look(play.times()) == 1
    assert play.noted() == [(f"desk@{BUILDING}", True, "5.1.1")]
    assert reader.look(play.times()) == 0
    there = subprocess.run(
        ["find", str(imap.mails), "-type", "f", "-name", "*.M?.a*"], capture_output=True, text=True, check=True
    )
    names = [Path(line).name for line in there.stdout.split()]
    assert len(names) == 3
    assert [name for name in names if "S" in name.partition(":2,")[2] or "T" in name.partition(":2,")[2]] == []
    imap.kill()
    for _ in range(2):
        assert reader.look(play.times()) == 0
    imap.start()
    imap.keep("4.M4.a", report(DESK, play.mails(DESK)[0].id.strip("<>"), status="5.2.2"))
    assert reader.look(play.times()) == 1
    told = [one.message for one in caplog.records if "bounces" in one.message]
    assert [one.partition(":")[0] for one in told] == ["bounces wait", "bounces are read again"]
    # A certificate that nobody we know signed, and a wrong password.
    for wrong, secret in ((msgspec.structs.replace(named, ca_file=""), PASSWORD), (named, "x")):
        other = mailbox_of(wrong, {"SECRET": secret})
        assert other is not None
        with pytest.raises(MailboxAway):
            list(other.new({}))
        with pytest.raises(MailboxAway):
            other.greet()


def test_a_mailbox_that_cannot_be_read_is_told():
    assert mailbox_of(Bounces(), {}) is None
    with pytest.raises(SettingsError, match="bounces: the variable SECRET is not set; it holds the password of ioc"):
        mailbox_of(Bounces(mailbox="imaps://ioc@a.example:993/INBOX", password_env="SECRET"), {})
    with pytest.raises(MailboxAway, match="No such file"):
        list(Maildir(Path("/nowhere")).new({}))
