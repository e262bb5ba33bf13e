"""The calendar's page: what a change would do is told before it is written, and it can be undone."""

from __future__ import annotations

import datetime as dt
import os
import re
import threading
from pathlib import Path

import msgspec
import pytest

from bench.stream.changes import NOW
from dashboard.admin.calendar import _effect
from dashboard.admin.room import Room
from opscentre import calendar_change, profile_change
from opscentre import profile as profiles
from opscentre.checkup import servers
from opscentre.clock import wall_ms
from opscentre.domain.calendar import Calendar, SpecialDay
from opscentre.domain.moments import date_of, day_number
from opscentre.runtime import changed_files
from opscentre.runtime.changed_files import ChangedFiles
from opscentre.runtime.files_in_use import in_use
from opscentre.runtime.role import LIFELINE
from opscentre.store import running
from opscentre.store.running import Running
from tests.access.house import House
from tests.dashboard.desks import Standing
from tests.parts.process import wait_until

PATH, ME = "/admin/calendar", "administrator"
MONDAY = date_of(day_number(NOW) + 3)
OFF = {"kind": "off", "day": f"{MONDAY:%d/%m/%Y}", "document": "123/VPCP-KGVX", "note": "thử, nghỉ"}


def post(house: House, deed: str, **fields: str):
    return house.ask("POST", PATH, ME, data={"deed": deed, **fields})


def known(text: str) -> str:
    return text.split('name="known" value="')[1].split('"')[0]


@pytest.mark.parametrize(
    ("text", "row", "made"),
    [
        ("day,kind,document,note\n2026-11-20,off,,\n2026-12-01,off,,\n# x\n", {"kind": "off", "document": "a,b"},
         'day,kind,document,note\n2026-11-20,off,,\n2026-11-24,off,"a,b",\n2026-12-01,off,,\n# x\n'),
        ("day,kind\n2026-11-24,off\n", {"kind": "half", "hours": "07:00-11:30"},
         "day,kind,hours\n2026-11-24,half,07:00-11:30\n"),
        ("day,kind\n2026-11-20,off\n2026-11-24,off\n# x\n", None, "day,kind\n2026-11-20,off\n# x\n"),
        ("day,kind\n2026-11-20,off\n# x", {"kind": "working"}, "day,kind\n2026-11-20,off\n2026-11-24,working\n# x\n"),
    ],
)  # fmt: skip
def test_a_row_of_a_day_is_added_changed_or_taken_out_and_all_others_stay(
    text: str, row: dict[str, str] | None, made: str
) -> None:
    assert calendar_change.with_day(text, dt.date(2026, 11, 24), row) == made


def test_other_hours_of_some_weekdays_leave_the_other_weekdays_as_they_are(tmp_path: Path) -> None:
    text = "agency,hours,weekdays,note\n*,07:00-11:30 13:30-17:00,Mon-Fri,p\n# r\nA,08:00-12:00,Sat,s\n"
    (tmp_path / "hours.csv").write_text(text)
    made = calendar_change.with_hours(text, tmp_path, "*", [4, 5], "closed", "12/QĐ")
    assert made == (
        "agency,hours,weekdays,note\n# r\nA,08:00-12:00,Sat,s\n"
        "*,07:00-11:30 13:30-17:00,Mon Tue Wed Thu,p\n*,closed,Fri Sat,12/QĐ\n"
    )
    calendar, faults = calendar_change.calendar_of({"calendar.csv": "day,kind\n", "hours.csv": made}, {"A"})
    assert faults == []
    assert [bool(spans) for spans in calendar.week] == [True] * 4 + [False] * 3


def test_the_preview_tells_what_the_rules_will_count_and_writes_nothing(house: House, config: Path) -> None:
    before = (config / "calendar.csv").read_text()
    page = post(house, "preview", **OFF)
    assert page.status_code == 200
    assert "Xem trước: chưa ghi gì" in page.text
    assert (config / "calendar.csv").read_text() == before
    profile = profiles.load("thai-nguyen")
    room = Room(house.engine, house.settings, profile, None, Standing())  # type: ignore[arg-type]
    found = _effect(room, Calendar(profile.calendar.overrides | {day_number(NOW) + 3: SpecialDay("off")}))
    assert found.total.soon > 0
    assert found.total.on_day_off > 0
    assert [int(shown) for shown in re.findall(r"<strong>(\d+)</strong><span>", page.text)] == list(found.total)


def test_a_change_is_applied_and_undone_with_its_effect_before_each(house: House, config: Path) -> None:
    path = config / "calendar.csv"
    before = path.read_text()
    seen = known(post(house, "preview", **OFF).text)
    assert post(house, "apply", **OFF, known="0" * 64).status_code == 400
    assert path.read_text() == before
    done = post(house, "apply", **OFF, known=seen, year="2026")
    assert done.headers["location"] == f"{PATH}?said=calendar.done.apply&year=2026"
    assert f'{MONDAY},off,,123/VPCP-KGVX,"thử, nghỉ"' in path.read_text()
    assert not profiles.load("thai-nguyen").calendar.is_working_day(day_number(NOW) + 3)
    page = house.ask("GET", f"{PATH}?year=2026", ME).text
    assert "123/VPCP-KGVX" in page
    assert "Nothing would differ" in house.ask("POST", f"{PATH}?lang=en", ME, data={"deed": "preview", **OFF}).text
    change = str(profile_change.changes(house.engine, [path])[0].id)
    look = post(house, "look", change=change)
    assert "Hoàn tác: " in look.text
    assert "Dòng sẽ bỏ" in look.text
    assert path.read_text() != before
    assert post(house, "undo", change=change).is_redirect
    assert path.read_text() == before


@pytest.mark.parametrize(
    "wrong",
    [{"day": "31/02/2026"}, {"day": "1980-01-01"}, {"document": ""}, {"kind": "half"}, {"kind": "tea"},
     {"kind": "swap", "other": ""}, {"kind": "half", "hours": "17:00-07:00"},
     {"kind": "hours", "agency": "*", "hours": "08:00-12:00"},
     {"kind": "hours", "agency": "nobody", "hours": "08:00-12:00", "weekday-1": "1"}],
)  # fmt: skip
def test_what_no_role_could_use_is_refused_before_anything_is_written(
    house: House, config: Path, wrong: dict[str, str]
) -> None:
    before = [(config / name).read_text() for name in ("calendar.csv", "hours.csv")]
    for deed in ("preview", "apply"):
        refused = post(house, deed, **OFF | wrong)
        assert refused.status_code == 400
        assert 'role="alert"' in refused.text
    assert [(config / name).read_text() for name in ("calendar.csv", "hours.csv")] == before


def test_a_swap_and_hours_are_written_too(house: House, config: Path) -> None:
    saturday = MONDAY + dt.timedelta(days=5)
    swap = OFF | {"kind": "swap", "other": saturday.isoformat(), "note": ""}
    assert post(house, "apply", **swap, known=known(post(house, "preview", **swap).text)).is_redirect
    calendar = profiles.load("thai-nguyen").calendar
    assert calendar.is_working_day(day_number(NOW) + 8)
    hours = {"kind": "hours", "agency": "H55.12", "weekday-5": "1", "hours": "07:00-11:30", "document": "12/QĐ-UBND"}
    assert post(house, "apply", **hours, known=known(post(house, "preview", **hours).text)).is_redirect
    assert profiles.load("thai-nguyen").calendar.of("H55.12").week[5]
    for one in profile_change.changes(house.engine, [config / "calendar.csv", config / "hours.csv"], 2):
        assert post(house, "undo", change=str(one.id)).is_redirect


def test_a_role_that_is_started_anew_ends_when_its_calendar_changed_and_is_sound_and_another_says_so(
    house: House, config: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    killed, checked = threading.Event(), []
    monkeypatch.setattr(os, "kill", lambda _, number: number and killed.set())
    real = changed_files.check
    monkeypatch.setattr(changed_files, "check", lambda *given: (checked.append(1), real(*given)))
    path = config / "calendar.csv"
    before = path.read_text()
    monkeypatch.delenv(LIFELINE, raising=False)
    alone = ChangedFiles("stream", house.settings, every=0.02)
    told = ChangedFiles("collect", msgspec.structs.replace(house.settings, on_change="end", worker=2), every=0.02)
    monkeypatch.setenv(LIFELINE, "0")
    kept = ChangedFiles("dashboard", house.settings, every=0.02)
    for one in (alone, told, kept):
        one.start()
    wait_until(lambda: len(running.there(house.engine, wall_ms())) == 3, 20, "each says what it runs on")
    assert "3 tiến trình đang chạy đều dùng" in house.ask("GET", PATH, ME).text
    path.write_text("day,kind\n2026-99-99,off\n")
    wait_until(lambda: len(checked) == 3, 20, "the broken calendar was looked at")
    assert not killed.is_set()
    path.write_text(before + "2027-01-04,off,,,x\n")
    wait_until(lambda: told.changed and kept.changed and "start it again" in caplog.text, 20, "each does what it may")
    assert killed.is_set()
    assert not alone.changed
    outdated = in_use(house.engine, house.settings, wall_ms()).outdated
    assert {(one.role, one.renewed, *names) for one, names in outdated} == {
        ("stream", False, "calendar.csv"), ("collect-2", True, "calendar.csv"), ("dashboard", True, "calendar.csv"),
    }  # fmt: skip
    assert [one.level for one in servers.files_in_use(house.settings)] == ["warning"] * 3
    page = house.ask("GET", f"{PATH}?said=calendar.done.apply", ME).text
    assert "không tự khởi động lại: hãy khởi động lại tiến trình này" in page
    assert 'http-equiv="refresh"' in page
    path.write_text(before)
    assert "3 running roles" in next(servers.files_in_use(house.settings)).said


def test_of_a_role_that_ended_nothing_is_known_any_more(house: House) -> None:
    now = wall_ms() + 10 * running.FRESH
    old, new = (Running(role="alerts", host="h", pid=pid, begun_at=now, renewed=True, files={}) for pid in (1, 2))
    running.note(house.engine, old, now)
    running.note(house.engine, new, now)
    assert running.there(house.engine, now) == [old, new]
    running.forget_dead(house.engine, new, lambda pid: pid == 2, now)
    assert running.there(house.engine, now + running.FRESH - 1) == [new]
    assert running.there(house.engine, now + running.FRESH) == []
