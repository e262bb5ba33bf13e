"""What a message says: the dossiers with how late they are, the notices of units and systems, and a subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import msgspec

from alerts import weekly
from alerts.digests import heading_of
from alerts.kinds import KINDS
from alerts.pipeline.line import RESOLVED, Line
from alerts.queue import Taken
from alerts.ranking import Ranking
from alerts.tongue import Language, Tongue
from alerts.view import View
from opscentre.answers import PATH
from opscentre.domain.fold import DossierState
from opscentre.domain.moments import local
from opscentre.domain.recipients import Recipient
from opscentre.domain.slip import Slip, is_offered, slip_of
from opscentre.domain.status import Status
from opscentre.domain.text import one_line
from opscentre.slip.store import promise

#: Dossiers that are listed in a mail itself; all of them are in the file beside it.
LISTED = 50
#: Apology slips that are sent along at most; of more there are links only.
SLIPS_ATTACHED = 3
#: Where the dashboard makes them.
SLIPS = "/slip/"


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
    #: Whether its office owes an apology slip.
    slip: bool = False

    @property
    def due_text(self) -> str:
        """The due moment as people write it."""
        return f"{local(self.due):%d/%m/%Y %H:%M}"


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
    #: Apology slips that go with it.
    slips: tuple[Slip, ...] = ()
    language: Language = "vi"
    #: The ranking of a week, where it tells that, and the code of the unit it speaks of.
    ranking: Ranking | None = None
    code: str = ""

    @property
    def words(self) -> Tongue:
        """The words of its language."""
        return Tongue(self.language)

    @property
    def overdue(self) -> tuple[DossierItem, ...]:
        """Dossiers that are past their due moment."""
        return tuple(one for one in self.dossiers if one.late >= 0)

    @property
    def due_soon(self) -> tuple[DossierItem, ...]:
        """Dossiers that are not yet."""
        return tuple(one for one in self.dossiers if one.late < 0)

    def slip_link(self, item: DossierItem, ending: str) -> str:
        """Where the apology slip of a dossier is made; empty: nowhere, or none is owed."""
        if not (item.slip and self.dashboard):
            return ""
        return f"{self.dashboard}{SLIPS}{quote(item.source, safe='')}/{quote(item.number, safe='')}.{ending}"

    @property
    def subject(self) -> str:
        """A subject that says it all."""
        heading = self.words(self.heading) if self.heading else ""
        about = ", ".join(filter(None, (self.unit or self.greeting, heading)))
        return one_line(f"[{self.brand}] {about}: {self._gist()} ({local(self.moment):%d/%m})")

    def _gist(self) -> str:
        if self.ranking is not None:
            return weekly.gist(self.ranking, self.code, self.words)
        late, soon, words = self.overdue, self.due_soon, self.words
        units = len({one.unit for one in self.dossiers})
        told = []
        if late:
            told.append(words.count("overdue", len(late)))
        if soon:
            few = words.number(len(soon))
            told.append(words("soon.too", count=few) if late else words.count("soon", len(soon)))
        if not self.unit and units > 1:
            told[-1] += words("units", count=words.number(units))
        begun = [one for one in self.notices if not one.over]
        ended = [one for one in self.notices if one.over]
        told += _counted(begun, words) + [words("ended", what=text) for text in _counted(ended, words)]
        return ", ".join(told)


def _counted(notices: Sequence[Notice], words: Tongue) -> list[str]:
    by_title: dict[str, list[Notice]] = {}
    for one in notices:
        by_title.setdefault(one.title, []).append(one)
    return [
        f"{title} ({words.number(len(same))})"
        if len(same) > 1
        else f"{title} – {same[0].what}"
        if same[0].what
        else title
        for title, same in by_title.items()
    ]


def compose(
    taken: Taken,
    recipient: Recipient,
    view: View,
    brand: str,
    dashboard: str,
    names: Mapping[str, str],
    token: str = "",
    province: str = "",
) -> Letter:
    """The letter of a message that was taken. ``names``: what people call ``link:<code>`` and ``source:<code>``.

    ``token``: what signs the link by which its office answers; empty: there is none. ``province``: its name.
    """
    about = [line for line in taken.lines if line.alert.subject.startswith("dossier:")]
    others = [line for line in taken.lines if not line.alert.subject.startswith("dossier:")]
    unit = view.units[recipient.unit].name if recipient.unit else ""
    words = Tongue(recipient.tongue)
    dossiers, states = _dossiers(about, view, taken.sealed_at, words)
    heading = heading_of(taken.topic)
    # Whoever leads the province, or reads a digest, signs none of them.
    owed = [states[one.source, one.number] for one in dossiers if one.slip] if unit and not heading else []
    return Letter(
        id=taken.id,
        brand=brand,
        greeting=recipient.name or unit or recipient.role,
        unit=unit,
        moment=taken.sealed_at,
        severity=taken.severity,
        dossiers=dossiers,
        notices=tuple(_notice(line, view, names, words) for line in others),
        dashboard=dashboard.rstrip("/"),
        heading=heading,
        answer=answer_link(dashboard, token, words.language) if dashboard and token and about and not heading else "",
        slips=_slips(owed, view, province, taken.sealed_at) if len(owed) <= SLIPS_ATTACHED else (),
        language=recipient.tongue,
    )


def answer_link(dashboard: str, token: str, language: Language) -> str:
    """Where an office answers a mail, in the mail's own language."""
    return f"{dashboard.rstrip('/')}{PATH}{token}{'' if language == 'vi' else f'?lang={language}'}"


def _slips(owed: Sequence[DossierState], view: View, province: str, now: int) -> tuple[Slip, ...]:
    found = []
    for state in owed:
        known = state.snapshot
        calendar = view.calendar.of(known.unit)
        unit = view.units[view.units.current(now).home(known.unit)]
        promised = promise(view.engine, known.source, known.number, now)
        found.append(slip_of(state, unit, province, calendar, now, promised=promised))
    return tuple(found)


def _dossiers(
    lines: Sequence[Line], view: View, now: int, words: Tongue
) -> tuple[tuple[DossierItem, ...], dict[tuple[str, str], DossierState]]:
    """One row a dossier whatever many rules say of it, the latest first, unit by unit."""
    by_subject: dict[str, list[Line]] = {}
    for line in lines:
        by_subject.setdefault(line.alert.subject, []).append(line)
    keys = {(str(one[0].alert.facts["source"]), str(one[0].alert.facts["number"])) for one in by_subject.values()}
    states = view.states(keys)
    items = [_item(same, states, view, now, words) for same in by_subject.values()]
    worst: dict[str, int] = {}
    for item in items:
        worst[item.unit] = max(worst.get(item.unit, item.late), item.late)
    return tuple(sorted(items, key=lambda item: (-worst[item.unit], item.unit, -item.late, item.number))), states


def _item(
    lines: Sequence[Line], states: Mapping[tuple[str, str], DossierState], view: View, now: int, words: Tongue
) -> DossierItem:
    alert = lines[0].alert
    key = (str(alert.facts["source"]), str(alert.facts["number"]))
    due = min(int(line.alert.facts["due"]) for line in lines)
    calendar = view.calendar.of(alert.unit)
    state = states.get(key)
    shown = state.snapshot if state else None
    home = view.units.current(now).home(alert.unit)
    reception = any(getattr(line.rule, "clock", "") == "reception" for line in lines)
    return DossierItem(
        source=key[0],
        number=one_line(key[1]),
        unit=view.units[home].name,
        procedure=one_line(shown.procedure if shown else ""),
        procedure_name=one_line(shown.procedure_name if shown else "", 160),
        due=due,
        late=calendar.working_time(due, now) if now > due else -calendar.working_time(now, due) - 1,
        reception=reception,
        state=words.status(Status(shown.status)) if shown else "",
        notes=tuple(dict.fromkeys(title_of(line, words) for line in lines)),
        slip=now > due and not reception and state is not None and is_offered(state, calendar, now),
    )


def title_of(line: Line, words: Tongue) -> str:
    """What people call the rule of a line."""
    vietnamese, english = KINDS[line.rule.kind].title
    if words.language == "en":
        # A rule with a name of its own is better told by that than by its kind's.
        return line.rule.title_en or line.rule.title or english
    return line.rule.title or vietnamese


def _notice(line: Line, view: View, names: Mapping[str, str], words: Tongue) -> Notice:
    alert, over = line.alert, line.step == RESOLVED
    what = view.units[alert.unit].name if alert.unit else names.get(alert.subject, "")
    if not what and not alert.subject.startswith("part:"):
        what = alert.subject.partition(":")[2]
    at = alert.resolved_at if over and alert.resolved_at else alert.since
    return Notice(
        title=one_line(title_of(line, words)),
        what=one_line(what),
        since=f"{local(at):%H:%M %d/%m/%Y}",
        detail="" if over else one_line(_detail(alert.facts, words)),
        severity=line.rule.severity,
        over=over,
    )


def _detail(facts: Mapping[str, object], words: Tongue) -> str:
    """The numbers of a notice in words."""
    told = []
    if "overdue" in facts:
        late, all_of = int(str(facts["overdue"])), int(str(facts["in_process"]))
        share = f" ({words.share(late / all_of)})" if all_of else ""
        told.append(words("detail.overdue", late=words.number(late), all=words.number(all_of), share=share))
    if "median" in facts:
        told.append(words("detail.median", span=words.span(int(str(facts["median"])))))
    if "ends" in facts:
        told.append(words("detail.ends", day=f"{local(int(str(facts['ends']))):%d/%m/%Y}"))
    if "waiting" in facts:
        told.append(words("detail.mail", waiting=facts["waiting"], failed=facts["failed"]))
    elif facts.get("count"):
        told.append(words("detail.count", count=words.number(int(str(facts["count"])))))
    if facts.get("error"):
        told.append(str(facts["error"]))
    return "; ".join(told)
