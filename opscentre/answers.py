"""The signed link of a mail by which its office answers: which message it answers, and until when it may be used."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from itsdangerous import BadData, URLSafeSerializer

from opscentre.domain.moments import DAY
from opscentre.secret_files import secret_of

#: Name of the secret that signs; without it mails hold no such links.
SECRET = "OPSCENTRE_SECRET_LINKS"
#: For so long (real ms) a link may be used.
LASTS = 14 * DAY
#: Where the dashboard answers, followed by the token.
PATH = "/answer/"
_SALT = "opscentre.answer"


class BadToken(Exception):
    """A link that cannot be used: it was never one of ours, or (``expired``) is one no more."""

    def __init__(self, told: str, *, expired: bool = False) -> None:
        super().__init__(told)
        self.expired = expired


class Signer:
    """Makes and reads the tokens of links."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeSerializer(secret, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})

    def token(self, notification: str, wall: int) -> str:
        """What a link of a message carries, made at a real moment."""
        return str(self._serializer.dumps([notification, wall + LASTS]))

    def notification(self, token: str, wall: int) -> str:
        """The message that a token answers. Raises ``BadToken``."""
        try:
            notification, expires = self._serializer.loads(token)
        except (BadData, ValueError, TypeError):
            raise BadToken("the signature does not fit") from None
        if wall > expires:
            raise BadToken("the link is too old", expired=True)
        return str(notification)


def signer(environment: Mapping[str, str]) -> Signer | None:
    """The signer of an installation; None where it has no key. Raises ``SettingsError``."""
    secret = secret_of(environment, SECRET)
    return Signer(secret) if secret else None
