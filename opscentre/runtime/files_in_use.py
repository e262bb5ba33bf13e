"""Which running roles still use another calendar, or other alert files, than those that lie on the disk."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from sqlalchemy import Engine

from opscentre.profile_change import name_of
from opscentre.runtime.changed_files import watched
from opscentre.settings import Settings
from opscentre.store import running
from opscentre.store.running import Running


class InUse(NamedTuple):
    """The roles that run, and those of them that run on something else than the disk has."""

    running: list[Running]
    #: Each with the names of the files.
    outdated: list[tuple[Running, list[str]]]


def in_use(engine: Engine, settings: Settings, now: int) -> InUse:
    """Compare what running roles have read with the files as this process sees them. ``now``: real ms."""
    found = running.there(engine, now)
    # The alerts read all that any role does.
    here = {name_of(path): path for path in watched("alerts", settings)}
    disk = {
        name: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "" for name, path in here.items()
    }
    other = [
        (one, [here[name].name for name, digest in sorted(one.files.items()) if disk.get(name, digest) != digest])
        for one in found
    ]
    return InUse(found, [(one, names) for one, names in other if names])
