"""Chats and pagers through Apprise: the address names an environment variable that holds the service's URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.channels.base import Channel, Given, Later, Refused
from alerts.letter import Letter
from alerts.rendering import text
from opscentre.secret_files import lacking, secret_of
from opscentre.settings import SettingsError

#: Signs of one message: what the shortest of the common services take.
LONGEST = 3_500


class Chat:
    """Hands letters to Apprise."""

    def __init__(self, apprise: Any, environment: Mapping[str, str]) -> None:
        self._apprise = apprise
        self._environment = environment

    def deliver(self, letter: Letter, address: str, within: float) -> str:
        """Tell one letter. Raises ``Undelivered``."""
        url = secret_of(self._environment, address)
        service = self._apprise.Apprise()
        if not url or not service.add(url):
            raise Refused(f"{address} holds no Apprise URL" if url else lacking(self._environment, address))
        if not service.notify(title=letter.subject, body=text(letter)[:LONGEST]):
            raise Later(f"the service that {address} names did not take it")
        return "taken"

    def close(self) -> None:
        """Nothing is held."""


def make(given: Given) -> Channel:
    """Raises ``SettingsError`` where the package is not installed."""
    try:
        import apprise
    except ImportError:
        raise SettingsError(
            "recipients.csv: the channel apprise needs the package of that name; pip install 'opscentre[apprise]'"
        ) from None
    return Chat(apprise, given.environment)
