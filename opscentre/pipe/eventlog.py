"""The embedded pipe's store: an append-only log of topics and partitions in one SQLite file.

Durability. Appends run with ``synchronous=FULL``: SQLite syncs the write-ahead log before a commit
becomes visible to any reader, so an acknowledged message outlives SIGKILL *and* a power cut, and no
reader ever acts on a message that a power cut could take back. (``NORMAL`` would be enough for SIGKILL,
but after a power cut a collector's cursor in SQL could stand past messages that the log lost.)
Committed offsets may use ``NORMAL``: losing the newest one only means reading some messages again.

The file must lie on a local disk: the write-ahead log needs shared memory between the processes.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from opscentre.pipe.base import PipeError

SCHEMA_VERSION = 1

#: A message's row id is (partition's number << OFFSET_BITS) + offset: a partition is one id range,
#: read and trimmed in order without any further index.
OFFSET_BITS = 40

#: Rows deleted in one transaction while trimming, so that writers never wait long.
TRIM_STEP = 500

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS partitions (number INTEGER PRIMARY KEY, topic TEXT NOT NULL,"
    " partition INTEGER NOT NULL, lowest INTEGER NOT NULL DEFAULT 0, next INTEGER NOT NULL DEFAULT 0,"
    " newest_ms INTEGER NOT NULL DEFAULT 0, UNIQUE (topic, partition))",
    "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, timestamp_ms INTEGER NOT NULL, key BLOB, value BLOB)",
    "CREATE TABLE IF NOT EXISTS commits (consumers TEXT NOT NULL, number INTEGER NOT NULL,"
    " next INTEGER NOT NULL, PRIMARY KEY (consumers, number)) WITHOUT ROWID",
)


class Entry(NamedTuple):
    """What is appended to one partition."""

    partition: int
    value: bytes | None
    key: bytes | None = None


class Message(NamedTuple):
    """One message as it stands in the log; ``timestamp_ms`` never falls within a partition."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None


class EventLog:
    """One connection to the log. Any thread may use it; several processes may open the same file.

    ``durable`` chooses what a commit outlives: a power cut (true) or SIGKILL only (false).
    ``busy_seconds`` is how long a write waits for another process' write.
    Every method raises ``PipeError`` when the file cannot be read or written.
    """

    def __init__(self, path: Path, *, durable: bool = True, busy_seconds: float = 30.0) -> None:
        self.path = path
        self.busy_seconds = busy_seconds
        self._lock = threading.RLock()
        self._numbers: dict[str, list[int]] = {}
        with self._explained("open"):
            path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
            try:
                self._prepare(durable)
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    # -- topics

    def create_topic(self, topic: str, partitions: int) -> int:
        """Create a topic where it is missing; return how many partitions it has now.

        An existing topic keeps its number of partitions, whatever is asked for.
        """
        if partitions < 1:
            raise PipeError(f"event log {self.path}: topic {topic!r} asked for {partitions} partitions; want 1+")
        with self._write() as db:
            have = db.execute("SELECT count(*) FROM partitions WHERE topic = ?", (topic,)).fetchone()[0]
            if not have:
                db.executemany(
                    "INSERT INTO partitions (topic, partition) VALUES (?, ?)",
                    [(topic, partition) for partition in range(partitions)],
                )
        return self.partitions(topic)

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has; 0 when there is no such topic."""
        return len(self._partition_numbers(topic))

    def topics(self) -> list[str]:
        """The names of all topics."""
        with self._read() as db:
            return [row[0] for row in db.execute("SELECT DISTINCT topic FROM partitions ORDER BY topic")]

    # -- messages

    def append(self, topic: str, entries: Sequence[Entry], *, now_ms: int | None = None) -> list[int]:
        """Append in one transaction, all or nothing; return the offsets, in the order of ``entries``.

        ``now_ms`` is the moment in milliseconds since 1970; the machine's clock by default.
        """
        if not entries:
            return []
        numbers = self._partition_numbers(topic)
        if not numbers:
            raise PipeError(f"event log {self.path}: there is no topic {topic!r}; create it first")
        for entry in entries:
            if not 0 <= entry.partition < len(numbers):
                raise PipeError(
                    f"event log {self.path}: topic {topic!r} has partitions 0 to {len(numbers) - 1}, "
                    f"not {entry.partition}"
                )
        now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        offsets: list[int] = []
        rows: list[tuple[int, int, bytes | None, bytes | None]] = []
        with self._write() as db:
            ends: dict[int, tuple[int, int]] = {}
            for entry in entries:
                number = numbers[entry.partition]
                if number not in ends:
                    ends[number] = db.execute(
                        "SELECT next, max(newest_ms, ?) FROM partitions WHERE number = ?", (now, number)
                    ).fetchone()
                offset, moment = ends[number]
                rows.append(((number << OFFSET_BITS) + offset, moment, entry.key, entry.value))
                offsets.append(offset)
                ends[number] = (offset + 1, moment)
            db.executemany("INSERT INTO messages VALUES (?, ?, ?, ?)", rows)
            db.executemany(
                "UPDATE partitions SET next = ?, newest_ms = ? WHERE number = ?",
                [(offset, moment, number) for number, (offset, moment) in ends.items()],
            )
        return offsets

    def read(
        self, topic: str, partition: int, offset: int, *, limit: int = 500, max_bytes: int = 4 << 20
    ) -> list[Message]:
        """The messages from ``offset`` on, in order: at most ``limit`` of them and, but for the first,
        at most ``max_bytes`` of keys and values."""
        base = self._number(topic, partition) << OFFSET_BITS
        messages: list[Message] = []
        size = 0
        with self._read() as db:
            cursor = db.execute(
                "SELECT id, timestamp_ms, key, value FROM messages WHERE id >= ? AND id < ? ORDER BY id LIMIT ?",
                (base + max(offset, 0), base + (1 << OFFSET_BITS), limit),
            )
            try:
                for place, moment, key, value in cursor:
                    size += len(key or b"") + len(value or b"")
                    if messages and size > max_bytes:
                        break
                    messages.append(Message(place - base, moment, key, value))
            finally:
                cursor.close()
        return messages

    def highwater(self, topic: str, partition: int) -> int:
        """The offset that the next message of a partition will get."""
        return self._end(topic, partition, "next")

    def lowest(self, topic: str, partition: int) -> int:
        """The lowest offset that is still kept; the next one to come when nothing is."""
        return self._end(topic, partition, "lowest")

    def data_version(self) -> int:
        """A number that changes whenever *another* connection has written; costs microseconds."""
        with self._read() as db:
            return int(db.execute("PRAGMA data_version").fetchone()[0])

    # -- consumers

    def commit(self, consumers: str, offsets: Mapping[tuple[str, int], int]) -> None:
        """Store, for a group of consumers, the next offset it wants of each (topic, partition)."""
        rows = [(consumers, self._number(*place), offset) for place, offset in offsets.items()]
        with self._write() as db:
            db.executemany("INSERT OR REPLACE INTO commits VALUES (?, ?, ?)", rows)

    def committed(self, consumers: str, topic: str, partition: int) -> int | None:
        """The offset a group of consumers stored last, or ``None``."""
        with self._read() as db:
            row = db.execute(
                "SELECT next FROM commits WHERE consumers = ? AND number = ?",
                (consumers, self._number(topic, partition)),
            ).fetchone()
        return None if row is None else int(row[0])

    def trim(self, keep_seconds: float, *, unread: Collection[str] = (), now_ms: int | None = None) -> int:
        """Delete what every group has committed past and what is older than ``keep_seconds``.

        A partition that no group has committed on is left whole, but for topics that nobody has to
        read (``unread``): of those all that is older goes, read or not. Returns how many messages went.
        """
        now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        before = now - int(keep_seconds * 1000)
        with self._read() as db:
            by_age_alone = f"p.topic IN ({', '.join('?' * len(unread))})"
            bounds = db.execute(
                "SELECT p.number, p.lowest, min(coalesce(min(c.next), p.next), p.next) FROM partitions p"
                f" LEFT JOIN commits c ON c.number = p.number AND NOT {by_age_alone}"
                f" WHERE c.next IS NOT NULL OR {by_age_alone} GROUP BY p.number",
                (*unread, *unread),
            ).fetchall()
        return sum(self._trim_partition(number, low, high, before) for number, low, high in bounds)

    # -- inside

    def _trim_partition(self, number: int, low: int, high: int, before: int) -> int:
        base = number << OFFSET_BITS
        gone = 0
        while low < high:
            upto = min(low + TRIM_STEP, high)
            with self._write() as db:
                fresh = db.execute(
                    "SELECT min(id) FROM messages WHERE id >= ? AND id < ? AND timestamp_ms >= ?",
                    (base + low, base + upto, before),
                ).fetchone()[0]
                end = upto if fresh is None else fresh - base
                gone += db.execute("DELETE FROM messages WHERE id >= ? AND id < ?", (base + low, base + end)).rowcount
                db.execute("UPDATE partitions SET lowest = max(lowest, ?) WHERE number = ?", (end, number))
            if end < upto:
                break
            low = end
        return gone

    def _end(self, topic: str, partition: int, column: str) -> int:
        number = self._number(topic, partition)
        with self._read() as db:
            row = db.execute(f"SELECT {column} FROM partitions WHERE number = ?", (number,)).fetchone()
        return int(row[0])

    def _partition_numbers(self, topic: str) -> list[int]:
        # Topics never change once created, so what was seen stays true.
        known = self._numbers.get(topic)
        if known is None:
            with self._read() as db:
                rows = db.execute("SELECT number FROM partitions WHERE topic = ? ORDER BY partition", (topic,))
                known = [row[0] for row in rows]
            if known:
                self._numbers[topic] = known
        return known

    def _number(self, topic: str, partition: int) -> int:
        numbers = self._partition_numbers(topic)
        if not 0 <= partition < len(numbers):
            raise PipeError(f"event log {self.path}: no partition {partition} of {topic!r}; it has {len(numbers)}")
        return numbers[partition]

    def _prepare(self, durable: bool) -> None:
        mode = self._switch_to_wal()
        if mode != "wal":
            raise PipeError(
                f"event log {self.path}: the file system offers journal mode {mode!r}, not 'wal'; "
                "put the data folder on a local disk"
            )
        self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        self._db.execute("PRAGMA journal_size_limit = 67108864")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == SCHEMA_VERSION:
            return
        if version != 0:
            raise PipeError(
                f"event log {self.path}: written in format {version}, this program knows {SCHEMA_VERSION}; "
                "use the program that wrote it, or move the file away to begin a new one"
            )
        with self._write() as db:
            for statement in SCHEMA:
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _switch_to_wal(self) -> str:
        # While another process switches the same new file, SQLite answers "locked" without waiting.
        deadline = time.monotonic() + self.busy_seconds
        while True:
            try:
                return str(self._db.execute("PRAGMA journal_mode = WAL").fetchone()[0])
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained("read"):
            yield self._db

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """One transaction; the write lock is taken at once, so that it waits instead of failing."""
        with self._lock, self._explained("write to"):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                # On a full disk SQLite has rolled back by itself.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            text = str(error)
            raise PipeError(f"cannot {doing} the event log {self.path}: {text}; {_remedy(text)}") from error


def _remedy(error: str) -> str:
    """What to do about an SQLite or operating-system error."""
    if "full" in error or "No space" in error:
        return "free space on its disk; nothing of this call was written"
    if "locked" in error or "busy" in error:
        return "another process holds it for too long: stop it, or wait and repeat"
    if "readonly" in error or "unable to open" in error or "Permission" in error:
        return "make the folder and the file writable for the user that runs this process"
    if "File exists" in error or "Not a directory" in error:
        return "a file stands where the folder should be: move it away, or choose another data folder"
    if "malformed" in error or "not a database" in error:
        return "the file is damaged: move it away; collectors fill a new one from their sources"
    return "check the disk and the file, then repeat"
