"""The ranking of a week: when it leaves and how often, who is best, who moved, what nobody reacted to."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from alerts import rendering
from alerts.courier import Courier
from alerts.digests import monday_due
from alerts.letter import Letter
from alerts.office import Office
from alerts.ranking import Group, Place, Ranking, Reactions, ranking_of
from opscentre.domain.dossier import Snapshot
from opscentre.domain.moments import DAY, day_of, day_start, local, parse_local
from opscentre.domain.recipients import Recipient, Recipients
from opscentre.store.alert_tables import alert_actions, alert_marks, notifications
from opscentre.store.engine import open_store
from tests.alerts.playing import SHIPPED, Play
from tests.alerts.scene import BUILDING, PROFILE, TRADE, WARD, Scene, snapshot
from tests.alerts.test_mail import arrived, letter

HEALTH, JUSTICE, HOME = "H55.10", "H55.03", "H55.02"
MONDAY = day_of(local(parse_local("2026-11-23")).date())
#: Unit → dossiers finished, of them late: in the week before last, in the last one.
WEEKS = {BUILDING: ((20, 4), (20, 0)), TRADE: ((20, 0), (20, 1)), HEALTH: ((20, 1), (20, 2)),
         JUSTICE: ((20, 2), (20, 3)), HOME: ((0, 0), (9, 9)), WARD: ((12, 0), (12, 6))}  # fmt: skip


def finished(unit: str, week: int, count: int, late: int) -> list[Snapshot]:
    """Dossiers of a unit that were finished in a week, the first ones late."""
    start = day_start(MONDAY) - (2 - week) * 7 * DAY
    return [
        snapshot(
            f"{unit}-{week}-{index}", unit, status=10, received=start - 3 * DAY, finished=start + 2 * DAY,
            due=start + (1 if index < late else 3) * DAY, version=start + 2 * DAY,
        )
        for index in range(count)
    ]  # fmt: skip


def fill(scene: Scene) -> None:
    found = [
        one for unit, weeks in WEEKS.items() for week, told in enumerate(weeks) for one in finished(unit, week, *told)
    ]
    scene.dossiers(found, day_start(MONDAY))


def by_code(group: Group) -> dict[str, tuple[int | None, int | None]]:
    return {place.code: (place.rank, place.moved) for place in (*group.ranked, *group.unranked)}


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        ("2026-11-23T06:59", False), ("2026-11-23T07:00", True), ("2026-11-27T16:59", True),
        ("2026-11-27T17:00", False), ("2026-11-22T09:00", False),
        # Three days off: that week begins on a Thursday.
        ("2026-08-31T09:00", False), ("2026-09-02T09:00", False), ("2026-09-03T07:00", True),
    ],
)  # fmt: skip
def test_a_ranking_leaves_from_the_first_opening_of_its_week_on(moment: str, due: bool):
    now = parse_local(moment)
    found = monday_due(PROFILE.calendar, now)
    assert (found is not None) is due
    if found is not None:
        assert local(day_start(found)).weekday() == 0
        assert 0 <= now - day_start(found) < 7 * DAY


def test_units_are_ranked_by_share_with_their_movement_and_small_ones_apart(scene: Scene):
    fill(scene)
    found = ranking_of(scene.engine, PROFILE.units, MONDAY)
    departments, communes = found.groups
    assert by_code(departments) == {
        BUILDING: (1, 3),
        TRADE: (2, -1),
        HEALTH: (3, -1),
        JUSTICE: (4, -1),
        HOME: (None, None),
    }
    assert [place.code for place in departments.worst] == [JUSTICE]
    assert (departments.best[1].share, departments.best[1].late, departments.best[1].volume) == (0.95, 1, 20)
    assert by_code(communes) == {WARD: (1, 0)}
    assert (str(found.first), str(found.last)) == ("2026-11-16", "2026-11-22")
    assert ranking_of(scene.engine, PROFILE.units, MONDAY + 70).groups[0].ranked == ()


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Friday afternoon; the chair and one head want the ranking, another head does not."""
    rows = [
        Recipient(unit="*", role="desk", address="desk.{unit}@thainguyen.example"),
        Recipient(unit=BUILDING, role="head", address="head@thainguyen.example", weekly="yes"),
        Recipient(unit=TRADE, role="head", address="other@thainguyen.example"),
        Recipient(role="chair", address="chair@thainguyen.example", weekly="yes", language="en"),
    ]
    made = Play(tmp_path, "2026-11-20T16:20", SHIPPED._replace(recipients=Recipients(rows)))
    made.step()
    assert made.mails() == [], "of the week before there is nothing to tell yet"
    fill(made)
    made.step()
    assert len(made.mails()) == 2, "whoever begins in the middle of a week has its ranking then"
    made.office.arrived.clear()
    yield made
    made.close()


def test_each_who_wants_it_has_it_once_on_monday_morning_whatever_is_restarted(play: Play):
    for number, unit in (("open", BUILDING), ("acked", BUILDING), ("noted", TRADE), ("done", TRADE)):
        play.dossier(number, unit, due="2026-11-20T16:00")
    play.until("2026-11-20T16:40")
    with play.engine.begin() as connection:
        mark = {"kind": "ack", "subject": "dossier:s/acked", "author": "a", "reason": "r", "at": play.now}
        connection.execute(insert(alert_marks), mark)
        noted = {"kind": "note", "subject": "dossier:s/noted", "author": "a", "text": "t", "at": play.now}
        connection.execute(insert(alert_actions), noted)
    play.dossier("done", TRADE, due="2026-11-20T16:00", status=9)
    play.skip("2026-11-20T17:05", "2026-11-22T09:00", "2026-11-23T06:59")
    assert play.mails("chair") == play.mails("head@") == []
    play.until("2026-11-23T07:02")
    (chair,), (head,) = play.mails("chair"), play.mails("head@")
    assert chair.subject == "[Thái Nguyên IOC] chair, weekly ranking: Sở Xây dựng best, Sở Tư pháp worst (23/11)"
    assert head.subject == "[Thái Nguyên IOC] Sở Xây dựng, xếp hạng tuần: hạng 1/4, tăng 3 bậc (23/11)"
    assert "1 trong 4 cảnh báo của tuần còn mở và chưa ai phản hồi; riêng đơn vị: 1/2." in head.text
    assert "Sở Xây dựng: 90,9% (2 trễ / 22 hồ sơ), tăng 3 bậc" in head.text
    assert "unsubscribe" in head.mail["List-Unsubscribe"]
    play.skip("2026-11-23T09:00", "2026-11-24T09:00")
    # A process that was restarted, and one beside it.
    engine = open_store(play.url)
    again = Office(engine, play.alerting, PROFILE, play.view)
    again.look(play.times())
    Courier(engine, play.alerting, PROFILE, play.view, play.channels, play.times).deliver_all()
    engine.dispose()
    assert len(play.mails("chair")) == len(play.mails("head@")) == 1
    assert play.mails("other") == []
    play.skip("2026-11-30T07:03")
    assert len([one for one in play.mails() if "List-Unsubscribe" in one.mail]) == 4


def test_two_processes_that_look_at_once_queue_one_ranking(play: Play):
    play.now = parse_local("2026-11-23T07:00")
    engines = [open_store(play.url) for _ in range(2)]
    offices = [Office(engine, play.alerting, PROFILE, play.view) for engine in engines]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda office: office.look(play.times()), offices))
    for engine in engines:
        engine.dispose()
    with play.engine.connect() as connection:
        column = notifications.c
        queued = select(column.recipient).where(column.topic == "weekly", column.state == "queued")
        assert sorted(connection.execute(queued).scalars()) == ["chair@province", f"head@{BUILDING}"]


def place(
    name: str, rank: int | None, share: float, moved: int | None = 0, volume: int = 1234, late: int = 12
) -> Place:
    return Place(code=name, name=name, rank=rank, share=share, moved=moved, volume=volume, late=late)


COMMUNES = ("Sảng Mộc", "Yên Phong", "=Ba", "Vạn Xuân")
SAMPLE = Ranking(
    first=local(parse_local("2026-11-16")).date(),
    groups=(
        Group(
            "departments",
            (
                place("Sở Công Thương", 1, 1.0, 2, late=0), place("Sở Văn hóa, Thể thao và Du lịch", 2, 0.9931),
                place("Sở Xây dựng", 3, 0.981, None), place("Sở Y tế", 4, 0.97), place("Công an tỉnh", 5, 0.913, -1),
                place("Ban Quản lý các Khu công nghiệp", 6, 0.87, -3),
            ),
            (place("Thanh tra tỉnh", None, 1.0, None, 3),),
        ),
        Group(
            "communes",
            tuple(place(f"Xã {name}", rank, 1 - rank / 90) for rank, name in enumerate(COMMUNES, 1)),
            tuple(place(f"Xã số {index}", None, 1.0, None, 2) for index in range(20)),
        ),
    ),
    reactions=Reactions(1234, 56),
    by_unit={"Sở Xây dựng": Reactions(40, 3)},
)  # fmt: skip


def weekly_letter(**given: object) -> Letter:
    facts: dict[str, object] = {"ranking": SAMPLE, "heading": "weekly", "severity": "info", "code": "Sở Xây dựng"}
    return letter(**(facts | given), dashboard="https://ioc.a.example")


def test_plain_text_html_and_the_file_say_the_same():
    mail = arrived(weekly_letter(unit="Sở Xây dựng"))
    for text in (mail.text, mail.html):
        wanted = ("tuần 16/11 – 22/11/2026", "hạng 3/6", "98,1%", "mới xếp hạng", "giảm 3 bậc", "và 8 đơn vị khác",
                       "56 trong 1.234 cảnh báo của tuần", "riêng đơn vị: 3/40")  # fmt: skip
        assert [one for one in wanted if one not in text] == []
    (attached,) = mail.mail.iter_attachments()
    assert attached.get_filename() == "xep-hang-tuan-20261121-0805.csv"
    rows = list(csv.reader(io.StringIO(attached.get_content()), delimiter="\t"))
    assert rows[1] == ["Sở, ban, ngành", "1", "+2", "Sở Công Thương", "100,00", "1234", "0", "0", "0"]
    assert len(rows) == 1 + 7 + 24
    assert "Xã =Ba" in [row[3] for row in rows]


@pytest.mark.browser
@pytest.mark.parametrize("width", [600, 390])
def test_a_ranking_fits_a_mail_program_and_a_phone(chromium, tmp_path: Path, width: int):
    for name, sent in (("unit", weekly_letter()), ("province", weekly_letter(unit="", code="", language="en"))):
        page = chromium.new_page(viewport={"width": width, "height": 900})
        page.set_content(rendering.html(sent))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        folder = Path(os.environ.get("OPSCENTRE_PICTURES", str(tmp_path)))
        page.screenshot(path=str(folder / f"weekly-{name}-{width}.png"), full_page=True)
        page.close()
