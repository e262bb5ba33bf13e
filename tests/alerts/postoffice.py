"""A real SMTP server on loopback that keeps what it gets and misbehaves on command."""

from __future__ import annotations

import asyncio
import re
import ssl
import subprocess
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session

from tests.parts.process import free_port

#: Says what to do at a step ('MAIL', 'RCPT', 'DATA', 'TAKEN'): an answer, or None to go on as usual.
Manner = Callable[[str, Envelope], Any]


class Arrived(NamedTuple):
    """One mail that was accepted, and the simulated moment at which that was."""

    moment: int
    to: str
    mail: EmailMessage
    #: Whom it comes back to.
    sender: str = ""

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"])

    @property
    def id(self) -> str:
        return str(self.mail["Message-ID"])

    @property
    def text(self) -> str:
        return self.mail.get_body(("plain",)).get_content()

    @property
    def html(self) -> str:
        return self.mail.get_body(("html",)).get_content()

    @property
    def numbers(self) -> list[str]:
        """The dossiers that it names, in its order."""
        return re.findall(r"^- (\S+) \|", self.text, re.M)


class PostOffice:
    """Listens from ``open`` to ``close``; on the same port again after that."""

    def __init__(self, clock: Callable[[], int] = lambda: 0, **options: Any) -> None:
        self.arrived: list[Arrived] = []
        self.manner: Manner = lambda step, envelope: None
        self.clock = clock
        self._options = options
        self._controller: Controller | None = None
        self.port = free_port()
        self.open()

    def open(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self._options)
        self._controller.start()

    def close(self) -> None:
        if self._controller is not None:
            self._controller.stop(no_assert=True)
        self._controller = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_MAIL(self, server, session: Session, envelope: Envelope, address: str, options) -> str:
        return await self._ask("MAIL", server, envelope) or self._with(envelope, address)

    async def handle_RCPT(self, server, session: Session, envelope: Envelope, address: str, options) -> str:
        answer = await self._ask("RCPT", server, envelope, address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server, session: Session, envelope: Envelope) -> str:
        answer = await self._ask("DATA", server, envelope)
        if answer is not None:
            return answer
        mail = BytesParser(EmailMessage, policy=policy.default).parsebytes(envelope.content)
        self.arrived.append(Arrived(self.clock(), envelope.rcpt_tos[0], mail, envelope.mail_from))
        return await self._ask("TAKEN", server, envelope) or "250 kept"

    async def _ask(self, step: str, server, envelope: Envelope, address: str = "") -> str | None:
        envelope.asked = address
        answer = self.manner(step, envelope)
        if answer == "hang up":
            server.transport.abort()
            await asyncio.sleep(0.05)
            return "421 gone"
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return None
        return answer

    @staticmethod
    def _with(envelope: Envelope, address: str) -> str:
        envelope.mail_from = address
        return "250 OK"


def at_step(wanted: str, answer: Any, times: int = 10**9) -> Manner:
    """The same answer at one step, so many times; then as usual."""
    left = [times]

    def manner(step: str, envelope: Envelope) -> Any:
        if step != wanted or left[0] <= 0:
            return None
        left[0] -= 1
        return answer

    return manner


def certificate(folder: Path, name: str = "127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for an address: its file, and what a server shows it with."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", str(key), "-out", str(cert), "-days", "2", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=IP:{name}"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return cert, context


def lets_in(user: str, password: str) -> dict[str, Any]:
    """Options of a server that wants a sign-in."""

    def check(server, session, envelope, mechanism, data) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (user.encode(), password.encode()), handled=False)

    return {"authenticator": check, "auth_required": True, "auth_require_tls": False}
