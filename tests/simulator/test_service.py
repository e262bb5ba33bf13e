"""The running simulator, asked over real sockets, SQL and files."""

from __future__ import annotations

import csv
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.resolver
import httpx
import msgspec
import pytest
import sqlalchemy as sa

from opscentre.clock import ClockAnchor, OfficeClock, wall_ms
from opscentre.domain.moments import DAY, parse_compact
from opscentre.profile import Profile
from simulator import file_drop, sql_view
from simulator.people import MARKERS
from simulator.service import Options, Service
from simulator.world import World
from tests.simulator.conftest import START
from tests.simulator.running import Running, simulator


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A simulator whose clock stands at START."""
    with simulator(tmp_path_factory.mktemp("frozen")) as running:
        yield running


@pytest.fixture(scope="module")
def truth(province: Profile) -> World:
    """The world behind the running simulators of this module."""
    return World(province, seed=5, start=START, history_days=4, volume=0.1)


def expected(truth: World, system: str, at: int = START) -> dict[str, dict[str, Any]]:
    units = next(s.units for s in truth.systems if s.code == system)
    return {shown["MaHoSo"]: shown for unit, shown in truth.dossiers_at(at) if unit in units}


def test_every_placeholder_of_the_profiles_files_is_filled(frozen: Running, province: Profile) -> None:
    for name in ("sources.toml", "links.toml"):
        lines = (province.folder / name).read_text(encoding="utf-8").splitlines()
        used = set(re.findall(r"\{(\w+)\}", "\n".join(line for line in lines if not line.startswith("#"))))
        assert used
        assert used <= frozen.addresses.keys()


@pytest.mark.parametrize(("name", "system"), [("simulator_http", "mot-cua-so"), ("simulator_http2", "mot-cua-xa-nam")])
def test_the_pages_of_an_http_system_are_the_world_s_dossiers(
    frozen: Running, truth: World, name: str, system: str
) -> None:
    rows = frozen.everything(name, rows=150)
    assert {row["MaHoSo"]: row for row in rows} == expected(truth, system)
    keys = [(row["NgayCapNhat"], row["MaHoSo"]) for row in rows]
    assert keys == sorted(set(keys))


def test_changed_since_is_a_closed_range(frozen: Running) -> None:
    rows = frozen.everything("simulator_http")
    since = rows[-20]["NgayCapNhat"]
    assert frozen.everything("simulator_http", since) == [row for row in rows if row["NgayCapNhat"] >= since]


def test_one_system_writes_the_unit_s_name_and_the_other_its_code(frozen: Running, province: Profile) -> None:
    names = {row["DonViXuLy"] for row in frozen.everything("simulator_http")}
    codes = {row["DonViXuLy"] for row in frozen.everything("simulator_http2")}
    assert "Sở Công Thương" in names
    assert codes <= province.units.by_code.keys()
    assert all(code >= "05000" for code in codes)


def test_a_page_beyond_the_last_is_empty(frozen: Running) -> None:
    with frozen.client() as client:
        body = client.get("/api/ho-so", params={"trang": 9999}).json()
    assert body["data"] == []
    assert body["trang"] == 9999


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"tuNgay": "2026-11-20"}, "'2026-11-20' is not a date"),
        ({"trang": "0"}, "trang: saw '0'"),
        ({"soDong": "5000"}, "soDong: saw '5000', want a whole number from 1 to 1000"),
    ],
)
def test_a_query_that_cannot_be_read_is_told_so(frozen: Running, query: dict[str, str], said: str) -> None:
    with frozen.client() as client:
        response = client.get("/api/ho-so", params=query)
    assert response.status_code == 400
    assert said in response.json()["message"]


def test_without_a_token_or_with_a_wrong_secret_there_is_nothing(frozen: Running) -> None:
    with httpx.Client(base_url=frozen.addresses["simulator_http"]) as client:
        assert client.get("/api/ho-so").status_code == 401
        assert client.get("/api/ho-so", headers={"authorization": "Bearer nonsense"}).status_code == 401
        wrong = client.post("/auth/token", json={"client_id": "opscentre", "client_secret": "guess"})
        assert wrong.status_code == 401
        assert "access_token" not in wrong.json()
        assert client.post("/auth/token", json=["no", "object"]).status_code == 400
        right = client.post("/auth/token", json={"client_id": "opscentre", "client_secret": "demo"}).json()
        assert right["expires_in"] == 300


def test_a_token_of_one_system_does_not_open_the_other(frozen: Running) -> None:
    with frozen.client("simulator_http") as client:
        other = client.get(f"{frozen.addresses['simulator_http2']}/api/ho-so")
    assert other.status_code == 401


def test_a_token_expires(tmp_path: Path) -> None:
    with simulator(tmp_path, "--token-seconds", "1", "--volume", "0.02") as running, running.client() as client:
        assert client.get("/api/ho-so").status_code == 200
        time.sleep(1.1)
        assert client.get("/api/ho-so").status_code == 401


def rows_of(url: str) -> list[dict[str, Any]]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = [
            dict(row) for row in connection.execute(sa.text(f"SELECT * FROM {sql_view.VIEW} ORDER BY id")).mappings()
        ]
    engine.dispose()
    return found


def as_contract(row: dict[str, Any], columns: dict[str, str]) -> dict[str, Any]:
    """A row of the view or a file by the names of DOMAIN §2, its lists decoded."""
    found: dict[str, Any] = {}
    for column, field in columns.items():
        value = row[column]
        if field.startswith(("DanhSach", "TaiLieu")):
            value = msgspec.json.decode(value) if value else []
        found[field] = value
    return found


def only(shown: dict[str, Any], columns: dict[str, str]) -> dict[str, Any]:
    return {field: shown[field] for field in columns.values()}


def test_the_view_holds_the_northern_communes(frozen: Running, truth: World) -> None:
    rows = [as_contract(row, sql_view.COLUMNS) for row in rows_of(frozen.addresses["simulator_sql"])]
    known = expected(truth, "mot-cua-xa-bac")
    assert {row["MaHoSo"]: row for row in rows} == {n: only(shown, sql_view.COLUMNS) for n, shown in known.items()}


@pytest.mark.postgres
def test_the_view_is_the_same_on_postgresql(tmp_path: Path, frozen: Running, postgres_url: str) -> None:
    with simulator(tmp_path, "--sql", postgres_url) as running:
        assert running.addresses["simulator_sql"] == postgres_url
        assert rows_of(postgres_url) == rows_of(frozen.addresses["simulator_sql"])


def read_drop(path: Path) -> list[dict[str, Any]]:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [as_contract(row, file_drop.COLUMNS) for row in csv.DictReader(file)]


@pytest.mark.parametrize("system", ["bhxh", "cong-an"])
def test_the_first_file_holds_everything_of_its_unit(frozen: Running, truth: World, system: str) -> None:
    (path,) = Path(frozen.addresses["simulator_files"]).glob(f"{system}-*.csv")
    assert path.name == f"{system}-20261120-093000-toan-bo.csv"
    known = expected(truth, system)
    assert {row["MaHoSo"]: row for row in read_drop(path)} == {
        number: only(shown, file_drop.COLUMNS) for number, shown in known.items()
    }


def test_personal_values_in_view_and_files_carry_the_marker(frozen: Running) -> None:
    row = rows_of(frozen.addresses["simulator_sql"])[0]
    for column in ("chu_ho_so", "so_dinh_danh", "email", "fax", "so_dien_thoai", "trich_yeu", "nguoi_xu_ly"):
        assert any(marker in row[column] for marker in MARKERS), column
    (path,) = Path(frozen.addresses["simulator_files"]).glob("bhxh-*.csv")
    assert path.read_text(encoding="utf-8").count("Hư Cấu") > 100


def test_as_time_passes_changes_reach_every_system(tmp_path: Path, truth: World) -> None:
    with simulator(tmp_path, speed=600) as running:
        before = {row["ma_ho_so"]: row["ngay_cap_nhat"] for row in rows_of(running.addresses["simulator_sql"])}
        since = running.everything("simulator_http2")[-1]["NgayCapNhat"]
        deadline = time.monotonic() + 40
        folder = Path(running.addresses["simulator_files"])
        # On a busy machine much of the day has passed before the systems are up.
        while True:
            fresh, view = running.everything("simulator_http2", since), rows_of(running.addresses["simulator_sql"])
            moved = sum(row["ngay_cap_nhat"] > before.get(row["ma_ho_so"], "") for row in view)
            if len(list(folder.glob("bhxh-*.csv"))) >= 4 and min(len(fresh), moved) > 20:
                break
            assert time.monotonic() < deadline, "not enough new after 40 s"
            time.sleep(0.1)
        assert running.stop() < 1
    for row in fresh[:50]:
        at = parse_compact(row["NgayCapNhat"])
        # It may have changed again since, but then the moment of change would be another.
        assert expected(truth, "mot-cua-xa-nam", at)[row["MaHoSo"]] == row
    assert len({row["id"] for row in view}) == len(view)
    files = sorted(folder.glob("bhxh-*.csv"))
    stamp = files[-1].name.removeprefix("bhxh-").removesuffix(".csv").replace("-", "")
    state = {row["MaHoSo"]: row for path in files for row in read_drop(path)}
    known = expected(truth, "bhxh", parse_compact(stamp))
    assert state == {number: only(shown, file_drop.COLUMNS) for number, shown in known.items()}


def test_a_killed_simulator_started_again_shows_the_same(tmp_path: Path) -> None:
    def seen(running: Running) -> tuple[Any, ...]:
        files = sorted(Path(running.addresses["simulator_files"]).iterdir())
        return (
            running.everything("simulator_http"),
            running.everything("simulator_http2"),
            rows_of(running.addresses["simulator_sql"]),
            [(path.name, path.read_bytes()) for path in files],
        )

    with simulator(tmp_path) as first:
        before = seen(first)
        first.stop(signal.SIGKILL)
    (tmp_path / "simulator.json").unlink()  # a killed process leaves it
    with simulator(tmp_path) as second:
        assert seen(second) == before


def test_a_restart_days_later_on_the_same_clock_begins_with_the_same_history(tmp_path: Path, province: Profile) -> None:
    hour_ago = ClockAnchor(real=wall_ms() - 3_600_000, simulated=START, speed=60)
    clock = OfficeClock(hour_ago, province.calendar)
    service = Service(Options(data=tmp_path, volume=0.01), province, clock)
    assert clock.now() > START + 5 * DAY
    assert service.world.start == START
    assert service.world.first_day == World(province, 1, START).first_day
    named = Service(Options(data=tmp_path, volume=0.01, start=START - DAY), province, clock)
    assert named.world.start == START - DAY


def test_it_stops_within_a_second_and_takes_its_addresses_away(tmp_path: Path) -> None:
    with simulator(tmp_path, "--volume", "0.02") as running:
        with running.client() as client:  # an open connection does not hold it up
            client.get("/api/ho-so")
            assert running.stop() < 1
        assert running.process.returncode == 0
        assert not (tmp_path / "simulator.json").exists()


def test_extra_changes_come_at_the_rate_asked_for_and_tell_when_they_were_made(tmp_path: Path) -> None:
    with simulator(tmp_path, "--rate", "200", "--volume", "0.02", speed=1) as running:
        begun = wall_ms()
        first = sum("-THU-" in row["MaHoSo"] for row in running.everything("simulator_http"))
        time.sleep(2)
        rows = [row for row in running.everything("simulator_http") if "-THU-" in row["MaHoSo"]]
        seconds = (wall_ms() - begun) / 1000
    statuses = [row["TrangThaiHoSo"] for row in rows]
    changes = len(rows) + statuses.count("9")
    assert 0.7 * 200 * seconds < changes - first < 1.4 * 200 * seconds + 60
    assert {"2", "9"} == set(statuses)
    made = [int(row["MaHoSo"].split("-THU-")[1].split("-")[0]) for row in rows]
    assert begun - 10_000 < min(made) <= max(made) <= wall_ms()


def test_only_the_units_asked_for_receive_dossiers(tmp_path: Path) -> None:
    with simulator(tmp_path, "--units", "H55.12,H55.04", "--volume", "1") as running:
        names = {row["DonViXuLy"] for row in running.everything("simulator_http")}
        assert names == {"Sở Công Thương", "Sở Tài chính"}
        assert running.everything("simulator_http2") == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--profile", "nowhere"), "profile 'nowhere': no "),
        (("--units", "H55.99"), "units ['H55.99'] are not in "),
    ],
)
def test_what_it_cannot_start_with_is_named(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    command = [sys.executable, "-m", "simulator", "--data", str(tmp_path), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "simulator", "--data", str(tmp_path), "--port", port, "--volume", "0.01"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr


def test_the_links_answer_over_http_tcp_and_tls_and_as_names(frozen: Running) -> None:
    up = httpx.get(f"{frozen.addresses['simulator_links']}/cong-thong-tin-tinh")
    assert up.json()["name"] == "Cổng thông tin tỉnh"
    assert httpx.get(f"{frozen.addresses['simulator_links']}/none").status_code == 404
    host, port = frozen.addresses["simulator_tcp_kho_du_lieu"].split(":")
    with socket.create_connection((host, int(port)), timeout=2) as connection:
        assert connection.recv(1) == b""
    authority = frozen.addresses["simulator_ca"]
    certificate = ssl.get_server_certificate(
        ("127.0.0.1", int(frozen.addresses["simulator_tls_chu_ky_so"].split(":")[1])), ca_certs=authority
    )
    assert certificate in Path(authority).read_text(encoding="ascii")
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], int(frozen.addresses["simulator_names"].split(":")[1])
    assert [str(found) for found in resolver.resolve("tongdai.tinh.example.vn")] == ["203.0.113.10"]
    with pytest.raises(dns.resolver.NXDOMAIN):
        resolver.resolve("khac.example.vn")
