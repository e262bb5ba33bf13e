"""What each role may do: one table. Of which units it may do so is the scope's question (``scope.py``). Pure."""

from __future__ import annotations

from enum import StrEnum

from opscentre.access.people import Caller, Device, Person, Role


class Action(StrEnum):
    """Something that somebody may or may not do."""

    #: The wall, and what is pushed to it.
    see_wall = "see_wall"
    #: Figures of all units: the province's tables, comparisons.
    see_province = "see_province"
    #: Figures of the units that the person is of.
    see_unit = "see_unit"
    #: Dossiers by their numbers: lists, search, a dossier's page, the late ones on the wall.
    see_dossier = "see_dossier"
    #: The mails that departments got or would have got.
    see_mails = "see_mails"
    #: Who did what, when.
    see_audit = "see_audit"
    export = "export"
    write_note = "write_note"
    handle_alert = "handle_alert"
    silence = "silence"
    control_walls = "control_walls"
    #: Pair screens and take their right away.
    administer_walls = "administer_walls"
    administer_sources = "administer_sources"
    administer_calendar = "administer_calendar"
    administer_alerts = "administer_alerts"
    administer_people = "administer_people"
    administer_tokens = "administer_tokens"


_A = Action
_READ = frozenset({_A.see_wall, _A.see_province, _A.see_unit, _A.see_dossier, _A.export})
_LEAD = _READ | {_A.write_note, _A.handle_alert, _A.control_walls}
_OPERATE = _LEAD | {_A.silence, _A.see_mails, _A.administer_walls}

#: Role → what it may do.
RIGHTS: dict[Role, frozenset[Action]] = {
    Role.viewer: frozenset({_A.see_wall, _A.see_province, _A.see_unit}),
    Role.department: frozenset({_A.see_unit, _A.see_dossier, _A.export, _A.handle_alert}),
    Role.leader: _LEAD,
    Role.operator: _OPERATE,
    Role.administrator: frozenset(Action),
}
#: What changes nothing.
LOOKING = _READ | {_A.see_mails, _A.see_audit}
#: What a paired screen may do: it hangs on a wall that the room sees.
DEVICE = frozenset({_A.see_wall, _A.see_dossier})


def may(caller: Caller | None, action: Action) -> bool:
    """Whether somebody may do something at all; nobody (None) may do nothing."""
    if isinstance(caller, Person):
        return action in RIGHTS[caller.role] and (caller.writes or action in LOOKING)
    return isinstance(caller, Device) and action in DEVICE and (caller.dossiers or action is not Action.see_dossier)
