"""Secrets of sources: whether one has changed, and how they are kept out of every text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from opscentre.secret_files import secret_of
from opscentre.settings import SettingsError

#: What stands in a text in a secret's place.
HIDDEN = "‹secret›"
#: Shorter values are no secrets, and their letters would be taken out of ordinary words.
_SHORTEST = 4


def fingerprint(settings: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """Changes when any secret that a source's settings name has changed."""
    digest = hashlib.blake2b(digest_size=16)
    for secret in _secrets(settings, environment):
        digest.update(f"{len(secret)}:{secret}".encode())
    return digest.hexdigest()


def hidden(text: str, settings: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """``text`` without any secret that a source's settings name, plain or as it stands in an URL."""
    for secret in sorted(_secrets(settings, environment), key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            for form in {secret, quote(secret, safe=""), quote(secret)}:
                text = text.replace(form, HIDDEN)
    return text


def _secrets(settings: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[str]:
    for key, name in sorted(settings.items()):
        if key.endswith("_env") and isinstance(name, str) and name:
            try:
                secret = secret_of(environment, name)
            except SettingsError:
                secret = ""
            if secret:
                yield secret
