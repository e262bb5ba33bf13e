"""The link of a mail: looking is noted and answers nothing, answering stops the climbing, once; a bad link does not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from dashboard import answers
from layouts.place import place_of
from opscentre import profile as profiles
from opscentre.access import audit
from opscentre.answers import LASTS, SECRET, BadToken, Signer
from opscentre.clock import wall_ms
from opscentre.domain.moments import MINUTE, parse_local
from opscentre.store.alert_tables import alert_marks, notification_opens
from tests.alerts.playing import Play
from tests.alerts.scene import BUILDING

KEY = {SECRET: "a key of this test"}
PLACE = place_of(profiles.load("thai-nguyen"))


class Wall:
    """The page of answers over a play's database, at its simulated moment."""

    simulated, speed = True, 1.0

    def __init__(self, play: Play) -> None:
        self.play = play
        self.server = Starlette()
        for path, handler in answers.routes(play.engine, self, KEY, PLACE):
            self.server.add_route(path, handler, methods=["GET", "POST"])

    def now(self) -> int:
        return self.play.now

    def ask(self, path: str, **form: str) -> httpx.Response:
        """GET a path, or POST a form to it."""

        async def do() -> httpx.Response:
            transport = httpx.ASGITransport(self.server)
            async with httpx.AsyncClient(transport=transport, base_url="http://wall") as browser:
                return await (browser.post(path, data=form) if form else browser.get(path))

        return asyncio.run(do())


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    made = Play(tmp_path, "2026-11-20T16:40", dashboard="http://wall")
    for number in ("a", "b"):
        made.dossier(number, BUILDING, due="2026-11-20T16:00")
    made.until("2026-11-20T16:42")
    yield made
    made.close()


def link(play: Play) -> str:
    (mail,) = play.mails("motcua")
    found = re.search(r"http://wall(/answer/\S+)", mail.text)
    assert found is not None
    assert found[0] in mail.html
    return found[1]


def marks(play: Play) -> list[tuple]:
    column = alert_marks.c
    with play.engine.connect() as connection:
        query = select(column.kind, column.subject, column.author, column.until).order_by(column.subject)
        return list(connection.execute(query).tuples())


def test_looking_is_noted_once_and_answers_nothing_and_received_is_taken_once(play: Play):
    wall, path = Wall(play), link(play)
    page = wall.ask(path)
    assert page.status_code == 200
    assert "2 hồ sơ" in page.text
    opened = play.now
    play.now += MINUTE
    assert wall.ask(path).status_code == 200
    with play.engine.connect() as connection:
        assert connection.execute(select(notification_opens.c.at)).scalars().all() == [opened]
    play.now = opened
    assert marks(play) == []
    assert "Đã ghi nhận lúc 16:42 20/11/2026: đã nhận." in wall.ask(path, kind="received").text
    expected = [("ack", f"dossier:s/{number}", f"desk@{BUILDING}", None) for number in ("a", "b")]
    assert marks(play) == expected
    assert "đã nhận" in wall.ask(path, kind="redated", until="2026-11-25").text
    assert marks(play) == expected
    (row,) = audit.entries(play.engine, limit=9)
    assert (row.who, row.action) == (f"mail:desk@{BUILDING}", "answer.give")
    assert row.detail == '{"about":2,"kind":"received","until":null}'
    play.skip("2026-12-07T09:00")
    assert {one.to.split("@")[0] for one in play.mails()} == {"motcua.h55-06"}


def test_a_new_date_holds_until_the_end_of_its_day(play: Play):
    wall, path = Wall(play), link(play)
    for wrong in ("2026-11-19", "2027-11-25", "soon", ""):
        assert wall.ask(path, kind="redated", until=wrong).status_code == 400
    for asked, told in (
        (wall.ask(f"{path}?lang=en"), "Give a new date"),
        (wall.ask("/answer/x?lang=en"), "is not valid"),
    ):
        assert told in asked.text
        assert '<html lang="en">' in asked.text
        said = re.sub(r"<h1.*?</h1>", "", asked.text).replace(PLACE.title, "")
        assert [sign for sign in said if sign.isalpha() and not sign.isascii()] == []
    answered = wall.ask(path, kind="redated", until="2026-11-26", why="chờ  Sở Xây dựng\ncho ý kiến")
    assert "hẹn lại đến hết ngày 26/11/2026" in answered.text
    with play.engine.connect() as connection:
        found = connection.execute(select(alert_marks.c.reason, alert_marks.c.via).distinct()).tuples().all()
    assert found == [("chờ Sở Xây dựng cho ý kiến", "mail")]
    assert {mark[3] for mark in marks(play)} == {parse_local("2026-11-27")}
    play.skip("2026-11-26T16:30")
    assert play.mails("lanhdao") == []
    play.skip("2026-11-27T07:30")
    assert len(play.mails("lanhdao")) == 1


def test_a_link_that_was_touched_or_is_old_does_nothing(play: Play):
    wall, path = Wall(play), link(play)
    touched = path[:-3] + ("abc" if path[-3:] != "abc" else "abd")
    for bad in (touched, "/answer/x", "/answer/" + Signer("another").token("m", wall_ms())):
        answer = wall.ask(bad, kind="received")
        assert (answer.status_code, "không hợp lệ" in answer.text) == (400, True)
    old = play.signer.token("m", wall_ms() - LASTS - 1)
    assert "đã hết hạn" in wall.ask(f"/answer/{old}", kind="received").text
    assert wall.ask("/answer/" + play.signer.token("nobody", wall_ms()), kind="received").status_code == 404
    assert marks(play) == []
    with pytest.raises(BadToken):
        play.signer.notification("WzFd.x", 0)


def test_without_a_key_there_are_no_links_and_no_page(play: Play):
    assert answers.routes(play.engine, Wall(play), {}, PLACE) == []
