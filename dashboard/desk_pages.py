"""Pages of one thing: a dossier, a figure, a comparison; and what leaders wrote on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import msgspec
from dash.development.base_component import Component

from dashboard import trace
from dashboard.desk_counts import codes_under, summed
from dashboard.gate import allowed
from layouts.definitions import DEFINITIONS, TIMINGS
from layouts.desk import compare, dossier, figure, frame, lists, notes
from layouts.desk.address import WHOLE, View
from layouts.desk.frame import Crumb
from layouts.states import source_state
from opscentre.access import audit
from opscentre.access.rights import Action
from opscentre.clock import wall_ms
from opscentre.domain.counting import CELLS, table_row
from opscentre.domain.listing import Filters, Period, sought
from opscentre.domain.moments import date_of, day_number
from opscentre.domain.observations import SourceSeen
from opscentre.domain.slip import is_offered
from opscentre.live.wall import SourceAge
from opscentre.store import queries_dossier
from opscentre.store.journal import read_observations

if TYPE_CHECKING:
    from dashboard.desk import Desk

_source_seen = msgspec.json.Decoder(SourceSeen).decode


def dossier_page(desk: Desk, view: View) -> Component | None:
    """A dossier's page; None: there is no such dossier."""
    if len(view.parts) < 3:
        return None
    source, number = view.parts[1], "/".join(view.parts[2:])
    found = queries_dossier.dossier(desk.engine, source, number)
    if found is None:
        return None
    audit.append(desk.engine, who=trace.who(), action="dossier.view", subject=f"dossier:{source}/{number}", detail={})
    state, changes = found
    snapshot, words, counts = state.snapshot, view.words, desk.counts
    unit = desk.profile.units[snapshot.unit]
    field = snapshot.field_name or counts.name("field", snapshot.field)
    procedure = snapshot.procedure_name or counts.name("procedure", snapshot.procedure)
    known = counts.procedure(snapshot.procedure)
    crumbs = [
        Crumb(words("nav.overview"), view.to()),
        Crumb(unit.name, view.into("unit", unit.code)),
        Crumb(field or words("code.none"), view.into("unit", unit.code, snapshot.field)),
        Crumb(procedure or words("code.none"), view.into("unit", unit.code, snapshot.field, snapshot.procedure)),
    ]
    facts = dossier.Facts(
        state=state,
        changes=changes,
        unit=unit.name,
        field=field,
        procedure=procedure,
        source=desk.sources.get(source, source),
        limit=known.limit if known else "",
        calendar=desk.profile.calendar.of(snapshot.unit),
        told=desk.alerts.of_dossier(source, number),
        called=desk.alerts.called(),
    )
    extra = note_section(desk, view, ("dossier", source, number))
    if is_offered(state, facts.calendar, desk.clock.now()):
        extra = [dossier.slip_section(view, source, number), *extra]
    return dossier.layout(view, desk.place, facts, crumbs, extra, desk.clock.now())


def note_section(desk: Desk, view: View, subject: tuple[str, str, str]) -> list[Component]:
    """The notes on a subject."""
    written = queries_dossier.notes(desk.engine, *subject)
    return notes.section(view, subject, written, allowed(Action.write_note))


def named(desk: Desk, view: View) -> list[lists.Named]:
    """The units, fields and procedures whose names contain what is searched; case, accents and spaces do not matter."""
    part, counts = sought(view.q), desk.counts
    there = (*desk.place.departments, *desk.place.communes)
    units = [(unit.code, unit.name) for unit in there if view.sees(unit.code)]
    procedures = [(one.code, one.name) for one in counts.procedures.values()]

    def found(names: Iterable[tuple[str, str]], to: Callable[[str], str]) -> list[tuple[str, str]]:
        return sorted((name, to(code)) for code, name in names if part in sought(name))

    return [
        ("unit", found(units, lambda code: view.to("unit", code))),
        ("field", found(counts.fields.items(), lambda code: view.to("table", by="procedure", field=code))),
        ("procedure", found(procedures, lambda code: view.to("table", by="unit", procedure=code))),
    ]


def figure_page(desk: Desk, view: View) -> Component | None:
    """The page of a figure under the filters of its address; None: there is no such figure."""
    if len(view.parts) == 2 and view.parts[1] in TIMINGS:
        return desk.alerts.figure_page(view)
    if len(view.parts) != 2 or view.parts[1] not in DEFINITIONS:
        return None
    now = desk.clock.now()
    counted = desk.counts.count("unit", view.period, now, desk.filters(view, now))
    cells = table_row(summed(counted.rows.values()))
    words = view.words
    crumbs = [Crumb(words("nav.overview"), view.to())]
    if view.unit:
        crumbs.append(Crumb(desk.profile.units[view.unit].name, view.into("unit", view.unit)))
        if view.field is not None:
            desk.counts.learn("field", [view.field])
            name = desk.counts.name("field", view.field) or words("code.none")
            crumbs.append(Crumb(name, view.into("unit", view.unit, view.field)))
    else:
        query = {
            name: value for name, value in view.query().items() if name in ("field", "procedure", "channel", "level")
        }
        crumbs.append(Crumb(words("nav.table"), view.to("table", **query)))
    return figure.layout(
        view,
        desk.place,
        view.parts[1],
        cells,
        f"{scope_text(desk, view)} · {frame.period_text(view)}",
        _sources(desk),
        crumbs,
        counted.at,
    )


def scope_text(desk: Desk, view: View) -> str:
    """Of what a figure or a file is: unit, field, procedure, channel, level."""
    words, counts = view.words, desk.counts
    whole = words("table.total" if view.seen is None else "table.own")
    parts = [desk.profile.units[view.unit].name if view.unit else whole]
    if view.field is not None:
        counts.learn("field", [view.field])
        parts.append(counts.name("field", view.field) or words("code.none"))
    if view.procedure is not None:
        counts.learn("procedure", [view.procedure])
        parts.append(counts.name("procedure", view.procedure) or words("code.none"))
    if view.channel is not None:
        parts.append(words(f"channel.{view.channel}"))
    if view.level is not None:
        parts.append(words(f"level.{view.level}"))
    return " · ".join(parts)


def _sources(desk: Desk) -> list[figure.FeedAge]:
    now = wall_ms()
    found = []
    for code, encoded in read_observations(desk.engine, "source"):
        seen = _source_seen(encoded)
        age = None if seen.observed_at is None else now - seen.observed_at
        # One that the profile no longer has is polled no more: it can only be as it was.
        every = desk.intervals.get(code, math.inf)
        name = desk.sources.get(code, code)
        source = SourceAge(
            code=code, name=name, kind="", interval_s=every, observed_at=seen.observed_at, ok=seen.ok,
            paused_since=seen.paused_since,
        )  # fmt: skip
        found.append(figure.FeedAge(name, age, source_state(source, now)))
    return found


def compare_page(desk: Desk, view: View) -> Component:
    """Units side by side, each with the same days a year before; the province or one's own unit where none is named."""
    now, words = desk.clock.now(), view.words
    if not view.units:
        view = msgspec.structs.replace(view, units=(WHOLE,) if view.seen is None else view.seen[:1])
    before = view.period.year_before()
    # As far into the year before as this period has come.
    then = min(before.end_ms, before.start_ms + max(0, now - view.period.start_ms))
    first = desk.counts.first_received()
    there = first is not None and first <= before.start_ms
    compared = [
        compare.Compared(
            code, words("table.total") if code == WHOLE else desk.profile.units[code].name,
            _cells(desk, code, view.period, now), _cells(desk, code, before, then) if there else None,
        )
        for code in view.units
    ]  # fmt: skip
    last = date_of(day_number(max(before.start_ms, then - 1)))
    days = words("period.days", first=words.date(before.first), last=words.date(last))
    no_data = ""
    if not there:
        no_data = words("compare.empty", days=days)
        if first is not None:
            no_data = words("compare.nodata", days=days, day=words.date(date_of(day_number(first))))
    return compare.layout(view, desk.place, compared, no_data, days, min(now, view.period.end_ms))


def _cells(desk: Desk, unit: str, period: Period, at: int) -> dict[str, dict[str, int]]:
    # Seen from today: a unit of now beside what its predecessors did a year ago.
    codes = None if unit == WHOLE else codes_under(desk.profile.units.at(desk.today()), [unit])
    counted = desk.counts.count("unit", period, at, Filters(codes))
    return table_row(summed(counted.rows.values()) if counted.rows else [0] * len(CELLS))
