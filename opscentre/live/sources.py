"""What the wall knows of its sources: their ages, what their silence explains, whose rows were refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from opscentre.domain.lateness import by_sync
from opscentre.domain.observations import SourceSeen
from opscentre.domain.units import Units
from opscentre.live.wall import SourceAge, UrgentDossier
from opscentre.sources import SourceConfig

_seen = msgspec.json.Decoder(SourceSeen).decode
_TOLD = ("observed_at", "attempted_at", "ok", "total", "quarantined", "error")
#: The product's time at a real moment (both ms): ``opscentre.clock.product_time``.
ProductTime = Callable[[int], int]


def decoded(raw: Mapping[bytes, bytes]) -> dict[str, SourceSeen]:
    """The newest observation of each source, by its code."""
    return {code.decode(): _seen(value) for code, value in raw.items()}


def source_age(config: SourceConfig, seen: Mapping[str, SourceSeen], product: ProductTime) -> SourceAge:
    """What is known of one source; a source that was never seen has no age."""
    age = SourceAge(code=config.code, name=config.name, kind=config.kind, interval_s=config.interval)
    found = seen.get(config.code)
    for name in _TOLD if found else ():
        setattr(age, name, getattr(found, name))
    if found and found.paused_since is not None:
        age.paused_since = product(found.paused_since)
    return age


def heard(seen: Mapping[str, SourceSeen], product: ProductTime) -> dict[str, int | None]:
    """Until when the dossiers of each source are known, in the product's time; None: never."""
    return {code: None if one.known_at is None else product(one.known_at) for code, one in seen.items()}


def mark_by_sync(
    overdue: Iterable[UrgentDossier], seen: Mapping[str, SourceSeen], now: int, product: ProductTime
) -> None:
    """Tell late dossiers from those whose source was not heard since their due moment (§9)."""
    known = heard(seen, product)
    for dossier in overdue:
        dossier.by_sync = by_sync(dossier.due, max(dossier.observed, known.get(dossier.source) or 0), now)


def quarantined(seen: Mapping[str, SourceSeen], codes: Sequence[str], here: Units) -> dict[str, int]:
    """Refused rows that have not come right, by unit as it is today, over the sources of these codes."""
    found: dict[str, int] = {}
    for code in codes:
        for unit, count in seen[code].quarantined_units.items() if code in seen else ():
            home = here.home(unit)
            found[home] = found.get(home, 0) + count
    return found
