"""``mappings/<source>.csv``: what a table may say, what is wrong in one, and the skeleton that is filled in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from collectors import main
from opscentre import paths, profile_check
from opscentre import profile as profiles
from opscentre.mapping_file import mapping_path, read_mapping, skeleton
from opscentre.profile import ProfileError

UNITS = {"H55.12"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A profile that an installation keeps for itself."""
    return Path(shutil.copytree(paths.ROOT / "tests" / "gallery" / "profile" / "whole", tmp_path / "own"))


def write(folder: Path, text: str, name: str = "igate") -> Path:
    path = mapping_path(folder, name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("kind,seen,code,note\n" + text, encoding="utf-8")
    return path


def test_what_is_filled_in_counts_and_what_is_not_says_nothing(tmp_path: Path) -> None:
    words = read_mapping(write(tmp_path, "unit,Phòng A,H55.12,\nunit,Phòng B,,later\n"), UNITS)
    assert (words.code("unit", "phòng a"), words.code("unit", "Phòng B"), words.code("status", "x")) == (
        "H55.12",
        "",
        "",
    )
    assert not read_mapping(mapping_path(tmp_path, "another"), UNITS)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("unit,Phòng A,H55.99,", "line 2, code: cannot be the code of a unit, saw 'H55.99'; want a code of units.csv"),
        ("status,Xong,11,", "line 2, code: cannot be the code of a status, saw '11'; want a status from 1 to 10"),
        ("channel,Mạng,online,", "line 2, code: cannot be the code of a channel, saw 'online'; want 1 (counter), 2"),
        ("procedure,TT,TT,", "line 2, code: cannot be the code of a procedure, saw 'TT'; want a code like 2.000815"),
        ("colour,Xanh,1,", "line 2, kind: is not what belongs here, saw 'colour'; want one of 'unit', 'procedure'"),
        ("status,,4,", "line 2, seen: nothing is written here; want a text"),
        ("status,Xong,9,\nstatus,XONG,10,", "line 3, seen: means '9' on line 2 already, saw 'XONG'; keep one of them"),
    ],
)
def test_a_row_that_cannot_stand_is_told_with_its_line_column_value_and_what_is_wanted(
    row: str, told: str, folder: Path
) -> None:
    path = write(folder, row + "\n")
    (fault,) = profile_check.check(folder)
    assert str(fault).startswith(f"{path}, {told}")
    with pytest.raises(ProfileError, match="igate.csv, line"):
        profiles.load(str(folder))


def test_a_table_is_named_by_its_source(folder: Path) -> None:
    path = write(folder, "status,Xong,9,\n", "Một cửa")
    (fault,) = profile_check.check(folder)
    assert str(fault).startswith(f"{path}: its name is no source's code, saw 'Một cửa.csv'; name it CODE.csv")


def test_a_table_that_is_no_sources_is_told_when_the_collectors_start(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(folder, "")
    write(folder, "", "igat")
    main._name_strangers(profiles.load(str(folder)), ["igate"])
    assert [record.getMessage() for record in caplog.records] == [
        f"{mapping_path(folder, 'igat')}: no source has the code 'igat'; used for 'opscentre import' only"
    ]


def test_the_skeleton_is_a_table_that_only_wants_its_codes(folder: Path) -> None:
    words = [("status", 'Chờ "ký", trình', "3 × A"), ("unit", "#Phòng", "1 × B"), ("unit", "Phòng, ban", "")]
    lines = list(skeleton(words))
    assert [line for line in lines if line.startswith("#")] == [
        "# unit: want a code of units.csv",
        "# status: want a status from 1 to 10",
    ]
    path = write(folder, "")
    path.write_text("\n".join(lines), encoding="utf-8")
    assert profile_check.check(folder) == []
    assert not read_mapping(path, UNITS)
    path.write_text("\n".join(lines).replace(",,", ",H55.12,", 1).replace('trình",,', 'trình",4,'), encoding="utf-8")
    found = read_mapping(path, UNITS)
    assert (found.code("unit", "#phòng"), found.code("status", 'chờ "ký" trình')) == ("H55.12", "4")
