"""What a person or another program may meet stands in the documentation; each test says what to add where."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import typer

from opscentre import cli
from opscentre.live import keys
from opscentre.pipe import topics

DOCS = Path(__file__).parents[1] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def commands() -> dict[str, tuple[str, str]]:
    """Every command in full → its group, and the line that documents it."""
    found: dict[str, tuple[str, str]] = {}
    for name, command in typer.main.get_command(cli.app).commands.items():
        for sub, one in getattr(command, "commands", {"": command}).items():
            full = f"opscentre {name} {sub}".rstrip()
            options = [f"`{max(p.opts, key=len)}`" for p in one.params if p.param_type_name == "option"]
            words = [full, *((p.metavar or p.name).upper() for p in one.params if p.param_type_name == "argument")]
            told = (one.help or "").splitlines()[0]
            found[full] = (
                name if sub else "Running",
                f"| `{' '.join(words)}` | {told} | {', '.join(options) or '–'} |",
            )
    return found


def test_every_command_has_a_line_and_every_line_a_command() -> None:
    # Behind the command's own words there may be arguments, in capitals.
    lines = re.findall(r"^\| `(opscentre [a-z -]+?)(?: [A-Z[][A-Z. …\[\]-]*)?` \|", page("commands.md"), re.M)
    known = commands()
    groups = {
        name for name, command in typer.main.get_command(cli.app).commands.items() if hasattr(command, "commands")
    }
    missing = [f"under '{group}':\n{line}" for full, (group, line) in known.items() if full not in lines]
    assert not missing, "docs/commands.md lacks these lines, add them:\n" + "\n".join(missing)
    gone = [line for line in lines if line not in known and line.removeprefix("opscentre ") not in groups]
    assert not gone, f"docs/commands.md has lines of commands that there are not, remove them: {gone}"


def test_every_topic_of_the_pipe_has_a_line() -> None:
    there = {value for name, value in vars(topics).items() if name.isupper() and str(value).startswith("opscentre.")}
    documented = set(re.findall(r"^\| `(opscentre\.[a-z-]+)` \|", page("reference.md"), re.M))
    assert documented == there, (
        f"docs/reference.md, 'Topics of the pipe': add a line for {sorted(there - documented)}, remove those of "
        f"{sorted(documented - there)}"
    )


def redis_keys() -> set[str]:
    """Every key and channel, with the names of its parts where they vary."""
    found = {value for name, value in vars(keys).items() if name.isupper() and isinstance(value, str)}
    for _, function in inspect.getmembers(keys, inspect.isfunction):
        if function.__module__ == keys.__name__:
            found.add(function(*(f"<{name}>" for name in inspect.signature(function).parameters)))
    # What does not begin so is a field in a hash, and what holds a star a pattern.
    return {key for key in found - {keys.PREFIX} if key.startswith(keys.PREFIX) and "*" not in key}


def test_every_redis_key_has_a_line() -> None:
    documented = set(re.findall(rf"^\| `({re.escape(keys.PREFIX)}[^`]+)` \|", page("reference.md"), re.M))
    there = redis_keys()
    assert documented == there, (
        f"docs/reference.md, 'Redis keys': add a line for {sorted(there - documented)}, remove those of "
        f"{sorted(documented - there)}"
    )


def test_every_page_is_in_the_sites_menu() -> None:
    menu = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    missing = [path.name for path in sorted(DOCS.glob("*.md")) if f": {path.name}\n" not in menu]
    assert not missing, f"mkdocs.yml, nav: add {missing} where a reader would look for it"
