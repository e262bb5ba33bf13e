"""The alerts' pages of the desk: the list, one alert, who has not reacted and how long reactions take."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from dash.development.base_component import Component

from dashboard.gate import allowed, caller
from layouts.desk import alert, alert_forms, alerts, reactions
from layouts.desk.address import View
from layouts.desk.alert_words import Called, troubles
from layouts.words import Lang
from opscentre.access import scope
from opscentre.access.people import signed_in
from opscentre.access.rights import Action
from opscentre.alert_files import AlertNames
from opscentre.alert_times import Reaction, whole
from opscentre.alert_times import reactions as counted_reactions
from opscentre.clock import wall_ms
from opscentre.domain.alert_desk import Listed
from opscentre.domain.alert_story import Step
from opscentre.domain.reactions import Timing
from opscentre.store import alert_channels, alert_lists, alert_story
from opscentre.store.alert_lists import Asked

if TYPE_CHECKING:
    from dashboard.desk import Desk

FOUND = TypeVar("FOUND")
#: Seconds for which counts of the list, and times, are handed out again.
FRESH, RARE = 5.0, 60.0


class Alerts:
    """What the alerts' pages know beside the desk: names of rules and recipients, and what was counted just now."""

    def __init__(self, desk: Desk, names: AlertNames, subjects: dict[str, str]) -> None:
        """``subjects``: what people call ``link:<code>`` and ``source:<code>``."""
        self.desk, self.names, self.subjects = desk, names, subjects
        self._known: dict[Any, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Count everything anew: somebody has just decided something."""
        with self._lock:
            self._known.clear()

    def called(self) -> Called:
        """The names of everything."""
        desk, names = self.desk, self.names

        def title(rule: str, lang: Lang) -> str:
            known = names.rules.get(rule)
            return "" if known is None else known.title_en if lang == "en" else known.title

        def unit(code: str) -> str:
            return desk.profile.units[code].name if code else ""

        def recipient(key: str) -> str:
            found = names.recipients.by_key(key, desk.profile.units)
            return found.name or key if found else key

        return Called(kind=names.kind, title=title, unit=unit, subject=self._subject, recipient=recipient)

    def list_page(self, view: View) -> Component:
        """The list that an address asks for."""
        desk, now = self.desk, self.desk.clock.now()
        units = desk.profile.units.current(now)
        asked = self._asked(view)
        kept = (asked.units, asked.rules, asked.severity)
        found = self._once(
            ("counts", kept), FRESH, lambda: alert_lists.counts(desk.engine, asked, now, units)
        )  # fmt: skip
        rows = alert_lists.page(desk.engine, asked, now, units, alerts.first_of(view), alerts.SIZE)
        total = alert_lists.total(found, asked.state)
        return alerts.layout(view, desk.place, rows, found, total, self.called(), self._troubles(view), now)

    def units_page(self, view: View) -> Component:
        """Who has not reacted, and the times of all units."""
        desk, now = self.desk, self.desk.clock.now()
        return reactions.units(view, desk.place, self.late(view, now), self._times(view), self._troubles(view), now)

    def late(self, view: View, now: int) -> list[reactions.Late]:
        """The units that have not reacted, the longest wait first."""
        desk = self.desk
        units = desk.profile.units.current(now)
        asked = Asked(without=self.names.quiet)
        rows = self._once(("late",), FRESH, lambda: alert_lists.not_reacted(desk.engine, asked, now, units))
        summed: dict[str, tuple[int, int]] = {}
        for row in rows:
            home = units.home(row.unit) if row.unit else ""
            count, since = summed.get(home, (0, row.since))
            summed[home] = (count + row.count, min(since, row.since))
        found = [
            reactions.Late(
                unit, self._unit_name(view, unit), count, since,
                desk.profile.calendar.of(unit).working_time(since, now),
            )
            for unit, (count, since) in summed.items()
        ]  # fmt: skip
        return sorted(found, key=lambda one: (-one.waited, one.name))

    def of_unit(self, view: View, unit: str) -> list[Component]:
        """The reaction of one unit, for its own page."""
        now = self.desk.clock.now()
        waiting = sum(one.waiting for one in self.late(view, now) if one.unit == unit)
        mine = next((one for one in self._times(view) if one.unit == unit), None)
        return reactions.of_unit(view, unit, waiting if allowed(Action.see_dossier) else 0, mine)

    def of_dossier(self, source: str, number: str) -> list[Step]:
        """What became of a dossier's alerts, for its own page."""
        desk = self.desk
        units = desk.profile.units.current(desk.clock.now())
        found = alert_story.story_of_subject(desk.engine, f"dossier:{source}/{number}", units)
        return [step for step in found if step.rule not in self.names.quiet]

    def figure_page(self, view: View) -> Component:
        """The page of one of the times, of the unit that an address names, or of all."""
        desk, now, name = self.desk, self.desk.clock.now(), view.parts[1].partition(".")[2]
        if view.unit:
            found = next((one for one in self._reactions() if one.unit == view.unit), None)
            timing = getattr(found, name) if found else Timing()
            scope_name = desk.profile.units[view.unit].name
        else:
            timing, scope_name = getattr(self._whole(), name), view.words("table.total")
        return reactions.figure(view, desk.place, view.parts[1], scope_name, timing, now)

    def alert_page(self, view: View) -> Component | None:
        """One alert's page; None: there is no such alert, or it is not for whoever asks."""
        rule, key = view.parts[1], "/".join(view.parts[2:])
        told = self.told(rule, key)
        if told is None:
            return None
        return alert.layout(view, self.desk.place, told, self._forms(view, told.alert), self.desk.clock.now())

    def told(self, rule: str, key: str) -> alert.Told | None:
        """Everything that an alert's page shows."""
        desk, now = self.desk, self.desk.clock.now()
        units = desk.profile.units.current(now)
        found = alert_lists.one(desk.engine, rule, key, now, units)
        if found is None:
            return None
        climbing = [one for kind in alert_story.CLIMBING for one in self.names.of_kind(kind)]
        beside = alert_lists.of_subject(desk.engine, found.subject, now, units)
        ends = {"ack"} if allowed(Action.handle_alert) else set()
        ends |= {"silence"} if allowed(Action.silence) else set()
        return alert.Told(
            alert=found,
            steps=alert_story.story(desk.engine, rule, key, units, climbing),
            beside=[one for one in beside if (one.rule, one.key) != (rule, key) and one.rule not in self.names.quiet],
            called=self.called(),
            calendar=desk.profile.calendar.of(found.unit),
            ends=frozenset(ends),
        )

    def _forms(self, view: View, found: Listed) -> list[Component]:
        who = signed_in(caller())
        signed = who.name if who else ""
        people = dict.fromkeys(row.name for row in self.names.rows if row.name)
        scopes = ["subject", *(["unit"] if found.unit else []), "rule"]
        return alert_forms.section(
            view, (found.rule, found.key), handles=allowed(Action.handle_alert), silences=allowed(Action.silence),
            signed=signed, scopes=scopes, people=list(people), over=found.state == "resolved",
        )  # fmt: skip

    def _asked(self, view: View) -> Asked:
        units = self.desk.codes(frozenset([view.unit])) if view.unit else None
        rules = self.names.of_kind(view.kind) if view.kind else None
        return Asked(units=units, rules=rules, without=self.names.quiet, severity=view.severity, state=view.state,
                     sort=view.order)  # fmt: skip

    def _times(self, view: View) -> list[reactions.Times]:
        return [
            reactions.Times(one.unit, self._unit_name(view, one.unit), one.acknowledge, one.resolve)
            for one in self._reactions()
        ]

    def _reactions(self) -> list[Reaction]:
        desk = self.desk
        return self._once(
            ("times",), RARE,
            lambda: counted_reactions(desk.engine, desk.profile, desk.clock.now(), self.names),
        )  # fmt: skip

    def _whole(self) -> Reaction:
        desk = self.desk
        return self._once(
            ("whole",), RARE, lambda: whole(desk.engine, desk.profile, desk.clock.now(), self.names)
        )  # fmt: skip

    def _troubles(self, view: View) -> list[Component]:
        desk = self.desk
        found = self._once(
            ("troubles",), FRESH, lambda: alert_channels.troubles(desk.engine, desk.clock.now(), wall_ms())
        )  # fmt: skip
        return troubles(view, found, self.called())

    def _unit_name(self, view: View, unit: str) -> str:
        return self.desk.profile.units[unit].name if unit else view.words("alerts.system")

    def _subject(self, name: str) -> str:
        return self.subjects.get(name, name)

    def _once(self, key: tuple[Any, ...], seconds: float, count: Callable[[], FOUND]) -> FOUND:
        """What was counted within so many seconds for somebody who sees the same, else counted now."""
        place = (*key, scope.current())
        with self._lock:
            known = self._known.get(place)
        if known is not None and time.monotonic() - known[0] <= seconds:
            return known[1]
        found = count()
        with self._lock:
            if len(self._known) > 200:
                self._known.clear()
            self._known[place] = (time.monotonic(), found)
        return found


def page(desk: Desk, view: View) -> Component | None:
    """The alerts' page that an address asks for; None: there is none."""
    pages = desk.alerts
    if len(view.parts) == 1:
        return pages.list_page(view)
    if len(view.parts) == 2:
        return pages.units_page(view) if view.parts[1] == "units" else None
    return pages.alert_page(view)
