"""How alerts are put into words: what a rule is called, what an alert is about, how it stands, whom a key names."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from dash import html
from dash.development.base_component import Component

from layouts.desk.address import View
from layouts.words import Lang, Words
from layouts.words_catalogue import CATALOGUE
from opscentre.domain.alert_desk import Listed, Trouble
from opscentre.domain.moments import local


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """What things go by; every function answers a code where it knows no name."""

    #: Kind of a rule, and what the profile calls the rule in a language; empty: nothing of its own.
    kind: Callable[[str], str]
    title: Callable[[str, Lang], str]
    unit: Callable[[str], str]
    #: Of ``link:<code>`` and ``source:<code>``.
    subject: Callable[[str], str]
    #: Of ``role@unit``.
    recipient: Callable[[str], str]


def rule_name(words: Words, called: Called, rule: str) -> str:
    """What people call a rule: by its own title in the page's language, else as its kind is called, else its code."""
    title, kind = called.title(rule, words.lang), f"kind.{called.kind(rule)}"
    return title or (words(kind) if kind in CATALOGUE else called.title(rule, "vi") or rule)


def about(words: Words, called: Called, subject: str) -> str:
    """What an alert is about."""
    what, _, name = subject.partition(":")
    if what == "dossier":
        return words("about.dossier", name=name.partition("/")[2])
    if what == "unit":
        return words("about.unit", name=called.unit(name))
    if what in ("link", "source"):
        return words(f"about.{what}", name=called.subject(subject).removeprefix(f"{what}:"))
    return words("about.part")


def address(view: View, subject: str) -> str:
    """Where what an alert is about is shown; empty: nowhere."""
    what, _, name = subject.partition(":")
    if what == "dossier":
        source, _, number = name.partition("/")
        return view.to("dossier", source, number)
    if what == "unit":
        return view.to("unit", name)
    return "/wall/links" if what in ("link", "source") else ""


def own_page(view: View, alert: Listed) -> str:
    """The address of an alert's page."""
    return view.to("alerts", alert.rule, alert.key)


def recipient_name(words: Words, called: Called, key: str) -> str:
    """Whom a message went to: the office, and of which unit."""
    unit = key.rpartition("@")[2]
    name = called.recipient(key)
    return name if unit in ("", "province") else f"{name} · {called.unit(unit)}"


def last_day(words: Words, until: int) -> str:
    """The last day of a promise that holds until a moment."""
    return words.date(local(until - 1).date())


def troubles(view: View, found: list[Trouble], called: Called) -> list[Component]:
    """What is said of ways by which messages cannot leave."""
    words = view.words
    said: list[Component] = []
    for one in found:
        who = recipient_name(words, called, one.recipient) if one.recipient else ""
        title = words("trouble.way", who=who) if who else words("trouble.mail")
        how = words(f"trouble.{one.outcome}")
        text = words("trouble.text", how=how, moment=words.moment(one.since), count=words.number(one.waiting))
        said.append(html.P([html.Strong(title), " · ", text], className="remark is-trouble", role="status"))
    return said
