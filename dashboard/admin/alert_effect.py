"""What a change of the alert files would do: who would be told more, less, or for the first time; what is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from dashboard.admin.room import Room
from opscentre import alert_change
from opscentre.alert_change import Hears


class Row(NamedTuple):
    """Somebody who would be told something else: lines as it is and as it would be, and of which rules then."""

    who: Hears
    before: int
    after: int


class Effect(NamedTuple):
    """What a change comes to."""

    #: Open alerts of the rule that is changed; None where no single one is.
    open: int | None
    #: How many recipients are told, and of how many units (the province is none), each before and after: by the rule
    #: that is changed, else by any.
    recipients: tuple[int, int]
    units: tuple[int, int]
    #: Those whose lines differ, by unit and address.
    rows: list[Row]
    #: How many would be told the same.
    same: int


def effect(before: Mapping[str, str | None], after: Mapping[str, str | None], room: Room, code: str) -> Effect:
    """What files of other texts, which must be sound, would do now. ``code``: the rule that differs; empty: none.

    Nothing is written or sent. Raises ``SettingsError`` where the files as they are cannot be used.
    """
    was, will = (
        alert_change.would_hear(texts, room.store, room.profile, room.settings, room.clock.now())
        for texts in (before, after)
    )
    return compared(was, will, code, alert_change.open_alerts(room.store, code) if code else None)


def compared(was: Sequence[Hears], will: Sequence[Hears], code: str, open_alerts: int | None) -> Effect:
    """What differs between who is told what (pure)."""
    old, new = ({(one.unit, one.address): one for one in found} for found in (was, will))
    rows, same = [], 0
    for place in sorted(old.keys() | new.keys()):
        rules = [found[place].rules if place in found else {} for found in (old, new)]
        if rules[0] == rules[1]:
            same += 1
        else:
            rows.append(Row(new.get(place) or _silent(old[place]), sum(rules[0].values()), sum(rules[1].values())))
    return Effect(
        open_alerts,
        (len(_told(was, code)), len(_told(will, code))),
        (_units(_told(was, code)), _units(_told(will, code))),
        rows,
        same,
    )


def _silent(one: Hears) -> Hears:
    return one._replace(rules={})


def _told(found: Iterable[Hears], code: str) -> list[Hears]:
    return [one for one in found if not code or code in one.rules]


def _units(found: Iterable[Hears]) -> int:
    return len({one.unit for one in found if one.unit})
