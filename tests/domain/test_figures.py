"""Dated figures: the arithmetic that the published ones must satisfy, and the rules for reading and choosing them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from opscentre import paths
from opscentre.domain.figures import (
    REMAINDER,
    TOTAL,
    Figure,
    ServiceLevel,
    Target,
    level_on,
    parse_amount,
    parse_period,
    reached,
    standing,
)
from opscentre.figures_file import read_campaign, read_figures, read_targets

THAI_NGUYEN, BA_RIA = paths.CONFIG / "thai-nguyen", paths.CONFIG / "ba-ria-vung-tau"


def of(folder: str) -> dict[str, Figure]:
    return {figure.code: figure for figure in read_figures(paths.CONFIG / folder)}


@pytest.fixture(scope="module")
def tn() -> dict[str, Decimal]:
    return {code: figure.value.number for code, figure in of("thai-nguyen").items()}


@pytest.fixture(scope="module")
def br() -> dict[str, Decimal]:
    return {code: figure.value.number for code, figure in of("ba-ria-vung-tau").items()}


def figure(series: str, value: str, as_of: str) -> Figure:
    return Figure(
        code=f"{series}-{as_of}",
        name=series,
        value=parse_amount(value),
        unit="dịch vụ",
        as_of=parse_period(as_of),
        source="nguồn",
        series=series,
    )


@pytest.mark.parametrize(
    ("folder", "code", "shown", "unit", "when", "scope"),
    [
        ("thai-nguyen", "sct-thu-tuc-2020", "123", "thủ tục", "31/12/2020", "H55.12"),
        ("thai-nguyen", "sct-muc-4-2020", "66", "thủ tục", "31/12/2020", "H55.12"),
        ("thai-nguyen", "sct-ho-so-muc-4-2020", "gần 11.000", "hồ sơ", "2020", "H55.12"),
        ("thai-nguyen", "sct-ho-so-muc-4-ty-le-2020", "khoảng 90", "%", "2020", "H55.12"),
        ("thai-nguyen", "muc-4-2019", "127", "dịch vụ", "31/12/2019", "province"),
        ("thai-nguyen", "muc-4-ty-le-2019", "6,7", "%", "31/12/2019", "province"),
        ("thai-nguyen", "muc-4-them-2020", "443", "dịch vụ", "31/08/2020", "province"),
        ("thai-nguyen", "muc-4-ke-hoach-2020", "570", "dịch vụ", "31/08/2020", "province"),
        ("thai-nguyen", "par-index-hang-2019", "14", "hạng", "2019", "province"),
        ("thai-nguyen", "par-index-diem-2019", "83,01", "điểm", "2019", "province"),
        ("thai-nguyen", "par-index-tang-2019", "4", "bậc", "2019", "province"),
        ("thai-nguyen", "sct-dich-vu-2023", "122", "dịch vụ", "12/2023", "H55.12"),
        ("thai-nguyen", "sct-tiep-nhan-2023", "31.067", "hồ sơ", "01/01–15/12/2023", "H55.12"),
        ("thai-nguyen", "sct-so-hoa-2023", "31.044", "hồ sơ", "01/01–15/12/2023", "H55.12"),
        ("thai-nguyen", "sct-qua-han-2023", "0", "hồ sơ", "01/01–15/12/2023", "H55.12"),
        ("thai-nguyen", "san-luot-2023", "khoảng 5.000.000", "lượt", "12/2023", "province"),
        ("thai-nguyen", "san-san-pham-2023", "hơn 2.700", "sản phẩm", "12/2023", "province"),
        ("thai-nguyen", "san-ocop-2023", "173", "sản phẩm", "12/2023", "province"),
        ("thai-nguyen", "san-cong-nghiep-2023", "90", "sản phẩm", "12/2023", "province"),
        ("thai-nguyen", "ket-noi-cong-2021", "100", "%", "2021", "province"),
        ("thai-nguyen", "bts-2021", "1.650", "điểm", "2021", "province"),
        ("thai-nguyen", "xom-internet-2021", "99", "%", "2021", "province"),
        ("thai-nguyen", "thue-bao-3g-4g-2021", "hơn 70", "%", "2021", "province"),
        ("ba-ria-vung-tau", "sct-tiep-nhan-2021", "14.198", "hồ sơ", "01/01–29/12/2021", "H06.05"),
        ("ba-ria-vung-tau", "sct-truc-tuyen-2021", "13.781", "hồ sơ", "01/01–29/12/2021", "H06.05"),
        ("ba-ria-vung-tau", "sct-giai-quyet-truc-tuyen-2018", "12", "%", "2018", "H06.05"),
        ("ba-ria-vung-tau", "sct-muc-4-2021", "119", "thủ tục", "29/12/2021", "H06.05"),
        ("ba-ria-vung-tau", "muc-3-2021", "352", "thủ tục", "29/12/2021", "province"),
        ("ba-ria-vung-tau", "muc-4-2021", "1.497", "thủ tục", "29/12/2021", "province"),
        ("ba-ria-vung-tau", "cung-cap-3-4-ty-le-2021", "97", "%", "29/12/2021", "province"),
    ],
)
def test_a_published_figure_is_there_with_its_measure_day_scope_and_source(
    folder: str, code: str, shown: str, unit: str, when: str, scope: str
) -> None:
    found = of(folder)[code]
    assert (str(found.value), found.unit, str(found.as_of), found.scope) == (shown, unit, when, scope)
    assert found.source


def test_the_campaign_of_2020_adds_up_from_what_was_there_to_what_was_planned(tn: dict[str, Decimal]) -> None:
    assert tn["muc-4-2019"] + tn["muc-4-them-2020"] == tn["muc-4-ke-hoach-2020"] == 570
    all_procedures = tn["muc-4-2019"] / (tn["muc-4-ty-le-2019"] / 100)
    assert round(tn["muc-4-ke-hoach-2020"] / all_procedures * 100) == tn["muc-4-ke-hoach-ty-le-2020"] == 30


def test_the_campaigns_rows_are_those_that_the_source_names_and_one_remainder() -> None:
    rows = {row.unit: row for row in read_campaign(THAI_NGUYEN)}
    assert (rows["H55.07"].planned, rows["H55.07"].window_from) == (30, dt.date(2020, 6, 1))
    assert (rows["districts"].planned, rows["districts"].window_to) == (158, dt.date(2020, 8, 28))
    assert rows[TOTAL].planned == 443 == sum(row.planned for row in rows.values() if row.unit != TOTAL)
    assert (rows[REMAINDER].planned, rows[REMAINDER].window_from, rows[REMAINDER].window_to) == (255, None, None)
    assert {row.actual for row in rows.values()} == {None}


def test_dossiers_of_2023_add_up(tn: dict[str, Decimal]) -> None:
    assert tn["sct-da-giai-quyet-2023"] + tn["sct-dang-giai-quyet-2023"] == tn["sct-tiep-nhan-2023"]
    assert tn["sct-dung-han-2023"] + tn["sct-qua-han-2023"] == tn["sct-da-giai-quyet-2023"]
    assert tn["sct-toan-trinh-2023"] + tn["sct-mot-phan-2023"] == tn["sct-dich-vu-2023"] == 122
    assert tn["san-ocop-2023"] == tn["ocop-2023"]


@pytest.mark.parametrize("day", ["2025-08-11", "2025-08-29"])
def test_the_groups_of_the_service_score_add_up_to_its_total(tn: dict[str, Decimal], day: str) -> None:
    groups = ("cong-khai", "tien-do", "truc-tuyen", "so-hoa", "hai-long")
    assert sum(tn[f"diem-766-{group}-{day}"] for group in groups) == tn[f"diem-766-{day}"]


def test_two_shares_of_one_department_are_two_figures_that_name_their_denominators(br: dict[str, Decimal]) -> None:
    assert round(br["sct-truc-tuyen-2021"] / br["sct-tiep-nhan-2021"] * 100, 2) == Decimal("97.06")
    assert round(br["sct-truc-tuyen-2021"] / br["sct-tiep-nhan-2021"] * 100) == br["sct-truc-tuyen-ty-le-2021"]
    figures = of("ba-ria-vung-tau")
    by_reception, by_handling = figures["sct-truc-tuyen-ty-le-2021"], figures["sct-giai-quyet-truc-tuyen-2021"]
    assert by_handling.value.number == Decimal("98.6") != by_reception.value.number
    assert by_reception.line != by_handling.line
    assert "14.198" in by_reception.note
    assert "mẫu số" in by_handling.note


def test_the_supply_of_2021_is_counted_by_level_and_by_tier(br: dict[str, Decimal]) -> None:
    assert br["muc-3-2021"] + br["muc-4-2021"] == 1_849
    assert (br["so-nganh-2021"], br["cap-huyen-2021"], br["cap-xa-2021"]) == (18, 8, 82)
    assert br["sct-muc-4-2021"] == br["sct-thu-tuc-2021"] == 119


def test_targets_are_dated_and_one_that_nothing_measures_says_so() -> None:
    by_code = {target.code: target for target in read_targets(THAI_NGUYEN)}
    assert (str(by_code["muc-4-2020"].value), str(by_code["muc-4-2020"].by)) == ("30", "31/08/2020")
    (online,) = read_targets(BA_RIA)
    assert (online.value.number, online.by.text) == (50, "2022")
    (state,) = reached([online], read_figures(BA_RIA), dt.date(2022, 12, 31))
    assert state.figure is None
    assert state.met is None


def test_of_a_series_the_newest_figure_that_is_not_after_the_day_stands() -> None:
    known = [figure("a", "127", "2019-12-31"), figure("a", "570", "2020-08"), figure("b", "14", "2019")]
    assert [str(one.value) for one in standing(known, dt.date(2020, 8, 30))] == ["127", "14"]
    assert [str(one.value) for one in standing(known, dt.date(2020, 8, 31))] == ["570", "14"]
    assert standing(known, dt.date(2019, 12, 30)) == []


def test_an_older_figure_that_stands_below_a_newer_one_does_not_win() -> None:
    known = [figure("a", "570", "2020-08-31"), figure("a", "127", "2019-12-31")]
    assert [str(one.value) for one in standing(known, dt.date(2021, 1, 1))] == ["570"]


def test_a_target_is_judged_by_what_was_known_on_its_last_day() -> None:
    target = Target(
        code="t",
        name="t",
        series="a",
        value=parse_amount("570"),
        unit="dịch vụ",
        by=parse_period("2020-08-31"),
        source="nguồn",
    )
    known = [figure("a", "127", "2019-12-31"), figure("a", "570", "2020-09-30")]
    (late,) = reached([target], known, dt.date(2021, 1, 1))
    assert late.met is False
    (in_time,) = reached([target], [*known, figure("a", "571", "2020-08")], dt.date(2021, 1, 1))
    assert in_time.met is True


def test_a_service_level_holds_from_its_first_to_its_last_day() -> None:
    levels = [
        ServiceLevel(
            procedure="1.1",
            level="4",
            valid_from=dt.date(2020, 6, 5),
            valid_to=dt.date(2022, 12, 31),
            source="nguồn",
        ),
        ServiceLevel(procedure="1.1", level="toàn trình", valid_from=dt.date(2023, 1, 1), source="nguồn"),
    ]
    held = [level_on(levels, "1.1", dt.date(*day)) for day in ((2020, 6, 4), (2022, 12, 31), (2023, 1, 1))]
    assert [one.level if one else None for one in held] == [None, "4", "toàn trình"]
    assert level_on(levels, "1.2", dt.date(2023, 1, 1)) is None


@pytest.mark.parametrize("text", ["", "1.650.0", "hơn 70", "1,5", "~", "12e3", "NaN"])
def test_an_amount_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="want a number"):
        parse_amount(text)


@pytest.mark.parametrize("text", ["", "12/2023", "2023-13", "2023-02-30", "2023-1-1", "2021-01-01/", "20231231x"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="want"):
        parse_period(text)


def test_a_month_ends_on_its_own_last_day() -> None:
    assert parse_period("2020-02").last == dt.date(2020, 2, 29)
    assert str(parse_amount("-1234.50")) == "-1.234,50"
