"""The read model of the online services: received, finished and standing now, by field, procedure and channel.

Beside the wall's picture, and asked for on its own: a province has some two thousand procedures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from opscentre.domain.counting import CHANNELS, DAILY, NOW
from opscentre.domain.windows import SPAN_ROW, SPANS
from opscentre.live.wall import State

#: A procedure's national code, and the ending that a province gives it.
_NATIONAL = re.compile(r"(\d\.\d{6})\.\d{3}\.\d{2}\.\d{2}\.H\d{2}")


class Flow(msgspec.Struct, kw_only=True):
    """What came in and what was finished in some days, by what is known now; fields are those of DAILY.

    A dossier that was finished yesterday, opened again today and is not finished is not among yesterday's.
    """

    #: Received by channel.
    counter: int = 0
    online: int = 0
    postal: int = 0
    #: Finished by verdict.
    early: int = 0
    on_time: int = 0
    finished_overdue: int = 0

    @property
    def received(self) -> int:
        """All that were received."""
        return self.counter + self.online + self.postal

    @property
    def finished(self) -> int:
        """All that were finished."""
        return self.early + self.on_time + self.finished_overdue

    @property
    def online_share(self) -> float | None:
        """Received online ÷ received; None: no data."""
        return self.online / self.received if self.received else None


class Line(msgspec.Struct, kw_only=True):
    """One field, procedure or channel that has anything to show."""

    #: As the sources wrote it; empty: they gave none.
    code: str
    #: From the profile, else as the newest snapshot calls it; empty: nobody says.
    name: str
    #: Whether the profile knows the code (channels are always known).
    known: bool
    #: What holds now; fields as in ``Totals``.
    in_process: int = 0
    in_process_overdue: int = 0
    paused: int = 0
    paused_overdue: int = 0
    waiting: int = 0
    waiting_overdue: int = 0
    due_soon: int = 0
    #: Today, yesterday, and the last 7 and 30 local days with today.
    today: Flow
    yesterday: Flow
    week: Flow
    month: Flow


class Services(msgspec.Struct, kw_only=True):
    """All fields, procedures and channels with anything to show; most received in the month first."""

    state: State
    #: The product's time of this picture.
    now: int
    fields: list[Line]
    procedures: list[Line]
    #: ``counter``, ``online``, ``postal``: all three, in this order.
    channels: list[Line]


def home(code: str, known: Mapping[str, str]) -> str:
    """The code under which a code is shown: a procedure's national one where the profile has that."""
    if code in known:
        return code
    match = _NATIONAL.fullmatch(code)
    return match[1] if match and match[1] in known else code


def lines(rows: Mapping[str, Sequence[int]], known: Mapping[str, str], told: Mapping[str, str]) -> list[Line]:
    """Lines from rows of SPAN_ROW by code; ``known`` are the profile's names, ``told`` those of snapshots."""
    found = [
        _line(code, known.get(code) or told.get(code, ""), code in known, row) for code, row in rows.items() if any(row)
    ]
    return sorted(found, key=lambda line: (-line.month.received, line.code))


def channel_lines(rows: Mapping[str, Sequence[int]]) -> list[Line]:
    """A line for each of CHANNELS."""
    nothing = [0] * SPAN_ROW
    return [_line(channel, channel, True, rows.get(channel, nothing)) for channel in CHANNELS]


def _line(code: str, name: str, known: bool, row: Sequence[int]) -> Line:
    flows: dict[str, Any] = {}
    for place, span in enumerate(SPANS):
        first = len(NOW) + place * len(DAILY)
        flows[span] = Flow(**dict(zip(DAILY, row[first : first + len(DAILY)], strict=True)))
    standing: dict[str, Any] = dict(zip(NOW, row[: len(NOW)], strict=True))
    return Line(code=code, name=name, known=known, **standing, **flows)


def of_today(row: list[int], age: int) -> list[int]:
    """A row that was written ``age`` days ago, as of today: what was today's then is yesterday's, or nobody's.

    The longer spans stay what they were until their worker writes the row anew, which it does within a second.
    """
    if age:
        first = len(NOW)
        yesterday = row[first : first + len(DAILY)] if age == 1 else [0] * len(DAILY)
        row[first : first + 2 * len(DAILY)] = [0] * len(DAILY) + yesterday
    return row
