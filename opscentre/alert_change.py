"""``alerts.toml`` and ``recipients.csv`` with one thing changed: texts, what is wrong, who would hear now."""

from __future__ import annotations

import csv
import importlib
import io
import json
import re
import tempfile
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Engine, func, select

from opscentre.clock import wall_ms
from opscentre.profile import Profile
from opscentre.settings import Settings
from opscentre.store.alert_tables import alerts
from opscentre.store.engine import reading
from opscentre.table_file import Fault

ALERTS, RECIPIENTS = "alerts.toml", "recipients.csv"
#: Before a row of recipients.csv that is paused: to every reader it is a remark.
PAUSED = "# paused: "
_HEADER = "unit,role,name,address,channel,digest,weekly,language,note"
_BLOCK = re.compile(r"^\s*\[")
#: A remark behind a value; a sign in a text is followed by the text's end.
_REMARK = re.compile(r"\s*#[^\"']*$")
#: Where ``[bounces]`` says nothing else.
LEAVE_OUT_AFTER = 3
SEVERITIES = ("critical", "warning", "info")


class Telling(NamedTuple):
    """Whom a rule tells and how loud; what stands here is what holds where ``alerts.toml`` leaves it out."""

    severity: str = "warning"
    hear: tuple[str, ...] = ()
    units: tuple[str, ...] = ("*",)

    def toml(self) -> dict[str, str]:
        """Each key with its value as TOML writes it."""
        return {"severity": json.dumps(self.severity), "hear": _list(self.hear), "units": _list(self.units)}


class Hears(NamedTuple):
    """Somebody who would be told something now: how many lines of which rule."""

    name: str
    address: str
    unit: str
    rules: dict[str, int]


def rules_of(text: str) -> list[dict[str, Any]]:
    """The rules of ``alerts.toml`` as they are written, in their order. Raises ``tomllib.TOMLDecodeError``."""
    found = tomllib.loads(text).get("rule", [])
    return [row for row in found if isinstance(row, dict)]


def with_value(text: str, code: str, key: str, value: str) -> str:
    """``alerts.toml`` with another value (as TOML writes it) of a rule's key; all else as it stands.

    Raises ``LookupError`` where there is no such rule.
    """
    lines = text.split("\n")
    starts = [n for n, line in enumerate(lines) if line.strip().startswith("[[rule]]")]
    for start in starts:
        end = next((n for n in range(start + 1, len(lines)) if _BLOCK.match(lines[n])), len(lines))
        named = [n for n in range(start + 1, end) if re.match(rf'^\s*code\s*=\s*"{re.escape(code)}"', lines[n])]
        if not named:
            continue
        mine = [n for n in range(start + 1, end) if re.match(rf"^\s*{re.escape(key)}\s*=", lines[n])]
        if mine:
            last = _last_line(lines, mine[0], end)
            remark = _REMARK.search(lines[last])
            lines[mine[0] : last + 1] = [f"{key} = {value}{remark[0] if remark else ''}"]
        else:
            lines.insert(named[0] + 1, f"{key} = {value}")
        return "\n".join(lines)
    raise LookupError(code)


def _last_line(lines: Sequence[str], first: int, end: int) -> int:
    """The line on which a value ends that begins on ``first``: a list may go over several."""
    for last in range(first, end):
        try:
            tomllib.loads("\n".join(lines[first : last + 1]))
        except tomllib.TOMLDecodeError:
            continue
        return last
    return first


def _list(names: Sequence[str]) -> str:
    return f"[{', '.join(json.dumps(name, ensure_ascii=False) for name in names)}]"


def telling_of(rule: Mapping[str, Any]) -> Telling:
    """Whom a rule tells, as it is written."""
    without = Telling()
    return Telling(
        str(rule.get("severity", without.severity)),
        tuple(rule.get("hear", without.hear)),
        tuple(rule.get("units", without.units)),
    )


def with_telling(text: str, code: str, wanted: Telling) -> str:
    """``alerts.toml`` with other recipients, units or severity of a rule; what does not change is not written.

    Raises ``LookupError`` where there is no such rule.
    """
    rule = next((rule for rule in rules_of(text) if rule.get("code") == code), None)
    if rule is None:
        raise LookupError(code)
    was, will = telling_of(rule).toml(), wanted.toml()
    for key in will:
        if was[key] != will[key]:
            text = with_value(text, code, key, will[key])
    return text


def left_out_after(text: str) -> int:
    """After how many mails that came back an address gets none, as ``alerts.toml`` says. Raises ``TOMLDecodeError``."""
    return int(tomllib.loads(text).get("bounces", {}).get("leave_out_after", LEAVE_OUT_AFTER))


def open_alerts(engine: Engine, code: str) -> int:
    """How many alerts of a rule are open now."""
    query = select(func.count()).where(alerts.c.rule == code, alerts.c.state != "resolved")
    with reading(engine).connect() as connection:
        return connection.execute(query).scalar_one()


class Row(NamedTuple):
    """One row of ``recipients.csv``, paused or not."""

    values: dict[str, str]
    paused: bool


def recipients_of(text: str | None) -> list[Row]:
    """The rows of ``recipients.csv`` in their order, those that are paused too."""
    lines = (text or _HEADER).split("\n")
    header = _cells(lines[0].removeprefix("\ufeff"))
    found = []
    for line in lines[1:]:
        paused = line.startswith(PAUSED)
        if line.strip() and (paused or not line.startswith("#")):
            cells = _cells(line.removeprefix(PAUSED))
            found.append(Row({name: cell.strip() for name, cell in zip(header, cells, strict=False)}, paused))
    return found


def with_recipient(text: str | None, row: Mapping[str, str], paused: bool) -> str:
    """``recipients.csv`` with a row in the place of the one of that unit and role, or at its end."""
    lines = (text or _HEADER).rstrip("\n").split("\n")
    header = [name.strip() for name in _cells(lines[0].removeprefix("\ufeff"))]
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([row.get(name, "") for name in header])
    fresh = (PAUSED if paused else "") + out.getvalue()
    for place, line in enumerate(lines[1:], 1):
        if line.startswith("#") and not line.startswith(PAUSED):
            continue
        cells = dict(zip(header, _cells(line.removeprefix(PAUSED)), strict=False))
        if all(cells.get(name, "").strip() == row.get(name, "") for name in ("unit", "role")):
            lines[place] = fresh
            break
    else:
        lines.append(fresh)
    return "\n".join([*lines, ""])


def faults_of(texts: Mapping[str, str | None], units: Collection[str]) -> list[Fault]:
    """Everything that is wrong in files of these texts: what the alerts' own reader says."""
    with _laid(texts) as folder:
        # Alerts stand above this package: named, not imported.
        found: list[Fault] = importlib.import_module("alerts.files").check(folder, units)
        return found


def would_hear(
    texts: Mapping[str, str | None], engine: Engine, profile: Profile, settings: Settings, now: int
) -> list[Hears]:
    """Who would be told what now by files of these texts, which must be sound; nothing is written or sent."""
    with _laid(texts) as folder:
        chosen = msgspec.structs.replace(settings, alerts=str(folder))
        alerting = importlib.import_module("alerts.files").load(profile, chosen)
    times = importlib.import_module("alerts.times").Times(now, wall_ms())
    found = importlib.import_module("alerts.desk").would_hear(
        engine, alerting, profile, times, settings.dossier_partitions
    )
    return [Hears(one.name or one.role, one.address, one.unit, counts) for one, counts in found]


@contextmanager
def _laid(texts: Mapping[str, str | None]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as place:
        for name, text in texts.items():
            if text is not None:
                (Path(place) / name).write_text(text, encoding="utf-8")
        yield Path(place)


def _cells(line: str) -> list[str]:
    return next(csv.reader([line]), [])
