"""Moves between statuses: the ones a desk makes, the ones seen in real feeds, and all others (§1).

A move that is in neither table is recorded as an anomaly, never refused: the source is what it is.
"""

from __future__ import annotations

from enum import Enum

from opscentre.domain.status import Status as S


class Move(Enum):
    """What is known of a move from one status to another."""

    #: A desk's ordinary way forward, or the first status ever seen.
    ORDINARY = "ordinary"
    #: Backwards, and in order: an answered supplement, a paid fee, a resumed or reopened dossier.
    BACKWARD = "backward"
    #: Not in the procedure, but seen in real feeds: steps left out, pauses rewritten to 9 before sending.
    SEEN = "seen"
    #: Neither: an anomaly.
    UNKNOWN = "unknown"


_ORDINARY = {
    S.FILED: {S.RECEIVED, S.REFUSED, S.WITHDRAWN},
    S.RECEIVED: {S.PROCESSING, S.SUPPLEMENT, S.WITHDRAWN},
    S.PROCESSING: {S.SUPPLEMENT, S.FEE_DUE, S.WITHDRAWN, S.STOPPED, S.DONE},
    S.SUPPLEMENT: {S.WITHDRAWN, S.STOPPED},
    S.FEE_DUE: {S.WITHDRAWN, S.STOPPED, S.DONE},
    S.DONE: {S.RETURNED},
}
_BACKWARD = {
    S.SUPPLEMENT: {S.PROCESSING, S.RECEIVED},
    S.FEE_DUE: {S.PROCESSING},
    S.STOPPED: {S.PROCESSING},
    S.DONE: {S.PROCESSING},
}
_SEEN = {
    S.FILED: {S.PROCESSING, S.SUPPLEMENT, S.DONE, S.RETURNED},
    S.RECEIVED: {S.FEE_DUE, S.STOPPED, S.DONE, S.RETURNED},
    S.REFUSED: {S.FILED, S.RECEIVED},
    S.PROCESSING: {S.RECEIVED, S.RETURNED},
    S.SUPPLEMENT: {S.FEE_DUE, S.DONE, S.RETURNED},
    S.FEE_DUE: {S.SUPPLEMENT, S.RETURNED},
    S.STOPPED: {S.SUPPLEMENT, S.FEE_DUE, S.DONE, S.RETURNED, S.WITHDRAWN},
    S.DONE: {S.SUPPLEMENT, S.FEE_DUE},
}


def move(before: int | None, after: int) -> Move:
    """What is known of the move from ``before`` (None: never seen until now) to ``after`` (§1)."""
    if before is None or before == after:
        return Move.ORDINARY
    for table, kind in ((_ORDINARY, Move.ORDINARY), (_BACKWARD, Move.BACKWARD), (_SEEN, Move.SEEN)):
        if after in table.get(S(before), ()):
            return kind
    return Move.UNKNOWN
