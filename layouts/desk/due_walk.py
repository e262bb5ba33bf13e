"""How a procedure's limit gives its due moment, told day by day: which counted, which did not, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dash import html
from dash.development.base_component import Component

from layouts.words import Words
from opscentre.domain.calendar import Calendar, Origin, holiday_name
from opscentre.domain.deadlines import SAME_DAY_UNTIL, Limit
from opscentre.domain.explaining import clock_text, hours_text
from opscentre.domain.moments import date_of, local
from opscentre.domain.walking import Step


def section(words: Words, limit: Limit, steps: Sequence[Step], calendar: Calendar) -> list[Component]:
    """The walk, folded away until it is asked for; nothing where there is none."""
    if not steps:
        return []
    days = html.Ol([_item(words, limit, step, calendar) for step in steps], className="walk")
    return [html.Details([html.Summary(words("walk.title"), className="tap"), days, *_notice(words, steps, calendar)])]


def _item(words: Words, limit: Limit, step: Step, calendar: Calendar) -> html.Li:
    if step.origin is None:
        return html.Li(_said(words, limit, step), className=f"walk-{step.kind}")
    counts = step.mark not in ("off", "stood")
    became = words(f"walk.day.{step.mark}", number=step.number, all=limit.number, length=words.hours(step.length))
    return html.Li(
        className="walk-day" if counts else "walk-day quiet",
        children=[
            html.Span(_day(words, step.origin.day), className="when"),
            html.Span(became),
            html.Span(_why(words, step.origin, calendar), className="quiet"),
        ],
    )


def _said(words: Words, limit: Limit, step: Step) -> str:
    if step.kind == "limit":
        return words(f"walk.limit.{limit.kind}", number=limit.number, clock=clock_text(SAME_DAY_UNTIL))
    return words(
        f"walk.{step.kind}", moment=_moment(words, step.at), clock=clock_text(step.at), since=_moment(words, step.at),
        until=_moment(words, step.until), length=words.hours(step.length),
    )  # fmt: skip


def _day(words: Words, day: int) -> str:
    date = date_of(day)
    return f"{words(f'calendar.weekday.{date.weekday()}')} {words.date(date)}"


def _moment(words: Words, at: int) -> str:
    weekday = words(f"calendar.weekday.{local(at).weekday()}")
    return f"{weekday.lower() if words.lang == 'vi' else weekday} {words.moment(at)}"


def _why(words: Words, origin: Origin, calendar: Calendar) -> str:
    if origin.source == "calendar.csv":
        told = [words(f"walk.why.{origin.kind}"), origin.note, origin.document]
    elif origin.source == "holidays":
        told = [words("walk.why.holiday", name=holiday_name(origin.day, words.lang))]
    else:
        weekend = date_of(origin.day).weekday() >= 5
        why = words(f"walk.why.{'ordinary' if origin.hours else 'weekend' if weekend else 'closed'}")
        name = holiday_name(origin.day, words.lang)
        told = [words("walk.why.unconfirmed", why=why, name=name) if name else why]
    if origin.hours and origin.hours != calendar.hours:
        told.append(hours_text(origin.hours))
    return " · ".join(text for text in told if text)


def _notice(words: Words, steps: Sequence[Step], calendar: Calendar) -> Iterator[Component]:
    years = {date_of(step.origin.day).year for step in steps if step.origin is not None}
    missing = sorted(years - calendar.entered_years)
    if missing:
        yield html.P(words("walk.notice", years=", ".join(map(str, missing))), className="footnote")
