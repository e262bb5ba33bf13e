"""A link from probe to what is told of it, over real sockets: self-checks, maintenance, restarts, a full schedule."""

from __future__ import annotations

import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from collectors.links.collector import LinkProbe, Uplink
from collectors.links.history import Chronicle
from collectors.links.poll import link_polls
from collectors.placeholders import Addresses
from collectors.schedule import Schedule
from collectors.telegraph import Telegraph
from opscentre.clock import wall_ms
from opscentre.domain.moments import DAY
from opscentre.domain.observations import SPARK, LinkSeen
from opscentre.link_settings import LinkConfig, LinksFile, Maintenance, SelfCheck
from tests.collectors.link_servers import Web, web_with_certificate
from tests.collectors.parts import Bench

LINKS, HANGING = 200, 50
INTERVAL = 2.0


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    yield made
    made.close()


def probe(bench: Bench, kind: str, address: str, checks: Sequence[SelfCheck] = (), **settings: Any) -> LinkProbe:
    config = LinkConfig(code="cong", name="Cổng", kind=kind, address=address, **settings)  # type: ignore[arg-type]
    chronicle = Chronicle(bench.store, bench.profile.calendar, 40)
    return LinkProbe(config, store=bench.store, uplink=Uplink(checks), chronicle=chronicle)


def test_a_link_is_told_with_its_latencies_and_availability(bench: Bench, web: Web) -> None:
    link = probe(bench, "http", web.url, hours="always")
    seen = [link.probe() for _ in range(SPARK + 2)][-1]
    assert (seen.state, seen.detail, seen.reason) == ("up", "", "")
    assert len(seen.latencies) == SPARK
    assert seen.latencies[-1] == seen.latency_ms
    web.status = 503
    lost, down = link.probe(), link.probe()
    assert (lost.state, lost.since, lost.latency_ms) == ("up", seen.since, None)
    assert (down.state, down.since) == ("down", lost.checked_at)
    assert (down.reason, down.detail, down.latencies[-2:]) == ("http_status", "HTTP 503", [None, None])
    assert down.available_today is not None
    assert down.available_today.up == lost.checked_at - seen.since
    assert down.available_today.down == down.checked_at - lost.checked_at
    web.status = 200
    back = link.probe()
    assert (back.state, back.since) == ("up", back.checked_at)


def test_the_end_of_a_certificate_is_told_even_while_the_link_is_down(bench: Bench, tmp_path: Path) -> None:
    pem = tmp_path / "near.pem"
    with web_with_certificate(pem, days=9) as secure:
        link = probe(bench, "http", secure.url, ca_file=str(pem))
        up = link.probe()
    assert up.certificate_expires_at is not None
    assert 8 * DAY < up.certificate_expires_at - up.checked_at < 9 * DAY
    down = [link.probe(), link.probe()][-1]
    assert (down.state, down.certificate_expires_at) == ("down", up.certificate_expires_at)


def test_no_link_is_down_while_none_of_the_self_checks_answers(bench: Bench, web: Web, free_port: int) -> None:
    dead = SelfCheck(kind="tcp", address=f"127.0.0.1:{free_port}", timeout=0.5)
    gateway = Web()
    link = probe(bench, "http", web.url, [dead, SelfCheck(kind="http", address=gateway.url, timeout=0.5)])
    web.status = 500
    first, second = link.probe(), link.probe()
    assert (first.state, second.state) == ("unknown", "down")
    link = probe(bench, "http", web.url, [dead])
    blind = link.probe()
    assert (blind.state, blind.since) == ("unknown", blind.checked_at)
    assert (blind.reason, blind.detail) == ("own_uplink", "our own uplink does not work")
    gateway.close()


def test_a_link_that_this_machine_cannot_ask_is_unknown_and_never_down(bench: Bench, web: Web, tmp_path: Path) -> None:
    link = probe(bench, "tls", web.address, ca_file=str(tmp_path / "none.pem"), hours="always")
    seen = [link.probe() for _ in range(4)][-1]
    assert (seen.state, seen.reason) == ("unknown", "not_probed")
    assert "want a PEM file" in seen.detail
    assert seen.available_today is not None
    assert (seen.available_today.down, seen.available_today.share) == (0, None)


def test_within_a_window_a_link_is_under_maintenance_whatever_it_does(bench: Bench, web: Web) -> None:
    link = probe(bench, "http", web.url, maintenance=[Maintenance(days="Mon-Sun", hours="00:00-24:00")], hours="always")
    web.status = 500
    seen = [link.probe() for _ in range(3)][-1]
    assert seen.state == "maintenance"
    assert seen.maintenance_until is not None
    assert seen.maintenance_until > wall_ms()
    assert seen.since < seen.checked_at
    assert seen.available_today is not None
    assert (seen.available_today.down, seen.available_today.share) == (0, None)
    assert seen.available_today.maintenance > 0


def test_state_and_since_outlive_a_restart(bench: Bench, web: Web) -> None:
    link = probe(bench, "http", web.url)
    link.probe()
    web.status = 500
    link.probe()
    down = link.probe()
    again = probe(bench, "http", web.url).probe()
    assert (again.state, again.since) == ("down", down.since)


def test_a_link_in_doubt_is_asked_again_soon(bench: Bench, free_port: int) -> None:
    config = LinkConfig(code="cong", name="C", kind="tcp", address=f"127.0.0.1:{free_port}", interval=60, retry_after=3)
    [poll] = link_polls(
        LinksFile(link=[config]),
        store=bench.store,
        chronicle=Chronicle(bench.store, bench.profile.calendar, 40),
        addresses=Addresses(bench.folder / "simulator.json", threading.Event()),
        telegraph=Telegraph(bench.producer),
        where="links.toml",
    )
    assert [poll.run(), poll.run(), poll.run()] == [3, None, None]


@pytest.fixture
def silence() -> Iterator[str]:
    """A system that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_of_200_links_the_50_that_hang_delay_no_other_by_a_second(bench: Bench, web: Web, silence: str) -> None:
    links = [
        LinkConfig(code=f"l{n}", name="L", kind="http" if n % 4 == 0 else "tcp", interval=INTERVAL, timeout=50.0,
                   address=silence if n % 4 == 0 else web.address)
        for n in range(LINKS)
    ]  # fmt: skip
    schedule, due = Schedule(), {}
    polls = link_polls(
        LinksFile(link=links),
        store=bench.store,
        chronicle=Chronicle(bench.store, bench.profile.calendar, 40),
        addresses=Addresses(bench.folder / "simulator.json", threading.Event()),
        telegraph=Telegraph(bench.producer),
        where="links.toml",
    )
    schedule.start()
    for poll in polls:
        due[poll.config.code] = time.time()
        schedule.every(INTERVAL, poll.config.code, poll.run, jitter=0)
        time.sleep(INTERVAL / LINKS)
    time.sleep(2 * INTERVAL + 0.5)
    schedule.stop(0.5)
    begun = defaultdict(list)
    for seen in bench.observations():
        if isinstance(seen, LinkSeen):
            assert seen.state == "up"
            begun[seen.code].append(seen.checked_at / 1000)
    assert len(begun) == LINKS - HANGING
    late = [at - (due[code] + turn * INTERVAL) for code, times in begun.items() for turn, at in enumerate(times)]
    print(f"latest beginning of {len(late)} probes: {max(late):.3f} s")
    assert min(len(times) for times in begun.values()) >= 2
    assert max(late) < 1.0
