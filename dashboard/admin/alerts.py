"""``/admin/alerts``: rules, whom each tells and how loud, their limits and switches; recipients; what would come."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dashboard import trace
from dashboard.admin import files
from dashboard.admin.alert_effect import effect
from dashboard.admin.room import Asked, Done, Refused, Room, Values
from layouts.words import Words
from opscentre import alert_change, profile_change
from opscentre.access.rights import Action
from opscentre.alert_change import ALERTS, RECIPIENTS, SEVERITIES, Row, Telling
from opscentre.domain.units import Units
from opscentre.settings import SettingsError
from opscentre.store import addresses
from opscentre.store.engine import reading

NAME = "alerts"
RIGHT = Action.administer_alerts
#: Deeds that show something instead of leading on.
SHOWN = frozenset({"preview", "look"})
#: What of a row a form gives.
_FIELDS = ("unit", "role", "name", "address", "channel", "digest", "weekly", "language", "note")
#: Fields of a row that hold one of a few words; empty is the usual one.
CHOICES = {
    "channel": ("", "webhook", "apprise"),
    "digest": ("", "morning", "evening"),
    "weekly": ("", "yes"),
    "language": ("", "en"),
}
#: Every unit, and the groups of the progress table.
EVERYWHERE, GROUPS = "*", ("I", "II", "III")


def values(room: Room, asked: Asked) -> Values:
    """The rules and the recipients as their files say now; what the address names of them, to edit."""
    texts = _texts(room)
    try:
        rules = alert_change.rules_of(texts[ALERTS] or "")
    except tomllib.TOMLDecodeError as error:
        return {"rules": [], "recipients": [], "entry": {}, "broken": str(error), **files.changes(room, _paths(room))}
    units = room.profile.units
    rows = alert_change.recipients_of(texts[RECIPIENTS])
    named = asked.field("code", 48) if asked.field("of") == "telling" else asked.query.get("rule", "")
    return {
        "rules": rules,
        "called": lambda rule: _called(rule, asked.words),
        "telling": alert_change.telling_of,
        "limits": lambda rule: {
            key: value for key, value in rule.items() if isinstance(value, int | float) and not isinstance(value, bool)
        },
        "edited": next((rule for rule in rules if rule.get("code") == named), None),
        "severities": SEVERITIES,
        "roles": sorted({row.values.get("role", "") for row in rows if not row.paused}),
        "role_name": lambda role: _role_name(role, rows, asked.words),
        "choices": CHOICES,
        "scope": lambda codes: _scope(codes, asked, units),
        "groups": [(asked.words(f"group.{group}"), group, _of_group(units, group)) for group in GROUPS],
        "everywhere": EVERYWHERE,
        "recipients": rows,
        "failing": _failing(room, texts[ALERTS] or ""),
        "entry": next((row.values for row in rows if _is_asked(row.values, asked)), {}),
        "unit_name": lambda code: _name(code, asked, units),
        "fields_of": _FIELDS,
        **files.changes(room, _paths(room)),
        **files.in_use(room, asked, _paths(room)),
    }


def _called(rule: Mapping[str, Any], words: Words) -> str:
    """What people call a rule: its own title, else its kind's."""
    title = str(rule.get("title_en" if words.lang == "en" else "title") or rule.get("title", ""))
    kind = f"kind.{rule.get('kind')}"
    return title or (words(kind) if words.has(kind) else str(rule.get("code")))


def _role_name(role: str, rows: Sequence[Row], words: Words) -> str:
    """What people call a role: by the words for it, else as the first office that has it is called, else its code."""
    if words.has(f"rules.role.{role}"):
        return words(f"rules.role.{role}")
    named = (row.values.get("name", "") for row in rows if row.values.get("role", "") == role)
    return next((name for name in named if name), role)


def _name(code: str, asked: Asked, units: Units) -> str:
    return units[code].name if code in units.by_code else code or asked.words("calendar.province")


def _is_asked(row: Mapping[str, str], asked: Asked) -> bool:
    return "role" in asked.query and all(row.get(key, "") == asked.query.get(key, "") for key in ("unit", "role"))


def _of_group(units: Units, group: str) -> list[tuple[str, str]]:
    return [(unit.code, unit.name) for unit in units.lasting if unit.group == group]


def _failing(room: Room, text: str) -> list[tuple[addresses.Failing, bool]]:
    """Recipients whose mails came back, and whether each is left out by now."""
    with reading(room.store).connect() as connection:
        found = addresses.failing(connection)
    out = addresses.left_out(found, alert_change.left_out_after(text))
    return [(one, (one.recipient, one.address) in out) for one in found]


def _scope(codes: tuple[str, ...], asked: Asked, units: Units) -> str:
    """Which units a rule speaks of, in words."""
    if EVERYWHERE in codes:
        return asked.words("rules.units.every")
    named = [asked.words(f"group.{code}") if code in GROUPS else units.by_code[code].name
             for code in codes if code in GROUPS or code in units.by_code]  # fmt: skip
    more = len(named) - 3
    return ", ".join(named[:3]) + (f" {asked.words('rules.units.more', count=more)}" if more > 0 else "")


def _paths(room: Room) -> list[Path]:
    given = Path(room.settings.alerts) if room.settings.alerts else room.profile.folder
    folder = given if given.is_dir() else given.parent
    return [folder / ALERTS, folder / RECIPIENTS]


def _texts(room: Room) -> dict[str, str | None]:
    return {path.name: profile_change.read(path) for path in _paths(room)}


# ---- what a form asks for


def _plan(room: Room, asked: Asked) -> files.Plan:
    """The change that a form describes. Raises ``Refused``."""
    texts = _texts(room)
    try:
        if asked.field("of") == "rule":
            return _value(asked, texts[ALERTS])
        if asked.field("of") == "telling":
            return _telling(room, asked, texts[ALERTS])
    except LookupError:
        raise Refused(asked.words("admin.gone")) from None
    row = {name: asked.field(name, 200) for name in _FIELDS}
    paused = asked.field("paused") == "1"
    after = alert_change.with_recipient(texts[RECIPIENTS], row, paused)
    said = asked.words("rules.paused" if paused else "rules.hears")
    return files.Plan(RECIPIENTS, texts[RECIPIENTS], after, f"{row['role']}@{row['unit'] or 'province'}: {said}")


def _value(asked: Asked, before: str | None) -> files.Plan:
    """One limit of a rule, or its switch."""
    code, key, value = asked.field("code", 48), asked.field("key", 40), asked.field("value", 20).replace(",", ".")
    if key != "enabled":
        try:
            float(value)
        except ValueError:
            raise Refused(asked.words("rules.number.wanted", seen=value)) from None
    elif value not in ("true", "false"):
        raise Refused(asked.words("admin.gone"))
    after = alert_change.with_value(before or "", code, key, value)
    return files.Plan(ALERTS, before, after, f"{code}: {key} = {value}")


def _telling(room: Room, asked: Asked, before: str | None) -> files.Plan:
    """Whom a rule tells, for which units, and how loud."""
    code, text = asked.field("code", 48), before or ""
    rule = next((rule for rule in alert_change.rules_of(text) if rule.get("code") == code), None)
    if rule is None:
        raise Refused(asked.words("admin.gone"))
    was = alert_change.telling_of(rule)
    # What was named already keeps its place, so that an unchanged choice changes nothing in the file.
    hear = _chosen(asked, "hear-", was.hear)
    units = _chosen(asked, "unit-", was.units)
    if not units:
        raise Refused(asked.words("rules.units.wanted"))
    if EVERYWHERE in units:
        units = (EVERYWHERE,)
    will = Telling(asked.field("severity", 20), hear, units)
    after = alert_change.with_telling(text, code, will)
    said = [f"{key} = {value}" for key, value in will.toml().items() if value != was.toml()[key]]
    return files.Plan(ALERTS, before, after, f"{code}: {'; '.join(said)}")


def _chosen(asked: Asked, prefix: str, known: tuple[str, ...]) -> tuple[str, ...]:
    named = [name.removeprefix(prefix) for name in asked.fields if name.startswith(prefix)]
    return tuple([one for one in known if one in named] + [one for one in named if one not in known])


def _checked(room: Room, asked: Asked, file: str, after: str | None) -> dict[str, str | None]:
    """The texts with the change, as the alerts will read them. Raises ``Refused``."""
    texts = _texts(room) | {file: after}
    faults = alert_change.faults_of(texts, room.profile.units.by_code)
    if faults:
        one = faults[0]
        told = f"{one.file.name}, {one.key}: {one.told}, {one.value!r}; {one.remedy}"
        raise Refused(asked.words("rules.faulty", fault=told))
    return texts


# ---- deeds


def preview(room: Room, asked: Asked) -> Values:
    """Who would be told what now, as it is and as it would be; nothing is written or sent."""
    plan = _plan(room, asked)
    if plan.after == plan.before:
        raise Refused(asked.words("rules.same"))
    after = _checked(room, asked, plan.file, plan.after)
    code = asked.field("code", 48) if plan.file == ALERTS else ""
    return _effect(room, asked, after, code) | {
        "what": plan.what,
        "deed": "apply",
        "known": profile_change.digest(plan.before),
        "kept": {name: value for name, value in asked.fields.items() if name not in ("deed", "known")},
    }


def _effect(room: Room, asked: Asked, after: Mapping[str, str | None], code: str) -> Values:
    try:
        found = effect(_texts(room), after, room, code)
    except SettingsError as error:
        raise Refused(asked.words("rules.faulty", fault=str(error))) from None
    return {"effect": found}


def apply(room: Room, asked: Asked) -> Done:
    """Write the change that was previewed, where its file is still the one that the preview saw."""
    plan = _plan(room, asked)
    _checked(room, asked, plan.file, plan.after)
    path = next(path for path in _paths(room) if path.name == plan.file)
    files.change(room, asked, path, plan.after, plan.what, asked.field("known", 64))
    return Done("alerts.done.apply")


def look(room: Room, asked: Asked) -> Values:
    """What undoing a change would do; nothing is written or sent."""
    one = files.undoing(room, asked, _paths(room))
    after = _checked(room, asked, one.path.name, one.will)
    kept = {"change": asked.field("change")}
    return _effect(room, asked, after, "") | one.shown(asked) | {"deed": "undo", "known": "", "kept": kept}


def undo(room: Room, asked: Asked) -> Done:
    """Put the file back as it was before a change."""
    return files.undone(
        room, asked, _paths(room), "alerts.done.undo", lambda one: _checked(room, asked, one.path.name, one.will)
    )


def reachable(room: Room, asked: Asked) -> Done:
    """Let an address get its mails again."""
    if not addresses.end_failing(room.store, asked.field("recipient", 120), room.clock.now(), trace.who()):
        raise Refused(asked.words("admin.gone"))
    return Done("alerts.done.reachable")


DEEDS = {"preview": preview, "apply": apply, "look": look, "undo": undo, "reachable": reachable}
