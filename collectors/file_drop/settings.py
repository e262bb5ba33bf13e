"""Settings of a ``file_drop`` source."""

from __future__ import annotations

from typing import Literal

import msgspec

Encoding = Literal["auto", "utf-8", "utf-8-sig", "utf-16", "windows-1258", "tcvn3"]


class DropSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[source.settings]`` of kind ``file_drop``."""

    #: The folder that is looked into; a relative one lies below the data folder.
    folder: str
    #: Which files in it belong to this source.
    pattern: str = "*"
    #: How letters are written in text files; ``auto``: found out file by file.
    encoding: Encoding = "auto"
    #: Between two cells; ``auto``: whichever of , ; and tab the header has most of.
    delimiter: Literal["auto", ",", ";", "\t"] = "auto"
    #: Sheet of a workbook; empty: the first one that is not hidden.
    sheet: str = ""
    #: Field of the contract → header in the file; empty: headers are the fields' names.
    columns: dict[str, str] = {}
    #: Seconds that a file must have stood unchanged; 0 where the writer renames files into place.
    settle: float = 2.0
    #: Bounds of what an archive or a workbook may unpack to: MB in all, files, times its packed size.
    most_megabytes: int = 2_000
    most_members: int = 1_000
    most_ratio: int = 200


#: What the registry checks the settings of such a source against.
SETTINGS = DropSettings
