"""What a delivery status notification says (RFC 3464), read from whatever a mailbox holds: anybody may write there.

Nothing here trusts a mail: it may be no mail at all, lie about its parts, or be cut off. What is not surely a report of
a failed or delayed delivery says nothing.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator, Mapping
from email.errors import MessageError
from email.message import Message
from email.policy import compat32
from typing import Any, NamedTuple

from opscentre.domain.text import one_line

#: Bytes of a mail that are read: what a report says stands before the mail that it brings back.
MOST_BYTES = 256 * 1024
#: Recipients of one report that are looked at.
MOST_RECIPIENTS = 20
#: Parts of the report that are looked at.
_PARTS = 8
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_ADDRESS = re.compile(r"[^\s<>;,\"()]+@[^\s<>;,\"()]+")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,300})>")
#: Where the address stands that a report came back to.
_CAME_TO = ("delivered-to", "x-original-to", "envelope-to", "to")
#: A mail that was divided at so many places is no report of a mail server.
_BOUNDARY = re.compile(rb"(?i)content-type:[ \t]*multipart/")
_DEEPEST = 10


class Report(NamedTuple):
    """What became of one recipient of one mail."""

    #: The address that failed, in small letters; empty: not told.
    address: str
    #: Never to be delivered, by the server's own word; else it may still arrive.
    permanent: bool
    #: ``5.1.1``; empty: not told.
    status: str
    #: What the server said, in one line.
    detail: str
    #: Message-ID of the mail that came back, without its brackets; empty: not told.
    message_id: str
    #: Addresses that the report itself was sent to.
    came_to: tuple[str, ...]


def reports(raw: bytes) -> list[Report]:
    """What a mail reports; nothing for every other mail."""
    raw = raw[:MOST_BYTES]
    if len(_BOUNDARY.findall(raw)) > _DEEPEST:
        return []
    try:
        return list(_reports(email.message_from_bytes(raw, policy=compat32)))
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError):
        # The parser meets mails that it cannot read; what is hostile enough for that is no report.
        return []


def _reports(mail: Message) -> Iterator[Report]:
    if mail.get_content_type() != "multipart/report" or not mail.is_multipart():
        return
    parts = [part for part in _list(mail.get_payload())[:_PARTS] if isinstance(part, Message)]
    status = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    if status is None:
        return
    # One block of fields of the message, then one a recipient.
    blocks = [block for block in _list(status.get_payload()) if isinstance(block, Message)][1 : MOST_RECIPIENTS + 1]
    message_id = _message_id(parts)
    came_to = tuple(_addresses(mail, _CAME_TO))
    for block in blocks:
        action = _field(block, "action").lower()
        if action not in ("failed", "delayed"):
            continue
        status_found = _STATUS.search(_field(block, "status"))
        code = status_found.group() if status_found else ""
        yield Report(
            address=_recipient(block),
            # 4.x.x with "failed": given up, for a reason that may pass.
            permanent=action == "failed" and not code.startswith("4"),
            status=code,
            detail=_told(_field(block, "diagnostic-code")),
            message_id=message_id,
            came_to=came_to,
        )


def _recipient(block: Message) -> str:
    """The address as we wrote it where that is told, else as the server ended up with it."""
    for name in ("original-recipient", "final-recipient"):
        found = _ADDRESS.search(_field(block, name).partition(";")[2])
        if found:
            return found.group().lower()[:320]
    return ""


def _message_id(parts: list[Message]) -> str:
    """The Message-ID of the mail that is brought back, whole or its head alone."""
    for part in parts:
        kind = part.get_content_type()
        if kind == "message/rfc822":
            inner = next((one for one in _list(part.get_payload()) if isinstance(one, Message)), None)
            told = _field(inner, "message-id") if inner is not None else ""
        elif kind == "text/rfc822-headers":
            text = part.get_payload()
            told = _field(email.message_from_string(text), "message-id") if isinstance(text, str) else ""
        else:
            continue
        found = _MESSAGE_ID.search(told)
        if found:
            return found.group(1)
    return ""


def _addresses(mail: Message, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        for value in _list(mail.get_all(name))[:_PARTS]:
            yield from (address.lower() for address in _ADDRESS.findall(one_line(str(value), 1000))[:_PARTS])


def _field(block: Message, name: str) -> str:
    """A field on one line; what is not ASCII comes as an object of its own."""
    return one_line(str(block.get(name, "")), 1000)


def _told(diagnostic: str) -> str:
    """What a server said, without the name of its protocol."""
    kind, _, said = diagnostic.partition(";")
    return one_line(said or kind)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def told_by(report: Report, templates: Mapping[str, re.Pattern[str]]) -> str:
    """The message that a report is about, by the Message-ID it brings or by the address it came to; empty: not told."""
    for text in (report.message_id, *report.came_to):
        for pattern in templates.values():
            found = pattern.fullmatch(text.lower())
            if found:
                return found.group("id")
    return ""
