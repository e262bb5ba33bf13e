"""Dated numbers from JSON over HTTP, CSV files and SQL views; what is none is set aside; the newest is shown."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text

from collectors.base import PollResult
from collectors.errors import BadData, SignInRefused, TimedOut, Unreachable
from collectors.figures.collector import FiguresCollector, make
from collectors.figures.numbers import NoFigure, moment_of, number_of
from collectors.figures.rows import at_path
from collectors.placeholders import Addresses
from collectors.polling import SourcePoll
from collectors.source_check import look
from collectors.telegraph import Telegraph
from opscentre import paths
from opscentre.domain.moments import HOUR, iso, parse_compact
from opscentre.domain.observations import SourceSeen
from opscentre.settings import SettingsError
from opscentre.store import tables
from opscentre.store.figures import FedFigure, newest_figures, write_figures
from tests.collectors.parts import NOW, Bench, given
from tests.collectors.records import PLANTED, TRACES

VISITS = {"code": "visits", "value": "stats.visits", "date": "updated", "unit": "lượt"}


class Web:
    """A system that shows numbers as JSON."""

    def __init__(self) -> None:
        self.answer: Any = {"updated": "2026-11-21T08:30:00+07:00", "stats": {"visits": 5_000_000}}
        self.raw: bytes | None = None
        self.status = 200
        self.hang = threading.Event()
        self.hang.set()
        self.asked: list[str | None] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Nothing is printed."""

            def do_GET(self) -> None:
                web.asked.append(self.headers.get("authorization"))
                web.hang.wait(5)
                body = web.raw if web.raw is not None else json.dumps(web.answer).encode()
                self.send_response(web.status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/stats.json"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    yield made
    made.hang.set()
    made.server.shutdown()
    made.server.server_close()


def collector(bench: Bench, url: str, *figures: dict[str, Any], **more: Any) -> FiguresCollector:
    return make(given(bench, "figures", {"url": url, "figure": list(figures), **more}))


def kept(bench: Bench) -> dict[str, tuple[str, float, str]]:
    return {one.code: (iso(one.as_of)[:16], one.value, one.unit) for one in newest_figures(bench.store)}


def rows(bench: Bench) -> int:
    with bench.store.connect() as connection:
        return len(connection.execute(select(tables.figures)).all())


def test_a_number_at_a_path_is_kept_once_and_again_when_it_changes(bench: Bench, web: Web) -> None:
    reading = collector(bench, web.url, VISITS)
    assert [reading.poll(), reading.poll()] == [(1, 0), (0, 0)]
    assert kept(bench) == {"visits": ("2026-11-21T08:30", 5_000_000, "lượt")}
    web.answer["stats"]["visits"] = 5_000_001
    assert reading.poll() == (1, 0)
    web.answer["updated"] = "2026-11-21T09:00:00+07:00"
    assert reading.poll() == (1, 0)
    assert kept(bench) == {"visits": ("2026-11-21T09:00", 5_000_001, "lượt")}
    assert rows(bench) == 2
    reading.close()


def test_a_list_in_the_json_gives_one_number_a_row_and_rows_are_chosen_by_their_texts(bench: Bench, web: Web) -> None:
    web.answer = {"result": {"items": [
        {"name": "ocop", "day": "2026-11-19", "n": 172}, {"name": "ocop", "day": "2026-11-20", "n": 173},
        {"name": "visits", "day": "20/11/2026", "n": "1,234.5"}, {"name": "visits", "day": "2026-11-21", "n": None},
    ]}}  # fmt: skip
    one = {"value": "n", "date": "day", "unit": "sản phẩm"}
    figures = [{**one, "code": name, "where": {"name": name}} for name in ("ocop", "visits", "none")]
    reading = collector(bench, web.url, *figures, rows="result.items")
    assert reading.poll() == (3, 0)
    assert kept(bench) == {
        "ocop": ("2026-11-20T00:00", 173, "sản phẩm"),
        "visits": ("2026-11-20T00:00", 1234.5, "sản phẩm"),
    }


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_csv_file_is_read_with_the_decimals_of_its_country(bench: Bench, encoding: str) -> None:
    lines = "Chỉ tiêu;Ngày;Giá trị\nPAR Index;20/11/2026;83,01\nPAR Index;1/1/2026;1.234,5\nKhác;1/1/2026;x\n"
    (bench.folder / "a.csv").write_text(lines, encoding=encoding)
    one = {"code": "par", "value": "Giá trị", "date": "Ngày", "unit": "điểm", "where": {"Chỉ tiêu": "PAR Index"}}
    assert collector(bench, "a.csv", one, read="file", decimal=",").poll() == (2, 0)
    assert kept(bench) == {"par": ("2026-11-20T00:00", 83.01, "điểm")}
    at = parse_compact("20260601000000")
    assert [one.value for one in newest_figures(bench.store, at)] == [1234.5]


def test_a_view_is_read_without_writing_and_only_by_its_named_columns(bench: Bench) -> None:
    url = f"sqlite:///{bench.folder / 'other.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE so_lieu (ngay TEXT, gia_tri NUMERIC, ho_ten TEXT)"))
        connection.execute(text("INSERT INTO so_lieu VALUES ('2026-11-20 08:00:00', 12.5, 'Nguyễn Hư Cấu')"))
    one = {"code": "meetings", "value": "gia_tri", "date": "ngay", "unit": "cuộc"}
    assert collector(bench, url, one, read="sql", rows="so_lieu").poll() == (1, 0)
    assert kept(bench) == {"meetings": ("2026-11-20T08:00", 12.5, "cuộc")}
    with pytest.raises(BadData, match="view gone at .*no such table"):
        collector(bench, url, one, read="sql", rows="gone").poll()
    with pytest.raises(BadData, match="no such column"):
        collector(bench, url, {**one, "value": "gone"}, read="sql", rows="so_lieu").poll()


def test_what_is_no_number_or_has_no_good_date_is_set_aside_once_and_costs_no_other(bench: Bench, web: Web) -> None:
    good = {"d": "2026-11-20", "n": 1}
    bad = [("nhiều", "2026-11-20"), (True, "2026-11-20"), (5, "2026-11-22"), (5, "hôm qua"), (5, "31/02/2026"),
           (5, None), ("0912345678", "2026-11-20"), ("019088001234", "2026-11-20"), ([1], "2026-11-20")]  # fmt: skip
    web.answer = [*({"n": n, "d": d} for n, d in bad), good]
    reading = collector(bench, web.url, {"code": "a", "value": "n", "date": "d", "unit": "x"})
    assert [reading.poll(), reading.poll()] == [(1, len(bad)), (0, len(bad))]
    reasons = [reason for _, reason, _, _ in bench.quarantine()]
    assert reasons == ["not_a_number", "not_a_number", "future_date", "bad_date", "impossible_date", "bad_date",
                       "not_a_number", "not_a_number", "not_a_number"]  # fmt: skip
    assert bench.quarantine()[2][2:] == (
        "d", "igate, row 3: figure a: d: saw '2026-11-22', which is yet to come; correct it at the source",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "decimal", "wanted"),
    [(7, ".", 7), (-1.5, ".", -1.5), ("31,067", ".", 31067), ("98.6", ".", 98.6), ("31.067", ",", 31067), ("0", ".", 0),
     ("98,6", ",", 98.6), (" 12 ", ".", 12), ("1.234.567,25", ",", 1234567.25), ("-3", ".", -3), ("0.5", ".", 0.5)],
)  # fmt: skip
def test_numbers_are_read_as_they_are_written(value: object, decimal: str, wanted: float) -> None:
    assert number_of(value, decimal) == wanted


@pytest.mark.parametrize(
    "value",
    ["", "x", "12 %", "1,2", "12,34.5", "nan", "inf", float("nan"), float("inf"), 10**15, "1" * 16, "007", None],
)
def test_what_is_not_plainly_a_number_is_none(value: object) -> None:
    with pytest.raises(NoFigure, match="want a number") as caught:
        number_of(value, ".")
    assert caught.value.reason == "not_a_number"


def test_a_date_is_a_past_moment_however_it_is_written() -> None:
    wanted = parse_compact("20261120000000")
    written = ["2026-11-20", "20/11/2026", "20261120", 20261120, "20261120000000", "2026-11-19T17:00:00Z"]
    assert {moment_of(date, NOW) for date in written} == {wanted}
    assert moment_of("20261121120000", NOW) == NOW
    with pytest.raises(NoFigure, match="yet to come"):
        moment_of("20261121120001", NOW)


def test_paths_lead_through_objects_and_lists() -> None:
    document = {"a": [{"b": 1}, {"b": 2}], "x.y": 3, "": 4}
    assert [at_path(document, path) for path in ("a.1.b", "x.y", "a.7.b", "a.b", "gone", "a.0.b.c")] == [
        2, 3, None, None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "raw", "kind", "told"),
    [(401, None, SignInRefused, "check the secret in 'TOKEN'"), (503, None, Unreachable, "HTTP 503"),
     (404, None, BadData, "HTTP 404; check 'url'"), (200, b"<html>", BadData, "is no JSON"),
     (200, b"[" * 100_000, BadData, "is no JSON"), (200, b"{}", BadData, "nothing at 'list'"),
     (200, b" " * 21_000_000, BadData, "more than 20 MB")],
)  # fmt: skip
def test_each_failure_of_an_address_is_told(
    bench: Bench, web: Web, status: int, raw: bytes | None, kind: type[Exception], told: str
) -> None:
    web.status, web.raw = status, raw
    settings = {"url": web.url, "figure": [VISITS], "secret_env": "TOKEN", "rows": "list"}
    reading = make(given(bench, "figures", settings, environment={"TOKEN": "geheim-9"}))
    with pytest.raises(kind, match=told):
        reading.poll()
    assert web.asked == ["Bearer geheim-9"]


def test_an_address_that_hangs_or_refuses_is_told(bench: Bench, web: Web, free_port: int) -> None:
    web.hang.clear()
    with pytest.raises(TimedOut, match="did not answer within 0.2 s"):
        collector(bench, web.url, VISITS, timeout=0.2).poll()
    with pytest.raises(Unreachable, match="no connection"):
        collector(bench, f"http://127.0.0.1:{free_port}/", VISITS).poll()
    with pytest.raises(BadData, match="is not there"):
        collector(bench, "gone.csv", VISITS, read="file").poll()


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"url": "http://x", "figure": []}, "want at least one"), ({"url": "ftp://x"}, "url: saw 'ftp://x'"),
     ({"url": "sqlite://", "read": "sql"}, "rows: saw ''"), ({"url": "http://x", "read": "csv"}, "read"),
     ({"url": "postgresql://u:geheim-9@h/d", "read": "sql", "rows": "v"}, "saw a password in it"),
     ({"url": "nonsense", "read": "sql", "rows": "v"}, "want an SQLAlchemy URL"),
     ({"url": "http://x", "secret_env": "GONE"}, "'GONE' is not set"),
     ({"url": "http://x", "figure": [{**VISITS, "code": "Số"}]}, "code: saw 'Số'"),
     ({"url": "http://x", "figure": [{"code": "a"}]}, "missing required field")],
)  # fmt: skip
def test_settings_that_cannot_work_are_told(bench: Bench, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told) as caught:
        make(given(bench, "figures", {"figure": [VISITS], **settings}))
    assert "geheim" not in str(caught.value)


def test_the_age_of_a_source_of_figures_shows_as_every_sources_does(bench: Bench, web: Web) -> None:
    plan = given(bench, "figures", {"url": web.url, "figure": [VISITS]})
    poll = SourcePoll(plan, Addresses(bench.folder / "x", plan.stopping), Telegraph(bench.producer))
    poll.run()
    web.status = 500
    poll.run()
    good, failed = (one for one in bench.observations() if isinstance(one, SourceSeen))
    assert (good.ok, good.taken, failed.ok) == (True, 1, False)
    assert failed.observed_at == good.observed_at == good.attempted_at
    assert kept(bench)["visits"][1] == 5_000_000


def test_a_look_at_a_source_of_figures_writes_nothing(bench: Bench, web: Web) -> None:
    web.answer = [{"d": "2026-11-20", "n": 1}, {"d": "x", "n": 1}]
    seen = look(given(bench, "figures", {"url": web.url, "figure": [{**VISITS, "value": "n", "date": "d"}]}))
    assert (seen.records, len(seen.refused)) == (1, 1)
    assert rows(bench) == 0
    assert bench.quarantine() == []


def test_of_two_sources_the_newest_number_counts_and_both_are_kept(bench: Bench) -> None:
    def one(source: str, as_of: int, value: float, seen: int) -> FedFigure:
        return FedFigure(code="a", as_of=as_of, value=value, unit="x", source=source, seen_at=seen)

    assert write_figures(bench.store, [one("s", 1, 10, 1), one("t", 2, 20, 1), one("s", 2, 30, 2)]) == 3
    assert [figure.value for figure in newest_figures(bench.store)] == [30]
    assert [figure.value for figure in newest_figures(bench.store, 1)] == [10]
    assert write_figures(bench.store, [one("s", 2, 30, 9), one("t", 2, 21, 9)]) == 1
    assert [(figure.source, figure.value) for figure in newest_figures(bench.store)] == [("t", 21)]
    assert write_figures(bench.store, []) == 0


def test_nothing_personal_is_written_anywhere(bench: Bench, web: Web, caplog: pytest.LogCaptureFixture) -> None:
    web.answer = [
        {**PLANTED, "n": 5, "d": "2026-11-20"},
        *({**PLANTED, "n": value, "d": "2026-11-20"} for value in PLANTED.values()),
        *({**PLANTED, "n": 5, "d": value} for value in PLANTED.values()),
    ]
    reading = collector(bench, web.url, {"code": "a", "value": "n", "date": "d", "unit": "x"})
    assert reading.poll() == PollResult(1, 2 * len(PLANTED))
    written = bench.everything_written() + caplog.text.encode()
    assert b"not_a_number" in written
    assert [trace for trace in TRACES if trace.encode() in written] == []


def test_the_command_lists_fed_figures_beside_the_profiles(bench: Bench) -> None:
    at = parse_compact("20261120083000")
    fed = [FedFigure(code="visits", as_of=at, value=5_000_000.5, unit="lượt", source="san", seen_at=NOW),
           FedFigure(code="visits", as_of=at - 24 * HOUR, value=7, unit="lượt", source="san", seen_at=NOW)]  # fmt: skip
    write_figures(bench.store, fed)

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "opscentre", "figures", "--profile", "thai-nguyen", *more]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=paths.ROOT)

    data = ("--data", str(bench.folder))
    table = run(*data, "--as-of", "2026-11-20").stdout
    assert "Số liệu do các nguồn gửi về" in table
    assert "5.000.000,5" in table
    assert "20/11/2026 08:30" in table
    document = json.loads(run(*data, "--as-of", "2026-11-20", "--json").stdout)
    assert document["fed"] == [
        {"code": "visits", "value": 5_000_000.5, "unit": "lượt", "as_of": "2026-11-20T08:30:00+07:00", "source": "san",
         "seen_at": iso(NOW)}
    ]  # fmt: skip
    assert document["figures"]
    [earlier] = json.loads(run(*data, "--as-of", "2026-11-19", "--json").stdout)["fed"]
    assert earlier["value"] == 7
    assert "fed" not in json.loads(run("--json").stdout)
    gone = run("--data", str(bench.folder / "gone"))
    assert gone.returncode == 2
    assert "there is no opscentre.db" in gone.stderr


def test_the_samples_are_read_as_the_readme_says(bench: Bench, web: Web) -> None:
    samples = Path(make.__code__.co_filename).parent / "samples"
    web.raw = (samples / "figures.json").read_bytes()
    san = {"code": "san", "value": "thong_ke.luot_truy_cap", "date": "cap_nhat", "unit": "lượt"}
    assert collector(bench, web.url, san).poll() == (1, 0)
    hop = {"code": "hop", "value": "gia_tri", "date": "ngay", "unit": "cuộc", "where": {"chi_tieu": "hop-truc-tuyen"}}
    assert collector(bench, str(samples / "figures.csv"), hop, read="file", decimal=",").poll() == (1, 0)
    assert {code: value for code, (_, value, _) in kept(bench).items()} == {"san": 5_000_000, "hop": 12}
