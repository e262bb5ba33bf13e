"""What of a feed's value may be shown: short, on one line, without e-mail addresses, persons' numbers or names."""

from __future__ import annotations

import re
from functools import lru_cache

#: Longest piece of an offending value that a message quotes.
LONGEST_QUOTE = 40

_EMAIL = re.compile(r"[^\s@,;:<>\"'()]+@[^\s@,;:<>\"'()]+")
# A phone number may be grouped by dots; a procedure's code (2.000488.000.00.00.H55) is too, but never begins with 0.
_PHONE = re.compile(r"(?<![\d.])(?:\+?84|\(?0)(?:[\s.\-()]{0,2}\d){8,10}(?!\d)")
_DIGITS = re.compile(r"\d(?:[ \-]?\d){8,}")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_TIME = r"(?:[ T]\d\d?:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
# A mistyped date is worth seeing; twelve digits that begin with 0 are a citizen's number.
_DATED = re.compile(
    rf"\d{{14}}|(?:19|20)\d{{10}}|(?:19|20)\d\d[-/.]\d\d?[-/.]\d\d?{_TIME}|\d\d?[-/.]\d\d?[-/.](?:19|20)\d\d{_TIME}",
    re.ASCII,
)
_HARMLESS = frozenset({"null", "none", "nan", "na", "true", "false", "am", "pm", "utc", "gmt", "undefined"})


def _plain_word(match: re.Match[str]) -> str:
    return match.group() if match.group().casefold() in _HARMLESS else "…"


@lru_cache(maxsize=8192)
def masked(text: str) -> str:
    """``text`` on one line, with e-mail addresses, phone numbers and runs of nine or more digits taken out (§2)."""
    if not text.isprintable():
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if "@" in text:
        text = _EMAIL.sub("‹@›", text)
    return _DIGITS.sub("‹#›", _PHONE.sub("‹#›", text))


def quoted(value: object) -> str:
    """An offending value of a coded field (a date, a status, a number), fit for a message (§2).

    Words are left out as well: a person's name in the column of a date is still a person's name.
    A list or an object is named by its kind only.
    """
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, bytes | bytearray | memoryview):
        return "bytes"
    text = str(value)[: 5 * LONGEST_QUOTE]
    if not _DATED.fullmatch(text):
        text = _LETTERS.sub(_plain_word, masked(text))
    return repr(text[:LONGEST_QUOTE])
