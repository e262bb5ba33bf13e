"""Each stage of the pipeline by itself: lines in, lines out, nothing but data."""

from __future__ import annotations

import msgspec
import pytest

from alerts.files import Alerting, Inhibit, Mail
from alerts.kinds import KINDS
from alerts.pipeline.acknowledge import acknowledge
from alerts.pipeline.deduplicate import deduplicate
from alerts.pipeline.defer import defer
from alerts.pipeline.group import group, mail_of
from alerts.pipeline.inhibit import inhibit
from alerts.pipeline.line import RESOLVED, Alert, Line, Mark, Said, Scene
from alerts.pipeline.repeat import next_look, repeat
from alerts.pipeline.route import route
from alerts.pipeline.silence import silence
from alerts.pipeline.throttle import throttle
from alerts.rules import Rule
from opscentre.domain.moments import HOUR, MINUTE, iso, parse_local
from opscentre.domain.recipients import Recipient, Recipients
from tests.alerts.scene import BUILDING, PROFILE, TRADE, at

DESK = Recipient(unit=BUILDING, role="desk", address="desk@a.example")
CHAIR = Recipient(role="chair", address="chair@a.example")
OPS = Recipient(role="ops", address="ops@a.example")
FRIDAY = "2026-11-20T10:00"


def rule(code: str = "late", **given: object) -> Rule:
    return msgspec.convert({"code": code, "kind": "overdue", "hear": ["desk"], **given}, KINDS["overdue"].rule)


def line(key: str = "s/1", unit: str = BUILDING, state: str = "firing", **given: object) -> Line:
    own = given.pop("rule", rule())
    facts = given.pop("facts", {})
    alert = Alert(
        rule=own.code, key=key, episode=1, state=state, severity=own.severity, subject=f"dossier:{key}", unit=unit,
        since=given.pop("since", 0), facts=facts,
    )  # fmt: skip
    return Line(alert=alert, rule=own, **given)


def scene(when: str = FRIDAY, inhibits: tuple[Inhibit, ...] = (), mail: Mail | None = None, **given: object) -> Scene:
    alerting = Alerting((rule(),), inhibits, Recipients([DESK, CHAIR, OPS]), mail or Mail())
    return Scene(at=at(when), alerting=alerting, calendar=PROFILE.calendar, units=PROFILE.units, **given)


@pytest.mark.parametrize(
    ("same", "cause", "silenced"),
    [("", {}, True), ("link", {"link": "a"}, True), ("link", {"link": "b"}, False), ("link", {}, False)],
)
def test_inhibit_drops_what_an_open_alert_explains(same: str, cause: dict, silenced: bool):
    by = line(rule=rule("down"), facts=cause).alert
    known = scene(inhibits=(Inhibit(by="down", silences=["late"], same=same),), inhibitors=[by])
    assert (inhibit([line(facts={"link": "a"})], known) == []) is silenced
    assert len(inhibit([line(state="resolved", facts={"link": "a"})], known)) == 1
    assert len(inhibit([line(rule=rule("other"), facts={"link": "a"})], known)) == 1


@pytest.mark.parametrize(
    ("mark", "silenced"),
    [
        (Mark(kind="silence"), True),
        (Mark(kind="silence", unit=BUILDING), True),
        (Mark(kind="silence", unit=TRADE), False),
        (Mark(kind="silence", rule="late", subject="dossier:s/1"), True),
        (Mark(kind="silence", rule="late", subject="dossier:s/2"), False),
        (Mark(kind="silence", until=parse_local(FRIDAY)), False),
        (Mark(kind="silence", at=parse_local(FRIDAY) + 1), False),
        (Mark(kind="ack", subject="dossier:s/1"), False),
    ],
)
def test_silence_drops_what_a_standing_silence_covers(mark: Mark, silenced: bool):
    assert (silence([line()], scene(marks=[mark])) == []) is silenced


def test_silencing_a_unit_silences_what_it_took_over_from_former_ones():
    merged = line(unit="H55.54")  # Giao thông vận tải, part of Xây dựng since March 2025
    assert silence([merged], scene(marks=[Mark(kind="silence", unit=BUILDING)])) == []
    assert silence([merged], scene(marks=[Mark(kind="silence", unit="H55.54")])) == []


def test_acknowledge_drops_what_somebody_has_taken_on_but_tells_its_end():
    known = scene(marks=[Mark(kind="ack", subject="dossier:s/1")])
    kept = [line("s/2"), line("s/1", state="resolved")]
    assert acknowledge([line("s/1"), *kept], known) == kept


def test_route_finds_the_units_own_the_provinces_and_a_last_resort():
    def heard(unit: str, *roles: str) -> list[str]:
        return [one.recipient.role for one in route([line(unit=unit, rule=rule(hear=list(roles)))], scene())]

    assert heard(BUILDING, "desk", "chair") == ["desk", "chair"]
    assert heard("H55.54", "desk") == ["desk"]
    assert heard(TRADE, "desk") == ["ops"]
    assert heard("unmapped", "desk") == ["ops"]
    assert heard(BUILDING) == []


def test_repeat_tells_again_after_working_hours_and_an_end_to_those_who_heard():
    again = rule(repeat=8, tell="both")
    told = {(DESK.key, "late", "s/1", 1): Said(0, parse_local("2026-11-19T10:00"), True)}

    def steps(when: str, said: dict, **given: object) -> list[int]:
        return [one.step for one in repeat([line(rule=again, recipient=DESK, **given)], scene(when, said=said))]

    assert steps("2026-11-20T09:59", told) == []
    assert steps("2026-11-20T10:00", told) == [1]
    assert steps(FRIDAY, {}) == [0]
    waiting = {place: msgspec.structs.replace(one, told=False) for place, one in told.items()}
    assert steps(FRIDAY, waiting) == []
    assert steps(FRIDAY, told, state="resolved") == [RESOLVED]
    assert steps(FRIDAY, waiting, state="resolved") == steps(FRIDAY, {}, state="resolved") == []
    assert iso(next_look(line(rule=again, recipient=DESK), scene(), scene().at.now) or 0) == "2026-11-23T10:00:00+07:00"
    assert next_look(line(recipient=DESK), scene(), 0) is None


@pytest.mark.parametrize(
    ("now", "told", "at_once"),
    [
        ("2026-11-20T10:00", "2026-11-20T10:01", False),
        ("2026-11-20T11:45", "2026-11-20T13:30", False),
        ("2026-11-20T16:59:30", "2026-11-20T16:59:30", False),
        ("2026-11-20T17:30", "2026-11-23T07:00", False),
        ("2026-08-22T10:00", "2026-08-22T10:01", False),  # a Saturday that is worked
        ("2026-08-31T10:00", "2026-09-03T07:00", False),  # what it makes up for, then National Day
        ("2026-11-21T03:00", "2026-11-21T03:00", True),
    ],
)
def test_defer_waits_for_others_and_for_the_recipients_office_to_open(now: str, told: str, at_once: bool):
    (found,) = defer([line(recipient=DESK, rule=rule(at_once=at_once))], scene(now))
    assert found.not_before == parse_local(told)


def test_throttle_leaves_a_pause_between_mails_except_for_what_is_critical():
    last = {(DESK.key, "dossiers"): parse_local("2026-11-20T09:30")}
    known = scene(mail=Mail(pause=3600), last_sent=last)
    grave = line(recipient=DESK, topic="dossiers", rule=rule(severity="critical"))
    plain, other = line(recipient=DESK, topic="dossiers"), line(recipient=DESK, topic="systems")
    told = [one.not_before for one in throttle([plain, other, grave], known)]
    assert told == [parse_local("2026-11-20T10:30"), 0, 0]


def test_deduplicate_tells_each_step_once():
    known = {(DESK.key, "late", "s/1", 1): Said(1, 0, True), (DESK.key, "late", "s/2", 1): Said(RESOLVED, 0, True)}
    lines = [line(key, recipient=DESK, step=step) for key, step in (("s/1", 1), ("s/1", 2), ("s/1", 2), ("s/2", 3))]
    lines += [line("s/1", recipient=DESK, step=RESOLVED), line("s/2", recipient=DESK, step=RESOLVED)]
    assert [(one.alert.key, one.step) for one in deduplicate(lines, scene(said=known))] == [
        ("s/1", 2),
        ("s/1", RESOLVED),
    ]


def test_group_makes_one_mail_a_recipient_and_topic_the_gravest_first():
    grave = rule(severity="critical")
    lines = [
        line("s/1", recipient=DESK, topic="dossiers", since=2),
        line("s/2", recipient=CHAIR, topic="dossiers", rule=grave),
        line("s/3", recipient=DESK, topic="dossiers", since=1),
    ]
    found = group(lines, scene())
    assert [one.alert.key for one in found] == ["s/2", "s/3", "s/1"]
    assert [mail_of(one)[0] for one in found] == ["chair@province", "desk@H55.06", "desk@H55.06"]


def test_a_pause_runs_on_working_hours_so_that_a_night_is_no_mail_at_midnight():
    known = scene(
        "2026-11-20T16:50",
        mail=Mail(pause=HOUR // 1000),
        last_sent={(DESK.key, ""): at(FRIDAY).now + 6 * HOUR + 40 * MINUTE},
    )
    assert [iso(one.not_before) for one in throttle([line(recipient=DESK)], known)] == ["2026-11-23T07:00:00+07:00"]
