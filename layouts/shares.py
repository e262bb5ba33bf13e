"""The classes of the on-time share: their bounds, their words and their looks, in one place."""

from __future__ import annotations

from typing import NamedTuple


class Band(NamedTuple):
    """One class of the on-time share, from ``floor`` (a share of 1) up to the band above."""

    floor: float
    name: str
    words: str


BANDS = (
    Band(0.98, "good", "từ 98%"),
    Band(0.95, "fair", "95 – 98%"),
    Band(0.90, "warn", "90 – 95%"),
    Band(0.0, "bad", "dưới 90%"),
)
#: A unit that neither finished nor holds a dossier: no data is not a bad share.
NONE = Band(-1, "none", "chưa có số liệu")


def band(share: float | None) -> Band:
    """The band of a share as it is printed, to a tenth of a point; ``NONE`` for no data."""
    if share is None:
        return NONE
    printed = round(share, 3)
    return next(found for found in BANDS if printed >= found.floor)
