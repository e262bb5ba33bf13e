"""The history of links in SQL: stretches that survive a restart and a kill, and the availability reckoned from them."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from sqlalchemy import Engine, text

from collectors.links import history
from collectors.links.answer import Transcript
from collectors.links.history import Chronicle, LinkHistory
from opscentre.domain.availability import Availability
from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import DAY, HOUR, MINUTE, day_of, day_start
from opscentre.link_settings import LinkConfig, Maintenance
from opscentre.store.links import read_intervals, read_transcripts
from tests.collectors.parts import Bench

MONDAY = day_start(day_of(dt.date(2026, 11, 23)))
EIGHT = MONDAY + 8 * HOUR
LINK = LinkConfig(code="cong", name="Cổng", kind="tcp", address="h:1", interval=60.0)


def chronicle(store: Engine) -> Chronicle:
    return Chronicle(store, Calendar(), keep_days=40)


def watch(link: LinkHistory, state: str, begin: int, end: int) -> None:
    """A probe every minute from ``begin`` to ``end``, all of them finding the same."""
    for at in range(begin, end + 1, MINUTE):
        link.saw(state, begin, at, Transcript(at=at, asked="TCP h:1", reason="" if state == "up" else "refused"))


def test_only_changes_are_rows_and_their_ends_move_on(bench: Bench) -> None:
    book = chronicle(bench.store)
    watch(book.of(LINK, EIGHT), "up", EIGHT, EIGHT + HOUR)
    book.write(EIGHT + HOUR)
    watch(book.of(LINK, EIGHT), "down", EIGHT + HOUR, EIGHT + 2 * HOUR)
    book.write(EIGHT + 2 * HOUR)
    rows = [(EIGHT, EIGHT + HOUR, "up"), (EIGHT + HOUR, EIGHT + 2 * HOUR, "down")]
    assert read_intervals(bench.store, "cong", 0) == rows
    talks = {
        which: msgspec.json.decode(one, type=Transcript) for which, one in read_transcripts(bench.store, "cong").items()
    }
    assert (talks["last"].at, talks["failed"].reason) == (EIGHT + 2 * HOUR, "refused")


def test_the_end_of_a_lasting_state_is_written_seldom_and_a_change_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = chronicle(bench.store)
    link = book.of(LINK, EIGHT)
    watch(link, "up", EIGHT, EIGHT)
    book.write(EIGHT)
    watch(link, "up", EIGHT + MINUTE, EIGHT + MINUTE)
    book.write(EIGHT + MINUTE)
    assert read_intervals(bench.store, "cong", 0) == [(EIGHT, EIGHT, "up")]
    monkeypatch.setattr(history, "WRITTEN_EVERY", 0.0)
    book.write(EIGHT + MINUTE)
    assert read_intervals(bench.store, "cong", 0) == [(EIGHT, EIGHT + MINUTE, "up")]


def test_a_restart_goes_on_and_the_time_without_collectors_is_unprobed_never_up(bench: Bench) -> None:
    first = chronicle(bench.store)
    watch(first.of(LINK, EIGHT), "up", EIGHT, EIGHT + HOUR)
    first.write(EIGHT + HOUR, all_of_it=True)
    # Back within three intervals: nothing was missed.
    soon = chronicle(bench.store)
    watch(soon.of(LINK, EIGHT + HOUR), "up", EIGHT + HOUR + 2 * MINUTE, EIGHT + 2 * HOUR)
    soon.write(EIGHT + 2 * HOUR, all_of_it=True)
    assert read_intervals(bench.store, "cong", 0) == [(EIGHT, EIGHT + 2 * HOUR, "up")]
    # Killed at ten and back at 14:30.
    later = chronicle(bench.store)
    watch(later.of(LINK, EIGHT + 390 * MINUTE), "up", EIGHT + 390 * MINUTE, EIGHT + 8 * HOUR)
    today, week, month = later.of(LINK, 0).available(EIGHT + 8 * HOUR)
    assert today == Availability(up=210 * MINUTE, unprobed=60 * MINUTE + 150 * MINUTE)
    assert today.share == 1.0
    assert (week.up, month.up) == (today.up, today.up)
    assert week.unprobed == today.unprobed + 4 * 8 * HOUR


def test_seven_and_thirty_days_are_the_sums_of_their_days_also_over_midnight(bench: Bench) -> None:
    link = msgspec.structs.replace(
        LINK, hours="always", interval=3600.0, maintenance=[Maintenance(days="Mon-Sun", hours="02:00-03:00")]
    )
    running = chronicle(bench.store).of(link, MONDAY)
    for hour in range(40 * 24 + 1):
        at = MONDAY + hour * HOUR
        # Down on every tenth day.
        state = "down" if hour // 24 % 10 == 9 else "up"
        running.saw(state, at, at, Transcript(at=at, asked=""))
        running.available(at)
    today, week, month = running.available(MONDAY + 40 * DAY)
    assert today == Availability()
    # Day 39 was down, and of each hour of maintenance nothing counts.
    assert week == Availability(up=5 * 23 * HOUR, down=23 * HOUR, maintenance=6 * HOUR)
    assert month == Availability(up=26 * 23 * HOUR, down=3 * 23 * HOUR, maintenance=29 * HOUR)
    assert len(running._recent) < 4


def test_what_sql_does_not_take_is_kept_and_written_later(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    book = chronicle(bench.store)
    link = book.of(LINK, EIGHT)
    with bench.store.begin() as connection:
        connection.execute(text("ALTER TABLE link_intervals RENAME TO away"))
    watch(link, "up", EIGHT, EIGHT + MINUTE)
    book.write(EIGHT + MINUTE)
    book.write(EIGHT + MINUTE)
    assert caplog.text.count("kept in memory") == 1
    with bench.store.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO link_intervals"))
    book.write(EIGHT + MINUTE)
    assert read_intervals(bench.store, "cong", 0) == [(EIGHT, EIGHT + MINUTE, "up")]


def test_history_is_forgotten_after_its_time(bench: Bench) -> None:
    book = chronicle(bench.store)
    watch(book.of(LINK, EIGHT), "up", EIGHT, EIGHT + MINUTE)
    book.write(EIGHT + MINUTE)
    book.write(EIGHT + 39 * DAY)
    assert len(read_intervals(bench.store, "cong", 0)) == 1
    book.write(EIGHT + 41 * DAY)
    assert read_intervals(bench.store, "cong", 0) == []
