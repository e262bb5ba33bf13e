"""The last mails of an installation that sends none for real, as files: kept by the alerts, shown by the dashboard."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from pathlib import Path

import msgspec

#: Mails that are kept.
KEPT = 300
_NAME = re.compile(r"\d{19}\.eml")


class Kept(msgspec.Struct, frozen=True):
    """One mail of the folder."""

    name: str
    to: str
    subject: str
    date: str


class MailFolder:
    """A folder with the newest mails."""

    def __init__(self, path: Path, kept: int = KEPT) -> None:
        self.path = path
        self._kept = kept

    def keep(self, raw: bytes) -> str:
        """Keep a mail, and forget the oldest; the name it is kept under."""
        self.path.mkdir(parents=True, exist_ok=True)
        while True:
            name = f"{time.time_ns():019}.eml"
            try:
                # Made whole under another name: whoever lists the folder meanwhile sees no half mail.
                fresh = self.path / f"{name}.new"
                fresh.write_bytes(raw)
                (self.path / name).hardlink_to(fresh)
                fresh.unlink()
            except FileExistsError:
                continue
            break
        for old in self._names()[: -self._kept]:
            (self.path / old).unlink(missing_ok=True)
        return name

    def listed(self) -> Iterator[Kept]:
        """Every mail, newest first, by its headers."""
        parser = BytesHeaderParser(policy=policy.default)
        for name in reversed(self._names()):
            try:
                with (self.path / name).open("rb") as file:
                    headers = parser.parse(file)
            except FileNotFoundError:
                continue  # It was the oldest one, and a newer one came.
            yield Kept(name, str(headers["To"]), str(headers["Subject"]), str(headers["Date"]))

    def read(self, name: str) -> EmailMessage | None:
        """One mail; None where there is none of that name."""
        if _NAME.fullmatch(name) is None:
            return None
        try:
            with (self.path / name).open("rb") as file:
                return BytesParser(EmailMessage, policy=policy.default).parse(file)
        except FileNotFoundError:
            return None

    def _names(self) -> list[str]:
        if not self.path.is_dir():
            return []
        return sorted(entry.name for entry in self.path.iterdir() if _NAME.fullmatch(entry.name))
