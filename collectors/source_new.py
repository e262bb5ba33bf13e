"""A block for ``sources.toml``: every setting of a kind with its meaning and default, ready to be filled in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from collectors import registry
from opscentre.settings import SettingsError
from opscentre.sources import CODE_WANTED, Behaviour, SourceConfig, is_code

_ROW = re.compile(r"^\| `(\w+)` \|[^|]*\| (.+) \|$", re.M)
#: What stands in a block for a setting that has no default.
_EXAMPLES = {"url": "https://HOST", "view": "SCHEMA.VIEW", "folder": "FOLDER", "pattern": "*.csv",
             "sql_view.url": "postgresql+psycopg://USER@HOST/DATABASE"}  # fmt: skip


def block(kind: str, code: str, name: str) -> str:
    """The text of the block. Raises ``SettingsError`` for an unknown kind or a code that cannot be one."""
    if not is_code(code):
        raise SettingsError(f"--code: saw {code!r}; want {CODE_WANTED}")
    settings = registry.settings_of(SourceConfig(code=code, name=name, kind=kind), "source new")
    meanings = _meanings(kind)
    lines = ["[[source]]", f"code = {_toml(code)}", f"name = {_toml(name)}", f"kind = {_toml(kind)}",
             "interval = 10.0", "", "[source.settings]"]  # fmt: skip
    tables: list[str] = []
    for entry in msgspec.structs.fields(settings):
        meaning = meanings.get(entry.name, "")
        if meaning:
            lines.append(f"# {meaning}")
        if entry.required:
            lines.append(
                f"{entry.name} = {_toml(_EXAMPLES.get(f'{kind}.{entry.name}', _EXAMPLES.get(entry.name, '')))}"
            )
            continue
        default = entry.default if entry.default is not msgspec.NODEFAULT else entry.default_factory()
        if isinstance(default, dict):
            del lines[-1 if meaning else len(lines) :]
            tables += ["", f"# [source.settings.{entry.name}]", f"# {meaning}"]
            continue
        if entry.name.endswith("_env"):
            default = "OPSCENTRE_SECRET_" + re.sub(r"\W", "_", code).upper()
        lines.append(f"# {entry.name} = {_toml(default)}")
    lines += [*tables, "", "# [source.behaviour]"]
    lines += (f"# {entry.name} = {_toml(entry.default)}" for entry in msgspec.structs.fields(Behaviour))
    return "\n".join(lines) + "\n"


def _meanings(kind: str) -> dict[str, str]:
    readme = Path(__file__).parent / kind / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    return {name: re.sub(r"[*`]", "", meaning) for name, meaning in _ROW.findall(text)}


def _toml(value: Any) -> str:
    """A value as TOML writes it; texts, numbers, truths and lists of them are written as JSON writes them."""
    return json.dumps(value, ensure_ascii=False)
