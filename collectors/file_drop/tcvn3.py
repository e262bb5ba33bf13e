"""TCVN3, the letters of the old ABC fonts: one byte a letter, capitals with tones written as small letters."""

from __future__ import annotations

import re

_FIRST = 0xA1
#: The letters from byte A1 on; a dot where the fonts have none.
_LETTERS = (
    "ĂÂÊÔƠƯĐăâêôơưđ......àảãáạ.ằẳẵắ.......ặầẩẫấậè.ẻẽéẹềểễếệìỉ...ĩíịò.ỏõóọồổỗốộờởỡớợù.ủũúụừửữứựỳỷỹýỵ"
)  # fmt: skip

#: For ``str.translate`` on text whose bytes were read as Latin-1. A byte that is no letter becomes a lone surrogate,
#: as with ``errors="surrogateescape"``.
TABLE = {
    code: (_LETTERS[code - _FIRST : code - _FIRST + 1] or ".").replace(".", chr(0xDC00 + code))
    for code in range(0x80, 0x100)
    if code >= _FIRST
} | {code: chr(0xDC00 + code) for code in range(0x80, 0xA0)} | {0xA0: "\u00a0"}  # fmt: skip

_WORD = re.compile(r"[^\W\d_]+")


def read(raw: bytes) -> str:
    """The text of TCVN3 bytes, in composed letters."""
    return raw.decode("latin-1").translate(TABLE)


def raise_capitals(text: str) -> str:
    """A cell with its toned capitals put right.

    The fonts have no Ễ: in a font of capitals a typist's ``ễ`` looks like one, so "NGUYỄN" is stored as "NGUYễN".
    Where a word shows that and no plain letter of the cell is a small one, the whole cell was meant so; "Lê" and
    "Sở KH&CN" are left alone.
    """
    if text.isascii() or any("a" <= letter <= "z" for letter in text):
        return text
    shown = any(
        sum(letter.isascii() for letter in word) > 1 and any(letter.islower() for letter in word)
        for word in _WORD.findall(text)
    )
    return text.upper() if shown else text
