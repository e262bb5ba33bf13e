"""``opscentre link``: what each command prints and its exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator

import msgspec
import pytest

from collectors.links.collector import LinkProbe, Uplink
from collectors.links.history import Chronicle
from opscentre import cli
from opscentre.clock import wall_ms
from opscentre.domain.observations import LinkSeen
from opscentre.sources import read_links
from opscentre.store.engine import upsert
from opscentre.store.tables import observations
from tests.collectors.link_servers import Web
from tests.collectors.parts import Bench

LINKS = """
[[link]]
code = "cong"
name = "Cổng DVC"
kind = "http"
address = "{url}trang?khoa=b1mat"
hours = "always"
maintenance = [{{ begins = 2026-01-04T22:00:00, ends = 2026-01-05T02:00:00, note = "sao lưu" }}]

[[link]]
code = "tat"
name = "Đã tắt"
kind = "tcp"
address = "127.0.0.1:{port}"
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    made.body = b"Trang chu 0912345678"
    yield made
    made.close()


@pytest.fixture
def run(
    bench: Bench, web: Web, free_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run ``opscentre link`` in this process on the bench's folder: exit code, output, errors."""
    conf = bench.folder / "conf"
    conf.mkdir()
    (conf / "sources.toml").write_text("", encoding="utf-8")
    (conf / "links.toml").write_text(LINKS.format(url=web.url, port=free_port), encoding="utf-8")
    monkeypatch.setenv("OPSCENTRE_SOURCES", str(conf))
    monkeypatch.setenv("OPSCENTRE_DATA", str(bench.folder))

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["opscentre", "link", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


def probed(bench: Bench, web: Web) -> None:
    """The portal answered twice and is down now; all of that is in SQL, as collectors and stream leave it."""
    settings = msgspec.structs.replace(bench.settings, sources=str(bench.folder / "conf"))
    chronicle = Chronicle(bench.store, bench.profile.calendar, 40)
    [link, _] = read_links(bench.profile, settings)
    probe = LinkProbe(link, store=bench.store, uplink=Uplink([]), chronicle=chronicle)
    seen: LinkSeen = probe.probe()
    web.status = 503
    for _ in range(2):
        seen = probe.probe()
    web.status = 200
    chronicle.write(wall_ms(), all_of_it=True)
    row = {"kind": "link", "code": link.code, "at": seen.checked_at, "value": msgspec.json.encode(seen)}
    with bench.store.begin() as connection:
        upsert(connection, observations, [row], update=["at", "value"])


def test_list_says_how_every_link_is(run: Run, bench: Bench, web: Web) -> None:
    probed(bench, web)
    code, out, _ = run("list", "--json")
    rows = {row["code"]: row for row in json.loads(out)}
    assert code == 0
    assert (rows["cong"]["state"], rows["cong"]["seen"]["reason"]) == ("down", "http_status")
    assert (rows["tat"]["state"], rows["tat"]["seen"]) == ("unknown", None)
    code, out, _ = run("list")
    assert "never probed" in out
    assert "Cổng DVC" in out


def test_show_tells_history_availability_and_the_last_talk_without_secrets(run: Run, bench: Bench, web: Web) -> None:
    probed(bench, web)
    code, out, _ = run("show", "cong")
    assert code == 0
    for text in ("down since", "HTTP 503", "available today: ", "  up",
                 "maintenance: 2026-01-04 22:00:00 2026-01-05 02:00:00 sao lưu",
                 f"GET {web.url}trang, ", f"address     {web.address}", "status      HTTP 503", "timings     resolved",
                 "said        Trang chu ‹#›", "wrong       http_status: HTTP 503"):  # fmt: skip
        assert text in out, out
    assert "b1mat" not in out
    found = json.loads(run("show", "cong", "--json")[1])
    assert [stretch["state"] for stretch in found["history"]] == ["down", "up"]
    assert found["available"]["today"]["share"] < 1
    assert set(found["transcripts"]) == {"failed", "last"}
    assert run("show", "tat")[1].endswith("'opscentre link check' once\n")


def test_check_asks_once_and_says_what_was_said(run: Run, web: Web) -> None:
    code, out, _ = run("check", "cong")
    assert code == 0
    assert "cong: it answers, in " in out
    code, out, _ = run("check", "tat", "--json")
    assert (code, json.loads(out)["transcript"]["reason"]) == (3, "refused")
    code, _, err = run("check", "khac")
    assert code == 2
    assert "links.toml: there is no link 'khac'; there are: cong, tat" in err
