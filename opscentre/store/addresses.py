"""Addresses of recipients whose mails came back for good: which fail, which are left out, which count as well again."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, Engine, func, select, update

from opscentre.access import audit
from opscentre.clock import wall_ms
from opscentre.store.alert_tables import mail_bounces

_ROW = mail_bounces.c
_STANDING = _ROW.permanent & _ROW.ended_at.is_(None)


class Failing(NamedTuple):
    """A recipient whose mails came back for good; ``status`` and ``detail`` are the newest report's."""

    recipient: str
    unit: str
    address: str
    status: str
    detail: str
    since: int
    at: int
    #: How many different mails of ours came back: what a report that names none says can be anybody's invention.
    mails: int


def failing(connection: Connection) -> list[Failing]:
    """Everybody whose mails came back for good and whose address does not count as well again, the oldest first."""
    columns = (_ROW.recipient, _ROW.unit, _ROW.address, _ROW.status, _ROW.detail, _ROW.at)
    counted = (
        select(_ROW.recipient, _ROW.address, func.count(func.distinct(_ROW.notification)))
        .where(_STANDING, _ROW.notification != "")
        .group_by(_ROW.recipient, _ROW.address)
    )
    newest: dict[str, Failing] = {}
    mails = {(recipient, address): count for recipient, address, count in connection.execute(counted)}
    for row in connection.execute(select(*columns).where(_STANDING).order_by(_ROW.at, _ROW.id)):
        known = newest.get(row.recipient)
        newest[row.recipient] = Failing(
            *row[:5], since=known.since if known else row.at, at=row.at,
            mails=mails.get((row.recipient, row.address), 0),
        )  # fmt: skip
    return list(newest.values())


def left_out(found: list[Failing], after: int) -> frozenset[tuple[str, str]]:
    """(recipient, address) of those to whom no mail goes: so many different mails came back. 0: nobody is left out."""
    return frozenset((one.recipient, one.address) for one in found if after and one.mails >= after)


def end_failing(engine: Engine, named: str, now: int, who: str) -> list[str]:
    """Let an address count as working again, named by itself or by its recipient; whose it was."""
    meant = _STANDING & ((_ROW.address == named.lower()) | (_ROW.recipient == named))
    with engine.begin() as connection:
        keys = sorted(set(connection.execute(select(_ROW.recipient).where(meant)).scalars()))
        connection.execute(update(mail_bounces).where(meant).values(ended_at=now))
        for key in keys:
            audit.record(
                connection, moment=wall_ms(), who=who, action="address.reachable", subject=f"recipient:{key}", detail={}
            )
    return keys
