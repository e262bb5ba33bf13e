"""The province that the pages draw: its names, its units in official order, its hexagons."""

from __future__ import annotations

import datetime as dt

import msgspec

from layouts.figures.areas import Areas
from opscentre.domain.tiles import Spot, Tiling, arrange
from opscentre.domain.units import Unit
from opscentre.profile import Profile
from opscentre.wall_file import WallSettings

#: The province is drawn this much wider than it is: the wall's panel is broader than most provinces are.
STRETCH = 1.9
#: And this much wider on the map's own scene.
BROAD = 2.8


class Place(msgspec.Struct, frozen=True):
    """What every card may know beside the numbers."""

    name: str
    title: str
    #: Departments and other agencies of the province (group I), then communes and wards (group III).
    departments: tuple[Unit, ...]
    communes: tuple[Unit, ...]
    #: Every unit, former ones too: an old dossier is still theirs.
    by_code: dict[str, Unit]
    #: The communes' hexagons; communes without a centroid have none and are named in the map's footnote.
    tiling: Tiling
    #: The same for a panel half as broad again.
    broad: Tiling
    #: Scenes of its wall in their order, how long each stays (seconds), and the map's areas where it draws any.
    wall: WallSettings = WallSettings()
    areas: Areas | None = None


def place_of(
    profile: Profile, on: dt.date | None = None, wall: WallSettings | None = None, areas: Areas | None = None
) -> Place:
    """The place of a profile with the units of a day; without one, those whose end is not known."""
    units = profile.units.at(on).all if on else profile.units.lasting
    communes = tuple(unit for unit in units if unit.group == "III")
    spots = [
        Spot(unit.code, unit.latitude, unit.longitude)
        for unit in communes
        if unit.latitude is not None and unit.longitude is not None
    ]
    return Place(
        name=profile.province.name,
        title=profile.province.title,
        departments=tuple(unit for unit in units if unit.group != "III"),
        communes=communes,
        by_code=profile.units.by_code,
        tiling=arrange(spots, STRETCH),
        broad=arrange(spots, BROAD),
        wall=wall or WallSettings(),
        areas=areas,
    )
