"""What became of an alert in words: one line a step, with its moment and the record that says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from layouts.desk.address import View
from layouts.desk.alert_words import Called, last_day, recipient_name, rule_name
from layouts.words import DASH, Words
from opscentre.domain.alert_story import Step

#: Characters of a message's name that tell it from all others of a province.
_SHORT = 8
#: Steps whose ``text`` is a rule's code, and those whose ``who`` is a recipient's key.
_OF_RULES = ("inhibited", "escalated", "beside")
_TO_RECIPIENTS = ("grouped", "deferred", "tried", "sent", "delivered", "failed", "opened")
_ROLES = {"raised": "bad", "escalated": "bad", "failed": "bad", "tried": "warn", "resolved": "good"}


def history(view: View, called: Called, steps: Sequence[Step]) -> Component:
    """The steps of one alert, oldest first."""
    words = view.words
    if not steps:
        return html.P(words("story.none"), className="quiet")
    several = len({step.episode for step in steps if step.record != "alert_marks"}) > 1
    return html.Ol([_step(words, called, step, several) for step in steps], className="line story")


def beside(view: View, called: Called, step: Step, key: str) -> html.Li:
    """A step among what else happened to a dossier; what was raised leads to its alert's page (``key``)."""
    words = view.words
    said: Any = sentence(words, called, step, rules=True)
    if step.kind == "raised":
        said = html.A(said, href=view.to("alerts", step.rule, key))
    return html.Li(
        className=f"line-{step.kind} is-told",
        children=[
            html.Span(words.moment(step.at), className="when"),
            html.Span(said, className=_ROLES.get(step.kind, "")),
        ],
    )


def _step(words: Words, called: Called, step: Step, several: bool) -> html.Li:
    said = sentence(words, called, step)
    record = words(f"record.{step.record}", name=step.name[:_SHORT])
    if several and step.kind in ("raised", "pending"):
        record = f"{words('story.episode', number=step.episode)} · {record}"
    return html.Li(
        className=f"line-{step.kind}",
        children=[
            html.Span(words.moment(step.at), className="when"),
            html.Span(said, className=_ROLES.get(step.kind, "")),
            html.Span(record, className="quiet record"),
        ],
    )


def sentence(words: Words, called: Called, step: Step, rules: bool = False) -> str:
    """What a step says; ``rules``: with the name of its rule, among steps of several."""
    who = step.who or DASH
    if step.kind in _TO_RECIPIENTS or (step.record == "alert_marks" and "@" in step.who):
        who = recipient_name(words, called, step.who)
    values = {
        "who": who,
        "text": rule_name(words, called, step.text) if step.kind in _OF_RULES else step.text or DASH,
        "name": step.name[:_SHORT],
        "count": words.number(step.count),
        "until": words.moment(step.until),
        "day": last_day(words, step.until) if step.until is not None else DASH,
        "rule": rule_name(words, called, step.rule) if step.rule else "",
    }
    return words(f"story.{_key(step, rules)}", **values)


def _key(step: Step, rules: bool) -> str:
    if step.kind == "grouped" and step.text != "0":
        return "grouped.over" if step.text == "over" else "grouped.again"
    if step.kind == "ended" and step.who:
        return "ended.by"
    if rules and step.kind in ("raised", "resolved"):
        return f"{step.kind}.rule"
    return step.kind
