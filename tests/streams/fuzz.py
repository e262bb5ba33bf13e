"""Messages that nobody should send, mixed with good ones, and what is good among them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from opscentre.domain.dossier import Batch, Snapshot, partition_of
from opscentre.domain.observations import LinkSeen, SourceSeen
from opscentre.pipe import topics
from tests.streams.books import NOW, history

#: What a field may wrongly hold. Written as JSON, so that what Python cannot hold is there too.
ODD = (
    b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"1.5", b"-1", b"0", b"99", b"9" * 30,
    b"-" + b"9" * 30, b"9" * 5000, b"18446744073709551616", b"9223372036854775807", b"4133955600000000",
    b'"two"', b'""', b'"a\\u0000b"',
    b'"\\ud800"', b'"\\udc80x"', b'"\xff\xfe"', b'"\xed\xa0\x80"', b'"' + b"x" * 5000 + b'"', b"[]", b"{}",
    b"[[1,2],3]", b'[{"a":[]}]',
    b"[" * 3000 + b"]" * 3000, b'{"a":' * 3000 + b"1" + b"}" * 3000, b'"\\x"', b'"\x01"', b'"a,]}b"',
)  # fmt: skip
#: The fields without which there is no dossier, and some that must be moments, codes or lists.
FIELDS = (
    "source", "number", "status", "observed", "version", "modified", "unit", "unit_seen", "procedure", "channel",
    "submitted", "received", "due", "finished", "supplements", "progress", "documents", "apologies",
)  # fmt: skip
#: (topic, partition, value).
Sent = tuple[str, int, bytes]


class Mix:
    """Messages as (topic, partition, value), and the snapshots that are good among them."""

    def __init__(self, count: int, partitions: int, seed: int = 7, source: str = "s") -> None:
        self.dice = random.Random(seed)
        self.partitions = partitions
        self.good: list[Snapshot] = []
        self.messages: list[Sent] = []
        #: The codes of sources and links whose observation is good.
        self.seen: set[str] = set()
        self._lives = self._endless(source, seed)
        kinds: tuple[Callable[[], None], ...] = (
            self._good_batch, self._noise, self._cut, self._half_bad, self._half_bad, self._wrong_shape,
            self._observation,
        )  # fmt: skip
        while len(self.messages) < count:
            self.dice.choice(kinds)()

    def _endless(self, source: str, seed: int) -> Iterator[Snapshot]:
        while True:
            seed += 1
            for snapshot in history(300, seed=seed, source=source):
                yield msgspec.structs.replace(snapshot, number=f"{snapshot.number}-{seed}")

    def _few(self) -> tuple[int, list[Snapshot]]:
        """Some snapshots of one partition."""
        wanted = self.dice.randrange(1, 6)
        first = next(self._lives)
        partition = partition_of(*first.key, self.partitions)
        found = [first]
        for snapshot in self._lives:
            if len(found) == wanted:
                break
            if partition_of(*snapshot.key, self.partitions) == partition:
                found.append(snapshot)
        return partition, found

    def _send(self, partition: int, value: bytes, topic: str = topics.DOSSIERS) -> None:
        self.messages.append((topic, partition, value))

    def _good_batch(self) -> None:
        partition, snapshots = self._few()
        self.good += snapshots
        self._send(partition, msgspec.json.encode(Batch(snapshots)))

    def _noise(self) -> None:
        value = self.dice.choice(
            (
                self.dice.randbytes(self.dice.randrange(0, 200)),
                self.dice.choice(ODD),
                b'{"snapshots":' + self.dice.choice(ODD) + b"}",
                b'{"snapshots":[' + b",".join(self.dice.choices(ODD, k=3)) + b"]}",
            )
        )
        self._send(self.dice.randrange(self.partitions), value)

    def _cut(self) -> None:
        partition, snapshots = self._few()
        pieces = [msgspec.json.encode(snapshot) for snapshot in snapshots]
        cut = self.dice.randrange(1, len(pieces[-1]))
        self.good += snapshots[:-1]
        self._send(partition, b'{"snapshots":[' + b",".join([*pieces[:-1], pieces[-1][:cut]]))

    def _half_bad(self) -> None:
        partition, snapshots = self._few()
        self.good += snapshots
        pieces = [msgspec.json.encode(snapshot) for snapshot in snapshots]
        for _ in range(self.dice.randrange(1, 3)):
            pieces.insert(self.dice.randrange(len(pieces) + 1), self._spoilt())
        self._send(partition, b'{"snapshots":[' + b",".join(pieces) + b'],"receipt":"r"}')

    def _spoilt(self) -> bytes:
        """A snapshot of a dossier of its own that no reader may take."""
        while True:
            fields: dict[str, Any] = {
                "source": "spoilt", "number": f"x{self.dice.randrange(10**9)}", "status": 2, "observed": NOW,
                "received": NOW,
            }  # fmt: skip
            name = self.dice.choice(FIELDS)
            fields[name] = "@"
            odd = self.dice.choice(ODD)
            piece = json.dumps(fields).encode().replace(b'"@"', odd)
            if not _harmless(name, odd):
                return piece

    def _wrong_shape(self) -> None:
        self._send(
            self.dice.randrange(self.partitions),
            self.dice.choice(
                (b"", b"[]", b"{}", b"null", b'{"snapshots":null}', b'{"snapshots":"all"}', b'{"batch":[]}')
            ),
        )

    def _observation(self) -> None:
        code = f"c{len(self.messages)}"
        good = self.dice.choice(
            (
                SourceSeen(code=code, attempted_at=NOW, observed_at=NOW, ok=True),
                LinkSeen(code=code, checked_at=NOW, state="up"),
            )
        )
        odd = self.dice.choice(ODD)
        bad = self.dice.choice(
            (
                b'{"type":' + odd + b',"code":"x"}',
                b'{"type":"heartbeat","at":9007199254740993}',
                b'{"type":"heartbeat","at":4102419600000}',
                b'{"type":"source","code":"a\\u0000","attempted_at":1,"observed_at":1,"ok":true}',
                b'{"type":"source","code":"' + b"c" * 100 + b'","attempted_at":1,"observed_at":1,"ok":true}',
                b'{"type":"link","code":"x","checked_at":' + self.dice.choice(ODD[2:12]) + b',"state":7}',
                self.dice.randbytes(30),
            )
        )
        self.seen.add(code)
        self._send(0, bad, topics.OBSERVATIONS)
        self._send(0, msgspec.json.encode(good), topics.OBSERVATIONS)


def _harmless(name: str, odd: bytes) -> bool:
    """Whether an odd value is none for a field: then a snapshot with it is as good as another."""
    allowed: dict[str, tuple[bytes, ...]] = {
        "version": (b"0", b"99"), "observed": (b"0", b"99"),
        "number": (b'"two"', b'"a,]}b"'), "source": (b'"two"', b'"a,]}b"'),
        "unit": (b'""', b'"two"', b'"a,]}b"'), "unit_seen": (b'""', b'"two"', b'"a,]}b"'),
        "procedure": (b'""', b'"two"', b'"a,]}b"'),
        "supplements": (b"[]",), "progress": (b"[]",), "apologies": (b"[]",),
    }  # fmt: skip
    if odd == b"null":
        return name in ("modified", "submitted", "received", "due", "finished")
    return odd in allowed.get(name, ())
