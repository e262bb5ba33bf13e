"""The wall in English: its painted picture and its page put into English phrase by phrase. Pure.

The wall speaks Vietnamese to begin with, and ``layouts.words_scenes`` has each of its phrases in English. Names of
units, procedures, sources, links and indicators are names: they stay as they are, as numbers and dates do.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from layouts.change import Patch
from layouts.words_scenes import PHRASES

#: Between the parts of a line, each of which is a phrase.
BETWEEN = " · "
_NUMBER = r"([\d.,×%+\-–/ ]*\d%?)"
_LETTER = re.compile(r"[^\W\d_]")


def _pattern(phrase: str) -> re.Pattern[str]:
    parts = re.split(r"(\{n?\})", phrase)
    return re.compile("".join({"{}": "(.+)", "{n}": _NUMBER}.get(part, re.escape(part)) for part in parts))


_FORMS = [(_pattern(phrase), told.replace("{n}", "{}")) for phrase, told in PHRASES.items() if "{" in phrase]


@lru_cache(maxsize=20_000)
def english(text: str) -> str:
    """A text of the wall in English; what is no phrase stays as it is."""
    if not _LETTER.search(text):
        return text
    bare = text.strip()
    found = PHRASES.get(bare)
    if found is None:
        matches = ((pattern.fullmatch(bare), told) for pattern, told in _FORMS)
        found = next((told.format(*map(english, match.groups())) for match, told in matches if match), None)
    if found is None and BETWEEN in bare:
        found = BETWEEN.join(english(part) for part in bare.split(BETWEEN))
    if found is None and bare[:2] in ("◆ ", "▲ "):
        found = bare[:2] + english(bare[2:])
    return text if found is None else text.replace(bare, found)


def in_english(patch: Patch) -> Patch:
    """A picture in English."""
    return {
        key: msgspec.structs.replace(change, text=english(change.text)) if change.text else change
        for key, change in patch.items()
    }
