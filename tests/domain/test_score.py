"""Points, groups and totals by the letter of their definitions; the published totals come out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opscentre.domain.indicators import Fault, Group, Indicator, Indicators
from opscentre.domain.score import BadInput, Input, document, gaps, points, score
from opscentre.indicators_file import load

DAY = dt.date(2025, 8, 29)
SCHEME = load().on(DAY)
SCORED = [indicator for indicator in SCHEME.indicators if indicator.scored]


def test_the_groups_have_the_published_ceilings_and_make_a_hundred():
    assert {group.code: group.max for group in SCHEME.groups} == {
        "transparency": 18,
        "progress": 20,
        "online": 12,
        "payment": 10,
        "digitisation": 22,
        "satisfaction": 18,
    }
    assert {indicator.code: indicator.max for indicator in SCHEME.indicators} == {
        "1.1": 6, "1.2": 4, "1.3": 2, "1.4": 6,
        "2.1": 20, "2.2": 0,
        "3.1": 4, "3.2": 4, "3.3": 4,
        "3.5a": 2, "3.5b": 2, "3.6": 6,
        "4.1": 6, "4.2": 4, "4.x": 2, "4.3": 2, "4.4": 4, "4.5a": 2, "4.5b": 2,
        "5.2": 6, "5.3": 6, "5.4": 6,
    }  # fmt: skip


def test_everything_done_is_a_hundred_points():
    found = document(score(SCHEME, {indicator.code: Input(7, 7) for indicator in SCORED}))
    assert (found["total"], found["reachable"], found["no_data"]) == (100.0, 100, [])


@pytest.mark.parametrize(
    ("code", "numerator", "denominator", "expected"),
    [
        ("2.1", 31_044, 31_067, "19.99"),
        ("2.1", 1, 3, "6.67"),
        ("1.1", 0, 9, "0.00"),
        ("1.3", 1, 800, "0.00"),
        ("1.3", 1, 400, "0.01"),
        # 80 % is enough for all; below it R × max ÷ 80 %.
        ("3.1", 80, 100, "4.00"),
        ("3.1", 79, 100, "3.95"),
        ("3.1", 100, 100, "4.00"),
        ("3.5a", 40, 100, "1.00"),
        ("3.5b", 60, 100, "1.50"),
        ("4.2", 40, 100, "2.00"),
        ("4.3", 20, 100, "0.50"),
        # 50 % is enough.
        ("3.3", 50, 100, "4.00"),
        ("3.3", 25, 100, "2.00"),
        # 90 % is enough.
        ("5.4", 90, 100, "6.00"),
        ("5.4", 45, 100, "3.00"),
        # Linear ones have no early end.
        ("3.6", 80, 100, "4.80"),
        ("4.4", 80, 100, "3.20"),
    ],
)
def test_a_ratio_becomes_points_by_its_rule(code, numerator, denominator, expected):
    line = next(
        line for line in score(SCHEME, {code: Input(numerator, denominator)}).lines if line.indicator.code == code
    )
    assert str(line.points) == expected


def test_half_a_hundredth_is_rounded_up():
    assert points(SCHEME.find("1.3"), Fraction(1, 400)) == Decimal("0.01")
    assert points(SCHEME.find("1.3"), Fraction(1, 401)) == Decimal("0.00")
    assert points(SCHEME.find("1.1"), Fraction(1001, 2400)) == Decimal("2.50")
    assert points(SCHEME.find("1.1"), Fraction(1002, 2400)) == Decimal("2.51")


#: Thái Nguyên: points by group (online services and payment in one), total.
PUBLISHED = {
    "2025-08-29": (["15.67", "19.31", "17.49", "16.64", "17.86"], "86.97"),
    "2025-08-11": (["15.67", "19.45", "13.98", "16.87", "17.86"], "83.83"),
}


def five_groups() -> Indicators:
    """Groups of one indicator each, with the ceilings of the published boards."""
    since = {"effective_from": DAY, "name": "n", "name_en": "n"}
    ceilings = [Decimal(ceiling) for ceiling in (18, 20, 22, 22, 18)]
    groups = [Group(code=f"g{'abcde'[i]}", max=ceiling, **since) for i, ceiling in enumerate(ceilings)]
    return Indicators(
        groups,
        [
            Indicator(
                code=f"{i + 1}.1",
                group=group.code,
                max=group.max,
                numerator="",
                denominator="",
                scoring="linear",
                **since,
            )
            for i, group in enumerate(groups)
        ],
    )


@pytest.mark.parametrize("day", PUBLISHED)
def test_the_published_totals_of_thai_nguyen_are_the_sums_of_their_published_groups(day):
    parts, total = PUBLISHED[day]
    scheme = five_groups().on(DAY)
    # Ratios that give the published points of a group, such as 15.67 of 18.
    inputs = {
        indicator.code: Input(Decimal(part), indicator.max)
        for indicator, part in zip(scheme.indicators, parts, strict=True)
    }
    found = score(scheme, inputs)
    assert [str(part.points) for _, part in found.groups] == parts
    assert str(found.total.points) == total


def test_a_denominator_of_zero_is_no_data_and_narrows_what_is_reachable():
    found = score(SCHEME, {"2.1": Input(0, 0), "3.6": Input(0, 5)})
    shown = document(found)
    assert shown["indicators"]["2.1"] == {"ratio": None, "points": None, "max": 20}
    assert shown["indicators"]["3.6"] == {"ratio": 0.0, "points": 0.0, "max": 6}
    assert "2.1" in shown["no_data"]
    assert "3.6" not in shown["no_data"]
    assert (shown["total"], shown["reachable"]) == (0.0, 6)
    assert shown["groups"]["payment"] == {"points": 0.0, "max": 10, "reachable": 6}
    assert shown["groups"]["progress"] == {"points": 0.0, "max": 20, "reachable": 0}


def test_the_mean_processing_time_is_shown_without_points_and_never_missed_in_the_total():
    shown = document(score(SCHEME, {"2.2": Input(Decimal("37.5"), 3)}))
    assert shown["indicators"]["2.2"] == {"ratio": 12.5, "points": None, "max": 0}
    assert "2.2" not in document(score(SCHEME, {}))["no_data"]
    assert shown["reachable"] == 0


@pytest.mark.parametrize(
    ("code", "value", "told"),
    [
        ("9.9", Input(1, 2), '"9.9" is no indicator in force; want one of 1.1, 1.2,'),
        ("2.1", Input(3, 2), '"2.1": numerator 3 is greater than denominator 2'),
        ("2.1", Input(1, 0), '"2.1": numerator 1 is greater than denominator 0'),
        ("2.1", Input(-1, 2), '"2.1": numerator -1: want a number from 0'),
        ("2.1", Input(0, -2), '"2.1": denominator -2: want a number from 0'),
        ("2.1", Input(1, 10**16), '"2.1": denominator 10000000000000000: want a number from 0'),
        ("2.1", Input(Decimal("NaN"), 2), '"2.1": numerator NaN: want a number from 0'),
    ],
)
def test_what_is_no_ratio_is_refused_with_its_indicator(code, value, told):
    with pytest.raises(BadInput) as refused:
        score(SCHEME, {code: value})
    assert str(refused.value).startswith(told)


def test_ceilings_are_chosen_by_the_day():
    old = [entry for entry in load().indicators if entry.code not in ("3.1", "3.2")]
    named = {entry.code: entry for entry in load().indicators}

    def dated(code: str, ceiling: int, first: dt.date, last: dt.date | None) -> Indicator:
        fields = {name: getattr(named[code], name) for name in Indicator.__struct_fields__}
        return Indicator(**{**fields, "max": Decimal(ceiling), "effective_from": first, "effective_to": last})

    turn = dt.date(2026, 1, 1)
    before = named["3.1"].effective_from
    both = Indicators(
        load().groups,
        [
            *old,
            dated("3.1", 4, before, turn - dt.timedelta(days=1)),
            dated("3.2", 4, before, turn - dt.timedelta(days=1)),
            dated("3.1", 6, turn, None),
            dated("3.2", 2, turn, None),
        ],
    )
    assert document(score(both.on(dt.date(2025, 12, 31)), {"3.1": Input(1, 1)}))["total"] == 4.0
    assert document(score(both.on(turn), {"3.1": Input(1, 1)}))["total"] == 6.0


def test_a_day_before_the_first_indicators_is_told():
    with pytest.raises(Fault, match="no indicator is in force on 2020-01-01; the first ones are from 2022-06-23 on"):
        load().on(dt.date(2020, 1, 1))


def test_the_greatest_gap_comes_first_with_what_would_close_it():
    found = gaps(score(SCHEME, {"2.1": Input(95, 100), "3.1": Input(40, 100), "5.4": Input(95, 100)}))
    shown = {gap.indicator.code: (str(gap.missing), gap.needed) for gap in found}
    assert shown["2.1"] == ("1.00", 5)
    assert shown["3.1"] == ("2.00", 40)
    assert shown["1.1"] == ("6.00", None)
    assert "5.4" not in shown
    assert "2.2" not in shown
    assert [gap.missing for gap in found] == sorted((gap.missing for gap in found), reverse=True)


@st.composite
def inputs(draw: st.DrawFn) -> dict[str, Input]:
    """Inputs of any of the indicators, some of them without a denominator."""
    chosen = draw(st.lists(st.sampled_from([indicator.code for indicator in SCHEME.indicators]), unique=True))
    found = {}
    for code in chosen:
        whole = draw(st.integers(0, 5_000))
        found[code] = Input(draw(st.integers(0, whole)), whole)
    return found


@given(inputs())
def test_points_stay_within_their_ceiling_and_everything_adds_up(given_inputs):
    found = score(SCHEME, given_inputs)
    for line in found.lines:
        assert line.points is None or 0 <= line.points <= line.indicator.max
    assert found.total.points == sum(line.points for line in found.lines if line.points is not None)
    assert found.total.points == sum(part.points for _, part in found.groups)
    assert found.total.max == 100
    assert found.total.points <= found.total.reachable <= 100
    for _, part in found.groups:
        assert part.points <= part.reachable <= part.max
    assert found.total.reachable == 100 - sum(indicator.max for indicator in found.no_data)
    for gap in gaps(found):
        assert gap.missing > 0


@given(st.sampled_from(SCORED), st.fractions(0, 1), st.fractions(0, 1))
def test_a_better_ratio_never_earns_less(indicator, one, other):
    less, more = sorted((one, other))
    assert points(indicator, less) <= points(indicator, more)


@given(inputs(), st.sampled_from(SCORED))
def test_closing_a_gap_brings_its_points(given_inputs, indicator):
    gap = next((gap for gap in gaps(score(SCHEME, given_inputs)) if gap.indicator is indicator), None)
    if gap is not None and gap.needed is not None:
        before = given_inputs[indicator.code]
        after = {**given_inputs, indicator.code: Input(before.numerator + gap.needed, before.denominator)}
        line = next(line for line in score(SCHEME, after).lines if line.indicator is indicator)
        assert line.points == indicator.max
