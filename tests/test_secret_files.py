"""Secrets by name: the environment, a file that it names, or a file of that name in one folder; never outside of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from opscentre.answers import SECRET, signer
from opscentre.runtime.logs import Redaction
from opscentre.secret_files import lacking, secret_of
from opscentre.settings import SettingsError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "named"
    made.mkdir()
    (made / "OPSCENTRE_SECRET_SO").write_text("in-the-folder\n", "utf-8")
    (tmp_path / "elsewhere").write_text("in-a-file-of-its-own\n", "utf-8")
    return made


def test_the_environment_comes_first_then_the_named_file_then_the_folder(folder: Path) -> None:
    name = "OPSCENTRE_SECRET_SO"
    given = {"OPSCENTRE_SECRETS": str(folder)}
    assert secret_of(given, name) == "in-the-folder"
    given[f"{name}_FILE"] = str(folder.parent / "elsewhere")
    assert secret_of(given, name) == "in-a-file-of-its-own"
    assert secret_of({**given, name: "said"}, name) == "said"
    assert secret_of({}, name) == secret_of(given, "") == secret_of(given, "OPSCENTRE_SECRET_NONE") == ""
    assert f"{folder} holds no file of that name" in lacking(given, "OPSCENTRE_SECRET_NONE")


@pytest.mark.parametrize("name", ["../elsewhere", "/etc/passwd", "..", "."])
def test_a_name_leads_to_nothing_outside_of_the_folder(folder: Path, name: str) -> None:
    assert secret_of({"OPSCENTRE_SECRETS": str(folder)}, name) == ""


def test_a_file_that_cannot_be_read_is_told_with_its_place(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"OPSCENTRE_SECRET_SO_FILE: .*/none cannot be read \(No such file"):
        secret_of({"OPSCENTRE_SECRET_SO_FILE": str(folder / "none")}, "OPSCENTRE_SECRET_SO")


def test_secrets_from_files_are_kept_out_of_the_log_and_sign_links(folder: Path) -> None:
    given = {"OPSCENTRE_SECRETS": str(folder), "SMTP_PASSWORD_FILE": str(folder.parent / "elsewhere")}
    told = f"in-the-folder and in-a-file-of-its-own are not in {folder}"
    assert Redaction(given).clean(told) == f"*** and *** are not in {folder}"
    assert signer(given) is None
    (folder / SECRET).write_text("a key for links", "utf-8")
    found = signer(given)
    assert found is not None
    assert found.notification(found.token("n-1", 0), 0) == "n-1"
