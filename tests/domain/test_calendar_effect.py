"""What another calendar would do to open dossiers: by hand, and against the rules that count them afterwards."""

from __future__ import annotations

from opscentre.domain.calendar import Calendar, SpecialDay
from opscentre.domain.calendar_effect import Effect, Move, Open, UnitEffect, effect
from opscentre.domain.counting import contribution, open_moments
from opscentre.domain.dossier import Snapshot
from opscentre.domain.fold import DossierState, fold
from opscentre.domain.moments import HOUR, day_number, parse_compact
from opscentre.domain.procedures import Procedure

#: Friday; the Monday after it becomes a day off.
NOW = parse_compact("20261120100000")
MONDAY = day_number(NOW) + 3
OLD, NEW = Calendar(), Calendar({MONDAY: SpecialDay("off")})
UNIT = "H55.12"


def at(text: str) -> int:
    return parse_compact(f"202611{text}")


def state(number: str, **values: object) -> DossierState:
    given = {"source": "s", "number": number, "unit": UNIT, "version": NOW, "observed": NOW} | values
    return fold(None, Snapshot(**given))[0]  # type: ignore[arg-type]


def of(*dossiers: Open, now: int = NOW, old: Calendar = OLD, new: Calendar = NEW) -> Effect:
    known = {"2.000815": Procedure(code="2.000815", name="x", field="f", field_name="F", level="both", limit="1d")}
    return effect(dossiers, old, new, known, now)


def test_a_dossier_that_waits_is_to_be_received_a_working_day_later() -> None:
    filed = state("a", status=1, submitted=at("20140000"))
    found = of(Open(UNIT, None, filed))
    assert found.named == [Move("s", "a", UNIT, "reception", at("23140000"), at("24140000"))]
    assert found.total == UnitEffect(moved=1)
    # The same rule that the stream counts by.
    later = at("20150000")
    assert (open_moments(filed, later, OLD)[1], open_moments(filed, later, NEW)[1]) == found.named[0][4:]


def test_what_is_overdue_may_cease_to_be_and_what_is_not_may_become_so() -> None:
    filed = state("a", status=1, submitted=at("20140000"))
    monday = at("23150000")
    saved, late = of(Open(UNIT, None, filed), now=monday), of(Open(UNIT, None, filed), now=monday, old=NEW, new=OLD)
    assert (saved.total, late.total) == (UnitEffect(moved=1, saved=1), UnitEffect(moved=1, late=1))
    assert contribution(filed, monday, OLD) != contribution(filed, monday, NEW)


def test_a_promised_date_stays_but_the_time_that_is_left_until_it_may_shrink() -> None:
    tuesday = at("24090000")
    found = of(Open(UNIT, tuesday), Open(UNIT, at("23090000")), Open(UNIT, at("19090000")))
    assert found.named == []
    # Monday is promised and off; from Friday 09:00 on eight working hours are left until Tuesday 09:00.
    assert found.total == UnitEffect(on_day_off=1, soon=1)
    sooner = of(Open(UNIT, tuesday), now=at("20163000"))
    assert sooner.total == UnitEffect(soon=1)
    assert of(Open(UNIT, tuesday), now=at("20163000"), old=NEW, new=OLD).total == UnitEffect(not_soon=1)


def test_without_a_promised_date_the_limit_of_the_procedure_counts() -> None:
    values = {"status": 4, "received": at("20090000"), "procedure": "2.000815.000.00.00.H55"}
    found = of(Open(UNIT, None, state("b", **values)), Open(UNIT, None, state("c", **values | {"procedure": "x"})))
    assert found.named == [Move("s", "b", UNIT, "limit", at("23090000"), at("24090000"))]


def test_an_office_with_other_hours_is_reckoned_by_its_own() -> None:
    saturday = (*Calendar().week[:5], ((7 * HOUR, 12 * HOUR),), ())
    filed = Open("H55.05", None, state("d", status=1, submitted=at("20140000"), unit="H55.05"))
    found = of(filed, old=OLD, new=Calendar(agencies={"H55.05": saturday}))
    assert found.named[0].after < found.named[0].before
    assert of(filed, Open(UNIT, None, state("e", status=1, submitted=at("20140000")))).looked_at == 2


def test_where_nothing_changes_nothing_is_told() -> None:
    assert of(Open(UNIT, None, state("a", status=1)), new=OLD) == Effect(1, {}, [])
    assert of().total == UnitEffect()
