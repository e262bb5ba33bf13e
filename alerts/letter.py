"""What a message says: the dossiers with how late they are, the notices of units and systems, and a subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from alerts.digests import heading_of
from alerts.kinds import KINDS
from alerts.pipeline.line import RESOLVED, Line
from alerts.queue import Taken
from alerts.recipients import Recipient
from alerts.times import working_span
from alerts.view import View
from opscentre.answers import PATH
from opscentre.domain.fold import DossierState
from opscentre.domain.moments import local
from opscentre.domain.status import NAMES, Status
from opscentre.domain.text import decimal, number

#: Dossiers that are listed in a mail itself; all of them are in the file beside it.
LISTED = 50
_LONGEST = 300


class DossierItem(msgspec.Struct, frozen=True, kw_only=True):
    """One dossier of a mail. Nothing of the citizen's is here."""

    source: str
    number: str
    unit: str
    procedure: str
    procedure_name: str
    #: When it is due (ms), and how far past that it is, in working ms; negative: how much is left.
    due: int
    late: int
    reception: bool
    state: str
    #: What is said of it: the titles of the rules.
    notes: tuple[str, ...] = ()

    @property
    def due_text(self) -> str:
        """The due moment as people write it."""
        return f"{local(self.due):%d/%m/%Y %H:%M}"

    @property
    def late_text(self) -> str:
        """How late, or how long still, in working days and hours."""
        if self.late >= 0:
            return f"trễ {working_span(self.late)}"
        return f"còn {working_span(-self.late)}"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is no dossier: a unit's load, a link, a source, a part of the centre."""

    title: str
    what: str
    since: str
    detail: str
    severity: str
    over: bool


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a message says."""

    id: str
    brand: str
    #: Office it speaks to, and the unit it speaks of (empty: the province).
    greeting: str
    unit: str
    moment: int
    severity: str
    dossiers: tuple[DossierItem, ...]
    notices: tuple[Notice, ...]
    dashboard: str = ""
    #: What a digest is called; empty: it is none.
    heading: str = ""
    #: Where its office answers; empty: nowhere.
    answer: str = ""

    @property
    def overdue(self) -> tuple[DossierItem, ...]:
        """Dossiers that are past their due moment."""
        return tuple(one for one in self.dossiers if one.late >= 0)

    @property
    def due_soon(self) -> tuple[DossierItem, ...]:
        """Dossiers that are not yet."""
        return tuple(one for one in self.dossiers if one.late < 0)

    @property
    def subject(self) -> str:
        """A subject that says it all."""
        about = ", ".join(filter(None, (self.unit or self.greeting, self.heading)))
        return one_line(f"[{self.brand}] {about}: {self._gist()} ({local(self.moment):%d/%m})")

    def _gist(self) -> str:
        late, soon = self.overdue, self.due_soon
        units = len({one.unit for one in self.dossiers})
        told = []
        if late:
            told.append(f"{number(len(late))} hồ sơ quá hạn")
        if soon:
            told.append(f"{number(len(soon))} {'sắp đến hạn' if late else 'hồ sơ sắp đến hạn'}")
        if not self.unit and units > 1:
            told[-1] += f" ở {number(units)} đơn vị"
        begun = [one for one in self.notices if not one.over]
        ended = [one for one in self.notices if one.over]
        told += _counted(begun) + [f"đã hết: {text}" for text in _counted(ended)]
        return ", ".join(told)


def _counted(notices: Sequence[Notice]) -> list[str]:
    by_title: dict[str, list[Notice]] = {}
    for one in notices:
        by_title.setdefault(one.title, []).append(one)
    return [
        f"{title} ({number(len(same))})" if len(same) > 1 else f"{title} – {same[0].what}" if same[0].what else title
        for title, same in by_title.items()
    ]


def one_line(text: object, longest: int = _LONGEST) -> str:
    """A text without line breaks and other control characters, cut: what a field holds must not become a header."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in str(text)).split())
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def compose(
    taken: Taken,
    recipient: Recipient,
    view: View,
    brand: str,
    dashboard: str,
    names: Mapping[str, str],
    token: str = "",
) -> Letter:
    """The letter of a message that was taken. ``names``: what people call ``link:<code>`` and ``source:<code>``.

    ``token``: what signs the link by which its office answers; empty: there is none.
    """
    about = [line for line in taken.lines if line.alert.subject.startswith("dossier:")]
    others = [line for line in taken.lines if not line.alert.subject.startswith("dossier:")]
    unit = view.units[recipient.unit].name if recipient.unit else ""
    return Letter(
        id=taken.id,
        brand=brand,
        greeting=recipient.name or unit or recipient.role,
        unit=unit,
        moment=taken.sealed_at,
        severity=taken.severity,
        dossiers=_dossiers(about, view, taken.sealed_at),
        notices=tuple(_notice(line, view, names) for line in others),
        dashboard=dashboard.rstrip("/"),
        heading=heading_of(taken.topic),
        answer=f"{dashboard.rstrip('/')}{PATH}{token}"
        if dashboard and token and about and not heading_of(taken.topic)
        else "",
    )


def _dossiers(lines: Sequence[Line], view: View, now: int) -> tuple[DossierItem, ...]:
    """One row a dossier whatever many rules say of it, the latest first, unit by unit."""
    by_subject: dict[str, list[Line]] = {}
    for line in lines:
        by_subject.setdefault(line.alert.subject, []).append(line)
    keys = {(str(one[0].alert.facts["source"]), str(one[0].alert.facts["number"])) for one in by_subject.values()}
    states = view.states(keys)
    items = [_item(same, states, view, now) for same in by_subject.values()]
    worst: dict[str, int] = {}
    for item in items:
        worst[item.unit] = max(worst.get(item.unit, item.late), item.late)
    return tuple(sorted(items, key=lambda item: (-worst[item.unit], item.unit, -item.late, item.number)))


def _item(lines: Sequence[Line], states: Mapping[tuple[str, str], DossierState], view: View, now: int) -> DossierItem:
    alert = lines[0].alert
    key = (str(alert.facts["source"]), str(alert.facts["number"]))
    due = min(int(line.alert.facts["due"]) for line in lines)
    calendar = view.calendar.of(alert.unit)
    state = states.get(key)
    shown = state.snapshot if state else None
    home = view.units.current(now).home(alert.unit)
    return DossierItem(
        source=key[0],
        number=one_line(key[1]),
        unit=view.units[home].name,
        procedure=one_line(shown.procedure if shown else ""),
        procedure_name=one_line(shown.procedure_name if shown else "", 160),
        due=due,
        late=calendar.working_time(due, now) if now > due else -calendar.working_time(now, due) - 1,
        reception=any(getattr(line.rule, "clock", "") == "reception" for line in lines),
        state=NAMES[Status(shown.status)] if shown else "",
        notes=tuple(dict.fromkeys(title_of(line) for line in lines)),
    )


def title_of(line: Line) -> str:
    """What people call the rule of a line."""
    return line.rule.title or KINDS[line.rule.kind].title[0]


def _notice(line: Line, view: View, names: Mapping[str, str]) -> Notice:
    alert, over = line.alert, line.step == RESOLVED
    what = view.units[alert.unit].name if alert.unit else names.get(alert.subject, "")
    if not what and not alert.subject.startswith("part:"):
        what = alert.subject.partition(":")[2]
    at = alert.resolved_at if over and alert.resolved_at else alert.since
    return Notice(
        title=one_line(title_of(line)),
        what=one_line(what),
        since=f"{local(at):%H:%M %d/%m/%Y}",
        detail="" if over else one_line(_detail(alert.facts)),
        severity=line.rule.severity,
        over=over,
    )


def _detail(facts: Mapping[str, object]) -> str:
    """The numbers of a notice in words."""
    told = []
    if "overdue" in facts:
        late, all_of = int(str(facts["overdue"])), int(str(facts["in_process"]))
        share = f" ({decimal(100 * late / all_of)} %)" if all_of else ""
        told.append(f"{number(late)}/{number(all_of)} hồ sơ đang giải quyết đã quá hạn{share}")
    if "median" in facts:
        told.append(f"chậm {_span(int(str(facts['median'])))} (trung vị)")
    if "ends" in facts:
        told.append(f"hết hạn {local(int(str(facts['ends']))):%d/%m/%Y}")
    if "waiting" in facts:
        told.append(f"{facts['waiting']} thư đang chờ, {facts['failed']} thư bị từ chối")
    elif facts.get("count"):
        told.append(f"số lượng: {number(int(str(facts['count'])))}")
    if facts.get("error"):
        told.append(str(facts["error"]))
    return "; ".join(told)


def _span(length: int) -> str:
    minutes = length // 60_000
    return f"{minutes // 60} giờ {minutes % 60} phút" if minutes >= 60 else f"{minutes} phút"
