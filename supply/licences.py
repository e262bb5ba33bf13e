"""``python -m supply.licences [--write]``: the licence of every locked package, in ``docs/licences.md`` and allowed.

A package that is not installed here (another system's, another Python's) is taken at the document's word.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK, DOCUMENT = ROOT / "requirements.lock", ROOT / "docs" / "licences.md"

#: Licences under which anybody may use and pass on the product with the package in it.
ALLOWED = frozenset(
    {"0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0",
     "PSF-2.0", "Unlicense", "ZPL-2.1"}
)  # fmt: skip
#: Licence → packages that may have it, and why.
ALLOWED_FOR = {
    "LGPL-3.0-only": {"icmplib", "psycopg", "psycopg-binary"},
}
#: What packages call licences in other ways.
_NAMES = {
    "apache software license": "Apache-2.0", "apache license 2.0": "Apache-2.0", "bsd license": "BSD",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only", "isc license (iscl)": "ISC",
    "mit license": "MIT", "mit style": "MIT", "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0", "repoze public license": "ZPL-2.1",
}  # fmt: skip
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==", re.M)
_ROW = re.compile(r"^\| `([a-z0-9-]+)` \| ([^|]+) \|$", re.M)
_HEAD = """# Licences

opscentre is under Apache-2.0 (`LICENSE`). It is installed with the packages below, each under its own licence as its
metadata says it; the fonts in `assets/fonts` are under the SIL Open Font License 1.1 (their texts lie beside them).
Packages under the LGPL are used as they come, by import, and can be replaced by whoever runs the product.

`python -m supply.licences --write` writes this table from the locked packages. A test holds it to them, and to the
licences that are allowed (`supply/licences.py`).

| package | licence |
|---|---|
"""


def locked(lock: str) -> list[str]:
    """The names of the locked packages, as the index spells them."""
    return sorted({re.sub(r"[-_.]+", "-", name).lower() for name in _LOCKED.findall(lock)})


def licence_of(package: str) -> str | None:
    """What a package's metadata says its licence is, in SPDX's words; None: it is not installed here."""
    try:
        told = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        return None
    classifiers = [
        one.split("::")[-1].strip() for one in told.get_all("Classifier") or [] if one.startswith("License ::")
    ]
    named = [one for one in classifiers if one != "OSI Approved"]
    first_line = _field(told, "License").strip().partition("\n")[0][:60]
    written = _field(told, "License-Expression") or " AND ".join(sorted(named)) or first_line
    for name, meant in _NAMES.items():
        written = re.sub(rf"(?i)\b{re.escape(name)}(?!\w)|^{re.escape(name)}$", meant, written)
    return written or "none named"


def _field(told: metadata.PackageMetadata, name: str) -> str:
    found: str = (told.get_all(name) or [""])[0]
    return found


def is_allowed(package: str, licence: str) -> bool:
    """Whether a package may be under a licence: of alternatives one, of several together each must be allowed."""
    return any(
        all(
            one.strip("() ") in ALLOWED or package in ALLOWED_FOR.get(one.strip("() "), ())
            for one in part.split(" AND ")
        )
        for part in licence.split(" OR ")
    )


def documented(text: str) -> dict[str, str]:
    """Package → licence, as the document has it."""
    return {name: licence.strip() for name, licence in _ROW.findall(text)}


def faults(packages: list[str], written: dict[str, str]) -> list[str]:
    """What is wrong, a sentence each; empty: nothing."""
    found = [f"{name}: stands in docs/licences.md and is not locked" for name in written if name not in packages]
    for name in packages:
        here, there = licence_of(name), written.get(name)
        if there is None:
            found.append(f"{name}: is locked and has no line in docs/licences.md (its metadata: {here or 'not here'})")
        elif here is not None and here != there:
            found.append(f"{name}: docs/licences.md says {there!r}, its metadata {here!r}")
        elif not is_allowed(name, there):
            found.append(f"{name}: its licence {there!r} is not among those allowed in supply/licences.py")
    return found


def main() -> int:
    """Check, or write the document anew; 1 where something is wrong."""
    packages = locked(LOCK.read_text(encoding="utf-8"))
    written = documented(DOCUMENT.read_text(encoding="utf-8")) if DOCUMENT.is_file() else {}
    if "--write" in sys.argv[1:]:
        now = {name: licence_of(name) or written.get(name, "none named") for name in packages}
        rows = "".join(f"| `{name}` | {licence} |\n" for name, licence in now.items())
        DOCUMENT.write_text(_HEAD + rows, encoding="utf-8")
        written = now
    wrong = faults(packages, written)
    print("\n".join([*wrong, f"{len(packages)} locked packages, {len(wrong)} faults"]))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
