"""A letter as a mail: plain text, HTML and the list as CSV, with headers that nothing in a dossier can reach."""

from __future__ import annotations

from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from alerts import weekly
from alerts.letter import LISTED, DossierItem, Letter
from alerts.tongue import Tongue
from opscentre.domain.moments import local
from opscentre.domain.sheets import CHARSET, Cell, as_csv, text_cell
from opscentre.slip.store import FORMS, file_name

_TEMPLATES = Path(__file__).with_name("templates")
COLUMNS = ("number", "unit", "procedure", "procedure_name", "due", "late", "state", "notes")


@lru_cache
def _template(name: str) -> Template:
    # Both escape: of a plain text nothing is markup, and its own filter takes care of line breaks.
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def html(letter: Letter) -> str:
    """The letter as HTML: tables only, styles inline, as mail programs want it."""
    return _render(letter, "html")


def text(letter: Letter) -> str:
    """The letter as plain text."""
    return _render(letter, "txt")


def _render(letter: Letter, ending: str) -> str:
    if letter.ranking is not None:
        return _template(f"weekly.{ending}").render(**weekly.told(letter, letter.ranking), moment=_moment(letter))
    return _template(f"mail.{ending}").render(**_words(letter))


def _words(letter: Letter) -> dict[str, object]:
    shown = letter.dossiers[:LISTED]
    return {
        "letter": letter,
        "words": letter.words,
        "units": [(unit, list(items)) for unit, items in groupby(shown, key=lambda item: item.unit)],
        "several": len({item.unit for item in letter.dossiers}) > 1 or not letter.unit,
        "more": len(letter.dossiers) - len(shown),
        "begun": [one for one in letter.notices if not one.over],
        "ended": [one for one in letter.notices if one.over],
        "moment": _moment(letter),
    }


def _moment(letter: Letter) -> str:
    return f"{local(letter.moment):%H:%M %d/%m/%Y}"


def table(letter: Letter) -> bytes:
    """Every dossier of the letter as CSV that a spreadsheet opens as it is."""
    words = letter.words
    heads = [words(f"column.{name}") for name in COLUMNS]
    return b"".join(as_csv([heads, *(_row(item, words) for item in letter.dossiers)]))


def _row(item: DossierItem, words: Tongue) -> tuple[Cell, ...]:
    hours = f"{item.late / 3_600_000:.1f}"
    hours = hours.replace(".", ",") if words.language == "vi" else hours
    named = map(text_cell, (item.number, item.unit, item.procedure, item.procedure_name))
    # A number below 0 is no formula.
    return (*named, local(item.due), hours, *map(text_cell, (item.state, "; ".join(item.notes))))


class _Policy(EmailPolicy):
    """SMTP's, but subject and sender are encoded the old way: the new one loses spaces between encoded words."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """One header as it is sent."""
        if name.lower() not in ("subject", "from"):
            return super().fold_binary(name, value)
        told, address = parseaddr(str(value)) if name.lower() == "from" else (str(value), "")
        encoded = Header(told, "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {formataddr((encoded, address)) if address else encoded}{self.linesep}".encode("ascii")


_POLICY = _Policy(linesep=SMTP.linesep)


def mail(letter: Letter, *, sender: str, to: str, domain: str, sent: int) -> EmailMessage:
    """The letter as a mail; its Message-ID is the message's own at every attempt. ``sent``: real ms."""
    message = EmailMessage(policy=_POLICY)
    name, address = parseaddr(sender)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(local(sent))
    message["Message-ID"] = f"<{letter.id}@{domain}>"
    # Out-of-office answers would come back to a mailbox that nobody reads.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if letter.heading:
        # Alerts cannot be unsubscribed from; a digest can.
        message["List-Unsubscribe"] = f"<mailto:{address}?subject=unsubscribe%20{letter.id[:8]}>"
    if letter.severity == "critical":
        message["Importance"] = "high"
    message.set_content(text(letter), cte="base64")
    message.add_alternative(html(letter), subtype="html", cte="base64")
    if letter.dossiers or letter.ranking is not None:
        called = letter.words("file" if letter.ranking is None else "ranking.file")
        name = f"{called}-{local(letter.moment):%Y%m%d-%H%M}.csv"
        listed = table(letter) if letter.ranking is None else weekly.table(letter.ranking, letter.words)
        message.add_attachment(listed, maintype="text", subtype="csv", filename=name, params={"charset": CHARSET})
    for slip in letter.slips:
        name = file_name(slip.number, "pdf")
        message.add_attachment(FORMS["pdf"][0](slip), maintype="application", subtype="pdf", filename=name)
    return message
