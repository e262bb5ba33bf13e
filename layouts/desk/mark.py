"""``aria-*`` and ``data-*`` attributes for components whose keywords cannot be spelled in Python."""

from __future__ import annotations

from typing import Any


def mark(**values: str | None) -> dict[str, Any]:
    """``aria_label="x"`` as ``{"aria-label": "x"}``; what is None is left out."""
    return {name.replace("_", "-"): value for name, value in values.items() if value is not None}
