"""One link on the schedule: probes it, tells its state, logs when that changes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec
from sqlalchemy import Engine

from collectors.errors import as_failure
from collectors.links.collector import LinkProbe, Uplink
from collectors.links.history import Chronicle
from collectors.links.settings import require_address
from collectors.placeholders import Addresses, has_placeholder
from collectors.telegraph import Telegraph
from opscentre.clock import wall_ms
from opscentre.domain.availability import UNKNOWN
from opscentre.domain.observations import LinkSeen
from opscentre.link_settings import LinkConfig, LinksFile, SelfCheck

log = logging.getLogger(__name__)

MakeProbe = Callable[[LinkConfig, Sequence[SelfCheck]], LinkProbe]


class LinkPoll:
    """Probes one link. ``run`` never raises."""

    def __init__(
        self,
        config: LinkConfig,
        checks: Sequence[SelfCheck],
        *,
        make: MakeProbe,
        addresses: Addresses,
        telegraph: Telegraph,
        where: str,
    ) -> None:
        self.config = config
        self._checks = checks
        self._make = make
        self._addresses = addresses
        self._telegraph = telegraph
        self._where = where
        self._moving = has_placeholder(
            [config.address, config.ca_file, config.server, *(check.address for check in checks)]
        )
        self._version = 0
        self._probe: LinkProbe | None = None
        self._state = ""
        self._failing = False

    def run(self) -> float | None:
        """Probe once and tell the state; in how many seconds to probe again where that is sooner than usual."""
        code = self.config.code
        try:
            seen = self._ready().probe()
        except Exception as error:  # noqa: BLE001 - a probe must not end the schedule
            failure = as_failure(error)
            if not self._failing:
                log.error("link %s cannot be probed: %s: %s", code, failure.kind, failure)
            self._failing = True
            seen = LinkSeen(code=code, checked_at=wall_ms(), state=UNKNOWN, reason="not_probed",
                            detail=f"{failure.kind}: {failure}"[:300])  # fmt: skip
        else:
            if self._failing:
                log.info("link %s is probed again", code)
            self._failing = False
            if self._state and seen.state != self._state:
                log.info("link %s is %s now, was %s (%s)", code, seen.state, self._state, seen.detail or "it answers")
            self._state = seen.state
        self._telegraph.send(seen)
        soon = self._probe is not None and self._probe.doubted and self.config.retry_after < self.config.interval
        return self.config.retry_after if soon else None

    def _ready(self) -> LinkProbe:
        """The probe; a new one when the simulated systems have moved to other addresses."""
        if self._moving:
            self._addresses.wait()
        version = self._addresses.version() if self._moving else 0
        if self._probe is None or version != self._version:
            config = filled(self.config, self._addresses)
            own = [filled(check, self._addresses) for check in self._checks]
            require_address(config, f"{self._where}, link {config.code}")
            for number, check in enumerate(own, start=1):
                require_address(check, f"{self._where}, self_check number {number}")
            self._probe, self._version = self._make(config, own), version
        return self._probe


ENTRY = TypeVar("ENTRY", LinkConfig, SelfCheck)


def filled(entry: ENTRY, addresses: Addresses) -> ENTRY:
    """An entry with its placeholders filled. Raises ``Unreachable`` when one is not in the file (yet)."""
    changes = {"address": addresses.fill(entry.address)}
    if isinstance(entry, LinkConfig):
        changes["ca_file"], changes["server"] = addresses.fill([entry.ca_file, entry.server])
    return msgspec.structs.replace(entry, **changes)


def link_polls(
    links: LinksFile,
    *,
    store: Engine,
    chronicle: Chronicle,
    addresses: Addresses,
    telegraph: Telegraph,
    where: str,
) -> list[LinkPoll]:
    """One poll a link; all of them ask about our own uplink through one."""
    uplinks: dict[tuple[SelfCheck, ...], Uplink] = {}

    def make(config: LinkConfig, own: Sequence[SelfCheck]) -> LinkProbe:
        uplink = uplinks.setdefault(tuple(own), Uplink(own))
        return LinkProbe(config, store=store, uplink=uplink, chronicle=chronicle)

    return [
        LinkPoll(link, links.self_check, make=make, addresses=addresses, telegraph=telegraph, where=where)
        for link in links.link
    ]
