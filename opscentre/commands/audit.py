"""``opscentre audit list | verify``: who did what and when, and whether the log of it is whole."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from opscentre.access import audit
from opscentre.access.audit import Anchor, Entry
from opscentre.commands.shared import AsJson, MaybeData, fail, open_beside, print_wide
from opscentre.domain.moments import iso

_ANCHOR = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")
#: Exit code of ``verify`` where the chain does not hold.
BROKEN = 1


def register(app: typer.Typer) -> None:
    """Add the group of subcommands."""
    group = typer.Typer(no_args_is_help=True, help="Who did what and when: list it, or check that nothing is amiss.")
    group.command("list")(list_entries)
    group.command("verify")(verify)
    app.add_typer(group, name="audit")


def list_entries(
    data: MaybeData = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 50,
    action: Annotated[str | None, typer.Option(help="Only this action, e.g. note.add.")] = None,
    who: Annotated[str | None, typer.Option(help="Only what this one did.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only what was done to this, e.g. unit:H55.12.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what was done, newest first."""
    _, engine = open_beside(data)
    found = audit.entries(engine, limit=limit, action=action, who=who, subject=subject)
    if as_json:
        print(json.dumps([_document(entry) for entry in found], ensure_ascii=False))
        return
    table = Table(header_style="bold")
    for heading in ("number", "moment", "who", "action", "subject", "detail"):
        table.add_column(heading, no_wrap=heading in ("number", "moment", "action"))
    for entry in found:
        # As plain text: a subject must not be taken for the table's own markup.
        cells = (iso(entry.moment), entry.who, entry.action, entry.subject, entry.detail)
        table.add_row(str(entry.number), *map(Text, cells))
    if found:
        print_wide(table)
    print(f"{len(found)} shown")


def verify(
    data: MaybeData = None,
    anchor: Annotated[
        list[str] | None, typer.Option(help="NUMBER:HASH as an earlier 'verify' printed it; repeatable.")
    ] = None,
    anchor_file: Annotated[
        Path | None,
        typer.Option(help="File of such anchors, one a line; the newest is added to it when all is well."),
    ] = None,
) -> None:
    """Check every row against the one before it, and the whole against anchors; exit code 1 where it breaks."""
    known = [_anchor(text, "--anchor") for text in anchor or []]
    if anchor_file is not None and anchor_file.is_file():
        known += [_anchor(line, str(anchor_file)) for line in anchor_file.read_text(encoding="utf-8").split()]
    _, engine = open_beside(data)
    last, found = audit.check(audit.everything(engine), known)
    if found is not None:
        print(f"BROKEN at row {found.number} ({found.kind}): {found.text}; {last.number} rows before it hold")
        raise typer.Exit(BROKEN)
    if not last.number:
        print("the audit log is empty")
        return
    if anchor_file is not None and last not in known:
        with anchor_file.open("a", encoding="utf-8") as file:
            file.write(f"{last}\n")
    print(f"{last.number} rows hold, {len(known)} anchors met; anchor {last}")


def _anchor(text: str, where: str) -> Anchor:
    found = _ANCHOR.fullmatch(text)
    if found is None:
        fail(f"{where}: saw {text[:100]!r}, want NUMBER:HASH as 'opscentre audit verify' prints it")
    return Anchor(int(found[1]), found[2])


def _document(entry: Entry) -> dict[str, Any]:
    found = msgspec.structs.asdict(entry)
    return found | {"moment": iso(entry.moment), "detail": json.loads(entry.detail)}
