"""Numbers and dates as Vietnam writes them."""

from __future__ import annotations

import pytest

from layouts import text
from opscentre.domain.moments import parse_local


@pytest.mark.parametrize(
    ("value", "wanted"), [(0, "0"), (999, "999"), (1_234, "1.234"), (12_345, "12.345"), (1_300_000, "1.300.000")]
)
def test_thousands_are_parted_by_points(value: int, wanted: str) -> None:
    assert text.number(value) == wanted


def test_decimals_follow_a_comma() -> None:
    assert text.decimal(1_234.56) == "1.234,6"
    assert text.decimal(86.97, 2) == "86,97"


@pytest.mark.parametrize(
    ("share", "wanted"),
    [(None, "—"), (0, "0%"), (1, "100%"), (0.9234, "92,3%"), (0.99996, "99,9%"), (0.0001, "0,1%"), (0.5, "50,0%")],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float | None, wanted: str) -> None:
    assert text.percent(share) == wanted


def test_dates_are_local_and_day_first() -> None:
    at = parse_local("2026-11-22T00:30")
    assert text.date(at) == "22/11/2026"
    assert text.weekday(at) == "Chủ Nhật"


@pytest.mark.parametrize(("value", "wanted"), [(10.0, "×10"), (2.5, "×2,5"), (1.0, "×1")])
def test_speed(value: float, wanted: str) -> None:
    assert text.speed(value) == wanted


@pytest.mark.parametrize(("ms", "wanted"), [(None, "—"), (0.2, "1 ms"), (12.4, "12 ms"), (1_449.0, "1,4 s")])
def test_latency(ms: float | None, wanted: str) -> None:
    assert text.latency(ms) == wanted
