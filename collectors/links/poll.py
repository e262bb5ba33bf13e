"""One link on the schedule: probes it, tells its state, logs when that changes."""

from __future__ import annotations

import logging
from collections.abc import Callable

import httpx
import msgspec
from sqlalchemy import Engine

from collectors.errors import as_failure
from collectors.links.collector import UNKNOWN, LinkProbe, Uplink
from collectors.links.settings import require_address
from collectors.placeholders import Addresses, has_placeholder
from collectors.telegraph import Telegraph
from opscentre.clock import wall_ms
from opscentre.domain.observations import LinkSeen
from opscentre.sources import LinkConfig, SelfCheck

log = logging.getLogger(__name__)

MakeProbe = Callable[[LinkConfig, SelfCheck | None], LinkProbe]


class LinkPoll:
    """Probes one link. ``run`` never raises."""

    def __init__(
        self,
        config: LinkConfig,
        check: SelfCheck | None,
        *,
        make: MakeProbe,
        addresses: Addresses,
        telegraph: Telegraph,
        where: str,
    ) -> None:
        self.config = config
        self._check = check
        self._make = make
        self._addresses = addresses
        self._telegraph = telegraph
        self._where = where
        self._moving = has_placeholder([config.address, check.address if check else ""])
        self._version = 0
        self._probe: LinkProbe | None = None
        self._state = ""
        self._failing = False

    def run(self) -> None:
        """Probe once and tell the state."""
        code = self.config.code
        try:
            seen = self._ready().probe()
        except Exception as error:  # noqa: BLE001 - a probe must not end the schedule
            failure = as_failure(error)
            if not self._failing:
                log.error("link %s cannot be probed: %s: %s", code, failure.kind, failure)
            self._failing = True
            seen = LinkSeen(code=code, checked_at=wall_ms(), state=UNKNOWN, detail=f"{failure.kind}: {failure}"[:300])
        else:
            if self._failing:
                log.info("link %s is probed again", code)
            self._failing = False
            if self._state and seen.state != self._state:
                log.info("link %s is %s now, was %s (%s)", code, seen.state, self._state, seen.detail or "it answers")
            self._state = seen.state
        self._telegraph.send(seen)

    def _ready(self) -> LinkProbe:
        """The probe; a new one when the simulated systems have moved to other addresses."""
        if self._moving:
            self._addresses.wait()
        version = self._addresses.version() if self._moving else 0
        if self._probe is None or version != self._version:
            address, own = self._addresses.fill([self.config.address, self._check.address if self._check else ""])
            config = msgspec.structs.replace(self.config, address=address)
            check = msgspec.structs.replace(self._check, address=own) if self._check else None
            require_address(config, f"{self._where}, link {config.code}")
            if check:
                require_address(check, f"{self._where}, self_check")
            self._probe, self._version = self._make(config, check), version
        return self._probe


def link_polls(
    links: list[LinkConfig],
    check: SelfCheck | None,
    *,
    store: Engine,
    http: httpx.Client,
    addresses: Addresses,
    telegraph: Telegraph,
    where: str,
) -> list[LinkPoll]:
    """One poll a link; all of them ask about our own uplink through one."""
    uplinks: dict[SelfCheck | None, Uplink] = {}

    def make(config: LinkConfig, own: SelfCheck | None) -> LinkProbe:
        return LinkProbe(config, store=store, http=http, uplink=uplinks.setdefault(own, Uplink(own, http)))

    return [LinkPoll(link, check, make=make, addresses=addresses, telegraph=telegraph, where=where) for link in links]
