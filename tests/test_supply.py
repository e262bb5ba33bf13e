"""What the product is made of: every locked package has an allowed licence; what was not looked up is not clean."""

from __future__ import annotations

import pytest

from supply.licences import DOCUMENT, LOCK, documented, faults, is_allowed, licence_of, locked
from supply.vulnerabilities import CLEAN, UNKNOWN, WEAK, judge


def test_every_locked_package_has_an_allowed_licence_and_a_true_line_in_the_document() -> None:
    packages = locked(LOCK.read_text(encoding="utf-8"))
    assert len(packages) > 50
    wrong = faults(packages, documented(DOCUMENT.read_text(encoding="utf-8")))
    assert not wrong, "\n".join([*wrong, "mend it: python -m supply.licences --write"])


def test_a_package_that_is_not_in_the_document_or_not_allowed_is_named() -> None:
    assert faults(["msgspec"], {}) == [
        "msgspec: is locked and has no line in docs/licences.md (its metadata: BSD-3-Clause)"
    ]
    assert faults([], {"gone": "MIT"}) == ["gone: stands in docs/licences.md and is not locked"]
    assert "says 'MIT', its metadata 'BSD-3-Clause'" in faults(["msgspec"], {"msgspec": "MIT"})[0]
    assert "'GPL-3.0-only' is not among" in faults(["not-here"], {"not-here": "GPL-3.0-only"})[0]
    assert licence_of("not-here") is None


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True), ("Apache-2.0 AND MIT", True), ("GPL-2.0-only OR MIT", True), ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False), ("LGPL-3.0-only", False), ("none named", False),
    ],
)  # fmt: skip
def test_of_alternatives_one_and_of_several_together_each_must_be_allowed(licence: str, allowed: bool) -> None:
    assert is_allowed("some", licence) is allowed
    assert is_allowed("psycopg", "LGPL-3.0-only")


def test_what_the_vulnerability_service_did_not_know_is_told_and_never_called_clean() -> None:
    sound = {"name": "a", "version": "1", "vulns": []}
    skipped = {"name": "b", "skip_reason": "not found and could not be audited"}
    weak = {"name": "c", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}
    assert judge({"dependencies": [sound]}) == (CLEAN, ["clean: nothing is known against any of 1 packages"])
    code, said = judge({"dependencies": [sound, skipped]})
    assert code == UNKNOWN
    assert said[0].startswith("NOT AUDITED: the vulnerability service knew nothing of 1 of 2 packages: not found")
    assert "clean" not in " ".join(said)
    assert judge({"dependencies": []})[0] == UNKNOWN
    code, said = judge({"dependencies": [weak, skipped]})
    assert (code, said[0]) == (WEAK, "c 2: PYSEC-1 (mended in 2.1)")
    assert said[1].startswith("NOT AUDITED")
