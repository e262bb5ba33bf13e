"""What just turned red between two pictures, and what a screen that turns by itself shows for it. Pure."""

from __future__ import annotations

import msgspec

from layouts.notice import SILENT_MS
from layouts.place import Place
from layouts.states import link_state
from opscentre.domain.moments import DAY
from opscentre.domain.units import UNMAPPED_UNIT
from opscentre.live.wall import SourceAge, UrgentDossier, Wall

#: A dossier is an alarm at the moment when it is this long overdue: once in its life.
LONG_OVERDUE = 3 * DAY
#: An alarm is told for this long (real ms), so that a screen which missed a message still hears of it.
TOLD_MS = 20_000
#: And then none of its kind for this long: a wall that only jumps shows nothing.
QUIET_MS = 120_000


class Alarm(msgspec.Struct, frozen=True):
    """One thing that turned red."""

    #: Another one than the last: a screen shows each once.
    id: str
    #: Key of the scene that shows it.
    scene: str
    text: str


def raised(before: Wall, after: Wall, place: Place) -> list[Alarm]:
    """The alarms between two successive walls: links newly down, sources newly dead, dossiers newly long overdue.

    None while the collectors are silent or the board is being rebuilt: then what changed is our own view.
    """
    if _blind(before) or _blind(after):
        return []
    return [*_links(before, after), *_sources(before, after), *_dossiers(before, after, place)]


def _blind(wall: Wall) -> bool:
    return wall.state != "live" or wall.heartbeat_at is None or wall.made_at - wall.heartbeat_at > SILENT_MS


def _links(before: Wall, after: Wall) -> list[Alarm]:
    were = {link.code: link_state(link, before.made_at) for link in before.links}
    return [
        Alarm(f"link-{link.code}-{after.made_at}", "links", f"MẤT LIÊN KẾT · {link.name}")
        for link in after.links
        if link_state(link, after.made_at) == "down" and were.get(link.code, "down") != "down"
    ]


def is_dead(source: SourceAge, made_at: int) -> bool:
    """Whether a source that once answered has not for three intervals; one failed attempt is not death."""
    return source.observed_at is not None and made_at - source.observed_at > 3_000 * source.interval_s


def _sources(before: Wall, after: Wall) -> list[Alarm]:
    # One that is paused, or was let go on a moment ago, is silent because a person wanted it so: that is no news.
    silent = {one.code: one.paused_since is not None or is_dead(one, before.made_at) for one in before.sources}
    return [
        Alarm(f"source-{source.code}-{after.made_at}", "links", f"NGUỒN NGỪNG TRẢ LỜI · {source.name}")
        for source in after.sources
        if is_dead(source, after.made_at) and source.paused_since is None and not silent.get(source.code, True)
    ]


def _dossiers(before: Wall, after: Wall, place: Place) -> list[Alarm]:
    """Whose time passed the mark between the two, be they on the first list or not: the longest overdue come first."""
    passed = [
        dossier
        for dossier in after.overdue
        if after.now - dossier.due >= LONG_OVERDUE > before.now - dossier.due and after.now > before.now
    ]
    return [Alarm(f"dossier-{d.source}-{d.number}", "late", _words(d, place)) for d in passed]


def _words(dossier: UrgentDossier, place: Place) -> str:
    unit = place.by_code.get(dossier.unit, UNMAPPED_UNIT)
    return f"QUÁ HẠN TRÊN {LONG_OVERDUE // DAY} NGÀY · {unit.name} · {dossier.number}"


class Watch:
    """Follows the walls of one feed and says which alarm is up; real time is that of the walls."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._before: Wall | None = None
        self._up: Alarm | None = None
        self._since = 0
        #: When the last alarm of each scene was raised.
        self._last: dict[str, int] = {}

    def take(self, wall: Wall) -> Alarm | None:
        """The alarm that screens are to show with this wall."""
        before, self._before = self._before, wall
        if self._up is not None and wall.made_at - self._since > TOLD_MS:
            self._up = None
        fresh = raised(before, wall, self._place) if before is not None else []
        fresh = [alarm for alarm in fresh if wall.made_at - self._last.get(alarm.scene, -QUIET_MS) >= QUIET_MS]
        if fresh:
            first, more = fresh[0], len(fresh) - 1
            self._up = msgspec.structs.replace(first, text=f"{first.text} (+{more})") if more else first
            self._since = self._last[first.scene] = wall.made_at
        return self._up
