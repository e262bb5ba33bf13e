"""``opscentre migrate``: forward, back when told so, as SQL, and where a database stands."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from opscentre import cli
from opscentre.store.engine import connect
from opscentre.store.revisions import head

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``opscentre migrate`` on a folder of the test's own; what it printed, where it ended as wanted."""

    def call(*arguments: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["opscentre", "migrate", *arguments, "--data", str(tmp_path)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert int(ended.value.code or 0) == code, said.err
        return said.out + said.err

    return call


def test_a_database_goes_forward_and_back(run: Run):
    assert f"an empty database; this release wants {head()}" in run("--check", code=1)
    assert run() == f"an empty database → revision {head()}\n"
    assert run() == run("--check") == f"revision {head()}: nothing to do\n"
    assert "what tables and columns of the newer revisions hold is lost" in run("--to", "0001", code=2)
    assert run("--to", "0001", "--yes") == f"revision {head()} → 0001\n"
    assert "CREATE TABLE schema_revisions" in run("--sql")
    assert f"revision 0001; this release wants {head()}" in run("--check", code=1)
    assert run("--to", "0002") == "revision 0001 → revision 0002\n"
    assert "DROP TABLE schema_revisions" in run("--to", "0001", "--sql")
    assert f"no such revision; this release knows 0001 to {head()}" in run("--to", "9999", code=2)


def test_what_does_not_fit_is_told_in_one_line(run: Run, tmp_path: Path):
    run()
    engine = connect(f"sqlite:///{tmp_path}/opscentre.db")
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX transitions_by_at"))
    assert "somebody changed them by hand" in run("--check", code=2)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '8000'"))
        connection.execute(text("UPDATE schema_revisions SET works_with = '7000'"))
    assert "at revision 8000, which a newer release made and which needs at least revision 7000" in run(code=2)
    with engine.begin() as connection:
        connection.execute(text("UPDATE schema_revisions SET works_with = '0001'"))
    assert run() == "revision 8000: nothing to do\n"
    assert "only the release that made it can take back" in run("--to", "0001", "--yes", code=2)
    engine.dispose()
