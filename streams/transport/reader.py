"""Reads the event log for the consumer, on one thread, and notices when another process has appended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from faust.types import TP

from opscentre.pipe.eventlog import EventLog, Message

#: At most so many messages, and so many bytes, of all partitions together in one fetch: what bounds
#: the worker's memory while an agent is slow.
FETCH_MESSAGES = 256
FETCH_BYTES = 8 << 20


class Record(NamedTuple):
    """A message with the partition it was read from."""

    tp: TP
    message: Message


class Ends(NamedTuple):
    """The offsets between which a partition can be read: ``lowest`` up to before ``highwater``."""

    lowest: int
    highwater: int


class Reader:
    """Every method runs on the consumer's one reading thread."""

    def __init__(self, path: Path) -> None:
        self.log = EventLog(path, durable=False)
        self._seen = -1
        self._ends: dict[TP, Ends] = {}

    def close(self) -> None:
        """Let go of the log."""
        self.log.close()

    def partitions(self, topics: set[str]) -> dict[str, int]:
        """How many partitions each topic has; 0 where there is no such topic."""
        return {topic: self.log.partitions(topic) for topic in topics}

    def ends(self, tps: set[TP]) -> dict[TP, Ends]:
        """The lowest kept offset and the next one to come, of each partition."""
        return {tp: Ends(self.log.lowest(*tp), self.log.highwater(*tp)) for tp in tps}

    def starts(self, group: str, tps: set[TP], earliest: bool) -> dict[TP, tuple[int | None, int, Ends]]:
        """Of each partition: what the group committed, where to begin reading, and its ends.

        A committed offset that the log does not reach (it was begun anew, or trimmed) cannot be continued
        from; then, as without one, reading begins at the lowest kept message (at the end, when not
        ``earliest``).
        """
        answer = {}
        for tp, ends in self.ends(tps).items():
            committed = self.log.committed(group, *tp)
            start = committed
            if committed is None or not ends.lowest <= committed <= ends.highwater:
                start = ends.lowest if earliest or committed is not None else ends.highwater
            assert start is not None
            answer[tp] = (committed, start, ends)
        return answer

    def fetch(self, starts: Mapping[TP, int]) -> tuple[dict[TP, int], dict[TP, list[Record]]]:
        """New highwaters, and the next messages of the partitions from their ``starts`` on.

        Costs one ``PRAGMA data_version`` while nothing has changed and nothing is left to read.
        """
        version = self.log.data_version()
        if version != self._seen or any(tp not in self._ends for tp in starts):
            self._ends.update(self.ends(set(starts) | set(self._ends)))
            self._seen = version
        behind = {tp: start for tp, start in starts.items() if start < self._ends[tp].highwater}
        records: dict[TP, list[Record]] = {}
        for tp, start in behind.items():
            messages = self.log.read(
                tp.topic,
                tp.partition,
                start,
                limit=max(1, FETCH_MESSAGES // len(behind)),
                max_bytes=FETCH_BYTES // len(behind),
            )
            if messages:
                records[tp] = [Record(tp, message) for message in messages]
        return {tp: ends.highwater for tp, ends in self._ends.items()}, records
