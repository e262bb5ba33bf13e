"""Each kind of rule says exactly of what it is true, from SQL and a given time."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import event, insert

from alerts.kinds import KINDS
from alerts.rules import Condition
from opscentre.domain.dossier import UNMAPPED
from opscentre.domain.moments import DAY, HOUR, MINUTE, local, parse_local
from opscentre.store import alert_tables, tables
from tests.alerts.scene import BUILDING, TRADE, WARD, Apology, Scene, at

NOON = at("2026-11-20T10:00")  # a Friday


def found(scene: Scene, kind: str, times=NOON, **limits: object) -> dict[str, Condition]:
    rule = msgspec.convert({"code": "r", "kind": kind, **limits}, KINDS[kind].rule)
    return {one.key: one for one in KINDS[kind].conditions(rule, scene.view, times)}


def test_due_soon_counts_the_working_hours_that_are_left(scene: Scene):
    scene.dossier("monday", due="2026-11-23T09:00")  # 1.5 + 3.5 hours today, 2 on Monday: 7 are left
    scene.dossier("later", due="2026-11-23T11:00")  # 9 are left
    scene.dossier("now", due="2026-11-20T10:00")
    scene.dossier("late", due="2026-11-20T09:59")
    scene.dossier("paused", due="2026-11-20T11:00", status=5)
    scene.dossier("done", due="2026-11-20T11:00", status=9, finished="2026-11-19T09:00")
    assert set(found(scene, "due_soon", working_hours=8)) == {"s/monday", "s/now"}
    assert set(found(scene, "due_soon", working_hours=9)) == {"s/monday", "s/now", "s/later"}
    began = found(scene, "due_soon", working_hours=8)["s/monday"].since
    assert began == parse_local("2026-11-20T09:00")


def test_overdue_is_after_the_due_moment_and_only_while_the_clock_runs(scene: Scene):
    scene.dossier("late", due="2026-11-20T09:59")
    scene.dossier("at it", due="2026-11-20T10:00")
    scene.dossier("paused", due="2026-11-19T09:00", status=5)
    scene.dossier("none", due=None)
    late = found(scene, "overdue")
    assert set(late) == {"s/late"}
    assert late["s/late"].facts == {"source": "s", "number": "late", "due": parse_local("2026-11-20T09:59")}
    assert (late["s/late"].unit, late["s/late"].subject) == (BUILDING, "dossier:s/late")


def test_the_reception_clock_is_another_one(scene: Scene):
    scene.dossier("waits", status=1, submitted="2026-11-18T10:00", received=None)
    scene.dossier("in time", status=1, submitted="2026-11-19T14:00", received=None)
    assert set(found(scene, "overdue", clock="reception")) == {"s/waits"}
    assert found(scene, "overdue") == {}


def test_a_rule_speaks_of_its_own_units_only(scene: Scene):
    for unit in (BUILDING, TRADE, WARD, UNMAPPED):
        scene.dossier(unit, unit, due="2026-11-19T09:00")
    assert set(found(scene, "overdue", units=[TRADE])) == {f"s/{TRADE}"}
    assert set(found(scene, "overdue", units=["III"])) == {f"s/{WARD}"}
    assert set(found(scene, "overdue", units=["I", WARD])) == {f"s/{BUILDING}", f"s/{TRADE}", f"s/{WARD}"}
    assert len(found(scene, "overdue")) == 4
    scene.dossier("left", "H55.54", due="2026-11-19T09:00")
    assert set(found(scene, "overdue", units=[BUILDING])) == {f"s/{BUILDING}", "s/left"}


@pytest.mark.parametrize(
    ("due", "days", "true"),
    [
        ("2026-11-19T10:00", 1, False),  # exactly one working day: not more than that yet
        ("2026-11-19T09:59", 1, True),
        ("2026-11-13T11:00", 5, False),  # a Friday: the weekend does not count
        ("2026-11-13T09:00", 5, True),
    ],
)
def test_lateness_climbs_by_working_days(scene: Scene, due: str, days: int, true: bool):
    scene.dossier("d", due=due)
    assert bool(found(scene, "overdue_by", working_days=days)) is true


def test_apologies_count_only_where_a_source_tells_of_them(scene: Scene):
    due = parse_local("2026-11-18T09:00")
    made, again = Apology(due - HOUR, due, due + DAY), Apology(due - HOUR, due, due + 9 * DAY)
    scene.dossier("none", due=due, apologies_told=True)
    scene.dossier("untold", due=due)
    scene.dossier("broken", due=due, apologies_told=True, apologies=(made,))
    scene.dossier("kept", due=due, apologies_told=True, apologies=(again,))
    assert set(found(scene, "no_apology")) == {"s/none"}
    broken = found(scene, "promise_broken")
    assert set(broken) == {"s/broken"}
    assert broken["s/broken"].since == due + DAY


def test_a_dossier_is_silent_when_its_status_did_not_change_for_long(scene: Scene):
    for number, moved in (("hangs", "2026-10-20T09:00"), ("moves", "2026-11-12T09:00")):
        scene.dossier(number, received="2026-10-12T09:00", due="2026-12-20T09:00")
        scene.moved(number, moved)
    scene.dossier("new", due="2026-12-20T09:00")
    assert set(found(scene, "silent", working_days=15)) == {"s/hangs"}


def test_a_unit_has_too_much_by_count_share_or_size(scene: Scene):
    for index in range(10):
        scene.dossier(f"b{index}", BUILDING, due="2026-11-19T09:00" if index < 2 else "2026-12-19T09:00")
    scene.dossier("t", TRADE, due="2026-11-19T09:00")
    # What became of a department that was merged counts with the one that took over.
    scene.dossier("old", "H55.54", due="2026-11-19T09:00")
    assert set(found(scene, "unit_load", overdue=1)) == {BUILDING, TRADE}
    assert found(scene, "unit_load", overdue=3)[BUILDING].facts == {"in_process": 11, "overdue": 3}
    assert set(found(scene, "unit_load", overdue_share=27, share_from=5)) == {BUILDING}
    assert found(scene, "unit_load", overdue_share=28, share_from=5) == {}
    assert found(scene, "unit_load", overdue_share=27, share_from=12) == {}
    assert set(found(scene, "unit_load", in_process=11)) == {BUILDING}


def test_a_source_is_stale_by_real_time_since_its_last_good_answer(scene: Scene):
    wall = NOON.wall
    scene.observed("source", "fresh", wall, observed_at=wall - MINUTE)
    scene.observed("source", "stale", wall, observed_at=wall - 6 * MINUTE, ok=False, error="no answer")
    scene.observed("source", "never", wall, observed_at=None, ok=False)
    scene.observed("source", "paused", wall, observed_at=wall - HOUR, ok=False, paused_since=wall - HOUR)
    stale = found(scene, "source_stale", after=300, links={"stale": "line"})
    assert set(stale) == {"stale", "never"}
    assert stale["stale"].facts == {"source": "stale", "link": "line", "error": "no answer"}
    assert stale["stale"].since == NOON.now - 6 * MINUTE, "told in the time of the pages"


def test_a_link_is_down_and_what_cannot_be_probed_is_neither_up_nor_down(scene: Scene):
    for code, state in (("up", "up"), ("down", "down"), ("blind", "unknown"), ("works", "maintenance")):
        scene.observed("link", code, NOON.wall, state=state, since=NOON.wall - HOUR)
    links = found(scene, "link_down")
    assert {code: (one.sure, one.since) for code, one in links.items()} == {
        "down": (True, NOON.now - HOUR), "blind": (False, NOON.now - HOUR),
    }  # fmt: skip
    assert found(scene, "uplink_down") == {}
    for code in ("up", "down"):
        scene.observed("link", code, NOON.wall, state="unknown", since=NOON.wall)
    assert set(found(scene, "uplink_down")) == {"uplink"}


def test_a_link_flaps_when_it_says_so_or_its_outages_pile_up(scene: Scene):
    for code in ("says so", "piles up", "calm"):
        scene.observed("link", code, NOON.wall, flapping=code == "says so")
    rows = [
        {"rule": "link-down", "key": code, "episode": episode, "state": state, "unit": "", "at": NOON.now - MINUTE}
        for code, episodes in (("piles up", 4), ("calm", 3))
        for episode in range(episodes)
        for state in ("pending", "firing", "resolved")
    ]
    with scene.engine.begin() as connection:
        connection.execute(insert(alert_tables.alert_history), rows)
    assert set(found(scene, "link_flapping", counts="link-down", outages=4)) == {"says so", "piles up"}


def test_a_certificate_is_told_of_before_it_ends(scene: Scene):
    scene.observed("link", "soon", NOON.wall, certificate_expires_at=NOON.wall + 20 * DAY)
    scene.observed("link", "later", NOON.wall, certificate_expires_at=NOON.wall + 22 * DAY)
    scene.observed("link", "none", NOON.wall)
    assert set(found(scene, "certificate", days=21)) == {"soon"}


def test_synchronisation_lags_by_the_median_of_enough_changes(scene: Scene):
    for source, delay in (("slow", 120), ("quick", 1)):
        scene.moved("first", "2026-11-20T06:00", source=source)
        for index in range(5):
            seen = at("2026-11-20T09:30").now
            scene.moved(f"{index}", _text(seen - delay * MINUTE), _text(seen), source)
    assert {code: one.sure for code, one in found(scene, "sync_lag", median=3600, changes=5).items()} == {"slow": True}
    few = found(scene, "sync_lag", median=3600, changes=7)
    assert {code: one.sure for code, one in few.items()} == {"slow": False, "quick": False}


def test_quarantine_dead_letters_and_mail_that_waits_are_counted(scene: Scene):
    common = {"source": "s", "reason": "date", "place": "p", "message": "m", "number": "", "field": ""}
    aside = [common | {"severity": "rejected", "digest": f"{i}", "seen_at": NOON.wall - i * MINUTE} for i in range(90)]
    letter = {"topic": "t", "partition": 0, "offset": 1, "digest": "d", "reason": "r", "payload": b"", "at": NOON.now}
    mail = {
        "id": "m", "recipient": "ops@province", "topic": "systems", "domain": "", "severity": "info", "state": "queued",
        "rank": 2,
        "created_at": NOON.now - HOUR, "not_before": NOON.now - HOUR, "try_at": NOON.wall - HOUR, "attempts": 0,
    }  # fmt: skip
    with scene.engine.begin() as connection:
        connection.execute(insert(tables.quarantine), aside)
        connection.execute(insert(tables.dead_letters), letter)
        connection.execute(insert(alert_tables.notifications), mail)
    assert found(scene, "quarantine", rows=61, within=3600)["s"].facts["count"] == 61
    assert found(scene, "quarantine", rows=62, within=3600) == {}
    assert found(scene, "dead_letters")["stream"].facts == {"count": 1}
    assert found(scene, "mail_queue", after=1800)["mail"].facts == {"waiting": 1, "failed": 0}
    assert found(scene, "mail_queue", after=7200) == {}


def test_no_rule_of_every_minute_reads_all_dossiers(scene: Scene):
    asked: list[tuple[str, object]] = []
    event.listen(scene.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    found(scene, "overdue", clock="reception")
    found(scene, "unit_load", overdue=1)
    selects = [(statement, given) for statement, given in asked if statement.startswith("SELECT")]
    with scene.engine.connect() as connection:
        plans = [
            " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given))
            for statement, given in selects
        ]
    wanted = ("dossiers_by_reception_due", "dossiers_unsettled")
    for plan, index in zip(plans, wanted, strict=True):
        assert f"USING INDEX {index}" in plan


def test_the_stream_stands_still_when_no_observation_comes_through(scene: Scene):
    assert found(scene, "stream_stalled") == {}
    scene.observed("source", "s", NOON.wall - 3 * MINUTE)
    assert set(found(scene, "stream_stalled", after=120)) == {"stream"}
    scene.observed("link", "l", NOON.wall - MINUTE)
    assert found(scene, "stream_stalled", after=120) == {}


def _text(moment: int) -> str:
    return local(moment).replace(tzinfo=None).isoformat()
