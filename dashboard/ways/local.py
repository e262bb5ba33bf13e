"""Where nobody has to sign in: whoever sits at this machine is its administrator, whoever comes by proxy looks on."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from opscentre.access.door import is_loopback
from opscentre.access.people import LOCAL, VISITOR, Person, Role

#: At this machine, and through a proxy on it.
HERE = Person(login=LOCAL, name="Máy này", role=Role.administrator)
BY_PROXY = Person(login=VISITOR, name="Khách", role=Role.leader, writes=False)


class ThisMachine:
    """Takes the browser of this machine for its administrator. Served on loopback addresses only."""

    def identify(self, request: HTTPConnection) -> Person:
        """Who is asking: nobody is turned away, but only who is really here writes."""
        headers = request.headers
        passed_on = "x-forwarded-for" in headers or "forwarded" in headers
        # Another name that leads to this machine is how a stranger's page would reach us.
        try:
            named = urlsplit(f"//{headers.get('host', '')}").hostname
        except ValueError:
            named = None
        remote = request.client.host if request.client else None
        return HERE if not passed_on and is_loopback(remote) and is_loopback(named) else BY_PROXY
