"""The province that the pages draw: its names, its units in official order, its hexagons."""

from __future__ import annotations

import datetime as dt
import math
from functools import lru_cache

import msgspec

from layouts.figures.areas import Areas
from opscentre.domain.figures import System
from opscentre.domain.tiles import Spot, Tiling, arrange
from opscentre.domain.units import Unit
from opscentre.profile import Profile
from opscentre.wall_file import WallSettings

#: How much broader than high the panel of the hexagons is, on the first scene and on the map's own.
PANEL, BROAD_PANEL = 1.02, 1.5
#: A province that is narrower than its panel is drawn broader, to this share of the panel's breadth, or this much more.
FILLED, FURTHER = 0.9, 1.3
#: So few units have large hexagons anyhow: their province keeps its proportions.
FEW = 30
DISTRICTS = ("district", "city", "town")


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
    #: The units that the map's scene colours and names: the communes, or the districts where its areas are theirs.
    mapped: tuple[Unit, ...] = ()
    #: The systems whose state the links' scene tells.
    systems: tuple[System, ...] = ()

    @property
    def lowest(self) -> str:
        """What the units of the lowest level are called: there were no other ones than districts for some provinces."""
        districts = bool(self.communes) and all(unit.kind in DISTRICTS for unit in self.communes)
        return "Cấp huyện" if districts else "Xã, phường"


def place_of(
    profile: Profile,
    on: dt.date | None = None,
    wall: WallSettings | None = None,
    areas: Areas | None = None,
    mapped: tuple[Unit, ...] = (),
    systems: tuple[System, ...] = (),
) -> Place:
    """The place of a profile with the units of a day; without one, those whose end is not known.

    ``mapped`` are the units whose areas the map draws, where they are not the communes.
    """
    units = profile.units.at(on).all if on else profile.units.lasting
    communes = tuple(unit for unit in units if unit.group == "III")
    spots = tuple(
        Spot(unit.code, unit.latitude, unit.longitude)
        for unit in communes
        if unit.latitude is not None and unit.longitude is not None
    )
    return Place(
        name=profile.province.name,
        title=profile.province.title,
        departments=tuple(unit for unit in units if unit.group != "III"),
        communes=communes,
        by_code=profile.units.by_code,
        tiling=_tiles(spots, PANEL),
        broad=_tiles(spots, BROAD_PANEL),
        wall=wall or WallSettings(),
        areas=areas,
        mapped=mapped or communes,
        systems=systems,
    )


@lru_cache(maxsize=16)
def _tiles(spots: tuple[Spot, ...], panel: float) -> Tiling:
    """The hexagons of units for a panel so much broader than high; of two ways to fill it the one with larger ones."""
    if len(spots) < FEW:
        return arrange(spots)
    south, north = min(spot.latitude for spot in spots), max(spot.latitude for spot in spots)
    west, east = min(spot.longitude for spot in spots), max(spot.longitude for spot in spots)
    wide, high = (east - west) * math.cos(math.radians((south + north) / 2)), north - south
    stretch = round(max(1.0, FILLED * panel * high / wide), 1) if wide else 1.0
    tilings = [arrange(spots, stretch), arrange(spots, FURTHER * stretch)]
    return max(tilings, key=lambda tiling: min(panel / (tiling.columns + 0.5), 1 / (0.866 * tiling.rows + 0.289)))
