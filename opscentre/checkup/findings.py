"""What a check comes to: one line that says what was found, how bad it is, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from opscentre.pipe.base import PipeError
from opscentre.profile import ProfileError
from opscentre.settings import SettingsError
from opscentre.store.revisions import OtherSchema

Level = Literal["ok", "warning", "error"]
#: From the mildest to the worst; a level's place is the exit code of the command.
LEVELS: tuple[Level, ...] = ("ok", "warning", "error")

#: Errors whose text already says what to do.
TOLD = (SettingsError, ProfileError, PipeError, OtherSchema)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report."""

    #: What it belongs to: ``configuration``, ``servers``, ``data``, ``machine``, ``sources``.
    area: str
    #: What was looked at.
    subject: str
    level: Level = "ok"
    #: What was found.
    said: str
    #: What to do; empty where nothing is to be done.
    remedy: str = ""


#: One thing that is looked at: finds something, or raises what it met.
Look = Callable[[], Iterable[Finding]]


def looked(area: str, subject: str, look: Look) -> Iterator[Finding]:
    """What a look finds; whatever it raises is a finding too, so that one broken part hides no other."""
    try:
        yield from look()
    except TOLD as error:
        yield Finding(area=area, subject=subject, level="error", said=str(error))
    except Exception as error:  # noqa: BLE001 - the next look shall be taken whatever became of this one
        told = " ".join(str(error).split())[:300] or "it says no more"
        yield Finding(
            area=area, subject=subject, level="error", said=f"{type(error).__name__}: {told}",
            remedy="see whether it runs, and whether the setting that names it is right",
        )  # fmt: skip


def worst(findings: Iterable[Finding]) -> Level:
    """The worst level of all."""
    return max((finding.level for finding in findings), key=LEVELS.index, default="ok")
