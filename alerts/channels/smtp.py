"""Mail over SMTP: one connection kept for a while, each step timed, and no doubt about what surely failed."""

from __future__ import annotations

import contextlib
import os
import re
import smtplib
import ssl
import time
from urllib.parse import unquote, urlsplit

import certifi

from alerts.channels.base import Channel, Doubtful, Given, Later, Refused, Unreachable, cut
from alerts.files import Mail, require_server
from alerts.letter import Letter
from alerts.rendering import mail as as_mail
from opscentre.clock import wall_ms
from opscentre.secret_files import lacking, secret_of
from opscentre.settings import SettingsError

#: A connection that was idle for so many seconds is not trusted any more.
IDLE = 10.0
_DOT = re.compile(rb"(?m)^\.")
_CONVERSATION = (OSError, smtplib.SMTPException)


class Smtp:
    """One mail server."""

    def __init__(self, server: str, mail: Mail, password: str = "") -> None:
        parts = urlsplit(server)
        self._scheme, self._host, self._port = parts.scheme, parts.hostname or "", parts.port or 0
        self._user, self._password = unquote(parts.username or ""), password
        self._mail = mail
        self._allowed = {domain.lower() for domain in mail.allowed_domains}
        self._open: smtplib.SMTP | None = None
        self._used = 0.0

    def deliver(self, letter: Letter, address: str, within: float) -> str:
        """Send one mail. Raises ``Undelivered``."""
        domain = address.rpartition("@")[2].lower()
        if self._allowed and domain not in self._allowed:
            raise Refused(f"mail may not go to {domain}: allowed_domains of alerts.toml has {sorted(self._allowed)}")
        deadline = time.monotonic() + within
        sent = as_mail(letter, sender=self._mail.sender, to=address, domain=self._mail.domain, sent=wall_ms())
        content = _DOT.sub(b"..", sent.as_bytes())
        back = self._mail.return_path.replace("{id}", letter.id) or str(sent["From"].addresses[0].addr_spec)
        connection = self._begin(back, deadline)
        self._expect(connection, "RCPT", *self._ask(connection, f"rcpt TO:<{address}>", deadline))
        self._expect(connection, "DATA", *self._ask(connection, "data", deadline), wanted=354)
        try:
            self._limit(connection, deadline)
            connection.send(content + b".\r\n")
            code, answer = connection.getreply()
        except _CONVERSATION as error:
            self._drop()
            raise Doubtful(f"no answer to the whole message: {cut(error)}") from None
        self._used = time.monotonic()
        self._expect(connection, "the message", code, answer)
        return f"{code} {cut(answer)}"

    def greet(self, within: float) -> None:
        """Connect, and sign in where a user is named; no mail is sent. Raises ``Unreachable``."""
        self._connect(time.monotonic() + within)

    def close(self) -> None:
        """Leave politely."""
        if self._open is not None:
            with contextlib.suppress(*_CONVERSATION):
                self._open.quit()
        self._open = None

    def _begin(self, sender: str, deadline: float) -> smtplib.SMTP:
        """A connection that has taken MAIL FROM; one that idled away is opened anew once."""
        if time.monotonic() - self._used > IDLE:
            self.close()
        for last in (self._open is None, True):
            connection = self._open or self._connect(deadline)
            try:
                self._limit(connection, deadline)
                code, answer = connection.docmd(f"mail FROM:<{sender}>")
            except _CONVERSATION as error:
                self._drop()
                if last:
                    raise Unreachable(f"{self._where} broke off: {cut(error)}") from None
                continue
            self._expect(connection, "MAIL", code, answer)
            break
        return connection

    def _connect(self, deadline: float) -> smtplib.SMTP:
        timeout = max(0.1, min(self._mail.timeout, deadline - time.monotonic()))
        try:
            if self._scheme == "smtps":
                made: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=timeout, context=self._context())
            else:
                made = smtplib.SMTP(self._host, self._port, timeout=timeout)
            self._open = made
            if self._scheme == "smtp+starttls":
                # Where the server does not offer it this fails: mail never goes in the clear by mistake.
                made.starttls(context=self._context())
            made.ehlo_or_helo_if_needed()
            if self._user:
                made.login(self._user, self._password)
        except smtplib.SMTPAuthenticationError as error:
            self._drop()
            raise Unreachable(f"{self._where} does not let {self._user} in: {error.smtp_code}") from None
        except (*_CONVERSATION, ValueError) as error:
            self._drop()
            raise Unreachable(f"{self._where}: {cut(error) or type(error).__name__}") from None
        return made

    def _ask(self, connection: smtplib.SMTP, command: str, deadline: float) -> tuple[int, bytes]:
        try:
            self._limit(connection, deadline)
            return connection.docmd(command)
        except _CONVERSATION as error:
            self._drop()
            raise Unreachable(f"{self._where} broke off at {command.split(':')[0]}: {cut(error)}") from None

    def _limit(self, connection: smtplib.SMTP, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("too slow: the time for this message is over")
        if connection.sock is not None:
            connection.sock.settimeout(min(self._mail.timeout, left))

    def _expect(self, connection: smtplib.SMTP, step: str, code: int, answer: bytes, wanted: int = 0) -> None:
        if code == wanted or (not wanted and 200 <= code < 300):
            return
        told = f"{step}: {code} {cut(answer)}"
        if code == 421:
            self._drop()
            raise Unreachable(told)
        try:
            connection.rset()
        except _CONVERSATION:
            self._drop()
        if 400 <= code < 500:
            raise Later(told)
        raise Refused(told)

    def _drop(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._mail.ca_file or certifi.where())

    @property
    def _where(self) -> str:
        return f"{self._host}:{self._port}"


def make(given: Given) -> Channel:
    """The server that OPSCENTRE_MAIL names, else the one of alerts.toml. Raises ``SettingsError``."""
    server = given.settings.mail or given.mail.server
    require_server(server, "OPSCENTRE_MAIL" if given.settings.mail else "alerts.toml, mail, server")
    password = ""
    if urlsplit(server).username:
        name = given.mail.password_env
        password = secret_of(given.environment, name)
        if not password:
            told = lacking(given.environment, name) if name else "password_env is empty"
            raise SettingsError(f"alerts.toml, mail: {server} names a user, but {told}; it holds the password")
    if given.mail.ca_file and not os.access(given.mail.ca_file, os.R_OK):
        raise SettingsError(f"alerts.toml, mail, ca_file: cannot read {given.mail.ca_file}; want a PEM file")
    return Smtp(server, given.mail, password)
