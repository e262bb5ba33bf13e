"""Dead letters on their topic: sent once SQL holds them, deleted once long settled, never in the counting's way."""

from __future__ import annotations

import base64
import hashlib
import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

import msgspec
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from opscentre.pipe import topics
from opscentre.pipe.base import PipeError, Producer
from opscentre.store import dead_letters
from opscentre.store.dead_letters import DeadLetter

log = logging.getLogger(__name__)

#: Letters sent at a time, and seconds between two looks for more.
AT_A_TIME = 100
LOOK_EVERY = 1.0
#: Seconds between two looks for letters that were settled long ago.
PRUNE_EVERY = 3600.0
#: Bytes of a payload that still travel on the topic: with base64 around it, within Kafka's one megabyte a message.
LARGEST_PAYLOAD = 512 * 1024
#: Characters of a reason that are kept: errors may quote what they choked on.
LONGEST_REASON = 500


class Notice(msgspec.Struct, kw_only=True):
    """A message of the dead-letter topic. Who reads it tells repeats by place and digest."""

    topic: str
    partition: int
    offset: int
    reason: str
    digest: str
    #: Base64; None where it is too large for a message: the table of dead letters has it.
    payload: str | None
    at: int


def compose(topic: str, partition: int, offset: int, reason: str, payload: bytes, at: int) -> DeadLetter:
    """The letter for what could not be digested. ``reason`` is cut, and loses what SQL or a terminal could not bear."""
    plain = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in reason[:LONGEST_REASON])
    return DeadLetter(
        topic=topic,
        partition=partition,
        offset=offset,
        reason=plain[:LONGEST_REASON],
        digest=hashlib.sha256(payload).hexdigest(),
        payload=payload,
        at=at,
    )


def notice(letter: DeadLetter) -> bytes:
    """A letter as its topic carries it."""
    fits = len(letter.payload) <= LARGEST_PAYLOAD
    fields: dict[str, Any] = msgspec.structs.asdict(letter)
    fields["payload"] = base64.b64encode(letter.payload).decode("ascii") if fits else None
    return msgspec.json.encode(Notice(**fields))


class Publisher:
    """Sends what the outbox in SQL holds of this worker's partitions, in a thread of its own.

    At least once: a worker that is killed between sending and noting it sends the same letters again.
    """

    def __init__(
        self,
        engine: Engine,
        producer: Producer,
        owned: Callable[[], Collection[tuple[str, int]]],
        expired: Callable[[], int] = lambda: 0,
        keep_house: Callable[[threading.Event], None] = lambda _: None,
    ) -> None:
        """``expired``: the moment (ms) before which a letter that was dismissed or sent again is deleted by now;
        ``keep_house``: what else is done as often, until the event it is given is set."""
        self._engine = engine
        self._expired = expired
        self._keep_house = keep_house
        self._producer = producer
        self._owned = owned
        self._failing = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dead-letters", daemon=True)

    def start(self) -> None:
        """Begin to look for letters every second."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the sending under way; what is left is sent after the next start."""
        self._stopping.set()
        self._thread.join(LOOK_EVERY)

    def send(self) -> int:
        """Send what waits, once; how many letters that were. Raises ``PipeError`` and SQL's errors."""
        sent = 0
        while letters := dead_letters.unsent(self._engine, self._owned(), AT_A_TIME):
            self._producer.append(topics.DEAD_LETTERS, [(0, notice(letter)) for letter in letters])
            dead_letters.mark_sent(self._engine, letters)
            sent += len(letters)
            if self._stopping.is_set():
                break
        return sent

    def _run(self) -> None:
        next_prune = 0.0
        while not self._stopping.wait(LOOK_EVERY):
            try:
                sent = self.send()
                if time.monotonic() >= next_prune:
                    next_prune = time.monotonic() + PRUNE_EVERY
                    if pruned := dead_letters.prune(self._engine, self._expired()):
                        log.info("%s dead letters that were dismissed or sent again long ago are deleted", pruned)
                    self._keep_house(self._stopping)
            except (PipeError, SQLAlchemyError) as error:
                if not self._failing:
                    log.warning("dead letters wait for their topic: %s", error)
                self._failing = True
                continue
            if sent:
                log.info("%s dead letters sent to %s", sent, topics.DEAD_LETTERS)
            self._failing = False
