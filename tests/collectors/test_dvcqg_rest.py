"""Polling a one-stop system over real HTTP: paging, the border of the window, sign-in, failures, restarts."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from collectors.dvcqg_rest.collector import RestCollector, make
from collectors.errors import BadData, CollectError, SignInRefused, TimedOut, Unreachable
from opscentre.pipe.base import PipeError
from opscentre.settings import SettingsError
from tests.collectors.department import Department
from tests.collectors.parts import Bench, FailingOnce, given
from tests.collectors.records import TRACES, dossier


@pytest.fixture
def department() -> Iterator[Department]:
    made = Department()
    yield made
    made.close()


def collector(bench: Bench, department: Department, producer: Any = None, **more: Any) -> RestCollector:
    settings = {"url": department.url, "client_id": "me", "client_secret_env": "SECRET", "page_rows": 10, **more}
    return make(given(bench, "dvcqg_rest", settings, producer=producer or bench.producer))


def test_all_pages_are_read_and_each_dossier_is_sent_once(bench: Bench, department: Department) -> None:
    department.put(*(dossier(n, seconds=n) for n in range(37)))
    reading = collector(bench, department)
    assert reading.poll().taken == 37
    assert bench.numbers() == [f"{n:04d}" for n in range(37)]
    assert reading.poll().taken == 0
    assert len(bench.snapshots()) == 37


def test_a_second_with_more_rows_than_a_page_is_read_to_its_end(bench: Bench, department: Department) -> None:
    department.put(*(dossier(n, seconds=5) for n in range(45)), dossier(99, seconds=6))
    assert collector(bench, department).poll().taken == 46
    assert len(set(bench.numbers())) == 46


def test_a_row_that_comes_late_into_the_last_second_is_found(bench: Bench, department: Department) -> None:
    department.put(*(dossier(n, seconds=9) for n in range(12)))
    reading = collector(bench, department, overlap=0.0)
    reading.poll()
    department.put(dossier(50, seconds=9))
    assert reading.poll().taken == 1
    assert bench.numbers().count("0050") == 1


def test_a_row_that_shows_up_after_newer_ones_is_found_within_the_overlap(bench: Bench, department: Department) -> None:
    department.put(*(dossier(n, seconds=100 + n // 3) for n in range(60)))
    reading = collector(bench, department, overlap=30.0)
    reading.poll()
    department.put(dossier(70, seconds=95), dossier(71, seconds=60))
    assert reading.poll().taken == 1
    assert "0070" in bench.numbers()


def test_two_changes_within_one_second_are_both_sent(bench: Bench, department: Department) -> None:
    department.put(dossier(1, seconds=9))
    reading = collector(bench, department)
    reading.poll()
    department.put(dossier(1, seconds=9, TrangThaiHoSo="5"))
    assert reading.poll().taken == 1
    assert [snapshot.status for snapshot in bench.snapshots()] == [4, 5]


def test_a_dossier_that_changes_while_pages_are_read_makes_none_be_missed(bench: Bench, department: Department) -> None:
    department.put(*(dossier(n, seconds=n) for n in range(30)))

    def touch(_number: int) -> None:
        if len(department.asked) == 2:
            department.put(dossier(0, seconds=300), dossier(3, seconds=301), dossier(7, seconds=302))

    department.before_page = touch
    reading = collector(bench, department)
    reading.poll()
    assert set(bench.numbers()) == {f"{n:04d}" for n in range(30)}
    assert bench.numbers().count("0003") == 2


def test_one_mistyped_year_does_not_hide_what_comes_after(bench: Bench, department: Department) -> None:
    department.put(dossier(1, seconds=1), dossier(2, NgayCapNhat="20361120093011"))
    reading = collector(bench, department)
    reading.poll()
    department.put(dossier(3, seconds=50))
    reading.poll()
    assert set(bench.numbers()) == {"0001", "0002", "0003"}


def test_after_a_restart_reading_goes_on_where_it_was(bench: Bench, department: Department) -> None:
    department.put(*(dossier(n, seconds=n) for n in range(25)))
    collector(bench, department).poll()
    department.put(dossier(30, seconds=40))
    department.asked.clear()
    assert collector(bench, department).poll().taken == 1
    assert department.asked[0][0] > "20261120075000"


def test_the_cursor_moves_only_after_the_pipe_has_acknowledged(bench: Bench, department: Department) -> None:
    department.put(*(dossier(n, seconds=n) for n in range(25)))
    reading = collector(bench, department, producer=FailingOnce(bench.producer, fail_on=2))
    with pytest.raises(PipeError):
        reading.poll()
    sent = len(bench.snapshots())
    assert sent == 10
    reading.poll()
    assert sorted(set(bench.numbers())) == [f"{n:04d}" for n in range(25)]
    assert len(bench.snapshots()) == 25


def test_an_expired_token_is_renewed_once(bench: Bench, department: Department) -> None:
    department.put(dossier(1))
    reading = collector(bench, department)
    reading.poll()
    department.tokens.clear()
    department.put(dossier(2, seconds=3))
    assert reading.poll().taken == 1
    assert department.sign_ins == 2


def test_a_wrong_secret_is_not_tried_again(bench: Bench, department: Department) -> None:
    department.secret = "changed"
    with pytest.raises(SignInRefused, match="check the account and the secret") as caught:
        collector(bench, department).poll()
    assert caught.value.final
    assert department.sign_ins == 1


@pytest.mark.parametrize(
    ("behaviour", "error", "told"),
    [
        ({"status": 503}, Unreachable, "answered 503"),
        ({"status": 429}, Unreachable, "answered 429"),
        ({"status": 403}, SignInRefused, "answered 403"),
        ({"status": 404}, BadData, "dossiers_path"),
        ({"body": b"<html>maintenance</html>"}, BadData, "HTML"),
        ({"body": b'{"error_code": "97", "message": "0912345678 wrong"}'}, BadData, "error_code '97'"),
        ({"body": b'{"error_code": "00"}'}, BadData, "without a list"),
        ({"delay": 0.4}, TimedOut, "within 0.2 s"),
    ],
)
def test_each_failure_is_on_its_rung_and_says_what_to_look_at(
    bench: Bench, department: Department, behaviour: dict[str, Any], error: type[CollectError], told: str
) -> None:
    for name, value in behaviour.items():
        setattr(department, name, value)
    with pytest.raises(error, match=told) as caught:
        collector(bench, department, timeout=0.2).poll()
    assert "0912345678" not in str(caught.value)


def test_a_system_that_is_gone_is_unreachable_and_found_again(bench: Bench, department: Department) -> None:
    reading = collector(bench, department)
    department.close()
    with pytest.raises(Unreachable, match="no connection"):
        reading.poll()


def test_a_bad_row_among_good_ones_costs_only_itself(bench: Bench, department: Department) -> None:
    department.put(*(dossier(n, seconds=n) for n in range(12)), dossier(3, seconds=3, TrangThaiHoSo="11"))
    reading = collector(bench, department)
    result = reading.poll()
    assert (result.taken, result.rejected) == (11, 1)
    assert reading.poll() == (0, 0)
    [(_, reason, field, message)] = bench.quarantine()
    assert (reason, field) == ("bad_status", "TrangThaiHoSo")
    assert "/api/ho-so, page 1" in message


def test_a_page_with_one_broken_row_gives_the_others(bench: Bench, department: Department) -> None:
    rows = [json.dumps(dossier(n, seconds=n)) for n in range(4)]
    department.body = f'{{"error_code": "00", "data": [{rows[0]}, {rows[1][:60]}, {rows[2]}, {rows[3]}]}}'.encode()
    reading = collector(bench, department)
    result = reading.poll()
    assert (result.taken, result.rejected) == (3, 1)
    assert reading.poll() == (0, 0)


def test_pages_of_nothing_but_bad_rows_do_not_stop_the_reading(bench: Bench, department: Department) -> None:
    department.put(*(dossier(n, seconds=n, TrangThaiHoSo="0") for n in range(30)), dossier(40, seconds=40))
    result = collector(bench, department).poll()
    assert (result.taken, result.rejected) == (1, 30)


def test_nothing_personal_is_written_anywhere(
    bench: Bench, department: Department, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    department.put(dossier(1), dossier(2, NgayHenTra="0912345678"), dossier(3, TrangThaiHoSo="Nguyễn Hư Cấu"))
    collector(bench, department).poll()
    written = bench.everything_written() + caplog.text.encode()
    assert b"H55.12-261120-0001" in written
    assert [trace for trace in (*TRACES, "s3cret") if trace.encode() in written] == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "missing required field `url`"),
        ({"url": "ftp://x"}, "url: saw 'ftp://x'"),
        ({"url": "http://x", "page_rows": "200"}, "page_rows: Expected `int`, got `str`; saw '200'"),
        ({"url": "http://x", "page_rows": 0}, "page_rows: saw 0"),
        ({"url": "http://x", "pages": 3}, "unknown field `pages`"),
        ({"url": "http://x", "client_id": "me", "client_secret_env": "NONE"}, "'NONE' is not set"),
    ],
)
def test_settings_that_cannot_work_are_told_by_file_source_key_and_value(
    bench: Bench, settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        make(given(bench, "dvcqg_rest", settings))
    assert "sources.toml, source igate" in str(caught.value)
    assert told in str(caught.value)
