"""How two spellings of a Vietnamese name are compared: what may differ, and what makes another name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

#: Grave, acute, hook above, tilde, dot below. Breve, circumflex and horn make other letters.
_TONES = "\u0300\u0301\u0309\u0303\u0323"
_MARKS = re.compile("[\u0300-\u036f]")
_NO_WORD = re.compile("[^\\w\u0300-\u036f]+|_+")

#: What sources write for the authority of a commune, ward or district.
_COMMITTEES = ("UBND", "Ủy ban nhân dân")
#: What the name of a commune, ward or district begins with, and how sources shorten it.
_PLACES = {
    "phường": "P.", "xã": "X.", "thị trấn": "TT.", "đặc khu": "",
    "thị xã": "TX.", "thành phố": "TP.", "huyện": "H.",
}  # fmt: skip


def spelling(text: str) -> str:
    """A name as it is compared: accents count (Văn Lang is not Văn Lăng), the way they are typed does not (§7).

    Upper and lower case, composed and decomposed letters, ``ủy`` and ``uỷ``, ``&`` and ``và``, punctuation and the
    number of spaces are all one.
    """
    plain = unicodedata.normalize("NFD", text.replace("&", " và ").casefold())
    return " ".join(_tone_last(word) for word in _NO_WORD.sub(" ", plain).split())


def _tone_last(word: str) -> str:
    """The word with its tone after the last letter: over which vowel it is typed differs from vendor to vendor."""
    tones = "".join(mark for mark in word if mark in _TONES)
    return "".join(letter for letter in word if letter not in _TONES) + tones if tones else word


def unaccented(spelled: str) -> str:
    """A spelling without its accents: in it nobody can tell Văn Lang from Văn Lăng (§7)."""
    return _MARKS.sub("", spelled).replace("đ", "d")


def variants(name: str, province: str = "", parent: str = "") -> Iterator[str]:
    """An official name as sources are known to write it (§7).

    A commune, ward or district goes by its people's committee too, and by the name with ``Xã`` or ``Phường`` shortened.
    Many sources add the name of the province or of the unit that it belongs to.
    """
    written = [name]
    lower = name.casefold()
    for word, short in _PLACES.items():
        if lower.startswith(f"{word} "):
            written += [short + name[len(word) :]] if short else []
            written += [f"{committee} {one}" for one in tuple(written) for committee in _COMMITTEES]
            break
    for one in written:
        yield one
        if parent:
            yield f"{one} {parent}"
        if province:
            yield f"{one} {province}" if one.casefold().endswith(" tỉnh") else f"{one} tỉnh {province}"
