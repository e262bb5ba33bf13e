"""The commands of ``opscentre alerts``: what they print, as tables for people and as JSON for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from alerts import desk, rendering
from alerts.channels.webhook import document
from alerts.files import Alerting, load
from alerts.main import clock_of
from alerts.times import Times
from alerts.view import View
from opscentre import profile as profiles
from opscentre.clock import wall_ms
from opscentre.commands.shared import fail, print_wide
from opscentre.domain.moments import iso, parse_local
from opscentre.domain.slip import NoSlip
from opscentre.profile import Profile
from opscentre.runtime.book import now_on, read_book
from opscentre.settings import Settings
from opscentre.slip.store import FORMS, read_slip
from opscentre.store.addresses import Failing, end_failing, left_out
from opscentre.store.engine import open_store


class Desk:
    """What every command needs: settings, profile, files, SQL and the time."""

    def __init__(self, settings: Settings) -> None:
        if not settings.database and not (settings.data / "opscentre.db").is_file():
            fail(f"--data {settings.data}: no opscentre.db there; nothing was ever counted in this folder")
        self.settings = settings
        self.profile: Profile = profiles.load(settings.profile)
        self.alerting: Alerting = load(self.profile, settings)
        self.engine = open_store(settings.database_url)
        in_demo = read_book(settings.data) is not None
        self.now = now_on(settings.data) if in_demo else clock_of(settings, self.profile).now()

    def unit(self, code: str) -> str:
        """A unit's code; ends the command where there is none."""
        if code and code not in self.profile.units.by_code:
            fail(f"--unit {code}: units.csv of {self.profile.slug} has no such code")
        return code

    def moment(self, text: str) -> int:
        """A moment that a person wrote, of the product's time and still to come."""
        try:
            found = parse_local(text)
        except ValueError as error:
            fail(f"--until: {error}")
        if found <= self.now:
            fail(f"--until {text}: it is {iso(self.now)} already; want a later moment")
        return found


def list_command(settings: Settings, unit: str, limit: int, as_json: bool) -> None:
    """Print what is open, and what people decided about it."""
    open_desk = Desk(settings)
    found = desk.open_alerts(open_desk.engine, open_desk.unit(unit), limit)
    marks = desk.standing_marks(open_desk.engine)
    failing = View(open_desk.engine, open_desk.profile.calendar, open_desk.profile.units, 0).failing_addresses()
    if as_json:
        alerts = [msgspec.to_builtins(one) | {"since": iso(one.since)} for one in found]
        shown = {
            "alerts": alerts,
            "marks": [_mark(row) for row in marks],
            "failing": [_failing(one) for one in failing],
        }
        print(json.dumps(shown, ensure_ascii=False))
        return
    names = open_desk.profile.units
    rows = [
        (one.severity, one.state, one.rule, names[one.unit].name if one.unit else "", one.subject, iso(one.since))
        for one in found
    ]
    _print(("severity", "state", "rule", "unit", "about", "since"), rows)
    for row in marks:
        until = f"until {iso(row['until'])}" if row["until"] else "until it is over"
        what = " ".join(filter(None, (row["unit"], row["rule"], row["subject"]))) or "everything"
        print(f"{row['kind']} {row['id']}: {what}, {until}, by {row['author']}: {row['reason']}")
    for one in failing:
        told = " ".join(filter(None, (one.status, one.detail)))
        out = (one.recipient, one.address) in left_out(failing, open_desk.alerting.bounces.leave_out_after)
        what = "no mail goes any more to" if out else "mail does not reach"
        print(f"{what} {one.recipient} ({one.address}), failing since {iso(one.since)}: {told}")
    print(f"{len(found)} shown")


def reachable_command(settings: Settings, named: str, author: str) -> None:
    """Let an address count as working again."""
    open_desk = Desk(settings)
    ended = end_failing(open_desk.engine, named, open_desk.now, author)
    if not ended:
        fail(f"{named}: no address or recipient of that name fails; 'opscentre alerts list' shows which do")
    print(f"{', '.join(ended)}: counts as reachable until a mail comes back again")


def ack_command(settings: Settings, named: str, author: str, reason: str, until: str | None) -> None:
    """Acknowledge."""
    open_desk = Desk(settings)
    moment = open_desk.moment(until) if until else None
    subject = desk.acknowledge(open_desk.engine, named, author, reason, open_desk.now, moment)
    print(f"{subject}: acknowledged {'until ' + iso(moment) if moment else 'until it is over'}")


def silence_command(
    settings: Settings, unit: str, rule: str, dossier: str, until: str, author: str, reason: str
) -> None:
    """Silence."""
    open_desk = Desk(settings)
    if not (unit or rule or dossier):
        fail("alerts silence: want at least one of --unit, --rule, --dossier")
    if rule and open_desk.alerting.rule(rule) is None:
        fail(f"--rule {rule}: alerts.toml has {', '.join(one.code for one in open_desk.alerting.rules)}")
    given = {"unit": open_desk.unit(unit), "rule": rule, "dossier": dossier, "author": author, "reason": reason}
    number = desk.silence(open_desk.engine, now=open_desk.now, until=open_desk.moment(until), **given)
    print(f"silence {number} stands; 'opscentre alerts end {number}' ends it before its time")


def end_command(settings: Settings, number: int, author: str) -> None:
    """End a decision."""
    open_desk = Desk(settings)
    if not desk.end_mark(open_desk.engine, number, author, open_desk.now):
        fail(f"{number}: no acknowledgement or silence of that number stands; 'opscentre alerts list' shows them")
    print(f"{number} has ended")


def history_command(settings: Settings, unit: str, mails: bool, limit: int, as_json: bool) -> None:
    """Print what became of alerts, or of messages."""
    open_desk = Desk(settings)
    rows = (
        desk.messages(open_desk.engine, limit) if mails else desk.steps(open_desk.engine, open_desk.unit(unit), limit)
    )
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    columns = ("created_at", "recipient", "state", "attempts", "sent_at", "subject", "error") if mails else ()
    names = columns or ("at", "rule", "key", "episode", "state", "unit")
    _print(names, [[row[name] for name in names] for row in rows])


def preview_command(settings: Settings, unit: str, html: Path | None, as_json: bool) -> None:
    """Print what a unit's recipients would be told now."""
    open_desk = Desk(settings)
    times = Times(open_desk.now, wall_ms())
    partitions = settings.dossier_partitions
    code = open_desk.unit(unit)
    letters = desk.preview(open_desk.engine, open_desk.alerting, open_desk.profile, times, code, partitions)
    if html is not None and letters:
        html.write_text(rendering.html(letters[0]), encoding="utf-8")
    if as_json:
        print(json.dumps([document(letter) for letter in letters], ensure_ascii=False))
        return
    for letter in letters:
        print(f"{letter.subject}\n\n{rendering.text(letter)}")
    print(f"{len(letters)} mails would say this now; nothing was sent")


def slip_command(settings: Settings, source: str, number: str, out: Path) -> None:
    """Write the apology slip of a dossier."""
    open_desk = Desk(settings)
    ending = out.suffix.removeprefix(".").lower()
    if ending not in FORMS:
        fail(f"--out {out}: want a name that ends in {' or '.join(f'.{known}' for known in FORMS)}")
    try:
        slip = read_slip(open_desk.engine, open_desk.profile, source, number, open_desk.now)
    except NoSlip as none:
        fail(f"{source}/{number}: {none}")
    make, _ = FORMS[ending]
    try:
        out.write_bytes(make(slip))
    except OSError as error:
        fail(f"--out {out}: cannot be written: {error.strerror}")
    print(f"{out}: dossier {number} of {slip.unit}; fill in, sign and seal")


def _failing(one: Failing) -> dict[str, Any]:
    return one._asdict() | {"since": iso(one.since), "at": iso(one.at)}


def _mark(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: iso(row[name]) for name in ("at", "until") if row[name] is not None}


def _print(names: tuple[str, ...], rows: list[Any]) -> None:
    table = Table(header_style="bold")
    for name in names:
        table.add_column(name, no_wrap=name not in ("subject", "error", "about"))
    for row in rows:
        # As plain text: what a dossier holds must not be taken for the table's own markup.
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    if rows:
        print_wide(table)
