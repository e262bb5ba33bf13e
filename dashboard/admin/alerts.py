"""``/admin/alerts``: rules switched and their limits changed, recipients added and paused; who would hear of it now."""

from __future__ import annotations

import tomllib
from pathlib import Path

from dashboard.admin import files
from dashboard.admin.room import Asked, Done, Refused, Room, Values
from opscentre import alert_change, profile_change
from opscentre.access.rights import Action
from opscentre.alert_change import ALERTS, RECIPIENTS
from opscentre.settings import SettingsError

NAME = "alerts"
RIGHT = Action.administer_alerts
#: Deeds that show something instead of leading on.
SHOWN = frozenset({"preview"})
#: What of a row a form gives.
_FIELDS = ("unit", "role", "name", "address", "channel", "digest", "weekly", "language", "note")


def values(room: Room, asked: Asked) -> Values:
    """The rules and the recipients as their files say now."""
    texts = _texts(room)
    try:
        rules = alert_change.rules_of(texts[ALERTS] or "")
    except tomllib.TOMLDecodeError as error:
        return {"rules": [], "recipients": [], "broken": str(error), **files.changes(room, _paths(room))}
    units = room.profile.units
    return {
        "rules": rules,
        "limits": lambda rule: {
            key: value for key, value in rule.items() if isinstance(value, int | float) and not isinstance(value, bool)
        },
        "recipients": alert_change.recipients_of(texts[RECIPIENTS]),
        "unit_name": lambda code: units[code].name if code in units.by_code else code,
        "fields_of": _FIELDS,
        **files.changes(room, _paths(room)),
    }


def _paths(room: Room) -> list[Path]:
    given = Path(room.settings.alerts) if room.settings.alerts else room.profile.folder
    folder = given if given.is_dir() else given.parent
    return [folder / ALERTS, folder / RECIPIENTS]


def _texts(room: Room) -> dict[str, str | None]:
    return {path.name: profile_change.read(path) for path in _paths(room)}


def _plan(room: Room, asked: Asked) -> files.Plan:
    """The change that a form describes. Raises ``Refused``."""
    texts = _texts(room)
    if asked.field("of") == "rule":
        code, key, value = asked.field("code", 48), asked.field("key", 40), asked.field("value", 20).replace(",", ".")
        if key != "enabled":
            try:
                float(value)
            except ValueError:
                raise Refused(asked.words("rules.number.wanted", seen=value)) from None
        elif value not in ("true", "false"):
            raise Refused(asked.words("admin.gone"))
        try:
            after = alert_change.with_value(texts[ALERTS] or "", code, key, value)
        except LookupError:
            raise Refused(asked.words("admin.gone")) from None
        return files.Plan(ALERTS, texts[ALERTS], after, f"{code}: {key} = {value}")
    row = {name: asked.field(name, 200) for name in _FIELDS}
    paused = asked.field("paused") == "1"
    after = alert_change.with_recipient(texts[RECIPIENTS], row, paused)
    said = asked.words("rules.paused" if paused else "rules.hears")
    return files.Plan(RECIPIENTS, texts[RECIPIENTS], after, f"{row['role']}@{row['unit'] or 'province'}: {said}")


def _checked(room: Room, asked: Asked, plan: files.Plan) -> dict[str, str | None]:
    """The texts with the change, as the alerts will read them. Raises ``Refused``."""
    texts = _texts(room) | {plan.file: plan.after}
    faults = alert_change.faults_of(texts, room.profile.units.by_code)
    if faults:
        one = faults[0]
        told = f"{one.file.name}, {one.key}: {one.told}, {one.value!r}; {one.remedy}"
        raise Refused(asked.words("rules.faulty", fault=told))
    return texts


def preview(room: Room, asked: Asked) -> Values:
    """Who would be told what now, as it is and as it would be; nothing is written or sent."""
    plan = _plan(room, asked)
    if plan.after == plan.before:
        raise Refused(asked.words("rules.same"))
    after = _checked(room, asked, plan)
    try:
        lists = [
            alert_change.would_hear(texts, room.store, room.profile, room.settings, room.clock.now())
            for texts in (_texts(room), after)
        ]
    except SettingsError as error:
        raise Refused(asked.words("rules.faulty", fault=str(error))) from None
    was, will = ({(one.unit, one.address): one for one in found} for found in lists)
    return {
        "what": plan.what,
        "known": profile_change.digest(plan.before),
        "kept": {name: value for name, value in asked.fields.items() if name not in ("deed", "known")},
        "hears": [(one, sum(was[key].rules.values()) if key in was else 0) for key, one in sorted(will.items())],
        "silent": [one for key, one in sorted(was.items()) if key not in will],
        "previewed": True,
    }


def apply(room: Room, asked: Asked) -> Done:
    """Write the change that was previewed, where its file is still the one that the preview saw."""
    plan = _plan(room, asked)
    _checked(room, asked, plan)
    path = next(path for path in _paths(room) if path.name == plan.file)
    files.change(room, asked, path, plan.after, plan.what, asked.field("known", 64))
    return Done("alerts.done.apply")


def undo(room: Room, asked: Asked) -> Done:
    """Put the file back as it was before a change."""
    return files.undone(room, asked, _paths(room), "alerts.done.undo")


DEEDS = {"preview": preview, "apply": apply, "undo": undo}
