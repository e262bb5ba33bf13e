"""The channels: one module each, and a line here. A channel is made when its first letter is to be delivered."""

from __future__ import annotations

from alerts.channels import chat, folder, smtp, webhook
from alerts.channels.base import Channel, Given, Maker

#: Name in ``recipients.csv`` → channel.
CHANNELS: dict[str, Maker] = {"smtp": smtp.make, "webhook": webhook.make, "apprise": chat.make}
#: What OPSCENTRE_MAIL may say instead of a server.
DRY_RUN = "dry-run"


class Channels:
    """The channels of one process, by name."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._made: dict[str, Channel] = {}

    def __getitem__(self, name: str) -> Channel:
        """The channel of a name; in a dry run a folder for all of them. Raises ``SettingsError``."""
        dry = self.dry
        key = DRY_RUN if dry else name
        if key not in self._made:
            self._made[key] = (folder.make if dry else CHANNELS[name])(self._given)
        return self._made[key]

    @property
    def dry(self) -> bool:
        """Whether nothing leaves this machine: told so, or no server is named anywhere."""
        return self._given.settings.mail == DRY_RUN or not (self._given.settings.mail or self._given.mail.server)

    def close(self) -> None:
        """Close those that were made."""
        for channel in self._made.values():
            channel.close()
