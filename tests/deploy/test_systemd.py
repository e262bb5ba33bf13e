"""The systemd units, as shipped and as the documentation has them: understood by systemd, with settings that exist."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from opscentre import paths
from opscentre.settings import Settings
from tests.conftest import part_or_skip
from tests.parts.process import PartMissing

SHIPPED = paths.ROOT / "deploy" / "systemd" / "opscentre.service"


def page(name: str) -> str:
    return (paths.ROOT / "docs" / name).read_text("utf-8")


def units() -> dict[str, str]:
    """Every unit by its file's name."""
    found = {SHIPPED.name: SHIPPED.read_text("utf-8")}
    for name, block in re.findall(r"`/etc/systemd/system/([\w.-]+)`:\n\n((?:    .*\n)+)", page("backup.md")):
        found[name] = re.sub(r"^    ", "", block, flags=re.M)
    return found


def analyser() -> str:
    """The program that reads units as systemd does."""
    found = shutil.which("systemd-analyze")
    if found is None:
        raise PartMissing("no 'systemd-analyze' on the PATH: apt-get install systemd")
    return found


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    program = part_or_skip("systemd", analyser)
    written = []
    for name, text in units().items():
        # What it starts is not installed here.
        plain = re.sub(r"^(Exec\w+=-?)/\S+", r"\1/bin/true", text, flags=re.M)
        (tmp_path / name).write_text(plain, "utf-8")
        written.append(tmp_path / name)
    assert [path.name for path in written] == [
        "opscentre.service", "opscentre-backup.service", "opscentre-backup.timer",
    ]  # fmt: skip
    done = subprocess.run([program, "verify", *written], capture_output=True, text=True, check=False, timeout=60)
    ours = [line for line in done.stderr.splitlines() if "opscentre" in line]
    assert (done.returncode, ours) == (0, [])


def test_the_units_read_the_one_file_that_the_installation_page_writes() -> None:
    install = page("install.md")
    named = {name for text in units().values() for name in re.findall(r"^EnvironmentFile=(.*)", text, re.M)}
    assert named == {"/etc/opscentre/opscentre.env"}
    assert f"`{named.pop()}`:" in install
    given = set(re.findall(r"^    OPSCENTRE_(\w+)=", install, re.M))
    known = {name.upper() for name in Settings.__struct_fields__}
    assert {"SIGN_IN", "DATABASE_FILE", "SECRETS"} <= given
    assert {name.removesuffix("_FILE") for name in given} <= known
