"""``/admin/dead-letters``: what the stream could not digest: list, look at one, send again, put aside."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from dashboard import trace
from dashboard.admin.room import Asked, Done, Refused, Room, Values, note
from opscentre.access.rights import Action
from opscentre.clock import wall_ms
from opscentre.domain.dossier import Batch
from opscentre.store import dead_letters, requests
from opscentre.store.dead_letters import DeadLetter, Listed

NAME = "dead-letters"
RIGHT = Action.administer_sources
REDRIVE = "dead-letter.redrive"
_LISTED = 100
_NAMED = 20
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Inside(NamedTuple):
    """What may be told of a letter's content: which dossiers it is of, nothing else of them."""

    readable: bool
    holds: int
    dossiers: list[str]


def values(room: Room, asked: Asked) -> Values:
    """The open letters, or all; and the one that the address names."""
    everything = asked.query.get("all") == "1"
    found = dead_letters.listed(room.store, limit=_LISTED, closed=everything)
    answers = requests.newest(room.store, (REDRIVE,))
    digest = asked.query.get("digest", "")
    opened = dead_letters.by_digest(room.store, digest)[:1] if _DIGEST.fullmatch(digest) else []
    now = wall_ms()
    pending = [one for one in answers.values() if one.pending and now - one.made_at < requests.STALE]
    return {
        "letters": found,
        "open": dead_letters.count(room.store),
        "everything": everything,
        "answers": {subject: one for (_, subject), one in answers.items()},
        "opened": opened[0] if opened else None,
        "inside": inside(opened[0].letter) if opened else None,
        "refresh": 3 if pending else 0,
    }


def inside(letter: DeadLetter) -> Inside:
    """What may be told of a letter's content (pure)."""
    try:
        batch = msgspec.json.decode(letter.payload, type=Batch)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Inside(False, 0, [])
    numbers = [f"{one.source}/{one.number}" for one in batch.snapshots]
    return Inside(True, len(numbers), numbers[:_NAMED])


def _letters(room: Room, asked: Asked) -> list[Listed]:
    digest = asked.field("digest")
    found = dead_letters.by_digest(room.store, digest) if _DIGEST.fullmatch(digest) else []
    if not found:
        raise Refused(asked.words("admin.gone"))
    return found


def redrive(room: Room, asked: Asked) -> Done:
    """Have the collectors send a letter down its topic again."""
    digest = _letters(room, asked)[0].letter.digest
    with room.writing() as connection:
        requests.ask(connection, REDRIVE, digest, trace.who(), wall_ms())
        note(connection, "dead-letter.ask", f"dead-letter:{digest}")
    return Done("dead-letters.done.redrive", {"digest": digest})


def dismiss(room: Room, asked: Asked) -> Done:
    """Put a letter aside, with a reason."""
    fresh = [one.letter for one in _letters(room, asked) if one.state == "open"]
    reason = asked.field("reason", 200)
    if not reason:
        raise Refused(asked.words("dead-letters.reason.wanted"))
    if fresh:
        dead_letters.dismiss(room.store, fresh, room.clock.now(), trace.who(), reason)
    return Done("dead-letters.done.dismiss")


DEEDS = {"redrive": redrive, "dismiss": dismiss}
