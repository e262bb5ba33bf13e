"""The pages for tablets and desks: an address in, a page out. State lives in the address alone."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from dash.development.base_component import Component
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from dashboard import desk_alerts, desk_pages, trace
from dashboard.desk_alerts import Alerts
from dashboard.desk_counts import Counts, codes_under, summed
from dashboard.gate import caller
from layouts.desk import frame, lists, overview, tables, walls
from layouts.desk.address import BadAddress, View, code_of, language, read
from layouts.desk.frame import Crumb, Option
from layouts.desk.progress import Row, ranked
from layouts.place import Place
from opscentre.access import scope
from opscentre.access.scope import OutOfReach
from opscentre.alert_files import AlertNames
from opscentre.clock import Clock
from opscentre.domain.counting import table_row
from opscentre.domain.listing import LISTS, By, Filters, Listed, ListName, sought
from opscentre.domain.moments import date_of, day_number
from opscentre.domain.recipients import Recipients
from opscentre.domain.units import Unit
from opscentre.profile import Profile
from opscentre.store import queries_dossier, queries_lists
from opscentre.store.queries_lists import BadCursor, Question

log = logging.getLogger(__name__)

#: First parts of the paths that are pages of this module.
PAGES = ("", "table", "unit", "list", "search", "dossier", "compare", "figure", "alerts", "walls")
#: Units named on the overview as having most overdue.
WORST = 8


class NoSuchPage(Exception):
    """Nothing stands at this address."""


class Desk:
    """Answers addresses with pages. Calls take some tens of milliseconds and may come from several threads."""

    def __init__(
        self, engine: Engine, profile: Profile, place: Place, clock: Clock,
        sources: Mapping[str, str] | None = None, alerts: AlertNames | None = None,
        links: Mapping[str, str] | None = None, intervals: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
        """``sources``, ``links``: names by code; ``intervals``: seconds between the polls of a source, by code.

        ``alerts``: names of rules and recipients.
        """
        self.intervals = dict(intervals or {})
        self.sources = dict(sources or {})
        self.engine = engine
        self.profile = profile
        self.place = place
        self.clock = clock
        self.counts = Counts(engine, profile)
        named = {f"source:{code}": name for code, name in self.sources.items()}
        named |= {f"link:{code}": name for code, name in (links or {}).items()}
        self.alerts = Alerts(self, alerts or AlertNames({}, Recipients([]), ()), named)
        self._pages: dict[str, Callable[[View], Component | None]] = {
            "": self._overview,
            "table": self._table,
            "unit": self._unit,
            "list": self._list,
            "search": self._search,
            "compare": partial(desk_pages.compare_page, self),
            "dossier": partial(desk_pages.dossier_page, self),
            "figure": partial(desk_pages.figure_page, self),
            "alerts": partial(desk_alerts.page, self),
            "walls": lambda view: walls.layout(view, self.place) if len(view.parts) == 1 else None,
        }

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a path is a page of this module (its details may still not exist)."""
        return path.split("/")[1] in PAGES if path.startswith("/") else False

    def view(self, path: str, search: str, cookie_lang: str | None = None) -> View:
        """The view of an address, for the caller of now. Raises ``BadAddress``, ``OutOfReach``."""
        view = read(path, search, self.clock.now(), cookie_lang)
        seen = scope.current().units
        view = msgspec.structs.replace(view, caller=caller(), seen=seen)
        named = [*view.units, *filter(None, [view.unit]), *view.parts[1:2] * (view.page == "unit")]
        foreign = [code for code in named if not view.sees(code_of(code))]
        if foreign:
            raise OutOfReach(f"unit {foreign[0]!r}: not among those of the caller")
        return view

    def today(self) -> dt.date:
        """The province's day."""
        return date_of(day_number(self.clock.now()))

    def show(self, path: str, search: str, cookie_lang: str | None = None) -> Component:
        """The page of an address; one that says what is wrong where there is none."""
        try:
            view = self.view(path, search, cookie_lang)
        except BadAddress as wrong:
            plain = read("/", "", self.clock.now(), language(search, cookie_lang))
            return frame.message(plain, self.place, plain.words("page.wrong"), wrong.told(plain.words))
        except OutOfReach:
            return self.refused(path, cookie_lang)
        words = view.words
        try:
            make = self._pages.get(view.page)
            page = make(view) if make else None
            if page is None:
                raise NoSuchPage
            return page
        except OutOfReach:
            return self.refused(path, cookie_lang)
        except NoSuchPage:
            return frame.message(view, self.place, words("page.missing"), words("page.missing.text"))
        except BadCursor:
            return frame.message(view, self.place, words("page.wrong"), words("page.wrong.cursor"))
        except SQLAlchemyError as error:
            log.warning("a page cannot be shown, SQL does not answer: %s", error)
            return frame.message(view, self.place, words("page.unavailable"), words("page.unavailable.text"))

    def refused(self, path: str, cookie_lang: str | None = None) -> Component:
        """The page that says that another one is not among the caller's rights."""
        plain = msgspec.structs.replace(read("/", "", self.clock.now(), cookie_lang), caller=caller())
        return frame.message(plain, self.place, plain.words("page.refused"), plain.words("page.refused.text"))

    # ---- pages -----------------------------------------------------------------------------------------------------

    def _overview(self, view: View) -> Component:
        now = self.clock.now()
        counted = self.counts.count("unit", view.period, now, Filters())
        rows = self.counts.units(view.period, now).gather(counted.rows)
        by_level: dict[str, list[list[int]]] = {"I": [], "II": [], "III": [], "-": []}
        for code, cells in rows.items():
            by_level[self.profile.units[code].group].append(cells)
        groups = [
            Row(view.words(f"level.{level}"), view.to("table", level=level), table_row(summed(found)), {"level": level})
            for level, found in by_level.items()
            if found
        ]
        late = sorted((code for code in rows if rows[code][8]), key=lambda code: -rows[code][8])[:WORST]
        worst = [self._unit_row(view, self.profile.units[code], rows[code]) for code in late]
        return overview.layout(view, self.place, groups, worst, self._total(view, rows), counted.at)

    def _table(self, view: View) -> Component:
        sections, total, at = self.progress(view)
        return tables.layout(view, self.place, sections, total, self.field_options(), at)

    def progress(self, view: View) -> tuple[list[tuple[str, list[Row]]], Row, int]:
        """The sections of the progress table that a view asks for, their sum, and the moment they are of."""
        now = self.clock.now()
        counted = self.counts.count(view.by, view.period, now, self.filters(view, now))
        if view.by != "unit":
            rows = self._rows_by(view, view.by, counted.rows, view.unit, view.field)
            return [("", ranked(rows, view.rank))], self._total(view, counted.rows), counted.at
        units = self.counts.units(view.period, now)
        gathered = units.gather(counted.rows)
        listed = units.listed(code for code, cells in gathered.items() if any(cells))
        filtered = (view.unit, view.field, view.procedure, view.channel, view.level) != (None,) * 5
        sections = []
        for level in ("I", "II", "III", "-"):
            found = [
                unit
                for unit in listed
                if unit.group == level and (not filtered or unit.code in gathered) and view.sees(unit.code)
            ]
            there = [self._unit_row(view, unit, gathered.get(unit.code) or [0] * 11) for unit in found]
            sections.append((view.words(f"level.{level}"), ranked(there, view.rank)))
        return sections, self._total(view, gathered), counted.at

    def _unit(self, view: View) -> Component:
        if not 2 <= len(view.parts) <= 4:
            raise NoSuchPage
        code, *rest = (code_of(part) for part in view.parts[1:])
        unit = self.profile.units[code]
        if code != unit.code:
            raise NoSuchPage
        words = view.words
        crumbs = [Crumb(words("nav.overview"), view.to()), Crumb(words("nav.table"), view.into("table"))]
        if len(rest) == 2:
            return self._procedure(view, unit, rest[0], rest[1], crumbs)
        now = self.clock.now()
        field = rest[0] if rest else None
        by: By = "procedure" if rest else "field"
        filters = self.counts.filters(self.counts.units(view.period, now), code, None, field, None, view.channel)
        counted = self.counts.count(by, view.period, now, filters)
        query = {"unit": code, **({"field": field or "-"} if field is not None else {})}
        live = self.counts.filters(self.profile.units.current(now), code, None, field, None, view.channel)
        attention = queries_lists.totals(self.engine, LISTS, live, now, self.profile.calendar)
        title = unit.name
        if field is not None:
            crumbs.append(Crumb(unit.name, view.into("unit", code)))
            title = self.counts.name("field", field) or words("code.none")
        rows = ranked(self._rows_by(view, by, counted.rows, code, field), view.rank)
        urgent = tables.attention(view, attention, query)
        extra: list[Component] = []
        if field is None:
            extra += self.alerts.of_unit(view, code)
            extra += desk_pages.note_section(self, view, ("unit", code, ""))
        total = self._total(view, counted.rows, query, words("table.sum"))
        return tables.drill(view, self.place, title, crumbs, rows, total, by, urgent, extra, counted.at)

    def _procedure(self, view: View, unit: Unit, field: str, procedure: str, crumbs: list[Crumb]) -> Component:
        """The dossiers of one procedure at one unit."""
        self.counts.learn("field", [field])
        self.counts.learn("procedure", [procedure])
        words = view.words
        crumbs = [
            *crumbs,
            Crumb(unit.name, view.into("unit", unit.code)),
            Crumb(self.counts.name("field", field) or words("code.none"), view.into("unit", unit.code, field)),
        ]
        now = self.clock.now()
        units = self.counts.units(view.period, now)
        filters = self.counts.filters(units, unit.code, None, field, procedure, view.channel)
        counted = self.counts.count("procedure", view.period, now, filters)
        question = Question("all", filters, now, self.profile.calendar, newest_first=view.sort == "old")
        listing = queries_lists.page(self.engine, question, view.after, lists.SIZE)
        title = self.counts.name("procedure", procedure) or words("code.none")
        query = {"unit": unit.code, "field": field or "-", "procedure": procedure or "-"}
        total = self._total(view, counted.rows, query, title)
        return tables.procedure(view, self.place, title, crumbs, total, listing, counted.at)

    def _list(self, view: View) -> Component:
        if len(view.parts) != 2 or view.parts[1] not in LISTS:
            raise NoSuchPage
        name: ListName = view.parts[1]
        now = self.clock.now()
        listing = queries_lists.page(self.engine, self.question(view, name, now), view.after, lists.SIZE)
        self._learn(listing.rows)
        words = view.words
        crumbs = [Crumb(words("nav.overview"), view.to())]
        if view.unit:
            crumbs.append(Crumb(self.profile.units[view.unit].name, view.into("unit", view.unit)))
        return lists.layout(
            view, self.place, name, listing, self.unit_name, self.procedure_name, self.field_options(), crumbs, now
        )

    def _search(self, view: View) -> Component:
        listing, named = None, []
        if len(sought(view.q)) >= lists.SHORTEST:
            named = desk_pages.named(self, view)
            listing = queries_lists.by_number(self.engine, view.q, lists.FOUND)
            self._learn(listing.rows)
        at = self.clock.now()
        return lists.found(view, self.place, listing, self.unit_name, self.procedure_name, at, named)

    def add_note(self, subject: tuple[str, str, str], author: str, text: str) -> None:
        """Keep a leader's note. Raises ``BadNote``."""
        kind, code, number = subject
        queries_dossier.write_note(self.engine, kind, code, number, author, text, self.clock.now(), trace.who())

    def codes(self, homes: frozenset[str]) -> tuple[str, ...]:
        """Units as dossiers carry them: with the former ones that are counted under them today."""
        return codes_under(self.profile.units.at(self.today()), homes)

    # ---- what pages and exports share ------------------------------------------------------------------------------

    def question(self, view: View, name: ListName, now: int) -> Question:
        """The list that a view asks for."""
        filters = self.counts.filters(
            self.profile.units.current(now), view.unit, view.level, view.field, view.procedure, view.channel
        )
        return Question(name, filters, now, self.profile.calendar, view.days, view.sort == "new")

    def filters(self, view: View, now: int) -> Filters:
        """The filters of a view for its period."""
        units = self.counts.units(view.period, now)
        return self.counts.filters(units, view.unit, view.level, view.field, view.procedure, view.channel)

    def field_options(self) -> list[Option]:
        """The fields of the profile's procedures, by name."""
        fields = sorted(self.counts.fields.items(), key=lambda item: item[1])
        return [Option(code or "-", name or code) for code, name in fields]

    def unit_name(self, row: Listed) -> str:
        """The name of a row's unit."""
        return self.profile.units[row.unit].name

    def procedure_name(self, row: Listed) -> str:
        """The name of a row's procedure."""
        return row.state.snapshot.procedure_name or self.counts.name("procedure", row.procedure)

    def _learn(self, rows: list[Listed]) -> None:
        self.counts.learn("procedure", {row.procedure for row in rows if not row.state.snapshot.procedure_name})

    def _unit_row(self, view: View, unit: Unit, cells: list[int]) -> Row:
        words, name = view.words, unit.name
        if unit.valid_to is not None and unit.valid_to < view.today:
            name = f"{name} ({words('unit.former', day=words.date(unit.valid_to))})"
        elif unit.valid_from is not None and unit.valid_from > view.today:
            name = f"{name} ({words('unit.coming', day=words.date(unit.valid_from))})"
        figures = {"unit": unit.code, **self._shown(view)}
        # A table of one field leads to that field of the unit, one of a procedure in it to the procedure.
        inner = [] if view.field is None else [view.field]
        inner += [view.procedure] if inner and view.procedure is not None else []
        return Row(name, view.into("unit", unit.code, *inner), table_row(cells), figures)

    def _rows_by(
        self, view: View, by: By, counted: dict[str, list[int]], unit: str | None, field: str | None = None
    ) -> list[Row]:
        """Rows of a table by field or procedure, most received first."""
        self.counts.learn(by, counted)
        figures = (
            self._shown(view)
            | ({"unit": unit} if unit else {})
            | ({"field": field or "-"} if field is not None else {})
        )
        rows = []
        for code, cells in counted.items():
            name = self.counts.name(by, code) or view.words("code.none")
            href = None
            if by == "field":
                href = view.into("unit", unit, code) if unit else view.into("table", by="procedure", field=code or "-")
            elif unit and field is not None:
                href = view.into("unit", unit, field, code)
            elif not unit:
                href = view.into("table", by="unit", procedure=code or "-")
            rows.append(Row(name, href, table_row(cells), figures | {by: code or "-"}))
        return sorted(rows, key=lambda row: (-row.cells["received"]["total"], row.name))

    def _total(
        self, view: View, rows: dict[str, list[int]], figures: dict[str, str] | None = None, name: str = ""
    ) -> Row:
        whole = figures is None and not self._shown(view)
        shown = view.words("table.sum" if not whole else "table.total" if view.seen is None else "table.own")
        return Row(name or shown, None, table_row(summed(rows.values())), figures or self._shown(view))

    @staticmethod
    def _shown(view: View) -> dict[str, Any]:
        """The filters of a view as a figure's address repeats them."""
        values = {"unit": view.unit, "field": view.field, "procedure": view.procedure, "channel": view.channel,
                  "level": view.level}  # fmt: skip
        return {name: value if value != "" else "-" for name, value in values.items() if value is not None}
