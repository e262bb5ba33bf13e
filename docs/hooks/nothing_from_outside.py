"""Refuses a documentation site whose pages would fetch a font, a script or a picture from another host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError

#: What a browser fetches by itself; a link that a person may follow is none of it.
_FETCHED = re.compile(
    r"<(?:script|img|iframe|source|video)\b[^>]*\bsrc=[\"'](https?:)?//[^\"']+"
    r"|<link\b(?=[^>]*\brel=[\"']?(?:stylesheet|preconnect|preload|icon))[^>]*\bhref=[\"'](https?:)?//[^\"']+"
)


def on_post_build(config: Any) -> None:
    """Look at every page that was built."""
    for page in sorted(Path(config.site_dir).rglob("*.html")):
        found = _FETCHED.search(page.read_text(encoding="utf-8"))
        if found:
            raise PluginError(f"{page.relative_to(config.site_dir)} fetches from another host: {found[0][:200]}")
