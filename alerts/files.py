"""``alerts.toml`` and ``recipients.csv``: read for the role, and checked with every fault that is in them."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

import msgspec

from alerts.kinds import KINDS
from alerts.rules import EVERYWHERE, GROUPS, Rule
from opscentre.alert_files import alerts_path
from opscentre.domain.recipients import EVERY_UNIT, Recipient, Recipients
from opscentre.profile import Profile
from opscentre.settings import Settings, SettingsError
from opscentre.table_file import Fault, Table, read_table
from opscentre.toml_check import TomlFile

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{}|~-]+@([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+")
_SENDER = re.compile(r"(?:[^<>\r\n]*<)?([^<>\s]+@[^<>\s]+?)>?")
SCHEMES = ("smtp", "smtps", "smtp+starttls")
_FOLDER = re.compile(r"(/[A-Za-z0-9 ._%-]*)*")
MAILBOX_WANTED = "want imaps://USER@HOST:PORT/FOLDER, imap+starttls://USER@HOST:PORT/FOLDER or maildir:///FOLDER"
SERVER_WANTED = "want smtp://HOST:PORT, smtp+starttls://USER@HOST:PORT or smtps://USER@HOST:PORT"


class Mail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[mail]``: how messages look and leave. Times in seconds."""

    #: ``Name <address>``: whom mails are from, and the right half of their Message-IDs.
    sender: str = "opscentre <opscentre@localhost>"
    #: Where mails that cannot be delivered come back to; ``{id}`` in it tells which. Empty: to the sender.
    return_path: str = ""
    #: What stands in brackets before every subject.
    brand: str = "IOC"
    #: Address of the dashboard as recipients reach it; empty: mails hold no links.
    dashboard: str = ""
    #: ``smtp://HOST:PORT``, ``smtp+starttls://USER@HOST:PORT``, ``smtps://USER@HOST:PORT``; empty: nothing leaves.
    server: str = ""
    #: Name of the environment variable that holds the password.
    password_env: str = ""
    #: File of the authority that signed the server's certificate; empty: those that are known publicly.
    ca_file: str = ""
    #: Until a silent server is given up.
    timeout: Annotated[float, msgspec.Meta(gt=0, le=300)] = 20
    #: For how long a message belongs to the process that sends it.
    lease: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 120
    #: How long a first line waits for others that become one mail with it.
    gather: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 60
    #: Least time between two mails of one topic to one recipient, graver news apart.
    pause: Annotated[float, msgspec.Meta(ge=0)] = 3600
    #: Until a message that a server put off is tried again; doubled each time, up to ``retry_most``.
    retry_first: Annotated[float, msgspec.Meta(gt=0)] = 60
    retry_most: Annotated[float, msgspec.Meta(gt=0)] = 1800
    #: After so long without being taken a message counts as refused.
    give_up: Annotated[float, msgspec.Meta(gt=0)] = 4 * 86_400
    #: Domains that mail may go to; empty: any.
    allowed_domains: list[str] = []
    #: Days for which it is kept what was told, counted from its end.
    keep_days: Annotated[float, msgspec.Meta(ge=14)] = 400
    per_minute: Annotated[int, msgspec.Meta(ge=1)] = 120
    per_domain_per_minute: Annotated[int, msgspec.Meta(ge=1)] = 60

    @property
    def domain(self) -> str:
        """The domain of the sender."""
        return self.sender.rpartition("@")[2].rstrip("> ")


class Bounces(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[bounces]``: where mails that come back are read. Times in seconds."""

    #: ``imaps://USER@HOST:PORT/FOLDER``, ``imap+starttls://…`` or ``maildir:///FOLDER``; empty: nothing is read.
    mailbox: str = ""
    #: Name of the environment variable that holds the password.
    password_env: str = ""
    #: File of the authority that signed the server's certificate; empty: those that are known publicly.
    ca_file: str = ""
    #: Between two looks.
    every: Annotated[float, msgspec.Meta(ge=1)] = 60
    #: After so many different mails that came back for good an address gets none, and who stands above hears; 0: never.
    leave_out_after: Annotated[int, msgspec.Meta(ge=0)] = 3
    #: Until a silent server is given up.
    timeout: Annotated[float, msgspec.Meta(gt=0, le=300)] = 20


class Inhibit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[inhibit]]``: while one rule is true of something, others say nothing of what follows from it."""

    by: str
    silences: list[str]
    #: The fact that both must have in common, like ``link``; empty: none.
    same: str = ""


class Alerting(NamedTuple):
    """Everything that an installation says of its alerts."""

    rules: tuple[Rule, ...]
    inhibits: tuple[Inhibit, ...]
    recipients: Recipients
    mail: Mail
    bounces: Bounces = Bounces()

    def rule(self, code: str) -> Rule | None:
        """The rule of a code; None where it is configured no more."""
        return next((rule for rule in self.rules if rule.code == code), None)


class _Head(msgspec.Struct):
    kind: str


def load(profile: Profile, settings: Settings) -> Alerting:
    """Read the files of an installation. Raises ``SettingsError`` with the first fault."""
    path = alerts_path(profile, settings)
    if settings.alerts and not path.is_file():
        raise SettingsError(f"OPSCENTRE_ALERTS: there is no {path}; name an alerts.toml or its folder")
    found, faults = _read(path, frozenset(profile.units.by_code))
    if faults:
        raise SettingsError(str(faults[0]))
    return found


def check(folder: Path, units: Collection[str]) -> list[Fault]:
    """Everything that is wrong in the two files of a profile; it need not have them."""
    return _read(folder / "alerts.toml", units)[1]


def _read(path: Path, units: Collection[str]) -> tuple[Alerting, list[Fault]]:
    file = TomlFile(path, required=False)
    file.allow_only("rule", "inhibit", "mail", "bounces")
    mail = (file.one("mail", Mail) if "mail" in file.document else None) or Mail()
    bounces = (file.one("bounces", Bounces) if "bounces" in file.document else None) or Bounces()
    recipients = _check_recipients(path.with_name("recipients.csv"), units, mail)
    rules = _rules(file, units, recipients.column("role"))
    inhibits = file.entries("inhibit", Inhibit)
    codes = {str(row.get("code")) for _, row in file.rows("rule") if isinstance(row, dict)}
    for line, inhibit in inhibits:
        for key, named in (("by", [inhibit.by]), ("silences", inhibit.silences)):
            for code in named:
                if code not in codes:
                    file.blame(file.line_of(key, line), key, "no rule has this code", "want a code of a [[rule]]", code)
    _check_mail(file, mail)
    if bounces.mailbox and not is_mailbox(bounces.mailbox):
        line = file.line_of("mailbox", file.line_of("bounces", 1))
        file.blame(line, "mailbox", "is no mailbox", MAILBOX_WANTED, bounces.mailbox)
    inhibited = tuple(one for _, one in inhibits)
    found = Alerting(
        tuple(rule for rule in rules if rule.enabled), inhibited, Recipients(recipients.values), mail, bounces
    )
    return found, [*file.faults, *recipients.faults]


def _rules(file: TomlFile, units: Collection[str], roles: Collection[str]) -> list[Rule]:
    found: list[Rule] = []
    first: dict[str, int] = {}
    kinds_of = {str(row.get("code")): row.get("kind") for _, row in file.rows("rule") if isinstance(row, dict)}
    for line, row in file.rows("rule"):
        head = file.convert(row, _Head, line)
        if head is None:
            continue
        if head.kind not in KINDS:
            known = f"want one of {', '.join(sorted(KINDS))}"
            file.blame(file.line_of("kind", line), "kind", "there is no such kind of rule", known, head.kind)
            continue
        rule = file.convert(row, KINDS[head.kind].rule, line)
        if rule is None:
            continue
        if first.setdefault(rule.code, line) != line:
            told = f"the rule of line {first[rule.code]} has this code"
            file.blame(file.line_of("code", line), "code", told, "give each rule its own", rule.code)
        _check_names(file, line, rule, units, roles)
        counts = getattr(rule, "counts", None)
        if counts is not None and kinds_of.get(counts) != "link_down":
            told, remedy = "no rule of kind link_down has this code", "want the code of one"
            file.blame(file.line_of("counts", line), "counts", told, remedy, counts)
        found.append(rule)
    return found


def _check_names(file: TomlFile, line: int, rule: Rule, units: Collection[str], roles: Collection[str]) -> None:
    for role in rule.hear:
        if role not in roles:
            known = f"want a role of recipients.csv: {', '.join(sorted(roles)) or 'it has none'}"
            file.blame(file.line_of("hear", line), "hear", "nobody has this role", known, role)
    for code in rule.units:
        if code not in (EVERYWHERE, *GROUPS) and code not in units:
            remedy = f"want codes of units.csv, groups {', '.join(GROUPS)}, or {EVERYWHERE}"
            file.blame(file.line_of("units", line), "units", "there is no such unit", remedy, code)


def _check_mail(file: TomlFile, mail: Mail) -> None:
    start = file.line_of("mail", 1)

    def blame(key: str, told: str, remedy: str) -> None:
        file.blame(file.line_of(key, start), key, told, remedy, getattr(mail, key))

    if _SENDER.fullmatch(mail.sender) is None:
        blame("sender", "is no sender", "want an address, or Name <address>")
    if mail.return_path and _ADDRESS.fullmatch(mail.return_path.replace("{id}", "0", 1)) is None:
        blame("return_path", "is no address", "want an address like bounces+{id}@DOMAIN")
    if mail.lease < 4 * mail.timeout:
        blame("lease", "a message could still be on its way when another process takes it over",
              f"want at least 4 × timeout: {4 * mail.timeout:g}")  # fmt: skip
    if mail.server:
        try:
            require_server(mail.server, "server")
        except SettingsError as error:
            blame("server", "is no mail server", str(error).rpartition("; ")[2])


def is_mailbox(text: str) -> bool:
    """Whether a text names a mailbox that can be read."""
    parts = urlsplit(text)
    if parts.scheme == "maildir":
        return not parts.netloc and parts.path.startswith("/") and len(parts.path) > 1
    try:
        port = parts.port
    except ValueError:
        return False
    named = parts.hostname and parts.username and not parts.password and port
    return bool(parts.scheme in ("imaps", "imap+starttls") and named and _FOLDER.fullmatch(parts.path))


def require_server(server: str, where: str) -> None:
    """Raise ``SettingsError`` unless a text names a mail server."""
    parts = urlsplit(server)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme not in SCHEMES or not parts.hostname or port is None or parts.password:
        hint = " (the password stands in the variable that password_env names)" if parts.password else ""
        shown = f"{parts.scheme}://…@{parts.hostname}" if parts.password else server
        raise SettingsError(f"{where}: saw {shown!r}; {SERVER_WANTED}{hint}")


def _check_recipients(path: Path, units: Collection[str], mail: Mail) -> Table[Recipient]:
    table = read_table(path, Recipient)
    first: dict[tuple[str, str], int] = {}
    for row in table.rows:
        one = row.value
        if one.unit and one.unit != EVERY_UNIT and one.unit not in units:
            table.blame(row, "unit", "no unit has this code", f"want a code of units.csv, {EVERY_UNIT}, or nothing")
        if "{" in one.address and one.unit != EVERY_UNIT:
            table.blame(row, "address", "only a row for every unit is filled in", f"write {EVERY_UNIT} as its unit")
        line = first.setdefault((one.unit, one.role), row.line)
        if line != row.line:
            table.blame(
                row, "role", f"line {line} has that role of that unit", "keep one; a mailing list has one address"
            )
        _check_address(table, row.line, one, mail)
    return table


def _check_address(table: Table[Recipient], line: int, one: Recipient, mail: Mail) -> None:
    row = next(row for row in table.rows if row.line == line)
    if one.channel == "smtp":
        if _ADDRESS.fullmatch(one.address) is None:
            table.blame(row, "address", "is no mail address", "want NAME@DOMAIN")
        elif mail.allowed_domains and one.domain not in [domain.lower() for domain in mail.allowed_domains]:
            allowed = ", ".join(mail.allowed_domains)
            table.blame(
                row, "address", "mail may not go to this domain", f"allowed_domains of alerts.toml has: {allowed}"
            )
    elif one.channel == "webhook" and urlsplit(one.address).scheme not in ("http", "https"):
        table.blame(row, "address", "is no URL", "want https://HOST/PATH")
    elif one.channel == "apprise" and not re.fullmatch(r"[A-Z][A-Z0-9_]*", one.address):
        table.blame(row, "address", "is no name of an environment variable", "want one, that holds the Apprise URL")
