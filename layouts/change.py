"""What a push changes: for each element id its text, class or ticking clock."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

#: ``overdue``, ``left`` and ``clock`` follow the product's clock; ``age`` the server's real one.
Tick = tuple[Literal["overdue", "left", "age", "clock"], int]


class Change(msgspec.Struct, omit_defaults=True, kw_only=True):
    """How one element looks now. ``None`` leaves that side of it alone."""

    text: str | None = None
    #: The whole class attribute.
    cls: str | None = None
    #: A clock that the screen words and keeps ticking by itself: its kind and its moment (ms).
    tick: Tick | None = None
    #: The number that its looks follow (``--v`` in the style sheet): a bar's length of 1, a row's place in its list.
    v: float | None = None
    #: Numbers that the screen draws as a small line, oldest first; None is a gap.
    spark: list[float | None] | None = None
    #: A plotly figure.
    figure: dict[str, Any] | None = None


Patch = dict[str, Change]

#: Shown where there is no number: never a zero.
DASH = "—"


def say(text: str, cls: str | None = None) -> Change:
    """A change of text, and of class where given."""
    return Change(text=text, cls=cls)
