"""A webhook: the letter as JSON to a URL, with a key by which a repeat can be told."""

from __future__ import annotations

from typing import Any

import httpx

from alerts import weekly
from alerts.channels.base import Channel, Doubtful, Given, Later, Refused, cut
from alerts.letter import Letter
from alerts.rendering import text
from opscentre import outbound
from opscentre.domain.moments import iso


class Webhook:
    """Posts letters."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._client = httpx.Client(timeout=timeout, follow_redirects=False, transport=outbound.transport())

    def deliver(self, letter: Letter, address: str, within: float) -> str:
        """Post one letter. Raises ``Undelivered``."""
        limit = min(self._timeout, within)
        headers = {"Idempotency-Key": letter.id}
        try:
            answer = self._client.post(address, json=document(letter), headers=headers, timeout=limit)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            # Another address than the mail server's: this letter waits, the others do not.
            raise Later(f"cannot be reached: {cut(error)}") from None
        except httpx.HTTPError as error:
            raise Doubtful(f"no answer: {cut(error) or type(error).__name__}") from None
        told = f"{answer.status_code} {cut(answer.text, 100)}"
        if answer.is_success:
            return told
        if answer.status_code in (408, 425, 429) or answer.is_server_error:
            raise Later(told)
        raise Refused(told)

    def close(self) -> None:
        """Close connections."""
        self._client.close()


def document(letter: Letter) -> dict[str, Any]:
    """The letter for a program."""
    return {
        "id": letter.id,
        "subject": letter.subject,
        "severity": letter.severity,
        "at": iso(letter.moment),
        "unit": letter.unit,
        "text": text(letter),
        "dossiers": [
            {
                "source": one.source, "number": one.number, "unit": one.unit, "procedure": one.procedure,
                "due": iso(one.due), "late_working_ms": one.late, "state": one.state, "notes": list(one.notes),
            }
            for one in letter.dossiers
        ],
        "ranking": weekly.document(letter.ranking) if letter.ranking is not None else None,
        "notices": [
            {"title": one.title, "what": one.what, "since": one.since, "detail": one.detail, "over": one.over}
            for one in letter.notices
        ],
    }  # fmt: skip


def make(given: Given) -> Channel:
    """Needs nothing but a recipient's URL."""
    return Webhook(given.mail.timeout)
