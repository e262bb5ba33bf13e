"""``opscentre dead-letters``: list them, look at one, send them again down a real pipe to a real worker."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, select

from opscentre import cli
from opscentre.access import audit
from opscentre.domain.dossier import Batch, partition_of
from opscentre.domain.moments import iso
from opscentre.pipe import topics
from opscentre.pipe.base import PipeError, open_producer
from opscentre.redriving import NotTaken, parcels, redrive, same_payloads, wait_until_taken
from opscentre.runtime.worker import counting
from opscentre.settings import Settings
from opscentre.store import dead_letters, journal, tables
from opscentre.store.dead_letters import DeadLetter
from opscentre.store.engine import open_store
from streams.dead_letters import compose
from tests.streams.books import NOW, history

GOOD = history(3, source="good")[0]
BAD = b'{"snapshots":[{"source":"bad\x1b","number":"x","status":2'


class Said:
    """What a run of the command came to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run ``opscentre dead-letters`` with arguments on the test's own data folder, in this process."""

    def call(*arguments: object) -> Said:
        line = ["opscentre", "dead-letters", *map(str, arguments), "--data", str(tmp_path)]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return call


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path)


@pytest.fixture
def store(settings: Settings) -> Iterator[Engine]:
    made = open_store(settings.database_url)
    yield made
    made.dispose()


def letter(payload: bytes, offset: int = 0, partition: int = 0, topic: str = topics.DOSSIERS) -> DeadLetter:
    return compose(topic, partition, offset, "was not taken [/bold]", payload, NOW + offset)


def keep(store: Engine, *letters: DeadLetter) -> None:
    with store.begin() as connection:
        dead_letters.write(connection, letters)


def good_payload() -> bytes:
    return msgspec.json.encode(Batch([GOOD]))


def refused(said: Said) -> str:
    """The one line with which a command ends where a person can mend it."""
    assert said.code == 2
    assert said.err.count("\n") == 1, said.err
    return said.err.strip()


# -- list and show


def test_the_list_shows_the_newest_first_and_no_payload(run: Run, store: Engine):
    keep(store, letter(b"one secret", 1), letter(b"two secret", 2, topic=topics.OBSERVATIONS))
    said = run("list")
    assert said.code == 0
    assert said.out.index("opscentre.observations") < said.out.index("opscentre.dossiers")
    assert "was not taken [/bold]" in said.out
    assert "2 open, 2 shown" in said.out
    assert "secret" not in said.out
    rows = json.loads(run("list", "--json").out)
    assert [row["offset"] for row in rows] == [2, 1]
    assert (rows[0]["state"], rows[0]["since"], rows[0]["bytes"]) == ("open", iso(NOW + 2), 10)
    assert "secret" not in json.dumps(rows)


def test_a_limit_says_how_many_there_are_in_all(run: Run, store: Engine):
    keep(store, *(letter(b"x%d" % n, n) for n in range(9)))
    assert len(json.loads(run("list", "--limit", 4, "--json").out)) == 4
    assert "9 open, 4 shown" in run("list", "--limit", 4).out


def test_an_installation_without_dead_letters_lists_none(run: Run, store: Engine):
    assert run("list").out == "0 open, 0 shown\n"
    assert run("redrive", "--all").out == "no dead letter is open: nothing to send\n"


@pytest.mark.parametrize("place", [["DIGEST"], [topics.DOSSIERS, "3", "7"]], ids=["digest", "place"])
def test_a_letter_is_shown_with_a_payload_that_a_terminal_bears(run: Run, store: Engine, place: list[str]):
    one = letter(BAD, 7, 3)
    keep(store, one)
    place = [one.digest[:8].upper() if word == "DIGEST" else word for word in place]
    said = run("show", *place)
    assert said.code == 0
    assert r'{"snapshots":[{"source":"bad\x1b"' in said.out
    assert "\x1b" not in said.out
    shown: list[dict[str, Any]] = json.loads(run("show", *place, "--json").out)
    assert base64.b64decode(shown[0]["payload"]) == BAD
    assert shown[0]["digest"] == one.digest


def test_what_cannot_be_found_is_told_in_one_line(run: Run, store: Engine):
    keep(store, letter(b"one", 1))
    assert "want at least 6" in refused(run("show", "3fa"))
    assert "want at least 6" in refused(run("redrive", "opscentre"))
    assert "no dead letter whose digest begins with '000000000'" in refused(run("show", "000000000"))
    assert "no dead letter at offset 9" in refused(run("show", topics.DOSSIERS, 0, 9))
    assert "want TOPIC PARTITION OFFSET" in refused(run("show", topics.DOSSIERS, "zero", 9))
    assert "want either digests or --all" in refused(run("redrive"))
    assert "want either digests or --all" in refused(run("redrive", "3fa9c1", "--all"))


def test_a_beginning_of_two_digests_asks_for_more(run: Run, store: Engine):
    one = letter(b"one", 1)
    twin = msgspec.structs.replace(one, offset=2, digest=one.digest[:8] + "f" * 56)
    keep(store, one, twin)
    assert "is the beginning of 2" in refused(run("show", one.digest[:8]))
    assert run("show", one.digest[:20]).code == 0


def test_a_folder_in_which_nothing_was_counted_is_told(run: Run):
    assert "nothing was ever counted in this folder" in refused(run("list"))


# -- putting aside


def test_what_was_dismissed_is_open_no_more_and_says_who_when_and_why(run: Run, store: Engine):
    one, two = letter(b"one", 1), letter(b"two", 2)
    keep(store, one, two)
    said = run("dismiss", one.digest[:8], "--reason", "thư thử của Sở Nội vụ", "--by", "Nguyễn An")
    assert (said.code, said.out) == (0, "1 dismissed, 1 open\n")
    assert [row["offset"] for row in json.loads(run("list", "--json").out)] == [2]
    assert "1 open, 1 shown" in run("list").out
    (shown,) = json.loads(run("show", one.digest, "--json").out)
    told = {name: shown[name] for name in ("state", "dismissed_by", "dismissed_because")}
    assert told == {"state": "dismissed", "dismissed_by": "Nguyễn An", "dismissed_because": "thư thử của Sở Nội vụ"}
    assert shown["dismissed_at"] is not None
    (row,) = audit.entries(store, limit=9)
    assert (row.who, row.action, row.subject) == ("Nguyễn An", "dead-letter.dismiss", f"dead-letter:{one.digest}")
    assert "thư thử của Sở Nội vụ" in run("show", one.digest).out
    again = run("dismiss", one.digest, two.digest, "--reason", "nữa").out
    assert f"{one.digest[:12]}  was dismissed already and stays so" in again
    assert "1 dismissed, 0 open" in again
    (kept,) = json.loads(run("show", one.digest, "--json").out)
    assert kept["dismissed_because"] == "thư thử của Sở Nội vụ"
    # Who dismissed the other one is whoever ran the command.
    (other,) = json.loads(run("show", two.digest, "--json").out)
    assert other["dismissed_by"]
    assert "--reason is empty" in refused(run("dismiss", one.digest, "--reason", "  "))
    assert run("redrive", "--all").out == "no dead letter is open: nothing to send\n"


# -- sending again


def test_a_good_payload_is_digested_and_a_bad_one_comes_back_as_a_new_letter(run: Run, store: Engine):
    keep(store, letter(good_payload(), 4, 1), letter(good_payload(), 5, 1), letter(BAD, 6, 2))
    said = run("redrive", "--all")
    assert said.code == 0, said.err
    assert "came back as opscentre.dossiers 2 0" in said.out
    assert "2 sent again: 1 digested, 1 came back" in said.out
    with store.connect() as connection:
        assert list(connection.execute(select(tables.dossiers.c.number)).scalars()) == [GOOD.number]
    (back,) = json.loads(run("list", "--json").out)
    assert (back["partition"], back["offset"], back["state"]) == (2, 0, "open")
    assert back["digest"] == letter(b'{"snapshots":[' + BAD.removeprefix(b'{"snapshots":[') + b"]}").digest
    every = {(row["partition"], row["offset"]): row for row in json.loads(run("list", "--all", "--json").out)}
    assert [every[place]["state"] for place in ((1, 4), (1, 5), (2, 6))] == ["redriven"] * 3
    assert every[1, 4]["redriven"] == 1
    assert every[1, 4]["redriven_at"] is not None
    again = run("redrive", letter(good_payload()).digest[:10])
    assert "1 sent again: 1 digested, 0 came back" in again.out
    times = [row["redriven"] for row in json.loads(run("show", topics.DOSSIERS, 1, 4, "--json").out)]
    assert times == [2]


def test_a_running_installations_worker_takes_what_is_sent_again(run: Run, settings: Settings):
    with counting(settings):
        store = open_store(settings.database_url)
        keep(store, letter(good_payload(), 4, 1))
        said = run("redrive", letter(good_payload()).digest)
        assert "1 sent again: 1 digested, 0 came back" in said.out, said.err


def test_a_rehearsal_sends_nothing(run: Run, store: Engine, settings: Settings):
    keep(store, letter(good_payload(), 4, 1), letter(BAD, 6, 2))
    said = run("redrive", "--all", "--dry-run")
    place = partition_of(*GOOD.key, 4)
    assert f"would go to partition {place} of opscentre.dossiers" in said.out
    assert "2 would be sent again" in said.out
    assert dead_letters.count(store) == 2
    assert journal.next_offsets(store, topics.DOSSIERS, range(4)) == dict.fromkeys(range(4), 0)


def test_what_was_cut_off_before_the_pipe_had_it_is_still_open(store: Engine, settings: Settings):
    class Away:
        def partitions(self, topic: str) -> int:
            return 4

        def append(self, topic: str, messages: object) -> list[int]:
            raise PipeError("away")

        def close(self) -> None:
            """Nothing to let go of."""

    keep(store, letter(BAD))
    with pytest.raises(PipeError):
        redrive(store, Away(), [letter(BAD)], NOW, "An")
    (one,) = dead_letters.listed(store)
    assert (one.state, one.redriven, one.redriven_at) == ("open", 1, NOW)


def test_a_dossier_goes_to_its_own_partition_and_what_cannot_be_read_to_the_one_it_came_from():
    snapshots = history(40)
    places = {partition_of(*one.key, 4) for one in snapshots}
    found = parcels(letter(msgspec.json.encode(Batch(snapshots))), 4)
    assert {place for place, _ in found} == places
    for place, value in found:
        batch = msgspec.json.decode(value, type=Batch)
        assert {partition_of(*one.key, 4) for one in batch.snapshots} == {place}
    assert parcels(letter(good_payload(), partition=3), 4) == [(partition_of(*GOOD.key, 4), good_payload())]
    assert parcels(letter(BAD, partition=3), 4) == [(3, BAD)]
    with pytest.raises(PipeError, match="came from partition 3 of opscentre.dossiers, which has 2 now"):
        parcels(letter(BAD, partition=3), 2)


def test_one_payload_at_two_places_is_sent_once():
    groups = same_payloads([letter(BAD, 2), letter(good_payload(), 1), letter(BAD, 0)])
    assert [[one.offset for one in group] for group in groups] == [[0, 2], [1]]


def test_waiting_for_a_worker_that_does_not_come_ends_with_what_to_do(store: Engine, settings: Settings):
    producer = open_producer(settings.broker_url, settings.dossier_partitions)
    keep(store, letter(BAD))
    places = redrive(store, producer, [letter(BAD)], NOW, "An")
    with pytest.raises(NotTaken, match="partition 0 of opscentre.dossiers at 0 of 1.*Nothing is lost"):
        wait_until_taken(store, places, 0.3)
    producer.close()
