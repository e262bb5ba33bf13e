"""Prints the packages of the optional extra ``bench``, one a line: ``python -m bench.stream.extra``."""

from __future__ import annotations

import tomllib
from pathlib import Path


def main() -> None:
    """Print them as ``pyproject.toml`` has them."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    print("\n".join(project["project"]["optional-dependencies"]["bench"]))


if __name__ == "__main__":
    main()
