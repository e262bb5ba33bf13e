"""How far back the live counters reach, and the row that they keep of a field, a procedure or a channel.

Such a row holds the numbers of NOW, then those of DAILY for each of the spans.
"""

from __future__ import annotations

from opscentre.domain.counting import DAILY, NOW

#: Length of the rolling window, in days, today included.
WINDOW = 30
#: Days whose numbers by unit are kept; older periods are answered from SQL.
KEPT_DAYS = 400
#: First and last day of each span, in days before today.
SPANS = {"today": (0, 0), "yesterday": (1, 1), "week": (0, 6), "month": (0, WINDOW - 1)}
#: Length of a row.
SPAN_ROW = len(NOW) + len(SPANS) * len(DAILY)
#: Where in a row the numbers of a day go that lies so many days back: the first cell of each span that it is in.
PLACES = tuple(
    tuple(len(NOW) + place * len(DAILY) for place, (first, last) in enumerate(SPANS.values()) if first <= age <= last)
    for age in range(WINDOW)
)
