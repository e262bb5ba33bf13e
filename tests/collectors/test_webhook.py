"""Pushes over real sockets: signed, once, bounded, and answered only when the pipe has them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from collectors import source_check
from collectors.base import PollResult
from collectors.errors import CollectError, Unreachable
from collectors.placeholders import Addresses
from collectors.polling import SourcePoll
from collectors.telegraph import Telegraph
from collectors.webhook import door
from collectors.webhook.collector import MOST_KEYS, WebhookCollector, _Past, _Saved, _trimmed, make, signature_of
from opscentre.domain.observations import SourceSeen
from opscentre.paths import ROOT
from opscentre.settings import SettingsError
from tests.collectors.parts import Bench, FailingOnce, given
from tests.collectors.records import TRACES, dossier
from tests.parts.process import die_with_parent

SECRET = "a secret of sixteen and more"


class Department:
    """Pushes to one source."""

    def __init__(self, port: int, code: str = "igate") -> None:
        self.url = f"http://127.0.0.1:{port}/webhook/{code}"
        self.http = httpx.Client(trust_env=False, timeout=30)

    def push(
        self,
        *records: Any,
        key: str = "k1",
        at: float = 0.0,
        secret: str = SECRET,
        body: bytes | None = None,
        **more: str,
    ) -> httpx.Response:
        body = json.dumps({"data": list(records)}, ensure_ascii=False).encode() if body is None else body
        stamp = str(round(time.time() + at))
        headers = {"X-Timestamp": stamp, "X-Signature": signature_of(secret, stamp, body), "Idempotency-Key": key}
        return self.http.post(
            self.url, content=body, headers=headers | {k.replace("_", "-"): v for k, v in more.items()}
        )


@pytest.fixture
def department(free_port: int) -> Iterator[Department]:
    made = Department(free_port)
    yield made
    made.http.close()


def collector(bench: Bench, port: int, producer: Any = None, **more: Any) -> WebhookCollector:
    settings = {"secret_env": "PUSH", "port": port, **more}
    plan = given(bench, "webhook", settings, environment={"PUSH": SECRET}, producer=producer or bench.producer)
    return make(plan)


@pytest.fixture
def listening(bench: Bench, free_port: int) -> Iterator[WebhookCollector]:
    made = collector(bench, free_port)
    assert made.poll() == (0, 0)
    yield made
    made.close()


def test_a_push_is_answered_when_the_pipe_has_it(
    bench: Bench, listening: WebhookCollector, department: Department
) -> None:
    answer = department.push(dossier(1), dossier(2))
    assert (answer.status_code, answer.json()) == (
        200, {"error_code": "00", "message": "", "taken": 2, "rejected": 0},
    )  # fmt: skip
    assert bench.numbers() == ["0001", "0002"]
    assert [listening.poll(), listening.poll()] == [(2, 0), (0, 0)]


def test_when_the_pipe_fails_nothing_is_acknowledged_and_the_same_key_is_taken_the_next_time(
    bench: Bench, free_port: int, department: Department
) -> None:
    reading = collector(bench, free_port, FailingOnce(bench.producer))
    reading.poll()
    answer = department.push(dossier(1))
    assert (answer.status_code, answer.json()["error_code"]) == (503, "503")
    assert answer.headers["retry-after"] == "1"
    with pytest.raises(CollectError, match="the disk is full") as caught:
        reading.poll()
    assert caught.value.kind == "pipe"
    assert reading.poll() == (0, 0)
    assert department.push(dossier(1)).json()["error_code"] == "00"
    assert reading.poll() == (1, 0)
    reading.close()


@pytest.mark.parametrize(
    ("more", "told"),
    [({"secret": "another secret, as long"}, "X-Signature: want HMAC"),
     ({"at": -301.0}, "X-Timestamp: more than 300 s"),
     ({"at": 302.0}, "X-Timestamp: more than 300 s"), ({"X_Timestamp": "now"}, "want the seconds since 1970"),
     ({"X_Timestamp": ""}, "want the seconds"), ({"X_Signature": ""}, "X-Signature: want"),
     ({"X_Signature": "sha256="}, "X-Signature: want")],
)  # fmt: skip
def test_what_is_not_signed_now_is_refused_and_not_taken(
    bench: Bench, listening: WebhookCollector, department: Department, more: dict[str, Any], told: str
) -> None:
    answer = department.push(dossier(1), **more)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "401")
    assert told in answer.json()["message"]
    assert bench.snapshots() == []
    assert listening.heard_at() is None


def test_a_signature_for_another_body_or_another_time_does_not_fit(
    bench: Bench, listening: WebhookCollector, department: Department
) -> None:
    stamp, body = str(round(time.time())), json.dumps({"data": [dossier(1)]}).encode()
    signed = signature_of(SECRET, stamp, body)
    assert department.push(dossier(2), X_Timestamp=stamp, X_Signature=signed).status_code == 401
    later = str(int(stamp) + 1)
    assert department.push(body=body, X_Timestamp=later, X_Signature=signed).status_code == 401
    assert department.push(body=body, X_Timestamp=stamp, X_Signature=f"sha256={signed.upper()}").status_code == 200


@pytest.mark.parametrize("at", [-290.0, 290.0])
def test_clocks_may_differ_within_the_window(listening: WebhookCollector, department: Department, at: float) -> None:
    assert department.push(dossier(1), at=at).status_code == 200


def test_a_repeated_key_gets_the_same_answer_also_after_a_restart_and_another_body_is_a_conflict(
    bench: Bench, listening: WebhookCollector, department: Department, free_port: int
) -> None:
    good, bad = dossier(1), dossier(2, TrangThaiHoSo="11")
    first = department.push(good, bad)
    again = department.push(good, bad, at=3.0)
    listening.close()
    restarted = collector(bench, free_port)
    restarted.poll()
    after = department.push(good, bad)
    assert first.status_code == again.status_code == after.status_code == 422
    assert first.content == again.content == after.content
    assert [one.headers.get("idempotent-replayed") for one in (first, again, after)] == [None, "true", "true"]
    assert len(bench.snapshots()) == 1
    conflict = department.push(dossier(3))
    assert (conflict.status_code, conflict.json()["error_code"]) == (409, "409")
    assert len(bench.snapshots()) == 1
    restarted.close()


def test_the_same_key_at_the_same_time_is_taken_once(
    bench: Bench, listening: WebhookCollector, department: Department
) -> None:
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda _: department.push(dossier(1), at=0.0), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(bench.snapshots()) == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_a_push_without_a_usable_key_is_refused(
    bench: Bench, listening: WebhookCollector, department: Department, key: str
) -> None:
    answer = department.push(dossier(1), key=key)
    assert answer.status_code == 400
    assert bench.snapshots() == []


def test_rejected_records_are_told_masked_and_the_others_are_taken(
    bench: Bench, listening: WebhookCollector, department: Department
) -> None:
    answer = department.push(
        dossier(1), dossier(2, NgayTiepNhan="Nguyễn Hư Cấu"), dossier(3, TrangThaiHoSo="0912345678")
    )
    assert answer.status_code == 422
    document = answer.json()
    assert (document["taken"], document["rejected"]) == (1, 2)
    assert [(one["reason"], one["field"], one["number"][-4:]) for one in document["reasons"]] == [
        ("bad_date", "NgayTiepNhan", "0002"), ("bad_status", "TrangThaiHoSo", "0003"),
    ]  # fmt: skip
    assert not any(trace in answer.text for trace in TRACES)
    assert listening.poll() == (1, 2)


@pytest.mark.parametrize("body", [b"", b"Nguy\xe1\xbb\x85n", b"PK\x03\x04", b'{"data": [{"MaHoSo": "1"', b"[1]"])
def test_a_body_that_cannot_be_read_is_told_with_its_reason(
    bench: Bench, listening: WebhookCollector, department: Department, body: bytes
) -> None:
    answer = department.push(body=body)
    assert answer.status_code == 422
    assert answer.json()["reasons"][0]["reason"] in ("unreadable_file", "truncated_file", "not_an_object")


def test_at_most_twenty_reasons_are_told(listening: WebhookCollector, department: Department) -> None:
    document = department.push(*(dossier(n, TrangThaiHoSo="11") for n in range(30))).json()
    assert (document["rejected"], len(document["reasons"])) == (30, 20)


def test_an_empty_push_shows_that_the_department_is_there(listening: WebhookCollector, department: Department) -> None:
    before = listening.heard_at()
    assert department.push().json()["taken"] == 0
    assert before is None
    assert listening.heard_at() is not None


def test_a_push_that_is_too_large_is_refused_unread_and_the_sender_sees_why(
    bench: Bench, free_port: int, department: Department
) -> None:
    reading = collector(bench, free_port, most_megabytes=0.1)
    reading.poll()
    answer = department.push(body=b" " * 150_000)
    assert (answer.status_code, answer.json()["error_code"]) == (413, "413")
    with socket.create_connection(("127.0.0.1", free_port), timeout=20) as raw:
        raw.sendall(b"POST /webhook/igate HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 413")
    assert department.push(dossier(1)).status_code == 200
    reading.close()


@pytest.mark.parametrize(
    ("request_", "status"),
    [(b"GET /webhook/igate HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
     (b"POST /webhook/other HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", b"404"),
     (b"POST /igate HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", b"404"),
     (b"POST /webhook/igate HTTP/1.1\r\nHost: x\r\n\r\n", b"411"),
     (b"POST /webhook/igate HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"411"),
     (b"POST /webhook/igate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411")],
)  # fmt: skip
def test_requests_that_are_no_push_get_their_answer(
    listening: WebhookCollector, free_port: int, request_: bytes, status: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", free_port), timeout=20) as raw:
        raw.sendall(request_)
        assert raw.recv(100).split()[1] == status


def test_a_body_that_stops_coming_is_given_up_and_holds_up_no_other(
    listening: WebhookCollector, department: Department, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door._Handler, "timeout", 0.5)
    with socket.create_connection(("127.0.0.1", free_port), timeout=20) as raw:
        raw.sendall(b"POST /webhook/igate HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
        assert department.push(dossier(1)).status_code == 200
        assert raw.recv(100).split()[1] == b"408"


def test_two_sources_share_a_door_and_it_closes_with_the_last(
    bench: Bench, listening: WebhookCollector, department: Department, free_port: int
) -> None:
    plan = given(bench, "webhook", {"secret_env": "B", "port": free_port}, environment={"B": SECRET[::-1]})
    other = make(type(plan)(**{**vars(plan), "config": type(plan.config)(
        code="so-y-te", name="Y", kind="webhook", settings=plan.config.settings)}))  # fmt: skip
    other.poll()
    second = Department(free_port, "so-y-te")
    assert department.push(dossier(1)).status_code == 200
    assert second.push(dossier(1), secret=SECRET[::-1]).status_code == 200
    assert second.push(dossier(1), secret=SECRET).status_code == 401
    assert {snapshot.source for snapshot in bench.snapshots()} == {"igate", "so-y-te"}
    listening.close()
    assert department.push(dossier(1)).status_code == 404
    other.close()
    with pytest.raises(httpx.ConnectError):
        Department(free_port).push(dossier(1))


def test_a_port_in_use_is_told(bench: Bench, free_port: int) -> None:
    with (
        socket.create_server(("127.0.0.1", free_port)),
        pytest.raises(Unreachable, match=f"127.0.0.1:{free_port} cannot be listened on .*choose another host or port"),
    ):
        collector(bench, free_port).poll()


def test_the_age_of_the_source_is_the_time_since_its_last_push(
    bench: Bench, department: Department, free_port: int
) -> None:
    plan = given(bench, "webhook", {"secret_env": "PUSH", "port": free_port}, environment={"PUSH": SECRET})
    poll = SourcePoll(plan, Addresses(bench.folder / "x", plan.stopping), Telegraph(bench.producer))
    poll.run()
    department.push(dossier(1))
    poll.run()
    poll.close()
    poll.run()
    poll.close()
    silent, spoken, later = (one for one in bench.observations() if isinstance(one, SourceSeen))
    assert (silent.ok, silent.observed_at, silent.taken) == (True, None, 0)
    assert (spoken.taken, spoken.total) == (1, 1)
    assert spoken.observed_at is not None
    assert later.observed_at == spoken.observed_at < later.attempted_at


def test_remembered_answers_are_bounded() -> None:
    past = {f"{n:05d}": _Past("b", 200, "x" * 10, n) for n in range(MOST_KEYS + 50)}
    kept = _trimmed(_Saved(past), MOST_KEYS).answers
    assert (len(kept), min(kept), max(kept)) == (MOST_KEYS, "00050", f"{MOST_KEYS + 49:05d}")
    long = {str(n): _Past("b", 422, "x" * 100_000, 0) for n in range(9)}
    assert list(_trimmed(_Saved(long), 0).answers) == ["5", "6", "7", "8"]
    assert _trimmed(_Saved({"old": _Past("b", 200, "", 0)}), 25 * 3_600_000).answers == {}


CHILD = """
import sys, time
from pathlib import Path
from collectors.webhook.collector import make
from tests.collectors.parts import Bench, given
bench = Bench(Path(sys.argv[1]))
settings = {"secret_env": "PUSH", "port": int(sys.argv[2])}
reading = make(given(bench, "webhook", settings, environment={"PUSH": sys.argv[3]}))
reading.poll()
print("ready", flush=True)
time.sleep(600)
"""


def test_killed_among_pushes_it_has_everything_that_it_acknowledged(
    bench: Bench, free_port: int, department: Department
) -> None:
    acknowledged: set[str] = set()
    for round_ in range(2):
        command = [sys.executable, "-c", CHILD, str(bench.folder), str(free_port), SECRET]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        killer = threading.Timer(0.7, child.kill)
        killer.start()
        for n in range(10_000):
            number = round_ * 5000 + n
            try:
                answer = department.push(dossier(number), key=f"key {number}")
            except httpx.HTTPError:
                break
            assert answer.status_code == 200
            acknowledged.add(f"{number:04d}")
        killer.join()
        child.wait(20)
    assert len(acknowledged) > 2
    assert acknowledged <= set(bench.numbers())


def test_nothing_personal_is_written_anywhere(
    bench: Bench, listening: WebhookCollector, department: Department, caplog: pytest.LogCaptureFixture
) -> None:
    bad = [dossier(2, NgayTiepNhan="019088001234"), dossier(3, TrangThaiHoSo="hu.cau@example.vn"),
           dossier(4, MaHoSo="Nguyễn Hư Cấu"), dossier(5, DonViXuLy="0912345678 hu.cau@example.vn")]  # fmt: skip
    answers = [department.push(dossier(1), *bad), department.push(body=b'{"data": ["0912345678", {"ChuHoSo"', key="k2"),
               department.push(dossier(6), key="0912345678 hu.cau@example.vn")]  # fmt: skip
    assert [answer.status_code for answer in answers] == [422, 422, 200]
    written = bench.everything_written() + caplog.text.encode() + b"".join(answer.content for answer in answers)
    assert b"H55.12-261120-0001" in written
    assert [trace for trace in TRACES if trace.encode() in written] == []
    assert SECRET.encode() not in written


def test_the_sample_is_taken_and_its_signature_is_the_one_that_openssl_makes(
    listening: WebhookCollector, department: Department
) -> None:
    body = (Path(make.__code__.co_filename).parent / "samples" / "push.json").read_bytes()
    assert department.push(body=body).json()["taken"] == 1
    command = ["openssl", "dgst", "-sha256", "-hmac", "0123456789abcdef"]
    made = subprocess.run(command, input=b"1795000000." + body, capture_output=True, check=True).stdout
    assert made.decode().split()[-1] == signature_of("0123456789abcdef", "1795000000", body)


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"secret_env": "SHORT"}, "'SHORT' holds 5 characters; put a secret of at least 16"),
     ({"secret_env": "GONE"}, "'GONE' holds 0 characters"), ({"secret_env": "PUSH", "port": 0}, "port: saw 0"),
     ({"secret_env": "PUSH", "window": 0}, "window: saw 0"),
     ({"secret_env": "PUSH", "most_megabytes": 0}, "most_megabytes"),
     ({}, "missing required field `secret_env`")],
)  # fmt: skip
def test_settings_that_cannot_work_are_told(bench: Bench, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        make(given(bench, "webhook", settings, environment={"PUSH": SECRET, "SHORT": "short"}))


def test_a_poll_result_is_what_came_since_the_last_one(listening: WebhookCollector, department: Department) -> None:
    for n in range(3):
        department.push(dossier(n), key=f"k{n}")
    assert listening.poll() == PollResult(3, 0)


def test_a_look_at_a_source_that_is_pushed_to_does_not_listen(bench: Bench, free_port: int) -> None:
    with socket.create_server(("127.0.0.1", free_port)):
        settings = {"secret_env": "PUSH", "port": free_port}
        seen = source_check.look(given(bench, "webhook", settings, environment={"PUSH": SECRET}))
        assert (seen.problems, seen.records) == ([], 0)
        assert "it is pushed to" in seen.waits
        with pytest.raises(Unreachable, match="where the collectors run they are listening there"):
            make(given(bench, "webhook", settings, environment={"PUSH": SECRET})).poll()
