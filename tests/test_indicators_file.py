"""indicators.toml: every fault is told with its file, key, value and remedy; a province changes only what differs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from opscentre.indicators_file import load
from opscentre.profile import ProfileError

GALLERY = sorted((Path(__file__).parent / "gallery" / "indicators").glob("*.toml"))
DAY = dt.date(2026, 11, 20)


@pytest.mark.parametrize("sample", GALLERY, ids=lambda sample: sample.stem)
def test_a_bad_file_is_told_in_one_line_with_what_to_do(sample):
    first = sample.read_text(encoding="utf-8").splitlines()[0]
    with pytest.raises(ProfileError) as refused:
        load(national=sample)
    assert str(refused.value) == f"{sample}: {first.removeprefix('# told: ')}"


def test_no_two_samples_show_the_same_message():
    assert len({sample.read_text(encoding="utf-8").splitlines()[0] for sample in GALLERY}) == len(GALLERY)


def test_a_missing_national_file_is_told(tmp_path):
    with pytest.raises(ProfileError, match=r"none\.toml is missing: the score needs it; restore it"):
        load(national=tmp_path / "none.toml")


def test_a_file_in_another_encoding_is_told(tmp_path):
    (tmp_path / "indicators.toml").write_bytes("# Số hóa".encode("utf-16"))
    with pytest.raises(ProfileError, match=r"indicators\.toml: not UTF-8 text \(byte 0\); save it as UTF-8"):
        load(tmp_path)


def test_a_folder_without_the_file_has_the_national_indicators(tmp_path):
    assert load(tmp_path).indicators == load().indicators


def province(tmp_path: Path, text: str) -> Path:
    (tmp_path / "indicators.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_province_gives_only_the_ceilings_that_differ(tmp_path):
    folder = province(
        tmp_path,
        """
        [[indicator]]
        code = "3.1"
        max = 6
        [[indicator]]
        code = "3.2"
        max = 2
        note = "theo quyết định của tỉnh"
        """,
    )
    own, national = load(folder).on(DAY), load().on(DAY)
    assert [indicator.code for indicator in own.indicators] == [indicator.code for indicator in national.indicators]
    changed = own.find("3.1")
    assert changed is not None
    assert (changed.max, changed.full_at, changed.name) == (6, 80, national.find("3.1").name)
    assert own.find("3.2").note == "theo quyết định của tỉnh"


def test_a_province_changes_a_ceiling_from_a_day_on(tmp_path):
    folder = province(
        tmp_path,
        """
        [[indicator]]
        code = "3.1"
        effective_to = 2026-06-30
        [[indicator]]
        code = "3.1"
        max = 5
        effective_from = 2026-07-01
        [[indicator]]
        code = "3.2"
        effective_to = 2026-06-30
        [[indicator]]
        code = "3.2"
        max = 3
        effective_from = 2026-07-01
        """,
    )
    found = load(folder)
    assert [found.on(day).find("3.1").max for day in (dt.date(2026, 6, 30), dt.date(2026, 7, 1))] == [4, 5]


def test_a_province_changes_a_rule_and_the_percent_of_the_old_one_is_not_kept(tmp_path):
    folder = province(tmp_path, '[[indicator]]\ncode = "3.3"\nscoring = "linear"\n')
    assert load(folder).on(DAY).find("3.3").full_at is None


def test_a_province_adds_an_indicator_of_its_own(tmp_path):
    folder = province(
        tmp_path,
        """
        [[indicator]]
        code = "2.1"
        max = 15
        [[indicator]]
        code = "2.9"
        group = "progress"
        name = "Không xin lỗi"
        name_en = "Apologies"
        numerator = "có phiếu xin lỗi"
        denominator = "quá hạn"
        max = 5
        scoring = "linear"
        effective_from = 2022-06-23
        """,
    )
    assert load(folder).on(DAY).find("2.9").max == 5


def test_a_ceiling_that_breaks_the_sum_names_the_provinces_file(tmp_path):
    folder = province(tmp_path, '[[indicator]]\ncode = "3.1"\nmax = 6\n')
    with pytest.raises(ProfileError) as refused:
        load(folder)
    assert str(refused.value) == (
        f'{folder / "indicators.toml"}: group "online": max = 12, but on 2022-06-23 its indicators add up to 14 '
        "(6 + 4 + 4); change a ceiling or the group's max"
    )


def test_every_indicator_stands_in_the_documentation_with_its_points():
    rows = (Path(__file__).parents[1] / "docs" / "score.md").read_text(encoding="utf-8").splitlines()
    table = {cells[1].strip(): cells[3].split()[0] for cells in (row.split("|") for row in rows) if len(cells) == 7}
    for indicator in load().on(DAY).indicators:
        assert table[indicator.code] == (str(indicator.max) if indicator.scored else "–")
