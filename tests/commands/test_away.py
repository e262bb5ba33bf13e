"""A command whose database does not answer: one line, exit code 2, no password; never a finding's code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from opscentre import cli


@pytest.mark.parametrize(
    "command",
    [
        ("user", "list"),
        # 1 would say that the chain is broken, and of the next that there is something to do.
        ("audit", "verify"),
        ("migrate", "--check"),
        ("prune", "--dry-run"),
    ],
)
@pytest.mark.parametrize("database", ["postgresql+psycopg://u:hush-hush@127.0.0.1:1/db", "sqlite:///{}/file/x.db"])
def test_a_database_that_does_not_answer_is_one_line_and_no_finding(
    command: tuple[str, ...], database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "file").touch()
    monkeypatch.setenv("OPSCENTRE_DATABASE", database.format(tmp_path))
    monkeypatch.setattr(sys, "argv", ["opscentre", *command, "--data", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert len(said.splitlines()) == 1
    assert said.startswith("opscentre: ")
    assert "OPSCENTRE_DATABASE" in said
    assert "hush" not in said
