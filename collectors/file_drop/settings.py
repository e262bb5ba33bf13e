"""Settings of a ``file_drop`` source."""

from __future__ import annotations

from typing import Literal

import msgspec


class DropSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[source.settings]`` of kind ``file_drop``."""

    #: The folder that is looked into; a relative one lies below the data folder.
    folder: str
    #: Which files in it belong to this source.
    pattern: str = "*.csv"
    #: UTF-8; a byte-order mark is understood either way.
    encoding: Literal["utf-8", "utf-8-sig"] = "utf-8-sig"
    #: Between two cells; ``auto``: whichever of , ; and tab the header has most of.
    delimiter: Literal["auto", ",", ";", "\t"] = "auto"
    #: Field of the contract → header in the file; empty: headers are the fields' names.
    columns: dict[str, str] = {}
    #: Seconds that a file must have stood unchanged; 0 where the writer renames files into place.
    settle: float = 0.0


#: What the registry checks the settings of such a source against.
SETTINGS = DropSettings
