"""Mailboxes that mails come back to, by IMAP with TLS or as a Maildir: looked at only, nothing in them changes."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

import certifi

from alerts.bounces.report import MOST_BYTES
from alerts.files import Bounces
from opscentre.secret_files import lacking, secret_of
from opscentre.settings import SettingsError

#: Mails of one look; the rest is the next look's.
MOST_MAILS = 200
#: Where a mailbox over IMAP was read up to.
_CURSOR = "cursor"


class MailboxAway(Exception):
    """The mailbox cannot be read now; the text says why."""


class Found(NamedTuple):
    """One mail: what remembers that it was seen, and its first bytes."""

    name: str
    value: str
    raw: bytes


class Mailbox(Protocol):
    """A folder of mails."""

    #: What its marks are kept under.
    name: str

    def new(self, seen: Mapping[str, str]) -> Iterator[Found]:
        """Mails that were not seen. Raises ``MailboxAway``."""
        ...

    def greet(self) -> None:
        """Whether it can be read, without reading it. Raises ``MailboxAway``."""
        ...

    def gone(self, seen: Mapping[str, str]) -> list[str]:
        """Marks that are needed no more, because the mail itself is gone."""
        ...


class Imap:
    """A folder on an IMAP server; mails are told apart by their UIDs (RFC 3501, 2.3.1.1)."""

    def __init__(self, settings: Bounces, password: str) -> None:
        parts = urlsplit(settings.mailbox)
        self._scheme, self._host, self._port = parts.scheme, parts.hostname or "", parts.port or 993
        self._user, self._password = unquote(parts.username or ""), password
        self._folder = unquote(parts.path.strip("/")) or "INBOX"
        self._timeout, self._ca_file = settings.timeout, settings.ca_file
        self.name = f"{self._user}@{self._host}:{self._port}/{self._folder}"[:200]

    def new(self, seen: Mapping[str, str]) -> Iterator[Found]:
        """Mails with a higher UID than the highest that was seen."""
        try:
            yield from self._read(seen.get(_CURSOR, ""))
        except (OSError, imaplib.IMAP4.error, ValueError, LookupError, TypeError) as error:
            # The last three: an answer that nobody understands.
            raise MailboxAway(f"{self._host}:{self._port}: {' '.join(str(error).split())[:200]}") from None

    def greet(self) -> None:
        """Sign in and open the folder. Raises ``MailboxAway``."""
        try:
            with self._connect() as connection:
                self._open(connection)
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxAway(f"{self._host}:{self._port}: {' '.join(str(error).split())[:200]}") from None

    def gone(self, seen: Mapping[str, str]) -> list[str]:
        """None: there is one mark."""
        return []

    def _read(self, cursor: str) -> Iterator[Found]:
        with self._connect() as connection:
            self._open(connection)
            validity = _text(connection.response("UIDVALIDITY")[1])
            known, _, last = cursor.partition(":")
            # The server counts anew: everything is looked at again, and what was noted stays noted once.
            after = int(last) if known == validity and last.isdigit() else 0
            found = _text(connection.uid("SEARCH", f"UID {after + 1}:*")[1]).split()
            uids = sorted({int(one) for one in found if one.isdigit() and int(one) > after})
            for uid in uids[:MOST_MAILS]:
                _, answer = connection.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
                raw = next((one[1] for one in answer if isinstance(one, tuple) and len(one) > 1), b"")
                yield Found(_CURSOR, f"{validity}:{uid}", raw)

    def _open(self, connection: imaplib.IMAP4) -> None:
        connection.login(self._user, self._password)
        # Read-only: nothing in the mailbox is touched, not even what was read.
        kind, told = connection.select(f'"{self._folder}"', readonly=True)
        if kind != "OK":
            raise imaplib.IMAP4.error(f"folder {self._folder}: {_text(told)}")

    def _connect(self) -> imaplib.IMAP4:
        context = ssl.create_default_context(cafile=self._ca_file or certifi.where())
        if self._scheme == "imaps":
            return imaplib.IMAP4_SSL(self._host, self._port, ssl_context=context, timeout=self._timeout)
        connection = imaplib.IMAP4(self._host, self._port, timeout=self._timeout)
        connection.starttls(ssl_context=context)
        return connection


class Maildir:
    """A folder that a mail server of this machine puts mails into, each a file under ``new`` or ``cur``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = str(folder)[-200:]

    def new(self, seen: Mapping[str, str]) -> Iterator[Found]:
        """Files whose names were not seen; flags after the colon may change."""
        there = self._files()
        for name in sorted(there.keys() - seen.keys())[:MOST_MAILS]:
            try:
                with there[name].open("rb") as file:
                    raw = file.read(MOST_BYTES)
            except FileNotFoundError:
                # Whoever reads the mailbox moved it meanwhile.
                continue
            except OSError as error:
                raise MailboxAway(f"{there[name]}: {error.strerror}") from None
            yield Found(name, "", raw)

    def greet(self) -> None:
        """Look for the folder. Raises ``MailboxAway``."""
        self._files()

    def gone(self, seen: Mapping[str, str]) -> list[str]:
        """Names of files that are there no more."""
        return sorted(seen.keys() - self._files().keys())

    def _files(self) -> dict[str, Path]:
        found = {}
        for place in ("new", "cur"):
            folder = self._folder / place
            try:
                for path in folder.iterdir():
                    if path.is_file() and not path.is_symlink():
                        found[_mark(path.name)] = path
            except OSError as error:
                raise MailboxAway(f"{folder}: {error.strerror}") from None
        return found


def _mark(name: str) -> str:
    """A file's name without its flags, as SQL takes it whatever its bytes are."""
    return name.partition(":")[0].encode("utf-8", "backslashreplace").decode()[:255]


def mailbox_of(settings: Bounces, environment: Mapping[str, str]) -> Mailbox | None:
    """The mailbox that an installation names; None: none. Raises ``SettingsError``."""
    if not settings.mailbox:
        return None
    parts = urlsplit(settings.mailbox)
    if parts.scheme == "maildir":
        return Maildir(Path(unquote(parts.path)))
    password = secret_of(environment, settings.password_env)
    if not password:
        told = lacking(environment, settings.password_env) if settings.password_env else "password_env is empty"
        raise SettingsError(f"alerts.toml, bounces: {told}; it holds the password of {parts.username}")
    return Imap(settings, password)


def _text(told: object) -> str:
    values = told if isinstance(told, list) else [told]
    return " ".join(one.decode("ascii", "replace") for one in values if isinstance(one, bytes))
