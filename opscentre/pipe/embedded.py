"""The producer of the embedded pipe, and how its URL names the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from opscentre.pipe import topics
from opscentre.pipe.base import PipeError
from opscentre.pipe.eventlog import Entry, EventLog

SCHEME = "embedded"

#: Committed messages are kept this long unless the URL says otherwise, in seconds.
KEEP_SECONDS = 7 * 86400.0


def log_path(url: str) -> Path:
    """The file that ``embedded:///absolute/path/events.db`` names; ``PipeError`` for anything else."""
    parts = urlsplit(url)
    path = Path(unquote(parts.path))
    if parts.scheme != SCHEME or parts.netloc or not path.is_absolute() or not path.name:
        raise PipeError(f"broker URL {url!r}: want embedded:///absolute/path/events.db")
    return path


def keep_seconds(url: str) -> float:
    """How long committed messages are kept: ``?keep=SECONDS`` of the URL, else seven days."""
    text = dict(parse_qsl(urlsplit(url).query)).get("keep")
    if text is None:
        return KEEP_SECONDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise PipeError(f"broker URL {url!r}: keep={text!r}; want seconds, 0 or more")
    return seconds


class EmbeddedProducer:
    """Appends to the log from any thread; other processes may append at the same time.

    Opening creates the file and the product's topics. Raises ``PipeError`` when the dossiers topic is
    there with another number of partitions: a dossier's history would be torn over two of them.
    """

    def __init__(self, url: str, dossier_partitions: int, *, busy_seconds: float = 30.0) -> None:
        self._log = EventLog(log_path(url), durable=True, busy_seconds=busy_seconds)
        try:
            for topic in (topics.DOSSIERS, topics.OBSERVATIONS, topics.DEAD_LETTERS):
                wanted = topics.partitions(topic, dossier_partitions)
                have = self._log.create_topic(topic, wanted)
                if have != wanted:
                    raise PipeError(topics.mismatch(f"event log {self._log.path}", topic, have, wanted))
        except BaseException:
            self._log.close()
            raise

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has; ``PipeError`` when it is not there."""
        count = self._log.partitions(topic)
        if not count:
            raise PipeError(f"event log {self._log.path}: no topic {topic!r}; it has {self._log.topics()}")
        return count

    def create_topic(self, topic: str, partitions: int) -> int:
        """Create a topic where it is missing; return how many partitions it has now."""
        return self._log.create_topic(topic, partitions)

    def append(self, topic: str, messages: Sequence[tuple[int, bytes]]) -> list[int]:
        """Append (partition, value) pairs in one transaction; their offsets, once on disk."""
        return self._log.append(topic, [Entry(partition, value) for partition, value in messages])

    def close(self) -> None:
        """Let go of the file; what was acknowledged is already durable."""
        self._log.close()
