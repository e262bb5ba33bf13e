"""How the ranking of a week is told: its subject, its movements in words, and the whole of it as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alerts.ranking import NAMED, Group, Place, Ranking, Reactions
from alerts.tongue import Tongue
from opscentre.domain.ranking import MINIMUM
from opscentre.domain.sheets import Cell, as_csv, text_cell
from opscentre.domain.text import one_line

if TYPE_CHECKING:
    from alerts.letter import Letter

#: Columns of the file, as the catalogue names them.
COLUMNS = ("group", "rank", "moved", "unit", "share", "volume", "late_count", "raised", "unanswered")


def gist(ranking: Ranking, code: str, words: Tongue) -> str:
    """What a subject says: a unit's own place, or the best and the worst."""
    found = ranking.place_of(code) if code else None
    if found is not None:
        place, count = found
        return f"{words('place', rank=place.rank, all=count)}, {movement(place, words)}"
    if code:
        return words("unplaced")
    first = next((group.ranked for group in ranking.groups if group.ranked), ())
    return words("gist", name=first[0].name, last=first[-1].name) if len(first) > 1 else words("gist.none")


def movement(place: Place, words: Tongue) -> str:
    """How a unit moved since the week before, in words: an arrow alone is not heard."""
    if place.rank is None:
        return ""
    if place.moved is None:
        return words("new")
    if place.moved == 0:
        return words("same")
    return words("up" if place.moved > 0 else "down", count=words.number(abs(place.moved)))


def unranked(group: Group, words: Tongue) -> str:
    """The line that names units with too few dossiers; empty: there are none."""
    if not group.unranked:
        return ""
    names = [one_line(place.name, 60) for place in group.unranked[:NAMED]]
    if len(group.unranked) > NAMED:
        names.append(words("others", count=words.number(len(group.unranked) - NAMED)))
    return words("few", least=MINIMUM, names=", ".join(names))


def told(letter: Letter, ranking: Ranking) -> dict[str, Any]:
    """What the templates say."""
    words, known = letter.words, ranking.by_unit.get(letter.code)
    days = {"first": f"{ranking.first:%d/%m}", "last": f"{ranking.last:%d/%m/%Y}"}
    return {
        "letter": letter,
        "words": words,
        "week": words("week", **days),
        "yours": ranking.place_of(letter.code) if letter.code else None,
        "movement": movement,
        "unranked": unranked,
        "reactions": words("reactions.of", **_counts(ranking.reactions, words)),
        "own": words("reactions.yours", **_counts(known, words)) if known and letter.code else "",
    }


def _counts(reactions: Reactions, words: Tongue) -> dict[str, str]:
    return {"raised": words.number(reactions.raised), "unanswered": words.number(reactions.unanswered)}


def document(ranking: Ranking) -> dict[str, Any]:
    """The ranking for a program."""
    groups = {
        group.key: [
            {"unit": one.code, "name": one.name, "rank": one.rank, "moved": one.moved, "share": one.share,
             "dossiers": one.volume, "late": one.late}
            for one in (*group.ranked, *group.unranked)
        ]
        for group in ranking.groups
    }  # fmt: skip
    alerts = {"raised": ranking.reactions.raised, "unanswered": ranking.reactions.unanswered}
    return {"from": ranking.first.isoformat(), "to": ranking.last.isoformat(), "groups": groups, "alerts": alerts}


def table(ranking: Ranking, words: Tongue) -> bytes:
    """Every unit as CSV."""
    rows: list[tuple[Cell, ...]] = [tuple(words(f"column.{name}") for name in COLUMNS)]
    for group in ranking.groups:
        for place in (*group.ranked, *group.unranked):
            known = ranking.by_unit.get(place.code, Reactions())
            share = "" if place.share is None else words.decimal(100 * place.share, 2)
            moved = "" if place.moved is None else f"{place.moved:+d}" if place.moved else "0"
            rows.append((words(group.key), place.rank or "", moved, text_cell(place.name), share, place.volume,
                         place.late, known.raised, known.unanswered))  # fmt: skip
    return b"".join(as_csv(rows))
