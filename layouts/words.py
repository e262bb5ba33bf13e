"""Vietnamese and English for the pages: every text a person sees there, numbers, dates and lengths of time.

The texts are in ``layouts.words_catalogue`` and ``layouts.words_wall``; pages hold none (a test looks for them).
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from layouts import text as vietnamese
from layouts.words_catalogue import CATALOGUE as PAGES
from layouts.words_plain import TEXTS as PLAIN
from layouts.words_scenes import TICKING
from layouts.words_wall import CATALOGUE as WALL
from opscentre.domain.moments import DAY, HOUR, MINUTE, SECOND, local
from opscentre.domain.status import NAMES, NAMES_EN, Status
from opscentre.domain.text import working_span

Lang = Literal["vi", "en"]
LANGS: tuple[Lang, ...] = ("vi", "en")
DASH = "—"
CATALOGUE = PAGES | WALL | PLAIN


class Words:
    """The words of one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang
        self._column = LANGS.index(lang)

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key of the catalogue, with its values filled in. An unknown key is a fault of ours."""
        found = CATALOGUE[key][self._column]
        return found.format(**values) if values else found

    def has(self, key: str) -> bool:
        """Whether the catalogue has a key: for codes that not all have words of their own."""
        return key in CATALOGUE

    def said(self) -> list[tuple[str, str]]:
        """(Vietnamese, this language) of what the push says in Vietnamese to every screen, longest first."""
        keys = [key for key in CATALOGUE if key.startswith("notice.")]
        keys += ["unit.day", "unit.hour", "unit.minute", "unit.second"]
        pairs = [(CATALOGUE[key][0], CATALOGUE[key][self._column]) for key in keys]
        if self.lang == "en":
            pairs += TICKING.items()
        return sorted(pairs, key=lambda pair: -len(pair[0]))

    def number(self, value: int) -> str:
        """A whole number: ``1.234`` in Vietnamese, ``1,234`` in English."""
        return vietnamese.number(value) if self.lang == "vi" else f"{value:,}"

    def percent(self, share: float | None) -> str:
        """A share of 1 with one decimal: ``92,3%`` or ``92.3%``; a dash for no data. 100% and 0% only when exact."""
        found = vietnamese.percent(share)
        return found if self.lang == "vi" else found.replace(",", ".")

    def signed(self, value: float) -> str:
        """A difference with its sign and one decimal: ``+1,2``."""
        found = f"{value:+,.1f}"
        return found.replace(".", ",") if self.lang == "vi" else found

    def signed_count(self, value: int) -> str:
        """A whole difference with its sign: ``+1.234``, ``−5``."""
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        return f"{sign}{self.number(abs(value))}"

    def date(self, day: dt.date) -> str:
        """``21/11/2026`` in both languages."""
        return day.strftime("%d/%m/%Y")

    def moment(self, at: int | None) -> str:
        """``21/11/2026 09:41`` in both languages; a dash for none."""
        return DASH if at is None else local(at).strftime("%d/%m/%Y %H:%M")

    def length(self, ms: int) -> str:
        """A length of time in its two largest units: ``2 ngày 3 giờ``, ``2 d 3 h``."""
        ms = max(0, ms)
        parts = [(ms // DAY, "day"), (ms % DAY // HOUR, "hour"), (ms % HOUR // MINUTE, "minute")]
        there = [index for index, (count, _) in enumerate(parts) if count]
        if not there:
            return f"{ms // SECOND} {self('unit.second')}"
        shown = parts[there[0] : there[0] + 2]
        return " ".join(f"{count} {self('unit.' + name)}" for count, name in shown if count)

    def hours(self, ms: int) -> str:
        """An amount of working time: ``79 giờ 5 phút``; days would be mistaken for days of 24 hours."""
        hours, minutes = divmod(max(0, ms) // MINUTE, 60)
        parts = [(self.number(hours), "hour")] * bool(hours) + [(str(minutes), "minute")] * bool(minutes or not hours)
        return " ".join(f"{count} {self('unit.' + name)}" for count, name in parts)

    def working(self, ms: int) -> str:
        """How late, in days of eight working hours, as mails and slips tell it: ``2 ngày 3 giờ làm việc``."""
        return working_span(ms, english=self.lang == "en")

    def status(self, code: int) -> str:
        """The name of a status."""
        status = Status(code)
        return NAMES[status] if self.lang == "vi" else NAMES_EN[status]


WORDS = {lang: Words(lang) for lang in LANGS}
