"""The alerts' pages over what the alerts themselves wrote: states, filters, one story, actions and what they do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from dashboard.alert_actions import Form, decide
from dashboard.alert_feed import AlertFeed
from dashboard.desk import Desk
from dashboard.gate import answering
from dashboard.ways.local import HERE
from layouts.place import place_of
from layouts.words import WORDS
from opscentre.access import audit
from opscentre.access.people import Person, Role
from opscentre.access.scope import Scope
from opscentre.alert_files import read_names
from opscentre.domain.alert_desk import Answered, Trouble
from opscentre.domain.moments import MINUTE, parse_local
from opscentre.settings import Settings
from opscentre.store import alert_channels, answers
from tests.alerts.playing import Play
from tests.alerts.scene import BUILDING, PROFILE, TRADE, WARD
from tests.dashboard.pictures import plausible
from tests.dashboard.test_desk import links, parts, text

FORM = Form("Lê Thị Hà", "", "", "đã giao chuyên viên", "Tổ 3", "xem lại", "subject", "", "", "bảo trì")
DOSSIER = ("overdue", "s/a")


class Screen:
    """The desk's pages over a play's database, at its simulated moment; whoever looks is at this machine."""

    simulated, speed = True, 1.0

    def __init__(self, play: Play) -> None:
        self.play = play
        names = read_names(PROFILE, Settings())
        self.desk = Desk(play.engine, PROFILE, place_of(PROFILE), self, {"s": "Một cửa"}, names)

    def now(self) -> int:
        return self.play.now

    def show(self, address: str) -> str:
        """What a page says."""
        path, _, query = address.partition("?")
        self.desk.alerts.forget()
        with answering(HERE):
            return text(self.desk.show(path, f"?{query}"))

    def act(self, what: str, form: Form = FORM, number: int | None = None, alert: tuple[str, str] = DOSSIER) -> str:
        """What is said to an action of this machine's administrator."""
        with answering(HERE):
            return decide(self.desk, *alert, WORDS["vi"], what, form, number)[0]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """One dossier of an office overdue on a Friday afternoon and mailed, one of another overdue after closing."""
    made = Play(tmp_path, "2026-11-20T16:20", dashboard="http://wall")
    made.dossier("a", BUILDING, due="2026-11-20T16:20")
    made.until("2026-11-20T16:25")
    made.dossier("b", TRADE, due="2026-11-20T16:59")
    made.skip("2026-11-20T17:05")
    yield made
    made.close()


@pytest.fixture
def screen(play: Play) -> Screen:
    return Screen(play)


def test_the_list_says_how_each_stands_and_its_filters_are_in_the_address(play: Play, screen: Screen):
    everything = screen.show("/alerts?kind=overdue")
    assert "2 cảnh báo" in everything
    assert "Đã gửi 20/11/2026 16:2" in everything
    assert "Chờ gửi, sớm nhất 23/11/2026 07:00" in everything
    assert "Hồ sơ a" in screen.show("/alerts?kind=overdue&state=sent")
    assert "Hồ sơ b" not in screen.show("/alerts?kind=overdue&state=sent")
    assert "Hồ sơ b" in screen.show(f"/alerts?kind=overdue&unit={TRADE}")
    assert "Hồ sơ a" not in screen.show(f"/alerts?kind=overdue&unit={TRADE}")
    assert "Không có cảnh báo nào" in screen.show("/alerts?severity=critical&state=unanswered")
    assert "Địa chỉ không dùng được" in screen.show("/alerts?state=forgotten")
    assert "2 alerts" in screen.show("/alerts?kind=overdue&lang=en&order=new")
    play.dossier("a", BUILDING, due="2026-11-20T16:20", status=9, finished="2026-11-20T17:00", when="2026-11-20T17:05")
    play.until("2026-11-20T17:08")
    assert "Đã xong 20/11/2026 17:0" in screen.show("/alerts?state=resolved&kind=overdue")


def test_an_alerts_page_tells_its_whole_story_with_the_record_of_each_step(play: Play, screen: Screen):
    (mail,) = play.mails("motcua.h55-06")
    notification = mail.id.strip("<>").split("@")[0]
    answers.opened(play.engine, notification, play.now)
    screen.act("assign")
    screen.act("note")
    answers.answer(play.engine, notification, play.now, parse_local("2026-11-25"), "chờ Sở Tài chính")
    said = screen.show("/alerts/overdue/s%2Fa")
    told = (
        "Phát cảnh báo", f"Xếp vào thư {notification[:8]} cho Bộ phận Một cửa", "Gửi Bộ phận Một cửa",
        "Đã giao đến", "được mở lần đầu", "Lê Thị Hà giao cho Tổ 3", "Lê Thị Hà ghi chú: xem lại",
        "hẹn đến hết 24/11/2026: chờ Sở Tài chính", "quyết định số 1",
    )  # fmt: skip
    assert [step for step in told if step not in said] == []
    assert "Hẹn đến hết 24/11/2026" in said
    # Due at 16:20 of a day that ended at 17:00.
    assert "Trễ 40 phút làm việc" in said
    deferred = screen.show("/alerts/overdue/s%2Fb")
    assert "Hoãn gửi Bộ phận Một cửa · Sở Công Thương đến 23/11/2026 07:00" in deferred
    assert "Không có trang này" in screen.show("/alerts/overdue/s%2Fnone")
    page = screen.desk.show("/alerts/overdue/s%2Fa", "")
    assert "/dossier/s/a?period=month" in links(page)


def test_what_is_acknowledged_climbs_no_further_and_what_is_ended_early_is_told_again(play: Play, screen: Screen):
    assert screen.act("ack", FORM._replace(ack_reason=" ")) == "Chưa ghi: cần lý do, tối đa 500 ký tự."
    assert screen.act("ack", FORM._replace(author="")).startswith("Chưa ghi: cần họ tên")
    for wrong in ("19/11/2026", "30/02/2027", "01/12/2027", ""):
        refused = screen.act("ack", FORM._replace(ack_until="own", ack_date=wrong))
        assert refused.startswith("Chưa ghi: cần một ngày"), wrong
    assert screen.act("ack") == "Đã ghi nhận."
    assert "Đã nhận: Lê Thị Hà" in screen.show("/alerts?state=acknowledged")
    play.skip("2026-11-26T10:00")
    assert play.mails("lanhdao.h55-06") == []
    assert len(play.mails("lanhdao.h55-12")) == 1
    assert screen.act("end", number=1) == "Đã kết thúc."
    assert screen.act("end", number=1) == "Không còn hiệu lực từ trước."
    play.until("2026-11-26T10:05")
    assert len(play.mails("lanhdao.h55-06")) == 1
    assert "Lê Thị Hà kết thúc sớm quyết định số 1" in screen.show("/alerts/overdue/s%2Fa")
    assert [entry.action for entry in audit.entries(play.engine, limit=9)] == ["alert.end", "alert.ack"]


def test_a_silence_holds_for_the_dossier_the_unit_or_the_rule_until_its_end(play: Play, screen: Screen):
    until = FORM._replace(silence_until="own", silence_date="24/11/2026", scope="unit")
    assert screen.act("silence", until, alert=("overdue", "s/b")) == "Đã tạm im."
    assert "Tạm im đến 25/11/2026 00:00" in screen.show("/alerts?state=silenced")
    play.skip("2026-11-24T09:00")
    assert play.mails("motcua.h55-12") == []
    play.skip("2026-11-25T09:00")
    assert len(play.mails("motcua.h55-12")) == 1
    refused = screen.act("silence", until._replace(silence_date="01/01/2028"))
    assert refused.startswith("Chưa ghi: cần một ngày")
    assert screen.act("silence", until._replace(scope="all")).startswith("Chưa ghi: phạm vi")


def test_nobody_writes_beyond_their_rights_or_sees_another_units_alerts(play: Play, screen: Screen):
    mine = Person(login="ha", name="Lê Thị Hà", role=Role.department, units=frozenset({BUILDING}))
    with answering(mine, Scope((BUILDING,))):
        assert "Hồ sơ b" not in text(screen.desk.show("/alerts", "?kind=overdue"))
        assert "Không có trang này" in text(screen.desk.show("/alerts/overdue/s%2Fb", ""))
        page = screen.desk.show("/alerts/overdue/s%2Fa", "")
        assert {getattr(one, "id", "") for one in parts(page)} & {"alert-ack", "alert-silence"} == {"alert-ack"}
        for rule, key, what in (("overdue", "s/b", "note"), ("overdue", "s/a", "silence")):
            assert decide(screen.desk, rule, key, WORDS["vi"], what, FORM)[0].startswith("Tài khoản này chỉ xem")
        assert decide(screen.desk, *DOSSIER, WORDS["vi"], "ack", FORM._replace(author="another")) == (
            "Đã ghi nhận.",
            True,
        )
    with answering(None):
        assert "alert-note" not in {
            getattr(one, "id", "") for one in parts(screen.desk.show("/alerts/overdue/s%2Fa", ""))
        }
    (entry,) = audit.entries(play.engine, limit=9)
    assert (entry.who, entry.subject) == ("ha", "dossier:s/a")
    assert "Đã nhận: Lê Thị Hà" in screen.show("/alerts/overdue/s%2Fa")


def test_units_that_have_not_reacted_are_named_with_their_wait_in_working_hours(play: Play, screen: Screen):
    play.skip("2026-11-23T08:30")
    late = screen.show("/alerts/units")
    # 38 minutes of Friday, and an hour and a half of Monday.
    assert "Sở Xây dựng 1 2 giờ 8 phút 20/11/2026 16:22" in late
    assert "Thời gian nhận cảnh báo" in late
    assert "≥ 2 giờ 8 phút ≥ 2 giờ 8 phút 1 1 ≥ 2 giờ 9 phút ≥ 2 giờ 9 phút 1 1" in late
    play.now += MINUTE
    screen.act("ack")
    assert "Sở Xây dựng 1 2 giờ" not in screen.show("/alerts/units")
    assert "Xem 1 cảnh báo chưa phản hồi" in screen.show(f"/unit/{TRADE}")
    assert "Thời gian xử lý cảnh báo" in screen.show(f"/unit/{BUILDING}")
    assert "Trung vị" in screen.show(f"/figure/alerts.acknowledge?unit={BUILDING}")


def test_a_mail_server_that_is_away_is_named_with_since_when_and_how_much_waits(play: Play, screen: Screen):
    def troubles() -> list[Trouble]:
        return alert_channels.troubles(play.engine, *play.times()[:2])

    assert troubles() == []
    play.office.close()
    play.dossier("c", WARD, due="2026-11-23T08:00")
    play.skip("2026-11-23T08:10")
    (found,) = troubles()
    assert (found.recipient, found.outcome, found.waiting >= 2) == ("", "unreachable", True)
    play.until("2026-11-23T08:20")
    assert [one.since for one in troubles()] == [found.since]
    assert "▲ Máy chủ thư không nhận" in screen.show("/alerts/units")
    play.office.open()
    play.until("2026-11-23T08:30")
    assert troubles() == []
    assert "Máy chủ thư" not in screen.show("/alerts")
    told = [screen.show(f"/alerts/overdue/s%2F{number}") for number in ("b", "c")]
    assert any("lần gửi Bộ phận Một cửa" in one and "Connection refused" in one for one in told)


def test_the_wall_asks_for_the_answers_to_the_dossiers_that_it_lists(play: Play, screen: Screen):
    wall = plausible(PROFILE)
    wall.overdue = [msgspec.structs.replace(wall.overdue[0], source="s", number=number) for number in ("a", "b")]
    feed = AlertFeed(play.engine, screen, lambda: wall)
    feed.take()
    assert feed.newest is not None
    assert (feed.newest.troubles, feed.newest.answered) == ([], {})
    screen.act("ack", FORM._replace(ack_until="own", ack_date="24/11/2026"))
    feed.take()
    assert feed.newest.answered == {"s/a": Answered(at=play.now, until=parse_local("2026-11-25"))}


def test_a_dossiers_page_tells_of_its_alerts_among_what_else_happened(play: Play, screen: Screen):
    screen.act("ack", FORM._replace(ack_until="own", ack_date="24/11/2026", ack_reason="chờ Sở Tài chính"))
    said = screen.show("/dossier/s/a")
    assert "Phát cảnh báo “Quá hạn”" in said
    assert "Gửi Bộ phận Một cửa · Sở Xây dựng" in said
    assert said.index("Phát cảnh báo") < said.index("Lê Thị Hà hẹn đến hết 24/11/2026: chờ Sở Tài chính")
