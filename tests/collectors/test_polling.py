"""One source on the schedule: what is told of it, what is logged, when it is no longer asked."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from collectors import registry
from collectors.asked import Asked
from collectors.base import Given, PollResult
from collectors.behaviour_lock import sole_reader
from collectors.errors import SignInRefused, TimedOut, Unreachable
from collectors.placeholders import Addresses
from collectors.polling import SourcePoll
from collectors.telegraph import Telegraph
from opscentre.access import audit
from opscentre.clock import wall_ms
from opscentre.domain.observations import Heartbeat, SourceSeen
from opscentre.pipe.base import PipeError
from opscentre.store import requests, source_states
from opscentre.store.source_states import Stands
from tests.collectors.parts import Bench, given
from tests.parts.process import wait_until


class Scripted:
    """A collector whose polls come out as they are told to."""

    def __init__(self, *outcomes: PollResult | Exception) -> None:
        self.outcomes = list(outcomes)
        self.polls = 0
        self.closed = 0

    def poll(self) -> PollResult:
        """The next outcome."""
        self.polls += 1
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def close(self) -> None:
        """Counted."""
        self.closed += 1


@pytest.fixture
def poll(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Callable[..., SourcePoll]:
    def make(collector: Scripted, **settings: Any) -> SourcePoll:
        monkeypatch.setattr(registry, "make", lambda _given: collector)
        plan = given(bench, "dvcqg_rest", settings)
        return SourcePoll(plan, Addresses(bench.folder / "simulator.json", plan.stopping), Telegraph(bench.producer))

    return make


def told(bench: Bench) -> list[SourceSeen]:
    return [seen for seen in bench.observations() if isinstance(seen, SourceSeen)]


def test_after_each_poll_it_is_told_what_was_taken_in_all_and_when(
    bench: Bench, poll: Callable[..., SourcePoll]
) -> None:
    one = poll(Scripted(PollResult(7), TimedOut("no answer"), PollResult(2)))
    for _ in range(3):
        one.run()
    first, failed, third = told(bench)
    assert (first.ok, first.taken, first.total, first.observed_at) == (True, 7, 7, first.attempted_at)
    assert (failed.ok, failed.taken, failed.total) == (False, 7, 7)
    assert failed.observed_at == first.observed_at
    assert failed.attempted_at >= first.attempted_at
    assert failed.error == "timeout: no answer"
    assert (third.ok, third.taken, third.total, third.error) == (True, 2, 9, "")


def test_totals_and_the_last_success_outlive_a_restart(bench: Bench, poll: Callable[..., SourcePoll]) -> None:
    poll(Scripted(PollResult(7))).run()
    poll(Scripted(Unreachable("gone"))).run()
    success, failed = told(bench)
    assert (failed.total, failed.observed_at) == (7, success.observed_at)


def test_one_line_is_logged_when_it_fails_and_one_when_it_recovers(
    poll: Callable[..., SourcePoll], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "collectors")
    failures = [TimedOut("no answer"), Unreachable("gone"), OperationalError("SELECT", {}, Exception("locked"))]
    one = poll(Scripted(PollResult(), *failures, PollResult(), PollResult()))
    for _ in range(6):
        one.run()
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert lines[0] == "source igate: timeout: no answer (polled on)"
    assert lines[1].startswith("source igate: back after")


def test_after_five_failures_each_probe_has_a_connection_of_its_own_and_one_success_ends_that(
    bench: Bench, poll: Callable[..., SourcePoll]
) -> None:
    collector = Scripted(*[Unreachable("gone")] * 7, PollResult(1), Unreachable("gone"))
    one = poll(collector)
    waits = [one.run() for _ in range(9)]
    assert collector.closed == 3
    assert waits[7] is None
    slow, quick = waits[4:7], (waits[0], waits[8])
    assert all(wait is not None and 22.5 <= wait <= 30 for wait in slow)
    assert all(wait is not None and wait <= 2.5 for wait in quick)
    assert [seen.ok for seen in told(bench)] == [*[False] * 7, True, False]


def test_a_source_that_another_process_reads_is_left_alone(bench: Bench, poll: Callable[..., SourcePoll]) -> None:
    collector = Scripted(PollResult(1))
    one = poll(collector)
    with sole_reader(bench.folder, "igate") as free:
        assert free
        assert one.run() is None
        with sole_reader(bench.folder, "igate", 0.2) as second:
            assert not second
    assert (collector.polls, told(bench)) == (0, [])
    one.run()
    assert collector.polls == 1


def test_a_refused_sign_in_ends_the_polling_until_a_restart(bench: Bench, poll: Callable[..., SourcePoll]) -> None:
    collector = Scripted(SignInRefused("wrong secret"), PollResult(1))
    one = poll(collector)
    one.run()
    one.run()
    assert collector.polls == 1
    [seen] = told(bench)
    assert seen.error == "authentication: wrong secret"


def test_a_paused_source_is_not_asked_until_it_goes_on(bench: Bench, poll: Callable[..., SourcePoll]) -> None:
    collector = Scripted(PollResult(1))
    one = poll(collector)
    source_states.decide(bench.store, "igate", "moving house", "an", 1)
    one.run()
    one.reconcile()
    assert (collector.polls, told(bench)) == (0, [])
    look = Asked(bench.store, bench.settings, [one]).look
    look()
    look()
    assert [(seen.paused_since, seen.observed_at) for seen in told(bench)] == [(1, None)], "told once, without a turn"
    assert source_states.decide(bench.store, "igate", "", "an", 2)
    assert not source_states.decide(bench.store, "igate", "", "an", 3)
    look()
    assert told(bench)[-1].paused_since is None, "whatever comes of its next turn"
    one.run()
    assert collector.polls == 1
    source_states.decide(bench.store, "igate", "again", "an", 4)
    look()
    before, last = told(bench)[-2:]
    assert (last.paused_since, before.paused_since) == (4, None)
    assert (last.observed_at, last.total) == (before.observed_at, 1), "what it gave last keeps its age"
    source_states.decide(bench.store, "igate", "", "an", 5)
    assert [entry.action for entry in audit.everything(bench.store)] == [
        "source.pause", "source.resume", "source.pause", "source.resume",
    ]  # fmt: skip


def test_it_is_written_down_when_a_failing_source_is_asked_again(bench: Bench, poll: Callable[..., SourcePoll]) -> None:
    one = poll(Scripted(*[Unreachable("gone")] * 5, SignInRefused("no"), PollResult()))
    one.run()
    first = source_states.all_stands(bench.store)["igate"]
    assert (first.asked, first.failures) == (0, 1)
    assert first.next_at is not None
    for _ in range(4):
        one.run()
    assert source_states.all_stands(bench.store)["igate"].asked == 1
    one.run()
    assert source_states.all_stands(bench.store)["igate"] == Stands(2, 5)
    one.act()
    assert source_states.all_stands(bench.store)["igate"] == Stands()


def test_what_people_ask_for_is_done_once_and_answered(bench: Bench, poll: Callable[..., SourcePoll]) -> None:
    """A source given up for its sign-in is asked because a person wants it, and goes on where that succeeds."""
    collector = Scripted(SignInRefused("wrong"), PollResult(3, 1), PollResult(1))
    one = poll(collector)
    one.run()
    one.run()
    asked = Asked(bench.store, bench.settings, [one])
    with bench.store.begin() as connection:
        numbers = [requests.ask(connection, "source.run", "igate", "an", wall_ms()) for _ in range(2)]
        requests.ask(connection, "source.run", "other", "an", wall_ms())
        requests.ask(connection, "tea.make", "igate", "an", wall_ms())
        requests.ask(connection, "source.run", "old", "an", wall_ms() - requests.STALE)
    assert numbers[0] == numbers[1]
    asked.look()
    wait_until(lambda: not requests.any_pending(bench.store, ("source.run", "tea.make"), wall_ms()), 30, "the answers")
    found = requests.newest(bench.store, ("source.run", "tea.make"))
    done = found["source.run", "igate"]
    assert (done.ok, done.answer, done.who) == (True, "3 taken, 1 set aside", "an")
    assert found["source.run", "other"].answer == "sources.toml has no source 'other'"
    assert "does not know" in found["tea.make", "igate"].answer
    assert not found["source.run", "old"].ok
    asked.look()
    assert collector.polls == 2
    one.run()
    assert collector.polls == 3


@pytest.mark.parametrize(
    ("error", "kind"),
    [(PipeError("full"), "pipe"), (OperationalError("s", {}, Exception("locked")), "database"),
     (ZeroDivisionError("0912345678"), "unexpected"), (RecursionError(), "unexpected")],
)  # fmt: skip
def test_no_failure_of_any_kind_leaves_the_poll(
    bench: Bench, poll: Callable[..., SourcePoll], caplog: pytest.LogCaptureFixture, error: Exception, kind: str
) -> None:
    poll(Scripted(error)).run()
    [seen] = told(bench)
    assert seen.error.startswith(f"{kind}: ")
    assert "0912345678" not in seen.error + caplog.text


def test_settings_that_cannot_work_show_the_source_as_failing(bench: Bench) -> None:
    plan: Given = replace(given(bench, "dvcqg_rest", {"url": "ftp://x"}))
    one = SourcePoll(plan, Addresses(bench.folder / "simulator.json", plan.stopping), Telegraph(bench.producer))
    one.run()
    one.run()
    [seen] = told(bench)
    assert seen.error.startswith("settings: sources.toml, source igate, settings, url: saw 'ftp://x'")


def test_an_unknown_kind_names_the_kinds_there_are(bench: Bench) -> None:
    plan = given(bench, "ftp", {})
    SourcePoll(plan, Addresses(bench.folder / "x", plan.stopping), Telegraph(bench.producer)).run()
    [seen] = told(bench)
    assert "kind: saw 'ftp'; there are: dvcqg_rest, sql_view, file_drop" in seen.error


def test_placeholders_are_filled_and_filled_again_when_the_addresses_move(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    def make(plan: Given) -> Scripted:
        made.append(plan.config.settings)
        return Scripted(*[PollResult()] * 5)

    monkeypatch.setattr(registry, "make", make)
    path = bench.folder / "simulator.json"
    plan = given(bench, "dvcqg_rest", {"url": "{simulator_http}/x", "n": 3, "more": {"a": ["{simulator_sql}"]}})
    one = SourcePoll(plan, Addresses(path, plan.stopping), Telegraph(bench.producer))
    _write(path, {"simulator_http": "http://127.0.0.1:1", "simulator_sql": "sqlite://"})
    one.run()
    one.run()
    _write(path, {"simulator_http": "http://127.0.0.1:2", "simulator_sql": "sqlite://"})
    one.run()
    assert [settings["url"] for settings in made] == ["http://127.0.0.1:1/x", "http://127.0.0.1:2/x"]
    assert made[0] == {"url": "http://127.0.0.1:1/x", "n": 3, "more": {"a": ["sqlite://"]}}
    _write(path, {"other": 1})
    one.run()
    assert "has no 'simulator_http', it has other" in told(bench)[-1].error


def _write(path: Path, values: dict[str, Any]) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(values))
    fresh.replace(path)


class BrokenPipe:
    """A producer that takes nothing for a while."""

    def __init__(self) -> None:
        self.broken = True

    def partitions(self, topic: str) -> int:
        """One."""
        return 1

    def append(self, topic: str, messages: Any) -> list[int]:
        """Refuse while broken."""
        if self.broken:
            raise PipeError("the disk is full; make room")
        return [0]

    def close(self) -> None:
        """Nothing is open."""


def test_a_pipe_that_takes_no_observations_is_logged_once_and_its_return_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    pipe = BrokenPipe()
    telegraph = Telegraph(pipe)
    assert not telegraph.send(Heartbeat(1))
    assert not telegraph.send(Heartbeat(2))
    pipe.broken = False
    assert telegraph.send(Heartbeat(3))
    assert telegraph.send(Heartbeat(4))
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
