"""``wall.toml`` of a profile: which scenes its wall shows, in which order, and how; a profile need not have one."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from opscentre.table_file import Fault, ProfileError
from opscentre.toml_check import TomlFile

WALL = "wall.toml"


class WallSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the wall of a province is put together."""

    #: Keys of the scenes, in the order in which they turn; none: all there are, in the product's order.
    scenes: tuple[str, ...] = ()
    #: Seconds for which a scene stays where the address says ``?rotate`` without a number.
    rotate: Annotated[float, msgspec.Meta(ge=5, le=3600)] = 30.0
    #: What the map draws: hexagons, areas (boundaries that were imported, else the computed diagram), or ``auto``:
    #: areas where boundaries were imported, else hexagons.
    map: Literal["auto", "tiles", "areas"] = "auto"


def check_wall(folder: Path, known: Collection[str] | None = None) -> tuple[WallSettings, list[Fault]]:
    """The settings of a profile folder and what is wrong with them; ``known`` are the scenes there are (None: any)."""
    file = TomlFile(folder / WALL, required=False)
    found = file.whole(WallSettings)
    if found is None:
        return WallSettings(), file.faults
    line = file.line_of("scenes", 1)
    for key in found.scenes:
        if known is not None and key not in known:
            file.blame(line, "scenes", "there is no such scene", f"want some of {', '.join(known)}", key)
        elif found.scenes.count(key) > 1:
            file.blame(line, "scenes", "the scene is named twice", "name it once", key)
            break
    return found, file.faults


def read_wall(folder: Path, known: Collection[str]) -> WallSettings:
    """The settings of a profile folder with every scene named. Raises ``ProfileError``."""
    found, faults = check_wall(folder, known)
    if faults:
        raise ProfileError(str(faults[0]))
    return msgspec.structs.replace(found, scenes=found.scenes or tuple(known))
