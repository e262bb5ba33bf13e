"""How long a failing source is left alone, how fast and how much a healthy one is asked."""

from __future__ import annotations

import email.utils
import threading
import time

import httpx
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from collectors.behaviour import LONGEST_ASKED, Pace, Patience
from collectors.dvcqg_rest.http import retry_after
from collectors.errors import AskedToWait, BadData, Failure, TimedOut
from opscentre.sources import Behaviour

NOW = 1_790_000_000_000


def middle(low: float, high: float) -> float:
    return (low + high) / 2


def test_the_wait_doubles_with_each_failure_and_is_the_longest_once_the_circuit_is_open() -> None:
    patience = Patience(Behaviour(backoff_first=1.0, backoff_most=40.0, failures_to_open=4), middle)
    waits = [patience.failed(TimedOut("late")) for _ in range(6)]
    assert waits == [1.0, 2.0, 4.0, 40.0, 40.0, 40.0]
    assert patience.open
    patience.succeeded()
    assert not patience.open
    assert patience.failed(TimedOut("late")) == 1.0


@drawn(st.integers(1, 60), st.floats(0.1, 10), st.floats(10, 600))
def test_no_wait_is_longer_than_the_longest_or_shorter_than_three_quarters_of_the_first(
    failures: int, first: float, most: float
) -> None:
    patience = Patience(Behaviour(backoff_first=first, backoff_most=most))
    for _ in range(failures):
        wait = patience.failed(TimedOut("late"))
        assert wait is not None
        assert first * 0.75 - 1e-9 <= wait <= most


def test_waits_wander_so_that_sources_do_not_come_back_together() -> None:
    behaviour = Behaviour(backoff_first=10.0)
    assert len({Patience(behaviour).failed(TimedOut("late")) for _ in range(20)}) > 10


def test_a_system_that_names_a_time_is_asked_no_sooner_and_not_silenced_for_a_year() -> None:
    patience = Patience(Behaviour())
    for asked, least, most in ((7.0, 7.0, 8.0), (0.0, 0.0, 0.0), (3e7, LONGEST_ASKED, LONGEST_ASKED + 1)):
        wait = patience.failed(AskedToWait("503", asked))
        assert wait is not None
        assert least <= wait <= most


@pytest.mark.parametrize("kind", ["pipe", "database"])
def test_a_fault_of_our_own_parts_is_not_held_against_the_source(kind: str) -> None:
    patience = Patience(Behaviour(failures_to_open=1))
    assert patience.failed(Failure(kind, "the disk is full")) is None
    assert not patience.open


def http_date(seconds: float) -> str:
    return email.utils.formatdate(NOW / 1000 + seconds, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": " 0 "}, 0.0),
        ({"Retry-After": http_date(90)}, 90.0),
        ({"Retry-After": http_date(-90)}, 0.0),
        # The system's clock is ten minutes ahead: it means 30 seconds from its own now.
        ({"Retry-After": http_date(630), "Date": http_date(600)}, 30.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "٣"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(headers: dict[str, str], wait: float | None) -> None:
    # A header is bytes: what is no ASCII comes in as UTF-8.
    raw = [(name, value.encode()) for name, value in headers.items()]
    assert retry_after(httpx.Headers(raw), NOW) == wait


def test_requests_come_no_faster_than_allowed_and_a_stop_does_not_wait() -> None:
    stopping = threading.Event()
    pace = Pace(Behaviour(requests_per_second=20.0), stopping)
    begun = time.monotonic()
    for _ in range(11):
        pace.request()
    assert time.monotonic() - begun >= 0.48
    slow = Pace(Behaviour(requests_per_second=0.01), stopping)
    slow.request()
    stopping.set()
    begun = time.monotonic()
    slow.request()
    assert time.monotonic() - begun < 5


def test_a_budget_is_spent_by_new_rows_and_begun_anew_by_each_poll() -> None:
    pace = Pace(Behaviour(bytes_per_poll=10_000), threading.Event())
    pace.took(9_999)
    assert not pace.spent
    pace.took(1)
    assert pace.spent
    pace.begin()
    assert not pace.spent
    pace.check(10_000, "it")
    with pytest.raises(BadData, match="it answered more than 10000 bytes at once; lower page_rows"):
        pace.check(10_001, "it")
