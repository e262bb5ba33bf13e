"""Passwords: what one must be (NIST SP 800-63B-4, 3.1.1.2) and how it is kept (Argon2id)."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from opscentre.access.people import Person

#: Characters: at least, of a password that alone opens the door; and at most.
SHORTEST, LONGEST = 15, 256
#: Guesses (as a power of ten) that a password has to withstand: below, it is of common words and patterns.
_GUESSES = 10.0
#: The estimate looks at no more.
_LOOKED_AT = 72
_hasher = PasswordHasher()

Weakness = Literal["short", "long", "common"]
#: What is told to whoever types at a terminal.
TOLD: dict[Weakness, str] = {
    "short": f"it is too short; want at least {SHORTEST} characters, such as four words that do not belong together",
    "long": f"it is too long; want at most {LONGEST} characters",
    "common": "it is of common words, of a pattern, or of the login's or the province's name; whoever guesses tries "
    "that first",
}


def context(person: Person, *names: str) -> list[str]:
    """What is tried first to guess the password of somebody; ``names``: the province's."""
    return [person.login, person.name, *names, "opscentre", "trung tâm điều hành", "mật khẩu", "việt nam"]


def normal(password: str) -> str:
    """The same password, however the keyboard spelt its accents."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str, context: Iterable[str]) -> Weakness | None:
    """What is wrong with a password; None: nothing.

    ``context``: words that whoever guesses would try first: the login, the name, the product's and the province's.
    """
    password = normal(password)
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    # Read when it is wanted: its lists take a third of a second.
    from zxcvbn import zxcvbn

    words = {part for one in context for part in _words(one)}
    found = zxcvbn(_plain(password)[:_LOOKED_AT], user_inputs=sorted(words))
    return "common" if found["guesses_log10"] < _GUESSES else None


def _plain(text: str) -> str:
    """Without accents: ``thái nguyên`` is as easily guessed as ``thai nguyen``."""
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _words(text: str) -> Iterable[str]:
    whole = _plain(text).lower()
    return [whole, whole.replace(" ", ""), *whole.split()]


def hashed(password: str) -> str:
    """What is kept of a password."""
    return _hasher.hash(normal(password))


@functools.cache
def _nobodys() -> str:
    return _hasher.hash("nobody has this password")


def fits(password: str, kept: str | None) -> bool:
    """Whether a password is the one that was kept. Takes as long where none is: nobody learns who is known."""
    try:
        return _hasher.verify(kept or _nobodys(), normal(password)) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(kept: str) -> bool:
    """Whether a password should be hashed anew, by today's parameters."""
    return _hasher.check_needs_rehash(kept)
