"""The alerts as people meet them: who gets which mail at which hour, through SQL, pipeline and a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from alerts.pruning import prune
from opscentre.domain.moments import DAY, HOUR, MINUTE, parse_local
from opscentre.domain.recipients import Recipient, Recipients
from opscentre.store.alert_tables import alert_history, alert_marks, alerts, notification_lines, notifications
from tests.alerts.playing import SHIPPED, Play
from tests.alerts.postoffice import at_step
from tests.alerts.scene import APART, BUILDING, TRADE

DESK = "motcua.h55-06@"
KEPT = (alerts, alert_history, notification_lines, notifications)


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Friday 20 November 2026, ten minutes before closing."""
    made = Play(tmp_path, "2026-11-20T16:50")
    yield made
    made.close()


def mark(play: Play, kind: str, **given: object) -> None:
    row = {"kind": kind, "subject": "", "unit": "", "rule": "", "author": "a", "reason": "r", "at": play.now}
    with play.engine.begin() as connection:
        connection.execute(insert(alert_marks), row | {"until": None} | given)


def offices(play: Play) -> list[str]:
    """Whom mails went to, in the order in which each first had one."""
    return list(dict.fromkeys(one.to.split("@")[0] for one in play.mails()))


def test_what_falls_due_at_closing_is_one_mail_at_the_next_opening(play: Play):
    for number in ("a", "b", "c"):
        play.dossier(number, BUILDING, due="2026-11-20T16:59")
    play.dossier("d", TRADE, due="2026-11-20T17:00")
    play.until("2026-11-20T16:53")
    first = play.mails(DESK)
    assert [one.subject for one in first] == ["[Thái Nguyên IOC] Sở Xây dựng: 3 hồ sơ sắp đến hạn (20/11)"]
    play.skip("2026-11-20T17:05", "2026-11-21T09:00", "2026-11-23T06:59")
    assert play.mails(DESK) == first
    play.until("2026-11-23T07:05")
    (mail,) = play.mails(DESK, "2026-11-23T07:00", "2026-11-23T07:05")
    assert sorted(mail.numbers) == ["a", "b", "c"]
    assert mail.subject == "[Thái Nguyên IOC] Sở Xây dựng: 3 hồ sơ quá hạn (23/11)"
    assert [one.numbers for one in play.mails("motcua.h55-12", "2026-11-23T07:00")] == [["d"]]
    play.skip("2026-11-23T08:30")
    assert len(play.mails(DESK)) == 2


def test_lateness_climbs_from_the_desk_to_the_chair_by_working_days(play: Play):
    play.dossier("late", BUILDING, due="2026-11-20T16:00")
    climbed = []
    for moment in ("20T16:55", "25T15:59", "25T16:05", "27T15:59", "27T16:05"):
        play.skip(f"2026-11-{moment}")
        climbed.append(len(offices(play)))
    assert climbed == [1, 1, 2, 2, 3]
    play.skip("2026-12-04T15:59", "2026-12-04T16:05")
    assert offices(play) == ["motcua.h55-06", "lanhdao.h55-06", "phochutich", "chutich"]
    (chair,) = play.mails("chutich")
    assert chair.mail["Importance"] == "high"
    assert "trễ 10 ngày" in chair.text


@pytest.mark.parametrize("ended", ["finished", "paused", "acknowledged"])
def test_it_climbs_no_further_once_finished_paused_or_acknowledged(play: Play, ended: str):
    play.dossier("late", BUILDING, due="2026-11-20T16:00")
    play.skip("2026-11-20T16:58")
    if ended == "acknowledged":
        mark(play, "ack", subject="dossier:s/late")
    else:
        play.dossier("late", BUILDING, due="2026-11-20T16:00", status=9 if ended == "finished" else 5)
    play.skip("2026-11-23T07:05", "2026-11-25T16:30", "2026-11-27T16:30", "2026-12-04T16:30")
    assert offices(play) == ["motcua.h55-06"]
    if ended == "finished":
        assert play.mails(DESK)[-1].subject.endswith("đã hết: Đơn vị còn hồ sơ quá hạn – Sở Xây dựng (23/11)")


def test_a_dossier_that_was_finished_overnight_is_not_named_in_the_morning(play: Play):
    play.now += 20 * MINUTE  # after closing
    play.dossier("finished", BUILDING, due="2026-11-20T17:05")
    play.dossier("late", BUILDING, due="2026-11-20T17:06")
    play.until("2026-11-20T17:13")
    play.dossier("finished", BUILDING, due="2026-11-20T17:05", status=9)
    play.skip("2026-11-20T19:00", "2026-11-23T07:05")
    (mail,) = play.mails(DESK)
    assert mail.numbers == ["late"]


def test_a_dead_uplink_silences_links_and_a_dead_link_its_source(play: Play):
    wall = play.now + APART
    rule = play.alerting.rule("source-stale")
    rule.links["mot-cua-so"] = "truc"
    for code in ("truc", "cong"):
        play.observed("link", code, wall, state="down", since=wall)
    play.observed("source", "mot-cua-so", wall, observed_at=wall - HOUR, ok=False)
    play.observed("source", "bhxh", wall, observed_at=wall - HOUR, ok=False)
    play.until("2026-11-20T16:53")
    rule.links.clear()
    told = "\n".join(one.text for one in play.mails("kythuat"))
    assert told.count("Mất kết nối") == 2
    assert "bhxh" in told
    assert "mot-cua-so" not in told


def test_all_links_unknown_is_told_as_one_thing_at_night_and_its_end_too(play: Play):
    play.now += 6 * HOUR
    for code in ("truc", "cong"):
        play.observed("link", code, play.now + APART, state="unknown", since=play.now + APART)
    play.until("2026-11-20T22:52")
    (down,) = play.mails()
    assert down.subject == "[Thái Nguyên IOC] Tổ kỹ thuật Trung tâm điều hành: Trung tâm mất đường truyền (20/11)"
    play.observed("link", "cong", play.now + APART)
    play.until("2026-11-20T22:54")
    assert [one.subject.partition(": ")[2] for one in play.mails()[1:]] == [
        "đã hết: Trung tâm mất đường truyền (20/11)"
    ]


def test_a_silence_holds_until_its_end_and_then_what_still_holds_is_told(play: Play):
    mark(play, "silence", unit=BUILDING, until=play.now + 62 * HOUR + 40 * MINUTE)  # Monday 07:30
    play.dossier("late", BUILDING, due="2026-11-20T16:00")
    play.dossier("other", TRADE, due="2026-11-20T16:00")
    play.skip("2026-11-20T16:57", "2026-11-23T07:29")
    assert offices(play) == ["motcua.h55-12"]
    play.until("2026-11-23T07:35")
    assert [one.numbers for one in play.mails(DESK)] == [["late"]]


def test_it_is_told_again_after_sixteen_working_hours_and_not_sooner(play: Play):
    play.dossier("late", BUILDING, due="2026-11-20T16:48")
    # One mail when overdue, one when late by a working day; told again two working days after the first.
    counts = []
    for moment in ("20T16:57", "23T16:57", "24T16:45", "24T16:57"):
        play.skip(f"2026-11-{moment}")
        counts.append(len(play.mails(DESK)))
    assert counts == [1, 2, 2, 3]


def test_a_server_that_is_away_for_a_day_costs_nothing_and_makes_no_flood(play: Play):
    play.now -= 9 * HOUR  # 07:50
    play.office.close()
    for hour in range(8, 17):
        play.dossier(f"d{hour:02}", BUILDING, due=f"2026-11-20T{hour:02}:00")
        play.dossier(f"t{hour:02}", TRADE, due=f"2026-11-20T{hour:02}:00")
    play.observed("link", "truc", play.now + APART, state="down", since=play.now + APART)
    play.until("2026-11-20T16:50", HOUR)
    play.skip("2026-11-23T06:30")
    assert play.mails() == []
    play.office.open()
    play.skip("2026-11-23T06:50", "2026-11-23T07:05")
    assert [one.to.split("@")[0] for one in play.mails()[:1]] == ["kythuat.ioc"], "the gravest leaves first"
    (mail,) = play.mails(DESK)
    assert mail.numbers == [f"d{hour:02}" for hour in range(8, 17)]
    assert len(play.mails("motcua.h55-12")) == 1
    assert_told_once(play)


def test_greylisting_delays_a_mail_and_doubles_nothing(play: Play):
    play.office.manner = at_step("RCPT", "451 come back later", 2)
    play.dossier("late", BUILDING, due="2026-11-20T16:00")
    play.until("2026-11-20T16:59")
    assert [one.numbers for one in play.mails(DESK)] == [["late"]]
    assert_told_once(play)


def test_an_answer_that_never_came_is_repeated_under_the_same_message_id(play: Play):
    play.office.manner = at_step("TAKEN", "hang up", 1)
    play.dossier("late", BUILDING, due="2026-11-20T16:00")
    play.until("2026-11-20T16:59")
    one, other = play.mails(DESK)
    assert one.id == other.id
    assert one.numbers == other.numbers == ["late"]


def assert_told_once(play: Play) -> None:
    """Every line of the log was told by a message that was sent, and nothing still waits."""
    with play.engine.connect() as connection:
        query = select(notification_lines.c.state, notifications.c.state).join(
            notifications, notifications.c.id == notification_lines.c.notification
        )
        rows = set(connection.execute(query).tuples())
    assert rows <= {("told", "sent"), ("moot", "sent"), ("moot", "dropped")}
    ids = [one.id for one in play.mails()]
    assert len(ids) == len(set(ids))


def test_slips_go_along_with_up_to_three_late_dossiers_and_with_more_there_are_links(tmp_path: Path):
    play = Play(tmp_path, "2026-11-20T16:50", dashboard="https://ioc.a.example/")
    numbers = ["H55/1", "2", "3", "4"]
    for unit, count in ((BUILDING, 3), (TRADE, 4)):
        for number in numbers[:count]:
            play.dossier(f"{unit}-{number}", unit, due="2026-11-20T16:00")
    # One that waits for its reception was promised nothing yet.
    play.dossier("filed", BUILDING, status=1, received=None, submitted="2026-11-18T08:00")
    play.until("2026-11-20T16:55")
    few, many = play.mails(DESK)[-1], play.mails("motcua.h55-12")[-1]
    assert "https://ioc.a.example/slip/s/H55.06-H55%2F1.pdf" in few.text
    assert 'href="https://ioc.a.example/slip/s/H55.06-H55%2F1.docx"' in few.html
    slips = [one for one in few.mail.iter_attachments() if one.get_content_type() == "application/pdf"]
    assert [one.get_filename() for one in slips] == [
        f"phieu-xin-loi-H55.06-{number}.pdf" for number in ("2", "3", "H55-1")
    ]
    assert slips[0].get_content().startswith(b"%PDF")
    assert "/slip/s/filed" not in few.text
    assert many.text.count("/slip/s/H55.12-") == 4
    assert [one.get_content_type() for one in many.mail.iter_attachments()] == ["text/csv"]
    play.close()


def test_what_was_over_long_ago_is_forgotten_and_what_is_open_is_not(play: Play):
    play.dossier("over", BUILDING, due="2026-11-20T16:00")
    play.dossier("open", BUILDING, due="2026-11-20T16:10")
    play.until("2026-11-20T16:55")
    play.dossier("over", BUILDING, due="2026-11-20T16:00", status=9)
    play.until("2026-11-20T16:57")
    later = play.times()._replace(now=play.now + 15 * DAY, wall=play.now + APART + 15 * DAY)
    assert prune(play.engine, 400, later) == 0
    assert prune(play.engine, 14, later) > 0
    with play.engine.connect() as connection:
        left = {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in KEPT}
    # The open dossier, the unit that is not without overdue ones, and the line that says what is told of it.
    assert left == {"alerts": 2, "alert_history": 0, "notification_lines": 1, "notifications": 0}
    play.now += 15 * DAY
    sent = len(play.mails("motcua"))
    play.skip("2026-12-07T09:00")
    assert [one.numbers for one in play.mails("motcua")[sent:]] == [["open"]]


def test_a_digest_comes_once_a_working_day_to_those_who_want_it(tmp_path: Path):
    rows = [
        Recipient(unit="*", role="desk", address="desk.{unit}@thainguyen.example"),
        Recipient(unit=BUILDING, role="head", address="head@thainguyen.example", digest="morning"),
        Recipient(role="chair", address="chair@thainguyen.example", digest="evening", language="en"),
        Recipient(role="vice-chair", address="vice@thainguyen.example"),
    ]
    play = Play(tmp_path, "2026-11-20T16:20", SHIPPED._replace(recipients=Recipients(rows)))
    play.dossier("late", BUILDING, due="2026-11-20T16:00")
    play.dossier("other", TRADE, due="2026-11-20T16:00")
    play.until("2026-11-20T16:29")
    assert play.mails("chair") == []
    play.until("2026-11-20T16:33")
    (evening,) = play.mails("chair")
    assert evening.subject == ("[Thái Nguyên IOC] chair, end-of-day summary: 2 dossiers overdue in 2 units (20/11)")
    assert "unsubscribe" in evening.mail["List-Unsubscribe"]
    assert all("List-Unsubscribe" not in one.mail for one in play.mails("desk"))
    play.skip("2026-11-20T16:50", "2026-11-21T09:00", "2026-11-22T09:00", "2026-11-23T07:03", "2026-11-23T09:00")
    (morning,) = play.mails("head")
    assert (morning.numbers, morning.moment) == (["late"], parse_local("2026-11-23T07:01"))
    assert len(play.mails("chair")) == 1
    play.close()
