"""What is true becomes rows: pending, firing, resolved, each step once, whoever repeats it and whenever."""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from alerts.kinds.overdue import Overdue
from alerts.reconcile import end_marks, retire, settle
from alerts.rules import Condition
from opscentre.store.alert_tables import alert_history, alert_marks, alert_rounds, alerts
from tests.alerts.scene import Scene

RULE = Overdue(code="overdue", kind="overdue", tell="both")
SLOW = Overdue(code="slow", kind="overdue", hold=60)


def true(*keys: str, sure: bool = True) -> list[Condition]:
    return [Condition(key, f"dossier:{key}", "H55.06", 5, {"n": 1}, sure) for key in keys]


def states(scene: Scene, rule: str = "overdue") -> dict[str, tuple[str, int]]:
    with scene.engine.connect() as connection:
        rows = connection.execute(select(alerts.c.key, alerts.c.state, alerts.c.episode).where(alerts.c.rule == rule))
        return {row.key: (row.state, row.episode) for row in rows}


def history(scene: Scene) -> list[tuple]:
    column = alert_history.c
    with scene.engine.connect() as connection:
        query = select(column.key, column.episode, column.state, column.at)
        return list(connection.execute(query.order_by(column.at, column.key)).tuples())


def test_an_alert_fires_is_resolved_and_comes_back_as_a_new_episode(scene: Scene):
    for now, keys in ((1, ("a", "b")), (2, ("b",)), (3, ("a", "b"))):
        settle(scene.engine, RULE, true(*keys), now)
    assert states(scene) == {"a": ("firing", 2), "b": ("firing", 1)}
    assert history(scene) == [
        ("a", 1, "firing", 1),
        ("b", 1, "firing", 1),
        ("a", 1, "resolved", 2),
        ("a", 2, "firing", 3),
    ]


def test_what_does_not_hold_long_enough_is_never_raised(scene: Scene):
    for now, keys in ((0, ("a", "b")), (59_999, ("a", "b")), (60_000, ("a",)), (61_000, ("a",))):
        settle(scene.engine, SLOW, true(*keys), now)
    assert states(scene, "slow") == {"a": ("firing", 1), "b": ("resolved", 1)}
    assert [row[:3] for row in history(scene) if row[0] == "b"] == [("b", 1, "pending"), ("b", 1, "resolved")]


def test_where_nothing_can_be_said_an_alert_stays_as_it_is(scene: Scene):
    settle(scene.engine, RULE, true("a"), 1)
    settle(scene.engine, RULE, [*true("a", sure=False), *true("b", sure=False)], 2)
    assert states(scene) == {"a": ("firing", 1)}


def test_an_older_look_changes_nothing_any_more(scene: Scene):
    settle(scene.engine, RULE, true("a"), 10)
    settle(scene.engine, RULE, [], 9)
    settle(scene.engine, RULE, true("a", "late"), 10)
    assert states(scene) == {"a": ("firing", 1)}


def test_facts_follow_what_is_seen_while_an_alert_is_open(scene: Scene):
    settle(scene.engine, RULE, true("a"), 1)
    settle(scene.engine, RULE, [true("a")[0]._replace(facts={"n": 2})], 2)
    with scene.engine.connect() as connection:
        assert connection.execute(select(alerts.c.facts)).scalars().all() == ['{"n": 2}']
    assert len(history(scene)) == 1


def test_alerts_of_a_rule_that_is_gone_are_resolved(scene: Scene):
    settle(scene.engine, RULE, true("a"), 1)
    settle(scene.engine, SLOW, true("b"), 1)
    assert retire(scene.engine, [RULE], 2) == 1
    assert (states(scene), states(scene, "slow")) == ({"a": ("firing", 1)}, {"b": ("resolved", 1)})


def test_an_acknowledgement_ends_with_its_subject_and_a_silence_with_its_time(scene: Scene):
    settle(scene.engine, RULE, true("a"), 1)
    common = {"author": "x", "reason": "y", "at": 1, "unit": "", "rule": ""}
    with scene.engine.begin() as connection:
        ack = common | {"kind": "ack", "subject": "dossier:a", "until": None}
        connection.execute(insert(alert_marks), [ack, common | {"kind": "silence", "subject": "", "until": 5}])
    end_marks(scene.engine, 4)
    settle(scene.engine, RULE, [], 4)
    end_marks(scene.engine, 5)
    with scene.engine.connect() as connection:
        assert connection.execute(select(alert_marks.c.ended_at)).scalars().all() == [5, 5]


@pytest.fixture(params=["sqlite", "postgres"])
def either(request: pytest.FixtureRequest, tmp_path) -> Scene:
    return Scene(tmp_path, request.getfixturevalue("postgres_url") if request.param == "postgres" else "")


def test_two_processes_at_once_write_each_step_once(either: Scene):
    keys = [f"k{index:03}" for index in range(150)]
    steps = [true(*keys), true(*keys[50:]), [], true(*keys[:120])]

    def run() -> None:
        for now, found in enumerate(steps, start=1):
            settle(either.engine, RULE, found, now)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settle(either.engine, RULE, steps[-1], 9)
    assert {key for key, (state, _) in states(either).items() if state == "firing"} == set(keys[:120])
    seen = [row[:3] for row in history(either)]
    assert len(seen) == len(set(seen))
    # Looks may be left out where another was quicker, never half written.
    for key, (state, episode) in states(either).items():
        mine = [step for step in seen if step[0] == key]
        assert len(mine) == 2 * episode - (state == "firing")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(looks=st.lists(st.sets(st.sampled_from("abcd")), max_size=6))
def test_what_is_open_is_what_was_true_at_the_last_look(scene: Scene, looks: list[set[str]]):
    with scene.engine.begin() as connection:
        for table in (alerts, alert_history, alert_rounds):
            connection.execute(delete(table))
    for now, keys in enumerate(looks):
        for _ in range(2):
            settle(scene.engine, RULE, true(*keys), now)
    open_now = {key for key, (state, _) in states(scene).items() if state == "firing"}
    assert open_now == (looks[-1] if looks else set())
    begun = sum(len(now - before) for before, now in zip([set(), *looks], looks, strict=False))
    assert sum(1 for step in history(scene) if step[2] == "firing") == begun
