"""Notes what came back: which message, whose address, for good or for now; each report once, whoever reads it."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Mapping

from sqlalchemy import Connection, Engine, delete, select, update

from alerts.bounces.mailbox import Found, Mailbox, MailboxAway
from alerts.bounces.report import Report, reports, told_by
from alerts.files import Alerting
from alerts.reconcile import look_anew
from alerts.times import Times
from opscentre.domain.recipients import Recipient
from opscentre.domain.units import Units
from opscentre.store import addresses
from opscentre.store.alert_tables import mail_bounces, mailbox_marks, notifications
from opscentre.store.engine import insertion, reading

log = logging.getLogger(__name__)

_BOUNCE, _MARK, _NOTE = mail_bounces.c, mailbox_marks.c, notifications.c


class BounceReader:
    """Reads one mailbox again and again."""

    def __init__(self, engine: Engine, alerting: Alerting, units: Units, mailbox: Mailbox) -> None:
        self._engine, self._alerting, self._units, self._mailbox = engine, alerting, units, mailbox
        self._patterns = message_patterns(alerting.mail.domain, alerting.mail.return_path)
        self._away = False

    def look(self, at: Times) -> int:
        """Note what is new; how many reports were of our mails. Raises ``SQLAlchemyError`` where SQL is away."""
        noted = 0
        try:
            before, seen = self._left_out(), self._seen()
            known = self._addresses()
            for found in self._mailbox.new(seen):
                with self._engine.begin() as connection:
                    noted += sum(self._note(connection, found, one, known, at) for one in reports(found.raw)[:50])
                    self._remember(connection, found, at.wall)
            self._forget(seen)
            self._end_changed(at.now)
            if gone := self._left_out() - before:
                told = ", ".join(sorted(key for key, _ in gone))
                log.error("no mail goes any more to %s: who stands above hears", told)
                # What such an address was told never arrived.
                look_anew(self._engine, self._alerting.rules, at.now)
        except MailboxAway as away:
            if not self._away:
                log.error("bounces wait: %s", away)
            self._away = True
            return noted
        if self._away:
            log.info("bounces are read again")
            self._away = False
        return noted

    def _seen(self) -> dict[str, str]:
        query = select(_MARK.name, _MARK.value).where(_MARK.mailbox == self._mailbox.name)
        with reading(self._engine).connect() as connection:
            return dict(connection.execute(query).tuples().all())

    def _left_out(self) -> frozenset[tuple[str, str]]:
        with reading(self._engine).connect() as connection:
            return addresses.left_out(addresses.failing(connection), self._alerting.bounces.leave_out_after)

    def _addresses(self) -> dict[str, Recipient]:
        everybody = self._alerting.recipients.all(self._units)
        return {one.address.lower(): one for one in everybody if one.channel == "smtp"}

    def _note(
        self, connection: Connection, found: Found, report: Report, known: Mapping[str, Recipient], at: Times
    ) -> bool:
        message = told_by(report, self._patterns)
        row = connection.execute(select(_NOTE.recipient).where(_NOTE.id == message)).first() if message else None
        recipient = self._alerting.recipients.by_key(row.recipient, self._units) if row else None
        if recipient is None and not report.message_id:
            recipient = known.get(report.address)
        if recipient is None:
            # Somebody else's mail, or somebody's invention.
            return False
        address = (recipient.address if row else report.address).lower()
        same = f"{self._mailbox.name}|{report.message_id}|{report.address}|{report.status}|{report.permanent}"
        name = hashlib.sha256(same.encode() + hashlib.sha256(found.raw).digest()).hexdigest()
        values = {
            "id": name, "notification": message if row else "", "recipient": recipient.key, "unit": recipient.unit,
            "address": address[:320], "permanent": report.permanent, "status": report.status,
            "detail": report.detail, "at": at.now,
        }  # fmt: skip
        once = insertion(connection, mail_bounces).values(**values).on_conflict_do_nothing().returning(_BOUNCE.id)
        if connection.execute(once).first() is None:
            return False
        told = f"{'bounced' if report.permanent else 'delayed'}: {report.status} {report.detail}".strip()
        if row:
            connection.execute(update(notifications).where(_NOTE.id == message).values(error=told))
        log.log(logging.ERROR if report.permanent else logging.WARNING, "mail to %s %s", recipient.key, told)
        return True

    def _remember(self, connection: Connection, found: Found, wall: int) -> None:
        mark = {"mailbox": self._mailbox.name, "name": found.name, "value": found.value, "at": wall}
        statement = insertion(connection, mailbox_marks).values(**mark)
        newer = {"value": found.value, "at": wall}
        connection.execute(statement.on_conflict_do_update(index_elements=["mailbox", "name"], set_=newer))

    def _forget(self, seen: Mapping[str, str]) -> None:
        gone = self._mailbox.gone(seen)
        with self._engine.begin() as connection:
            for start in range(0, len(gone), 400):
                names = _MARK.name.in_(gone[start : start + 400])
                connection.execute(delete(mailbox_marks).where(_MARK.mailbox == self._mailbox.name, names))

    def _end_changed(self, now: int) -> None:
        """An address that was changed in recipients.csv fails no more."""
        query = select(_BOUNCE.recipient, _BOUNCE.address).where(_BOUNCE.ended_at.is_(None), _BOUNCE.permanent)
        with reading(self._engine).connect() as connection:
            standing = set(connection.execute(query.distinct()).tuples())
        for key, address in standing:
            present = self._alerting.recipients.by_key(key, self._units)
            if present is None or present.address.lower() != address:
                over = (_BOUNCE.recipient == key) & (_BOUNCE.address == address) & _BOUNCE.ended_at.is_(None)
                with self._engine.begin() as connection:
                    connection.execute(update(mail_bounces).where(over).values(ended_at=now))


def message_patterns(domain: str, return_path: str) -> dict[str, re.Pattern[str]]:
    """How a message is told by a Message-ID of ours, and by the address that it comes back to."""
    told = {"message_id": re.compile(rf"(?P<id>[0-9a-f]{{32}})@{re.escape(domain.lower())}")}
    before, marked, after = return_path.lower().partition("{id}")
    if marked:
        told["return_path"] = re.compile(rf"{re.escape(before)}(?P<id>[0-9a-f]{{32}}){re.escape(after)}")
    return told
