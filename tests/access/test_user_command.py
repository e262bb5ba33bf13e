"""``opscentre user``: from the first administrator to a login that is shut."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from opscentre.cli import app, main
from opscentre.clock import wall_ms
from opscentre.store import sessions
from opscentre.store.engine import open_store
from tests.access.house import PASSWORD


@pytest.fixture(autouse=True)
def _installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSCENTRE_DATA", str(tmp_path))
    monkeypatch.setenv("OPSCENTRE_USER_PASSWORD", PASSWORD)


def run(*words: str) -> None:
    app(["user", *words], standalone_mode=False)


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line of a command that ends with 2."""
    monkeypatch.setattr("sys.argv", ["opscentre", "user", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_people_are_added_listed_changed_shut_out_and_let_in_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("add", "An.NV", "--role", "administrator", "--name", "Nguyễn Văn An")
    run("add", "sct", "--role", "department", "--units", "H55.12")
    run("role", "sct", "department", "--units", "H55.12,H55.05")
    engine = open_store(f"sqlite:///{tmp_path}/opscentre.db")
    with engine.begin() as connection:
        for _ in range(3):
            sessions.begin(connection, "sct", "password", "Firefox", "10.0.0.7", wall_ms())
    capsys.readouterr()
    run("sessions", "sct", "--json")
    there = json.loads(capsys.readouterr().out)
    assert {(one["login"], one["address"], one["agent"]) for one in there} == {("sct", "10.0.0.7", "Firefox")}
    run("revoke", "--session", there[0]["id"])
    assert capsys.readouterr().out == "sessions ended: 1\n"
    run("disable", "sct")
    assert "sessions ended: 2" in capsys.readouterr().out
    run("list", "--json")
    assert json.loads(capsys.readouterr().out) == [
        {"login": "an.nv", "name": "Nguyễn Văn An", "role": "administrator", "units": None, "writes": True,
         "signs_in": "password", "disabled": False},
        {"login": "sct", "name": "sct", "role": "department", "units": ["H55.05", "H55.12"], "writes": True,
         "signs_in": "password", "disabled": True},
    ]  # fmt: skip
    run("disable", "sct", "--undo")
    run("list")
    assert "disabled" not in capsys.readouterr().out
    engine.dispose()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "x y", "--role", "viewer"), "login 'x y': want 1 to 100 letters"),
        (("add", "sct", "--role", "department"), "say of which units it is, with --units CODE,CODE"),
        (("add", "sct", "--role", "department", "--units", "H55.x"), "'H55.x' is no unit of the profile"),
        (("add", "sct", "--role", "viewer", "--password-file", "/no/such"), "/no/such: cannot be read"),
        (("passwd", "nobody"), "login 'nobody': nobody has it"),
        (("revoke",), "whose sessions?"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert said in refused(monkeypatch, capsys, *words)


def test_a_weak_password_is_refused_and_none_is_ever_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPSCENTRE_USER_PASSWORD", "thainguyen2026!!")
    line = refused(monkeypatch, capsys, "add", "an", "--role", "administrator")
    assert "of common words" in line
    assert "thainguyen2026" not in line
    monkeypatch.delenv("OPSCENTRE_USER_PASSWORD")
    assert "no terminal to ask for a password on" in refused(monkeypatch, capsys, "add", "an", "--role", "viewer")
