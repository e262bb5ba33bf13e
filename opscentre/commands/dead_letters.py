"""``opscentre dead-letters list | show | redrive | dismiss``: what the stream could not digest."""

from __future__ import annotations

import base64
import getpass
import json
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from opscentre.commands.shared import AsJson, MaybeData, fail, open_beside, print_wide
from opscentre.domain.moments import iso
from opscentre.pipe.base import PipeError, open_producer
from opscentre.redriving import NotTaken, came_back, parcels, redrive, same_payloads, wait_until_taken
from opscentre.runtime.book import now_on
from opscentre.runtime.supervisor import PartFailed
from opscentre.runtime.worker import counting
from opscentre.settings import Settings
from opscentre.store import dead_letters
from opscentre.store.dead_letters import DeadLetter, Listed

#: Digits of a digest that are shown, and the fewest that are taken as the beginning of one.
SHOWN, FEWEST = 12, 6
#: Seconds without any progress after which waiting for a worker ends.
STALLED_AFTER = 60.0


def register(app: typer.Typer) -> None:
    """Add the group of subcommands."""
    group = typer.Typer(
        no_args_is_help=True, help="What the stream could not digest: list, look at, send again, put aside."
    )
    group.command("list")(list_letters)
    group.command("show")(show)
    group.command("redrive")(redrive_letters)
    group.command("dismiss")(dismiss_letters)
    app.add_typer(group, name="dead-letters")


def list_letters(
    data: MaybeData = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 50,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were sent again or dismissed.")] = False,
    as_json: AsJson = False,
) -> None:
    """List open dead letters, newest first, without their payloads."""
    _, engine = open_beside(data)
    found = dead_letters.listed(engine, limit=limit, closed=everything)
    if as_json:
        print(json.dumps([_document(one) for one in found], ensure_ascii=False))
        return
    table = Table(header_style="bold")
    for heading in ("digest", "since", "topic", "partition", "offset", "bytes", "state", "reason"):
        table.add_column(heading, no_wrap=heading != "reason")
    for one in found:
        letter = one.letter
        numbers = (str(letter.partition), str(letter.offset), str(len(letter.payload)))
        # As plain text: what a reason quotes must not be taken for the table's own markup.
        reason = Text(letter.reason)
        table.add_row(letter.digest[:SHOWN], iso(letter.at), letter.topic, *numbers, _state(one), reason)
    if found:
        print_wide(table)
    # What is open beyond the limit must not look as if it were not there.
    print(f"{dead_letters.count(engine)} open, {len(found)} shown")


def show(
    place: Annotated[list[str], typer.Argument(help="TOPIC PARTITION OFFSET, or the beginning of a DIGEST.")],
    data: MaybeData = None,
    as_json: AsJson = False,
) -> None:
    """Show a dead letter with its payload."""
    _, engine = open_beside(data)
    found = _at(engine, place)
    if as_json:
        print(json.dumps([{**_document(one), **_payload(one.letter)} for one in found], ensure_ascii=False))
        return
    for one in found:
        for name, value in _document(one).items():
            print(f"{name:<17} {'–' if value is None else _plain(str(value))}")
        print(f"{'payload':<17} {_readable(one.letter.payload)}\n")


def redrive_letters(
    digests: Annotated[list[str] | None, typer.Argument(help="Beginnings of digests.")] = None,
    data: MaybeData = None,
    everything: Annotated[bool, typer.Option("--all", help="Every open letter.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent where.")] = False,
    who: Annotated[str | None, typer.Option("--by", help="Who wants it; your user name if left out.")] = None,
) -> None:
    """Send dead letters down their topics again, wait for a worker, and say what became of them."""
    if bool(digests) == everything:
        fail("dead-letters redrive: want either digests or --all; 'opscentre dead-letters list' shows them")
    settings, engine = open_beside(data)
    chosen = dead_letters.listed(engine) if everything else _named(engine, digests or [])
    groups = same_payloads(one.letter for one in chosen)
    if not groups:
        print("no dead letter is open: nothing to send")
        return
    try:
        if dry_run:
            _rehearse(groups, settings)
        else:
            _send(groups, settings, engine, (who or getpass.getuser())[:100])
    except (PipeError, NotTaken, PartFailed) as error:
        fail(" ".join(str(error).split()))


def dismiss_letters(
    digests: Annotated[list[str], typer.Argument(help="Beginnings of digests.")],
    why: Annotated[str, typer.Option("--reason", help="Why nothing is to be done with them.")],
    who: Annotated[str | None, typer.Option("--by", help="Who says so; your user name if left out.")] = None,
    data: MaybeData = None,
) -> None:
    """Put dead letters aside: they stay in the table with who, when and why, and no longer count as open."""
    if not why.strip():
        fail("dead-letters dismiss: --reason is empty; write for those after you why nothing is to be done")
    settings, engine = open_beside(data)
    chosen = _named(engine, digests)
    fresh = [one.letter for one in chosen if one.state == "open"]
    if fresh:
        dead_letters.dismiss(engine, fresh, now_on(settings.data), (who or getpass.getuser())[:100], why.strip())
    for one in chosen:
        if one.state != "open":
            print(f"{one.letter.digest[:SHOWN]}  was {one.state} already and stays so")
    print(f"{len(fresh)} dismissed, {dead_letters.count(engine)} open")


def _rehearse(groups: list[list[DeadLetter]], settings: Settings) -> None:
    producer = open_producer(settings.broker_url, settings.dossier_partitions)
    try:
        for group in groups:
            letter = group[0]
            to = ", ".join(str(place) for place, _ in parcels(letter, producer.partitions(letter.topic)))
            print(f"{letter.digest[:SHOWN]}  would go to partition {to} of {letter.topic}")
    finally:
        producer.close()
    print(f"{len(groups)} would be sent again")


def _send(groups: list[list[DeadLetter]], settings: Settings, engine: Engine, who: str) -> None:
    with counting(settings) as running:
        producer = open_producer(running.broker_url, running.dossier_partitions)
        try:
            now = now_on(settings.data)
            places = [place for group in groups for place in redrive(engine, producer, group, now, who)]
        finally:
            producer.close()
        wait_until_taken(engine, places, STALLED_AFTER)
    back = came_back(engine, places)
    for letter in back:
        print(
            f"{letter.digest[:SHOWN]}  came back as {letter.topic} {letter.partition} {letter.offset}: {letter.reason}"
        )
    returned = len({(letter.topic, letter.partition, letter.offset) for letter in back})
    print(f"{len(places)} sent again: {len(places) - returned} digested, {returned} came back")


def _at(engine: Engine, place: list[str]) -> list[Listed]:
    if len(place) == 1:
        return _with(engine, place[0])
    if len(place) != 3 or not all(word.isascii() and word.isdigit() for word in place[1:]):
        fail(f"dead-letters show: saw {' '.join(place)!r}, want TOPIC PARTITION OFFSET or the beginning of a DIGEST")
    found = dead_letters.by_place(engine, place[0], int(place[1]), int(place[2]))
    if not found:
        fail(f"no dead letter at offset {place[2]} of partition {place[1]} of {place[0]!r}; see 'dead-letters list'")
    return found


def _with(engine: Engine, beginning: str) -> list[Listed]:
    wanted = beginning.lower()
    if len(wanted) < FEWEST or not set(wanted) <= set("0123456789abcdef"):
        fail(f"digest {beginning!r}: want at least {FEWEST} of the hexadecimal digits that 'dead-letters list' shows")
    found = dead_letters.by_digest(engine, wanted)
    if not found:
        fail(f"no dead letter whose digest begins with {beginning!r}; see 'dead-letters list --all'")
    digests = sorted({one.letter.digest[:SHOWN] for one in found})
    if len({one.letter.digest for one in found}) > 1:
        fail(f"digest {beginning!r} is the beginning of {len(digests)}: {', '.join(digests)}; write more of it")
    return found


def _named(engine: Engine, beginnings: list[str]) -> list[Listed]:
    """The letters of these digests: the open ones; one sent already is sent again only where none of them is open."""
    chosen: dict[str, list[Listed]] = {}
    for beginning in beginnings:
        found = _with(engine, beginning)
        chosen[found[0].letter.digest] = [one for one in found if one.state == "open"] or found
    return [one for found in chosen.values() for one in found]


def _state(one: Listed) -> str:
    if not one.redriven:
        return one.state
    return f"{one.state} {one.redriven}×" if one.sent else f"{one.state}, tried {one.redriven}×"


def _document(one: Listed) -> dict[str, Any]:
    letter = one.letter
    return {
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "digest": letter.digest,
        "reason": letter.reason,
        "since": iso(letter.at),
        "bytes": len(letter.payload),
        "state": one.state,
        "redriven": one.redriven,
        "redriven_at": _maybe_iso(one.redriven_at),
        "dismissed_at": _maybe_iso(one.dismissed_at),
        "dismissed_by": one.dismissed_by or None,
        "dismissed_because": one.dismissed_why or None,
    }


def _maybe_iso(at: int | None) -> str | None:
    return None if at is None else iso(at)


def _payload(letter: DeadLetter) -> dict[str, str]:
    return {"payload": base64.b64encode(letter.payload).decode("ascii"), "text": _readable(letter.payload)}


def _readable(payload: bytes) -> str:
    """A payload as text that a terminal bears: whatever does not print is escaped."""
    return _plain(payload.decode("utf-8", "backslashreplace"))


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
