"""Every way a department's system fails us, over real sockets: a clear word, nothing lost, nothing twice afterwards."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import create_engine, text

from collectors.dvcqg_rest import collector as rest
from collectors.errors import AskedToWait, BadData, CollectError, SignInRefused, TimedOut, Unreachable
from collectors.sql_view import collector as view
from opscentre.domain.moments import SECOND, format_compact
from opscentre.settings import SettingsError
from opscentre.sources import Behaviour
from tests.collectors.department import Department
from tests.collectors.line import Line
from tests.collectors.parts import NOW, Bench, given
from tests.collectors.records import dossier
from tests.conftest import part_or_skip
from tests.parts.process import PartMissing

ALL = [f"{n:04d}" for n in range(25)]


@pytest.fixture
def department() -> Iterator[Department]:
    made = Department()
    made.put(*(dossier(n, seconds=n) for n in range(25)))
    yield made
    made.close()


@pytest.fixture
def line(department: Department) -> Iterator[Line]:
    made = Line(department.url)
    yield made
    made.close()


def reading(bench: Bench, url: str, behaviour: Behaviour | None = None, **more: Any) -> rest.RestCollector:
    settings = {"url": url, "client_id": "me", "client_secret_env": "SECRET", "page_rows": 10, "timeout": 2.0, **more}
    plan = given(bench, "dvcqg_rest", settings)
    if behaviour:
        config = msgspec.structs.replace(plan.config, behaviour=behaviour)
        return rest.make(replace(plan, config=config))
    return rest.make(plan)


@pytest.mark.parametrize(
    ("mode", "error", "told"),
    [
        ("half", Unreachable, "broke off its answer"),
        ("reset", Unreachable, "broke off its answer"),
        ("silence", TimedOut, "within 0.5 s; look whether the system is overloaded"),
        ("drip", TimedOut, "within 0.5 s"),
    ],
)
def test_a_line_that_breaks_within_a_poll_loses_nothing_and_repeats_nothing(
    bench: Bench, department: Department, line: Line, mode: str, error: type[CollectError], told: str
) -> None:
    # The sign-in and the first page pass.
    line.mode, line.grace = mode, 2
    one = reading(bench, line.url, timeout=0.5)
    begun = time.monotonic()
    with pytest.raises(error, match=told):
        one.poll()
    assert time.monotonic() - begun < 20
    assert bench.numbers() == ALL[:10]
    line.mode = "through"
    one.poll()
    assert bench.numbers() == ALL
    assert bench.quarantine() == []
    one.close()


def test_a_page_cut_off_without_a_word_on_its_length_gives_its_whole_rows_and_the_rest_follows(
    bench: Bench, department: Department, line: Line
) -> None:
    line.mode, line.grace = "cut", 2
    one = reading(bench, line.url)
    one.poll()
    sent = bench.numbers()
    assert ALL[:10] < sent < ALL
    line.mode = "through"
    one.poll()
    assert bench.numbers() == ALL
    # Each row that was cut through is set aside; in full it is taken all the same.
    assert len(bench.quarantine()) <= len(department.asked)
    assert {reason for _, reason, _, _ in bench.quarantine()} <= {"truncated_file", "bad_json"}
    one.close()


def test_a_system_that_refuses_connections_is_found_again_at_its_place(
    bench: Bench, department: Department, line: Line
) -> None:
    one = reading(bench, line.url)
    one.poll()
    one.close()
    line.refuse()
    one = reading(bench, line.url)
    with pytest.raises(Unreachable, match=r"no connection to http://127\.0\.0\.1:\d+/auth/token: .*refused"):
        one.poll()
    line.listen_again()
    department.put(dossier(30, seconds=30))
    one.poll()
    assert bench.numbers() == [*ALL, "0030"]
    one.close()


@pytest.mark.parametrize(
    ("status", "headers", "error", "told"),
    [
        (500, {}, Unreachable, "answered 500: it is not ready"),
        (429, {}, Unreachable, "answered 429: it is not ready"),
        (429, {"Retry-After": "7"}, AskedToWait, "answered 429 and wants to be asked again in 7 s"),
        (503, {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, AskedToWait, "asked again in 0 s"),
    ],
)
def test_a_system_that_is_not_ready_says_so_and_when_it_will_be(
    bench: Bench, department: Department, status: int, headers: dict[str, str], error: type[CollectError], told: str
) -> None:
    one = reading(bench, department.url)
    department.status, department.headers = status, headers
    with pytest.raises(error, match=told) as caught:
        one.poll()
    assert caught.value.retry_after == ({"7": 7.0}.get(headers["Retry-After"], 0.0) if headers else None)
    department.status = 200
    one.poll()
    assert bench.numbers() == ALL
    one.close()


def test_a_web_page_instead_of_data_is_told_and_the_data_read_afterwards(bench: Bench, department: Department) -> None:
    department.body = b"<!DOCTYPE html><html><body>B\xe1\xba\xa3o tr\xc3\xac</body></html>"
    one = reading(bench, department.url)
    with pytest.raises(BadData, match="HTML"):
        one.poll()
    department.body = None
    one.poll()
    assert bench.numbers() == ALL
    assert bench.quarantine() == []
    one.close()


def test_an_answer_larger_than_a_poll_may_be_is_broken_off(bench: Bench, department: Department) -> None:
    department.body = b'{"data": [' + b" " * 60_000 + b"]}"
    one = reading(bench, department.url, Behaviour(bytes_per_poll=50_000))
    with pytest.raises(BadData, match="answered more than 50000 bytes at once; lower page_rows, or raise"):
        one.poll()
    one.close()


def test_a_poll_whose_budget_is_spent_leaves_the_rest_to_the_next_and_always_moves_on(
    bench: Bench, department: Department
) -> None:
    department.put(*(dossier(n, seconds=n // 20, TenTTHC="x" * 1_000) for n in range(100)))
    one = reading(bench, department.url, Behaviour(bytes_per_poll=20_000))
    polls = 1
    while one.poll().taken:
        polls += 1
        assert polls < 20
    assert polls > 4
    assert bench.numbers() == [f"{n:04d}" for n in range(100)]
    one.close()


def test_a_view_is_read_on_after_each_budget_too(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "department.sqlite"
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("CREATE TABLE v (MaHoSo TEXT, TrangThaiHoSo INTEGER, NgayTiepNhan TEXT, NgayCapNhat TEXT, TenTTHC)")
    rows = [(f"D-{n:04d}", 4, "20261120073000", "20261120080001", "x" * 1_000) for n in range(100)]
    writer.executemany("INSERT INTO v VALUES (?, ?, ?, ?, ?)", rows)
    writer.close()
    plan = given(bench, "sql_view", {"url": f"sqlite:///{path}", "view": "v", "page_rows": 10})
    config = msgspec.structs.replace(plan.config, behaviour=Behaviour(bytes_per_poll=20_000))
    one = view.make(replace(plan, config=config))
    taken = []
    while not taken or taken[-1]:
        taken.append(one.poll().taken)
        assert len(taken) < 20
    assert taken == [20, 20, 20, 20, 20, 0]
    assert bench.numbers() == [f"{n:04d}" for n in range(100)]
    one.close()


def test_requests_keep_to_their_pace(bench: Bench, department: Department) -> None:
    one = reading(bench, department.url, Behaviour(requests_per_second=10.0))
    begun = time.monotonic()
    one.poll()
    assert len(department.asked) >= 3
    assert time.monotonic() - begun >= 0.29
    one.close()


@pytest.mark.parametrize("minutes", [10, -10])
def test_a_clock_ten_minutes_off_at_the_source_costs_nothing_nor_does_its_correction(
    bench: Bench, department: Department, minutes: int
) -> None:
    department.dossiers.clear()

    def at(number: int, seconds: int, off: int) -> dict[str, Any]:
        moment = NOW - 60 * SECOND + seconds * SECOND + off * 60 * SECOND
        return dossier(number, NgayCapNhat=format_compact(moment))

    one = reading(bench, department.url)
    expected = []
    for turn in range(4):
        numbers = range(turn * 5, turn * 5 + 5)
        department.put(*(at(n, seconds=n, off=minutes if turn < 2 else 0) for n in numbers))
        one.poll()
        expected += [f"{n:04d}" for n in numbers]
        assert bench.numbers() == expected
    assert one.poll() == (0, 0)
    one.close()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that only its own key vouches for, and that key."""
    program = shutil.which("openssl")
    if program is None:
        raise PartMissing("openssl is not installed: apt-get install openssl")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    made = [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]  # fmt: skip
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key


def test_a_certificate_that_is_not_to_be_trusted_is_told_and_its_authority_can_be_named(
    bench: Bench, department: Department, tmp_path: Path
) -> None:
    certificate, key = part_or_skip("openssl", lambda: self_signed(tmp_path))
    url = department.behind_tls(certificate, key)
    one = reading(bench, url)
    with pytest.raises(Unreachable, match="is not to be trusted: self-signed certificate; have it renewed, or name"):
        one.poll()
    assert department.sign_ins == 0
    one.close()
    one = reading(bench, url, ca_file=str(certificate))
    one.poll()
    assert bench.numbers() == ALL
    one.close()
    for unusable in (tmp_path / "none.pem", key):
        with pytest.raises(SettingsError, match=r"ca_file: .*cannot be used.*name a file of PEM certificates"):
            reading(bench, url, ca_file=str(unusable))


def test_client_credentials_of_oauth_sign_in_and_are_renewed_before_the_token_ends(
    bench: Bench, department: Department
) -> None:
    department.oauth, department.lasts = True, 1
    one = reading(bench, department.url, sign_in="oauth2", scope="dossiers.read")
    one.poll()
    assert bench.numbers() == ALL
    form = {"grant_type": "client_credentials", "client_id": "me", "client_secret": "s3cret", "scope": "dossiers.read"}
    assert department.forms[0] == form
    time.sleep(1.0)
    signed_in, asked = department.sign_ins, len(department.asked)
    one.poll()
    assert department.sign_ins == signed_in + 1
    # No page was refused for an old token.
    assert len(department.asked) > asked
    department.tokens.clear()
    one.poll()
    assert bench.numbers() == ALL
    one.close()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sign_in": "oauth2", "client_id": "other"}, r"malformed \(invalid_client\); check client_id, its secret"),
        ({"sign_in": "portal"}, r"malformed \(unsupported_grant_type\)"),
    ],
)
def test_client_credentials_that_are_refused_are_not_tried_again(
    bench: Bench, department: Department, settings: dict[str, Any], told: str
) -> None:
    department.oauth = True
    if settings["sign_in"] == "oauth2":
        department.secret = "changed"
    one = reading(bench, department.url, **settings)
    with pytest.raises(SignInRefused, match=told) as caught:
        one.poll()
    assert caught.value.final
    assert "s3cret" not in str(caught.value)
    one.close()


def test_a_locked_table_is_told_and_read_when_it_is_free(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "department.sqlite"
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("CREATE TABLE v (MaHoSo TEXT, TrangThaiHoSo INTEGER, NgayTiepNhan TEXT, NgayCapNhat TEXT)")
    rows = [(f"D-{n:04d}", 4, "20261120073000", f"202611200800{n:02d}") for n in range(25)]
    writer.executemany("INSERT INTO v VALUES (?, ?, ?, ?)", rows)
    one = view.make(given(bench, "sql_view", {"url": f"sqlite:///{path}", "view": "v", "timeout": 0.3}))
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(TimedOut, match="database is locked; look whether the database is overloaded"):
        one.poll()
    writer.execute("COMMIT")
    writer.close()
    one.poll()
    assert bench.numbers() == ALL
    one.close()


@pytest.mark.postgres
def test_a_locked_table_of_postgresql_is_given_up_in_time_and_read_when_it_is_free(
    bench: Bench, postgres_url: str
) -> None:
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE v (mahoso TEXT, trangthaihoso INT, ngaytiepnhan TEXT, ngaycapnhat TEXT)"))
        for n in range(25):
            values = {"n": f"D-{n:04d}", "at": f"202611200800{n:02d}"}
            connection.execute(text("INSERT INTO v VALUES (:n, 4, '20261120073000', :at)"), values)
    one = view.make(given(bench, "sql_view", {"url": postgres_url, "view": "v", "timeout": 0.5, "page_rows": 10}))
    with engine.connect() as writer:
        writer.execute(text("LOCK TABLE v IN ACCESS EXCLUSIVE MODE"))
        begun = time.monotonic()
        with pytest.raises(TimedOut, match="statement timeout; look whether the database is overloaded"):
            one.poll()
        assert time.monotonic() - begun < 20
    one.poll()
    assert bench.numbers() == ALL
    engine.dispose()
    one.close()


def test_a_database_that_takes_connections_and_says_nothing_is_given_up_in_time(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"postgresql+psycopg://u@127.0.0.1:{server.getsockname()[1]}/x"
        one = view.make(given(bench, "sql_view", {"url": url, "view": "v", "timeout": 0.5}))
        failed: list[CollectError] = []

        def poll() -> None:
            try:
                one.poll()
            except CollectError as error:
                failed.append(error)

        thread = threading.Thread(target=poll, daemon=True)
        thread.start()
        thread.join(30)
    assert [type(error) for error in failed] == [TimedOut]
    one.close()
