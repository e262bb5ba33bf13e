"""The fold: the state of a dossier as a pure function of the set of snapshots seen, in whatever order.

A state keeps the newest snapshot and a *trail*: which statuses were seen, at which versions, and when
first. An older snapshot adds to the trail but never replaces anything; so replaying everything twice, or
shuffled, ends in the same state.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from opscentre.domain.dossier import Snapshot


class Outcome(Enum):
    """What a snapshot did to what was known."""

    ACCEPTED = "accepted"
    #: The same content as known: a repeat.
    REPEATED = "repeated"
    #: A version older than the known one.
    OLDER = "older"


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One status seen at one version of a dossier."""

    version: int
    status: int
    first: int
    last: int
    #: Whether ``version`` is the source's own modification time rather than a guess from its dates.
    stated: bool


class DossierState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that is kept of one dossier."""

    snapshot: Snapshot
    trail: tuple[Seen, ...]


def fold(state: DossierState | None, snapshot: Snapshot) -> tuple[DossierState, Outcome]:
    """The state after a snapshot, and what the snapshot did (§2); the very same object where nothing changed."""
    if state is None:
        return DossierState(snapshot, _with_seen((), snapshot)), Outcome.ACCEPTED
    known = state.snapshot
    trail = _with_seen(state.trail, snapshot)
    newer = _newer(snapshot, known)
    if snapshot.version == known.version and _content(snapshot) == _content(known):
        if not newer and trail == state.trail:
            return state, Outcome.REPEATED
        # The later observation is kept: a different content of the same version observed between the
        # two may still arrive, and must lose.
        return DossierState(snapshot if newer else known, trail), Outcome.REPEATED
    if newer:
        return DossierState(snapshot, trail), Outcome.ACCEPTED
    if trail == state.trail:
        return state, Outcome.OLDER
    return DossierState(known, trail), Outcome.OLDER


def _newer(one: Snapshot, other: Snapshot) -> bool:
    left, right = (one.version, one.observed), (other.version, other.observed)
    if left != right:
        return left > right
    # Two contents of one version observed at one moment: any fixed order will do, as long as it is one.
    return msgspec.json.encode(one) > msgspec.json.encode(other)


def _content(snapshot: Snapshot) -> Snapshot:
    return msgspec.structs.replace(snapshot, observed=0)


def _with_seen(trail: tuple[Seen, ...], snapshot: Snapshot) -> tuple[Seen, ...]:
    version, status, observed = snapshot.version, snapshot.status, snapshot.observed
    stated = snapshot.modified is not None
    kept = []
    for seen in trail:
        if seen.version == version and seen.status == status:
            if seen.first <= observed <= seen.last and seen.stated >= stated:
                return trail
            first, last = min(seen.first, observed), max(seen.last, observed)
            kept.append(Seen(version, status, first, last, seen.stated or stated))
            version = -1
        else:
            kept.append(seen)
    if version != -1:
        # Nearly always the newest of all.
        if not kept or version > kept[-1].version:
            return (*trail, Seen(version, status, observed, observed, stated))
        kept.append(Seen(version, status, observed, observed, stated))
    return tuple(sorted(kept, key=lambda seen: (seen.version, seen.last, seen.status)))
