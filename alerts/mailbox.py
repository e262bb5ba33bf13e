"""The mailbox of a demo: a real SMTP server on loopback that keeps what it gets in the data folder."""

from __future__ import annotations

import logging
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from opscentre.mail_folder import MailFolder
from opscentre.runtime.folder import free_port


class _Keep:
    def __init__(self, folder: MailFolder) -> None:
        self._folder = folder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        content: Any = envelope.content
        self._folder.keep(content if isinstance(content, bytes) else str(content).encode())
        return "250 kept"


class Mailbox:
    """Listens on a free loopback port until it is closed."""

    def __init__(self, folder: MailFolder) -> None:
        # It tells every command of every mail at level INFO.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        # The controller asks itself for its port before it is told one: it cannot choose for itself.
        self._port = free_port()
        self._controller = Controller(_Keep(folder), hostname="127.0.0.1", port=self._port)
        self._controller.start()

    @property
    def url(self) -> str:
        """Where it listens, as OPSCENTRE_MAIL says it."""
        return f"smtp://127.0.0.1:{self._port}"

    def close(self) -> None:
        """Stop listening."""
        self._controller.stop()
