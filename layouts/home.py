"""The numbers that the overview shows live: pushed every second into the elements that it names."""

from __future__ import annotations

from layouts.cards.kpis import is_known
from layouts.change import DASH, Patch, say
from layouts.place import Place
from layouts.words import WORDS
from opscentre.live.wall import Wall


def patch(wall: Wall, place: Place) -> Patch:
    """The numbers in both languages; dashes while there is no data at all."""
    totals = wall.totals
    values = {
        "received": totals.received_today,
        "finished": totals.finished_on_time_today + totals.finished_overdue_today,
        "process": totals.in_process,
        "overdue": totals.in_process_overdue,
        "soon": totals.due_soon,
        "paused": totals.paused,
        "waiting": totals.waiting_overdue,
    }
    changes = {
        f"home-{key}-{lang}": say(words.number(value) if is_known(wall, value) else DASH)
        for key, value in values.items()
        for lang, words in WORDS.items()
    }
    finished = values["finished"]
    share = totals.finished_on_time_today / finished if finished and is_known(wall, finished) else None
    changes |= {f"home-ontime-{lang}": say(words.percent(share)) for lang, words in WORDS.items()}
    return changes
