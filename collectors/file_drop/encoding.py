"""Finds out how a file's letters are written, and reads its text in composed Unicode letters whatever they are."""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from collectors.file_drop import tcvn3
from collectors.file_drop.syllables import share_of_syllables

#: Words that are looked at to tell encodings apart.
_MOST_WORDS = 4_000
#: So much of the words must read as Vietnamese for an old encoding to be believed.
_BELIEVED = 0.6
# Each letter is looked at once: what follows a letter is never the start of a word.
_WORD = re.compile(rb"(?<![A-Za-z\x80-\xff])[A-Za-z]*+[\x80-\xff][A-Za-z\x80-\xff]*+")
_BROKEN = re.compile("[\ufffd\udc80-\udcff]")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Detector:
    """Is fed the bytes of a file; then knows its encoding."""

    def __init__(self) -> None:
        self._head = b""
        self._utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._words: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        """Look at the next bytes."""
        if len(self._head) < 4096:
            self._head += chunk[: 4096 - len(self._head)]
        if chunk.isascii():
            # A letter may not end in them: what was open is broken.
            if self._utf8 and self._utf8.getstate()[0]:
                self._utf8 = None
            return
        if self._utf8:
            try:
                self._utf8.decode(chunk)
            except UnicodeDecodeError:
                self._utf8 = None
        if len(self._words) < _MOST_WORDS:
            # A word at either end may be cut off.
            self._words += (m.group() for m in _WORD.finditer(chunk) if m.start() > 0 and m.end() < len(chunk))

    def encoding(self) -> str:
        """What the bytes are written in: a name for ``lines_of``."""
        for mark, name in _MARKS:
            if self._head.startswith(mark):
                return name
        if wide := _wide(self._head):
            return wide
        if self._utf8 and not self._utf8.getstate()[0]:
            return "utf-8"
        words = self._words[:_MOST_WORDS]
        shares = {
            "tcvn3": share_of_syllables(tcvn3.raise_capitals(tcvn3.read(word)) for word in words),
            "windows-1258": share_of_syllables(_composed(word.decode("cp1258", "replace")) for word in words),
        }
        best = max(shares, key=lambda name: shares[name])
        # Broken UTF-8 stays UTF-8: each broken row is then set aside by itself.
        return best if shares[best] > max(_BELIEVED, _utf8_share(words)) else "utf-8"


def _utf8_share(words: list[bytes]) -> float:
    good = 0
    for word in words:
        try:
            word.decode()
        except UnicodeDecodeError:
            continue
        good += 1
    return good / len(words) if words else 1.0


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: every other byte of digits and separators is zero."""
    half = len(head) // 2
    if half and head[1::2].count(0) > 0.4 * half and not head[::2].count(0):
        return "utf-16-le"
    if half and head[::2].count(0) > 0.4 * half and not head[1::2].count(0):
        return "utf-16-be"
    return ""


def _composed(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def lines_of(file: BinaryIO, encoding: str, longest: int) -> Iterator[tuple[str, bool]]:
    """The lines of a file in composed letters, each with whether it was too long and is left out but for its head.

    Bytes that are no letters become lone surrogates or U+FFFD: see ``is_broken``.
    """
    codec, mend = _codec(encoding)
    wide = codec.startswith("utf-16")
    text = io.TextIOWrapper(file, encoding=codec, errors="replace" if wide else "surrogateescape", newline="")
    while line := text.readline(longest):
        too_long = len(line) == longest and not line.endswith(("\n", "\r"))
        while too_long and (rest := text.readline(longest)):
            if rest.endswith(("\n", "\r")):
                break
        yield mend(line[:200] if too_long else line), too_long


def utf8_chunks(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Bytes of any encoding as UTF-8 in composed letters; broken letters become ``?``."""
    codec, mend = _codec(encoding)
    if codec.startswith("utf-8"):
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(codec)("replace")
    held = ""
    for chunk in chunks:
        text = held + decoder.decode(chunk)
        cut = max(0, len(text) - 1)
        # A letter's marks may come with the next chunk.
        while cut and unicodedata.combining(text[cut]):
            cut -= 1
        held = text[cut:]
        yield mend(text[:cut]).encode("utf-8", "replace")
    yield mend(held + decoder.decode(b"", True)).encode("utf-8", "replace")


def is_broken(cell: str) -> bool:
    """Whether bytes in it were no letters of the encoding."""
    return not cell.isascii() and _BROKEN.search(cell) is not None


def _codec(encoding: str) -> tuple[str, Callable[[str], str]]:
    """Python's codec, and what makes its text composed letters."""
    if encoding == "tcvn3":
        return "latin-1", lambda text: text.translate(tcvn3.TABLE)
    if encoding == "utf-8":
        return "utf-8-sig", _composed
    return {"windows-1258": "cp1258"}.get(encoding, encoding), _composed
