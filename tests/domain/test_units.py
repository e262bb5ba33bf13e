"""Units in time, whose history goes on under whom, and which spelling means which unit."""

from __future__ import annotations

import datetime as dt
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opscentre import profile as profiles
from opscentre.board_table import as_table
from opscentre.domain.counting import CARRIED, CELLS, PROCESS_OK, table_document
from opscentre.domain.dossier import UNMAPPED
from opscentre.domain.moments import parse_local
from opscentre.domain.spelling import spelling, unaccented
from opscentre.domain.units import REMEMBERED, UNMAPPED_UNIT, Alias, Unit, Units, UnitsError
from opscentre.profile import ProfileError
from opscentre.units_file import read_units

PROVINCE = profiles.load("thai-nguyen").units
TODAY = dt.date(2026, 11, 21)
IN_2024 = dt.date(2024, 6, 3)


def row(in_process: int) -> list[int]:
    """Cells of so many dossiers carried over and in process in time."""
    return [in_process if place in (CARRIED, PROCESS_OK) else 0 for place in range(len(CELLS))]


def unit(code: str, name: str = "", kind: str = "department", **more: object) -> Unit:
    return Unit(code=code, name=name or f"Sở {code}", kind=kind, group="III" if kind != "department" else "I", **more)  # type: ignore[arg-type]


# -- time --------------------------------------------------------------------------------------------------


def test_today_there_are_16_departments_and_92_communes_as_before() -> None:
    here = PROVINCE.at(TODAY).all
    assert [unit.group for unit in here] == ["I"] * 16 + ["III"] * 92
    assert PROVINCE.current(parse_local("2026-11-21")).all == here == PROVINCE.lasting
    assert sum(unit.kind == "ward" for unit in here) == 15


def test_before_july_2025_there_were_districts_and_before_march_the_old_departments() -> None:
    june = {unit.name for unit in PROVINCE.at(dt.date(2025, 6, 30)).all}
    july = {unit.name for unit in PROVINCE.at(dt.date(2025, 7, 1)).all}
    assert len([name for name in june if name.startswith(("Huyện", "Thành phố"))]) == 9
    assert {"Huyện Định Hóa", "Thành phố Sông Công"} <= june
    assert not any(name.startswith(("Huyện", "Thành phố")) for name in july)
    in_2024 = {unit.name for unit in PROVINCE.at(IN_2024).all}
    assert {"Sở Tài nguyên và Môi trường", "Sở Nội vụ"} <= in_2024
    assert "Sở Nông nghiệp và Môi trường" not in in_2024


@pytest.mark.parametrize(
    ("former", "today"),
    [
        ("Sở Tài nguyên và Môi trường", "Sở Nông nghiệp và Môi trường"),
        ("Sở Nông nghiệp và Phát triển nông thôn", "Sở Nông nghiệp và Môi trường"),
        ("Sở Kế hoạch và Đầu tư", "Sở Tài chính"),
        ("Sở Giao thông vận tải", "Sở Xây dựng"),
        ("Sở Thông tin và Truyền thông", "Sở Khoa học và Công nghệ"),
        ("Sở Lao động - Thương binh và Xã hội", "Sở Nội vụ"),
    ],
)
def test_a_merged_department_stands_under_its_successor_today_and_by_itself_in_2024(former: str, today: str) -> None:
    code = PROVINCE.resolve(former)
    assert PROVINCE[PROVINCE.rolled_up(code, TODAY)].name == today
    assert PROVINCE[PROVINCE.rolled_up(code, IN_2024)].name == former
    assert PROVINCE.at(TODAY).home(code) == PROVINCE.rolled_up(code, TODAY)


def test_a_districts_history_goes_to_no_single_commune() -> None:
    assert PROVINCE.rolled_up("167", TODAY) == "167"
    assert PROVINCE["167"].name == "Huyện Định Hóa"


def test_successors_are_followed_until_one_is_there() -> None:
    end = dt.date(2020, 12, 31)
    units = Units(
        [
            unit("a", valid_to=end, successors=("b",)),
            unit("b", valid_from=dt.date(2021, 1, 1), valid_to=dt.date(2022, 12, 31), successors=("c",)),
            unit("c", valid_from=dt.date(2023, 1, 1)),
            unit("split", valid_to=end, successors=("b", "c")),
        ]
    )
    on = {year: units.rolled_up("a", dt.date(year, 6, 1)) for year in (2020, 2021, 2022, 2023)}
    assert on == {2020: "a", 2021: "b", 2022: "b", 2023: "c"}
    assert units.rolled_up("split", dt.date(2023, 6, 1)) == "split"
    assert units.rolled_up("c", dt.date(2020, 6, 1)) == "c", "a unit yet to come keeps its own"
    assert units.rolled_up("nobody", TODAY) == UNMAPPED


def test_the_last_day_still_counts_and_the_next_does_not() -> None:
    one = unit("a", valid_from=dt.date(2025, 1, 2), valid_to=dt.date(2025, 1, 4))
    assert [day for day in range(1, 7) if one.there_on(dt.date(2025, 1, day))] == [2, 3, 4]


def test_a_table_adds_predecessors_up_and_shows_districts_below_with_their_last_day() -> None:
    rows = {"H55.05": row(10), "H55.51": row(3), "H55.52": row(4), "164": row(2), "gone-from-csv": row(1)}
    today = table_document(rows, PROVINCE.at(TODAY))
    shown = {r["unit"]["code"]: r["in_process"]["total"] for r in today["rows"] if r["in_process"]["total"]}
    assert shown == {"H55.05": 17, "164": 2, "unmapped": 1}
    assert len(today["rows"]) == 110
    assert today["rows"][108]["unit"] == {
        "code": "164", "name": "Thành phố Thái Nguyên", "group": "III", "until": "2025-06-30",
    }  # fmt: skip
    assert today["total"]["in_process"]["total"] == 20
    in_2024 = table_document(rows, PROVINCE.at(IN_2024))
    shown = {r["unit"]["code"]: r["in_process"]["total"] for r in in_2024["rows"] if r["in_process"]["total"]}
    assert shown == {"H55.05": 10, "H55.51": 3, "H55.52": 4, "164": 2, "unmapped": 1}
    assert next(r["unit"] for r in in_2024["rows"] if r["unit"]["code"] == "H55.05")["since"] == "2025-03-01"
    printed = [str(cell) for cell in as_table({**today, "from": "", "to": "", "as_of": ""}).columns[0].cells]
    assert printed.index("Đến ngày 30/06/2025") + 1 == printed.index("Thành phố Thái Nguyên")


def test_units_without_dates_are_always_there() -> None:
    units = Units([unit("a"), unit("b")])
    assert units.at(TODAY).all == units.all
    assert units.gather({"a": [1, 2]}) == {"a": [1, 2]}
    assert units["x"] is UNMAPPED_UNIT


def test_a_view_looks_on_to_other_days() -> None:
    assert PROVINCE.at(TODAY).at(IN_2024).all == PROVINCE.at(IN_2024).all


# -- spellings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ("02143", "02143"),
        ("Xã Văn Lang", "02143"),
        ("Xã Văn Lăng", "05665"),
        ("UBND xã Văn Lang", "02143"),
        ("Uỷ ban nhân dân xã Văn Lăng", "05665"),
        ("Ủy ban nhân dân Xã Văn Lăng", "05665"),
        ("ỦY BAN NHÂN DÂN PHƯỜNG PHAN ĐÌNH PHÙNG", "05443"),
        ("UBND P. Phan Đình Phùng", "05443"),
        ("UBND phường Phan Đình Phùng, tỉnh Thái Nguyên", "05443"),
        ("phuong phan dinh phung", "05443"),
        ("  Sở   Công Thương ", "H55.12"),
        ("Sở Công thương tỉnh Thái Nguyên", "H55.12"),
        ("H55.12", "H55.12"),
        ("h55.12", "H55.12"),
        ("000.00.12.H55", "H55.12"),
        ("Sở NN&MT", "H55.05"),
        ("sở NN và MT", "H55.05"),
        ("Sở Văn hoá - Thể thao & Du lịch", "H55.08"),
        ("BHXH tỉnh", "H55.16"),
        ("Bảo hiểm xã hội tỉnh Thái Nguyên", "H55.16"),
        ("Sở KH&ĐT", "H55.53"),
        ("UBND huyện Định Hoá", "167"),
        ("UBND xã Định Hóa", PROVINCE.resolve("Xã Định Hóa")),
    ],
)
def test_a_source_may_write_a_unit_so(seen: str, code: str) -> None:
    assert code in PROVINCE.by_code
    assert PROVINCE.resolve(seen) == code
    assert PROVINCE.resolve(unicodedata.normalize("NFD", seen)) == code


@pytest.mark.parametrize(
    "seen",
    [
        "Xã Van Lang",  # Văn Lang or Văn Lăng?
        "xa van lang",
        "Xã Văn Láng",  # a wrong accent names another place
        "Phường Phan Đinh Phùng",
        "Văn Lang",
        "Thái Nguyên",
        "Sở",
        "",
        "   ",
        "02999",
        "Xã Văn Lang Văn Lăng",
    ],
)
def test_what_could_mean_two_units_or_none_means_none(seen: str) -> None:
    assert PROVINCE.resolve(seen) == UNMAPPED


def test_every_unit_is_found_by_its_code_and_its_name() -> None:
    for one in PROVINCE.all:
        assert PROVINCE.resolve(one.code) == one.code
        assert PROVINCE.resolve(one.name.upper()) == one.code


@given(st.sampled_from(PROVINCE.all), st.sampled_from(PROVINCE.all))
def test_no_name_of_one_unit_matches_another(one: Unit, other: Unit) -> None:
    if one.code != other.code:
        assert PROVINCE.resolve(f"UBND {one.name}") != other.code
        assert PROVINCE.resolve(unaccented(spelling(one.name))) in (one.code, UNMAPPED)


@given(st.text(max_size=60))
def test_any_text_is_a_unit_or_unmapped(seen: str) -> None:
    assert PROVINCE.resolve(seen) in {*PROVINCE.by_code, UNMAPPED}


def test_units_that_share_a_name_are_told_apart_by_the_day() -> None:
    units = Units(
        [
            unit("old", "Xã Tân Lập", "commune", valid_to=dt.date(2025, 6, 30)),
            unit("new", "Xã Tân Lập", "commune", valid_from=dt.date(2025, 7, 1)),
        ]
    )
    for seen in ("Xã Tân Lập", "xa tan lap"):
        assert units.resolve(seen, parse_local("2025-06-30T23:59")) == "old"
        assert units.resolve(seen, parse_local("2025-07-01T00:00")) == "new"
        assert units.resolve(seen) == "new", "without a day: the one that lasts"


def test_units_that_share_a_name_at_one_time_are_not_told_apart() -> None:
    units = Units([unit("a", "Phường 1", "ward", parent="x"), unit("b", "Phường 1", "ward", parent="y"),
                   unit("x", "Thành phố X", "city"), unit("y", "Thành phố Y", "city")])  # fmt: skip
    assert units.resolve("Phường 1") == UNMAPPED
    assert units.resolve("UBND Phường 1, thành phố X") == "a"
    assert units.resolve("P. 1 - Thành phố Y") == "b"


def test_half_a_million_lookups_take_less_than_a_second() -> None:
    spellings = [f"UBND {one.name}" for one in PROVINCE.lasting] * 2000
    for seen in spellings[:200]:
        PROVINCE.resolve(seen)
    began = time.process_time()
    resolve = PROVINCE.resolve
    for seen in spellings:
        resolve(seen)
    took = time.process_time() - began
    assert len(spellings) / took > 500_000, f"{len(spellings)} lookups took {took:.2f} s"


def test_memory_does_not_grow_with_what_sources_write() -> None:
    units = Units([unit("a", "Sở A")])
    for number in range(REMEMBERED + 10):
        units.resolve(f"Sở {number}")
    assert len(units._book._seen) <= REMEMBERED
    assert units.resolve("Sở A") == "a"


# -- files -------------------------------------------------------------------------------------------------

HEADER = "code,name,kind,group,valid_from,valid_to,successor,latitude,longitude,area_km2\n"


def refusal(folder: Path, units: str, aliases: str | None = None, header: str = HEADER) -> str:
    (folder / "units.csv").write_text(header + units, encoding="utf-8")
    if aliases is not None:
        (folder / "aliases.csv").write_text("alias,code,note\n" + aliases, encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        read_units(folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            "a,Sở A,department,IV,,,,,,\n",
            "line 2, group: is not what belongs here, saw 'IV'; want one of 'I', 'II', 'III', '-'",
        ),
        ("a,,department,I,,,,,,\n", "line 2, name: nothing is written here; want a text"),
        (
            "a,Sở A,department,I,1/7/2025,,,,,\n",
            "line 2, valid_from: is not what belongs here, saw '1/7/2025'; want a day as YYYY-MM-DD",
        ),
        ("a,Sở A,department,I,2025-07-01,2025-06-30,,,,\n", "valid_to 2025-06-30 lies before valid_from 2025-07-01"),
        ("a,Sở A,department,I,,,b,,,\nb,Sở B,department,I,,,,,,\n", "it has a successor (b) but no valid_to"),
        (
            "a,Sở A,department,I,,2025-06-30,x,,,\n",
            "line 2, successor: no unit has this code, saw 'x'; want a code of this file",
        ),
        ("a,Sở A,department,I,,2025-06-30,b,,,\nb,Sở B,department,I,,2025-06-30,a,,,\n", "in a circle: a → b → a"),
        (
            "a,Sở A,department,I,,,,,,\na,Sở B,department,I,,,,,,\n",
            "line 3, code: is already on line 2, saw 'a'; keep one row, or write another one",
        ),
        (
            "a,Sở A,department,I,,,,105.8,21.5,\n",
            "line 2: latitude 105.8, longitude 21.5; want degrees, latitude first",
        ),
        ("a,Sở A,department,I,,,,21.5,,\n", "give both or neither"),
        ("a,Sở A,department,I,,,,,,0\n", "area_km2 0.0; want square kilometres above 0"),
        (
            "a,Sở A, B,department,I,,,,,,\n",
            "line 2: more cells than columns; put a text that holds commas between double quotes",
        ),
    ],
)
def test_a_broken_units_file_names_the_line_the_value_and_what_to_do(tmp_path: Path, rows: str, told: str) -> None:
    message = refusal(tmp_path, rows)
    assert message.startswith(str(tmp_path / "units.csv"))
    assert told in message


def test_a_units_file_has_the_columns_it_needs_and_no_misspelt_ones(tmp_path: Path) -> None:
    missing = "line 1, group: this column is missing, saw 'code,name,kind'; add it to the header"
    assert missing in refusal(tmp_path, "a,Sở A,department\n", header="code,name,kind\n")
    told = refusal(tmp_path, "a,Sở A,department,I,\n", header="code,name,kind,group,valid_form\n")
    assert "valid_form: there is no such column; take it out, or mend its name; known are: code, name" in told
    (tmp_path / "units.csv").write_bytes("code,name,kind,group\na,Sở A,department,I\n".encode("utf-16"))
    with pytest.raises(ProfileError, match="cannot be read: .*; save it as CSV in UTF-8"):
        read_units(tmp_path)


@pytest.mark.parametrize(
    ("alias", "told"),
    [
        ("Sở Cũ,x,\n", "line 2, code: no unit has this code, saw 'x'; want a code of units.csv"),
        ("Sở B,a,\n", "line 2, alias 'Sở B' for 'a': 'b' is written so too"),
        ("!!,a,\n", "line 2, alias '!!': it has no letter or digit"),
    ],
)
def test_a_broken_alias_is_refused(tmp_path: Path, alias: str, told: str) -> None:
    message = refusal(tmp_path, "a,Sở A,department,I,,,,,,\nb,Sở B,department,I,,,,,,\n", alias)
    assert message.startswith(str(tmp_path / "aliases.csv"))
    assert told in message


def test_a_simple_profile_needs_four_columns_and_may_come_from_a_spreadsheet(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text("code,name,kind,group\n a , Sở A ,department,I\n,,,\n", encoding="utf-8-sig")
    units = read_units(tmp_path)
    assert units.all == (Unit("a", "Sở A", "department", "I"),)


def test_an_alias_may_be_what_a_unit_of_another_time_was_called() -> None:
    old = unit("old", "Sở A", valid_to=dt.date(2025, 2, 28))
    new = unit("new", "Sở B", valid_from=dt.date(2025, 3, 1))
    units = Units([old, new], [Alias("Sở A", "new")])
    assert units.resolve("Sở A", parse_local("2025-02-01")) == "old"
    assert units.resolve("Sở A", parse_local("2025-04-01")) == "new"


def test_two_units_of_one_code_are_refused() -> None:
    with pytest.raises(UnitsError, match="share one code"):
        Units([unit("a"), unit("a")])
