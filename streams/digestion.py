"""From a message's bytes to what the worker can digest; of a half-bad batch, the good half and the rest apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from opscentre.clock import wall_ms
from opscentre.domain.dossier import Batch, Snapshot
from opscentre.domain.moments import HOUR
from opscentre.domain.observations import Heartbeat, Observation

_decode_batch = msgspec.json.Decoder(Batch).decode
_decode_snapshot = msgspec.json.Decoder(Snapshot).decode
_decode_observation = msgspec.json.Decoder(Observation).decode
_encode = msgspec.json.Encoder().encode

#: What decoding bytes from anywhere may raise: not JSON, of another shape, not UTF-8, nested without end.
UNDIGESTIBLE = (msgspec.MsgspecError, ValueError, RecursionError)
#: The character that PostgreSQL keeps in no text, as JSON writes it (behind an even number of backslashes).
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
#: A heartbeat this far ahead of our own clock is no clock's error: believed, it would keep a dead wall fresh.
_AHEAD = HOUR
_HAS_NUL = "a text in it holds the character NUL, which SQL cannot keep"
_OPENING = re.compile(rb'\s*\{\s*"snapshots"\s*:\s*\[')
#: A whole string, a bracket or a comma: enough to see where one element of an array ends, whatever is in it.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
_SPACE = b" \t\r\n"


class Refused(NamedTuple):
    """A message, or one snapshot of it, that cannot be digested: why, and what to keep of it."""

    reason: str
    payload: bytes


class Reading(NamedTuple):
    """What a message of the dossiers topic holds."""

    batch: Batch
    refused: list[Refused]


def read_batch(value: bytes) -> Reading:
    """The snapshots of a message, and what of it has to be set aside. Raises nothing, whatever the bytes are."""
    try:
        batch = _decode_batch(value)
    except UNDIGESTIBLE as error:
        return _read_pieces(value, f"not a batch of snapshots: {error}")
    return _read_pieces(value, _HAS_NUL) if _has_nul(value) else Reading(batch, [])


def read_observation(value: bytes) -> Observation:
    """What a message of the observations topic holds. Raises one of ``UNDIGESTIBLE``."""
    seen = _decode_observation(value)
    if _has_nul(value):
        raise ValueError(_HAS_NUL)
    if isinstance(seen, Heartbeat) and seen.at > wall_ms() + _AHEAD:
        raise ValueError(f"a heartbeat at {seen.at}, {(seen.at - wall_ms()) // 1000} s ahead of this machine's clock")
    return seen


def _has_nul(value: bytes) -> bool:
    # Looked for plainly first: the pattern is slow and hardly ever needed.
    return b"\\u0000" in value and _NUL.search(value) is not None


def _read_pieces(value: bytes, reason: str) -> Reading:
    """Snapshot by snapshot: one bad one must not cost the good ones beside it."""
    opening = _OPENING.match(value)
    if opening is None:
        return Reading(Batch([]), [Refused(reason, value)])
    pieces, end = _split(value, opening.end())
    rest = _read_rest(value[end:])
    snapshots: list[Snapshot] = []
    places: list[str] = []
    refused: list[Refused] = []
    for index, piece in enumerate(pieces):
        try:
            snapshot = _decode_snapshot(piece)
            if _has_nul(piece):
                raise ValueError(_HAS_NUL)
        except UNDIGESTIBLE as error:
            refused.append(Refused(f"a snapshot that cannot be folded in: {error}", _alone(piece, rest.receipt)))
            continue
        snapshots.append(snapshot)
        places += rest.places[index : index + 1]
    if not snapshots and not refused:
        refused.append(Refused(reason, value))
    return Reading(Batch(snapshots, rest.receipt, places if len(places) == len(snapshots) else []), refused)


def _split(value: bytes, start: int) -> tuple[list[bytes], int]:
    """The elements of the array whose content begins at ``start``, and where it ends (at the latest the end)."""
    pieces = list(_elements(value, start))
    end = pieces[-1][1] if pieces else start
    return [piece for a, b in pieces if (piece := value[a:b].strip(_SPACE))], end


def _elements(value: bytes, start: int) -> Iterator[tuple[int, int]]:
    depth = 0
    for token in _TOKEN.finditer(value, start):
        sign = token.group()
        if sign in b"[{":
            depth += 1
        elif sign == b"," and depth == 0:
            yield start, token.start()
            start = token.end()
        elif sign in b"]}":
            if depth == 0:
                yield start, token.start()
                return
            depth -= 1
    yield start, len(value)


def _read_rest(rest: bytes) -> Batch:
    """Receipt and places, which stand behind the snapshots; none where that part is damaged too."""
    try:
        return Batch([]) if _has_nul(rest) else _decode_batch(b'{"snapshots":[' + rest)
    except UNDIGESTIBLE:
        return Batch([])


def _alone(piece: bytes, receipt: str) -> bytes:
    """A batch of this one snapshot, as it stood: what is sent when it is driven down the topic again."""
    return b'{"snapshots":[' + piece + (b'],"receipt":' + _encode(receipt) if receipt else b"]") + b"}"
