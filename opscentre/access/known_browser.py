"""What a browser keeps of a sign-in that succeeded: it opens nothing, but strangers' failures do not count against it.

Without it whoever means harm could keep somebody out for good by failing in their name. It is signed with what is kept
of the person's password: another password makes it worthless everywhere, and no table has to remember it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

#: Seconds for which a browser keeps it.
KEPT = 180 * 86_400


def made(login: str, password: str) -> str:
    """What a browser is given. ``login`` as it is kept; ``password``: its hash, as it is kept."""
    mark = secrets.token_urlsafe(16)
    return f"{mark}.{_signature(mark, login, password)}"


def mark_of(shown: str, login: str, password: str) -> str | None:
    """The mark of a browser that somebody signed in with by their present password; None: it is no such one."""
    mark, _, signature = shown.partition(".")
    known = hmac.compare_digest(signature.encode(), _signature(mark, login, password).encode())
    return mark if known else None


def _signature(mark: str, login: str, password: str) -> str:
    return hmac.new(password.encode(), f"known browser\n{login}\n{mark}".encode(), hashlib.sha256).hexdigest()
