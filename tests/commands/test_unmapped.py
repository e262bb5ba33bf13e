"""``opscentre unmapped``: words without a code, rows to fill in, and dossiers corrected once they have one."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, select

from collectors.correcting import corrected
from opscentre import cli, paths
from opscentre import profile as profiles
from opscentre.domain.dossier import UNMAPPED, Snapshot
from opscentre.domain.fold import DossierState, Outcome, fold
from opscentre.domain.vocabulary import Vocabulary, Word
from opscentre.runtime.worker import counting
from opscentre.settings import Settings
from opscentre.store import tables
from opscentre.store.engine import open_store
from tests.collectors.department import Department
from tests.collectors.parts import NOW
from tests.collectors.records import dossier

Run = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A profile of the installation's own, so that its tables can be written."""
    return Path(shutil.copytree(paths.CONFIG / "thai-nguyen", tmp_path / "own"))


@pytest.fixture
def settings(tmp_path: Path, folder: Path) -> Settings:
    return Settings(data=tmp_path / "data", profile=str(folder))


@pytest.fixture
def store(settings: Settings) -> Iterator[Engine]:
    made = open_store(settings.database_url)
    yield made
    made.dispose()


@pytest.fixture
def run(settings: Settings, store: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``opscentre`` in this process; what it printed, where it ended well (or with the code wanted)."""
    monkeypatch.setenv("OPSCENTRE_DATA", str(settings.data))
    monkeypatch.setenv("OPSCENTRE_PROFILE", settings.profile)
    monkeypatch.setenv("SECRET", "s3cret")

    def call(*arguments: object, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["opscentre", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert int(ended.value.code or 0) == code, said.err + said.out
        return said.out

    return call


def states(store: Engine) -> dict[str, Snapshot]:
    column = tables.dossiers.c
    with store.connect() as connection:
        rows = connection.execute(select(column.number, column.state)).all()
    return {row.number[-4:]: msgspec.json.decode(row.state, type=DossierState).snapshot for row in rows}


def wait_for(count: int, store: Engine) -> None:
    until = time.monotonic() + 60
    while len(states(store)) < count:
        assert time.monotonic() < until, states(store)
        time.sleep(0.05)


def test_dossiers_under_unknown_words_are_corrected_once_an_operator_has_filled_in_their_codes(
    run: Run, store: Engine, settings: Settings, folder: Path
) -> None:
    department = Department()
    table = folder / "mappings" / "igate.csv"
    (folder / "sources.toml").write_text(
        '[[source]]\ncode = "igate"\nname = "Một cửa"\nkind = "dvcqg_rest"\n[source.settings]\n'
        f'url = "{department.url}"\nclient_id = "me"\nclient_secret_env = "SECRET"\n',
        encoding="utf-8",
    )
    department.put(
        dossier(1, seconds=1, DonViXuLy="P. Thương mại"), dossier(2, seconds=2, MaTTHC="TT-07"),
        dossier(3, seconds=3, KenhThucHien="Bưu chính"), dossier(4, seconds=4, TrangThaiHoSo="Đang thụ lý"),
        dossier(5, seconds=5), dossier(6, seconds=6, KenhThucHien="Nguyễn Hư Cấu"),
        dossier(7, seconds=2, DonViXuLy="Phường Nguyễn Hư"),
    )  # fmt: skip
    with counting(settings):
        run("source", "run", "igate", "--once", code=3)
        wait_for(6, store)
        listed = {(row["kind"], row["seen"]): row for row in json.loads(run("unmapped", "list", "--json"))}
        assert set(listed) == {("unit", "P. Thương mại"), ("procedure", "TT-07"), ("channel", "Bưu chính"),
                               ("status", "Đang thụ lý"), ("channel", "… … …"), ("unit", "Phường …")}  # fmt: skip
        assert (listed["unit", "P. Thương mại"]["times"], listed["unit", "P. Thương mại"]["dossiers"]) == (1, 1)
        assert "Đang thụ lý" in run("unmapped", "list")
        assert "nothing is to be corrected" in run("unmapped", "apply")
        assert "4 rows added" in run("unmapped", "export", "--source", "igate", "--write")
        assert "nothing to add" in run("unmapped", "export", "--source", "igate", "--write")
        text = table.read_text(encoding="utf-8")
        for seen, code in (("thương mại", "H55.12"), ("TT-07", "2.000488"), ("Bưu chính", "3"), ("thụ lý", "4")):
            line = next(line for line in text.splitlines() if seen.lower() in line.lower())
            text = text.replace(line, line.replace(",,", f",{code},"))
        table.write_text(text, encoding="utf-8")
        listed = {row["seen"]: row["code"] for row in json.loads(run("unmapped", "list", "--json"))}
        assert (listed["TT-07"], listed["Phường …"]) == ("2.000488", "")
        (applied,) = json.loads(run("unmapped", "apply", "--json"))
        # Not shown in full, for it could be a person: the operator has asked the department.
        table.write_text(text + "unit,Phường Nguyễn Hư,05443,\n", encoding="utf-8")
        assert states(store)["0007"].unit == UNMAPPED
        (again,) = json.loads(run("unmapped", "apply", "--read-again", "--json"))
    department.close()
    assert (again["words"], again["corrected"], again["read"]) == ([], 0, 6)
    assert {(kind, code) for kind, _, code in applied["words"]} == {
        ("unit", "H55.12"), ("procedure", "2.000488"), ("channel", "3"), ("status", "4"),
    }  # fmt: skip
    assert (applied["corrected"], applied["read"], applied["left"]) == (2, 4, "")
    found = states(store)
    assert (found["0007"].unit, found["0007"].unit_seen) == ("05443", "")
    assert (found["0001"].unit, found["0001"].unit_seen) == ("H55.12", "")
    assert (found["0002"].procedure, found["0003"].channel, found["0004"].status) == ("2.000488", 3, 4)
    assert [row["seen"] for row in json.loads(run("unmapped", "list", "--json"))] == ["… … …"]
    with store.connect() as connection:
        assert connection.execute(select(tables.quarantine.c.resolved_at)).scalar() is not None


def test_a_corrected_snapshot_wins_over_the_one_it_corrects_and_loses_to_any_newer_one() -> None:
    units = profiles.load("thai-nguyen").units
    words = Vocabulary([Word("unit", "P. TM", "H55.12")])
    wrong = Snapshot(source="s", number="n", status=4, observed=NOW, version=5, unit_seen="P. TM")
    right = corrected(wrong, words, units, NOW)
    assert (right.unit, right.unit_seen, right.observed) == ("H55.12", "", NOW + 1)
    state, _ = fold(None, wrong)
    mended, outcome = fold(state, right)
    assert outcome is Outcome.ACCEPTED
    newer = Snapshot(source="s", number="n", status=9, observed=NOW, version=6)
    assert fold(mended, newer)[0].snapshot.status == fold(fold(state, newer)[0], right)[0].snapshot.status == 9
    assert corrected(right, words, units, NOW) is right
    assert corrected(wrong, Vocabulary(), units, NOW) is wrong
    assert wrong.unit == UNMAPPED
