"""The cursor of a "changed since" source: a closed range, and the rows at its border that were sent already."""

from __future__ import annotations

import hashlib

import msgspec

#: Rows remembered at most; the oldest are forgotten first and would only be sent once more.
MOST_REMEMBERED = 50_000


class _Saved(msgspec.Struct):
    since: int | None = None
    #: Digest of a row → its modification time.
    seen: dict[str, int] = {}


class Window:
    """Where reading goes on: at the newest modification time seen, itself included.

    Rows of one second may be split over two polls, and a slow transaction may show a row ``overlap`` ms
    after its modification time. So each poll begins ``overlap`` before the newest time seen, and rows that
    were sent are known again by the digest of all their bytes. ``since`` and all times are milliseconds.
    """

    def __init__(self, saved: str | None, overlap: int) -> None:
        state = msgspec.json.decode(saved, type=_Saved) if saved else _Saved()
        self.since = state.since
        self._seen = state.seen
        self._overlap = overlap

    def begin(self) -> int | None:
        """Where a poll begins; None: at the very first row."""
        return None if self.since is None else self.since - self._overlap

    def knows(self, digest: str) -> bool:
        """Whether a row with these very bytes was sent before."""
        return digest in self._seen

    def remember(self, digest: str, at: int | None, now: int) -> None:
        """A row was sent. ``at`` is its modification time; None where it shows none.

        A time later than ``now`` does not move the window: one mistyped date would hide every change until then.
        """
        if at is None:
            at = now
        elif at <= now and (self.since is None or at > self.since):
            self.since = at
        self._seen[digest] = at

    def save(self) -> str:
        """The cursor as text; lets go of rows that a poll cannot meet again."""
        if self.since is not None:
            oldest = self.since - self._overlap
            self._seen = {digest: at for digest, at in self._seen.items() if at >= oldest}
        if len(self._seen) > MOST_REMEMBERED:
            self._seen = dict(list(self._seen.items())[-MOST_REMEMBERED:])
        return msgspec.json.encode(_Saved(self.since, self._seen)).decode()


def digest_of(raw: bytes) -> str:
    """By which a row is known again: 64 bits of a hash of its bytes."""
    return hashlib.blake2b(raw, digest_size=8).hexdigest()
