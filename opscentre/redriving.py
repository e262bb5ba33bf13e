"""Driving dead letters down their topics again, and waiting for what becomes of them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Engine

from opscentre.domain.dossier import Batch, partition_of
from opscentre.pipe import topics
from opscentre.pipe.base import PipeError, Producer
from opscentre.store import dead_letters
from opscentre.store.dead_letters import DeadLetter
from opscentre.store.journal import next_offsets

_decode = msgspec.json.Decoder(Batch).decode
_encode = msgspec.json.Encoder().encode
_LOOK_EVERY = 0.05

#: (topic, partition, offset) of a message.
Place = tuple[str, int, int]


class NotTaken(Exception):
    """What was sent again has not been taken by a worker; the text says what to do."""


def same_payloads(letters: Iterable[DeadLetter]) -> list[list[DeadLetter]]:
    """Letters in groups of one topic and payload: each payload needs sending only once. Oldest first."""
    groups: dict[tuple[str, int, str], list[DeadLetter]] = defaultdict(list)
    for letter in sorted(letters, key=lambda letter: (letter.at, letter.topic, letter.partition, letter.offset)):
        groups[letter.topic, letter.partition, letter.digest].append(letter)
    return list(groups.values())


def parcels(letter: DeadLetter, partitions: int) -> list[tuple[int, bytes]]:
    """(partition, message) pairs that carry a letter's payload on a topic of so many partitions.

    Where the payload can be read by now, each snapshot goes to the partition of its dossier; else all of it goes
    where it came from. Raises ``PipeError`` when that partition is no longer there.
    """
    if letter.topic == topics.DOSSIERS:
        try:
            batch = _decode(letter.payload)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            batch = Batch([])
        places = {partition_of(one.source, one.number, partitions) for one in batch.snapshots}
        if len(places) == 1:
            return [(places.pop(), letter.payload)]
        if places:
            return [
                (place, _encode(Batch([s for s in batch.snapshots if partition_of(*s.key, partitions) == place])))
                for place in sorted(places)
            ]
    if letter.partition >= partitions:
        raise PipeError(
            f"dead letter {letter.digest[:12]} came from partition {letter.partition} of {letter.topic}, which has "
            f"{partitions} now, and its dossier cannot be read from it: it cannot be sent again on this pipe"
        )
    return [(letter.partition, letter.payload)]


def redrive(engine: Engine, producer: Producer, letters: Sequence[DeadLetter], at: int, who: str) -> list[Place]:
    """Send the payload of these letters (all of one payload) again for ``who``; where it stands in the pipe now.

    A row says so before it is sent and after: one that was cut off between is still open.
    """
    topic = letters[0].topic
    messages = parcels(letters[0], producer.partitions(topic))
    number = dead_letters.begin_redrive(engine, letters, at, who)
    offsets = producer.append(topic, messages)
    dead_letters.end_redrive(engine, letters, number, max(offsets))
    return [(topic, partition, offset) for (partition, _), offset in zip(messages, offsets, strict=True)]


def wait_until_taken(engine: Engine, places: Sequence[Place], stalled_after: float) -> None:
    """Return once SQL has gone past every place. Raises ``NotTaken`` when its offsets stand still for so long."""
    wanted: dict[tuple[str, int], int] = {}
    for topic, partition, offset in places:
        wanted[topic, partition] = max(offset, wanted.get((topic, partition), -1))
    seen: dict[tuple[str, int], int] = {}
    moved = time.monotonic()
    while True:
        offsets = {place: next_offsets(engine, place[0], [place[1]])[place[1]] for place in wanted}
        behind = {place: offset for place, offset in offsets.items() if offset <= wanted[place]}
        if not behind:
            return
        if behind != seen:
            seen, moved = behind, time.monotonic()
        elif time.monotonic() - moved > stalled_after:
            told = "; ".join(f"partition {p} of {t} at {o} of {wanted[t, p] + 1}" for (t, p), o in behind.items())
            raise NotTaken(
                f"what was sent is in the pipe, but for {stalled_after:g} s no worker took them ({told}); look "
                "into the stream worker's log. Nothing is lost: they are taken as soon as a worker runs"
            )
        time.sleep(_LOOK_EVERY)


def came_back(engine: Engine, places: Iterable[Place]) -> list[DeadLetter]:
    """The letters that those messages became anew."""
    return [one.letter for place in places for one in dead_letters.by_place(engine, *place)]
