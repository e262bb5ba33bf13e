"""Instead of a mail server, a folder: what ``dry-run`` would have sent, to be looked at before anybody gets mail."""

from __future__ import annotations

from alerts.channels.base import Channel, Given
from alerts.files import Mail
from alerts.letter import Letter
from alerts.rendering import mail as as_mail
from opscentre.clock import wall_ms
from opscentre.mail_folder import MailFolder


class Folder:
    """Puts each mail into the folder that the page of mails shows."""

    def __init__(self, folder: MailFolder, mail: Mail) -> None:
        self._folder = folder
        self._mail = mail

    def deliver(self, letter: Letter, address: str, within: float) -> str:
        """Keep one mail."""
        sent = as_mail(letter, sender=self._mail.sender, to=address, domain=self._mail.domain, sent=wall_ms())
        return f"kept as {self._folder.keep(sent.as_bytes())}"

    def close(self) -> None:
        """Nothing is held."""


def make(given: Given) -> Channel:
    """A folder in the data folder."""
    return Folder(MailFolder(given.settings.data / "mails"), given.mail)
