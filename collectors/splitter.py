"""Finds the records in a stream of JSON bytes of any size, and goes on behind a broken one.

Known shapes: an object with the records in its list ``data`` (among other keys, in any place), a list of
records, one record a line, records one after another. Memory holds one record, never the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

#: A dossier is 1 to 20 kB; what does not end within this is broken.
LONGEST_RECORD = 1_000_000

_BOM = b"\xef\xbb\xbf"
_QUOTE = 0x22
_OPENING, _CLOSING = b"{[", {0x7B: 0x7D, 0x5B: 0x5D}
_STRING = rb'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
# Everything that may stand between two brackets. Whatever stops it is a bracket or a fault.
_FILLING = re.compile(rb"(?:[\s,:0-9eE+\-.truefalsn]++|" + _STRING + rb")*+")
_SPACE = re.compile(rb"\s*+")
_GAP = re.compile(rb"[\s,]*+")
_SCALAR = re.compile(_STRING + rb'|[^\s,\[\]{}"]++')
_DATA_KEY = re.compile(rb'(?<!\\)"data"\s*+:\s*+$')
#: An envelope may stand in an object that names it: {"DongBoHoSoMC": {"data": […]}}.
_AROUND = (b"{", b"{{")
_DATA_START = re.compile(rb'(?<!\\)"data"\s*+:\s*+[\[{]')
#: Only a dossier has it; a step or a document nested in one does not.
_DOSSIER_KEY = b'"TrangThaiHoSo"'


class UnreadableFile(Exception):
    """The bytes are not JSON at all; the text says what they look like."""


class Piece(NamedTuple):
    """One record: its number in the file from 1, the offset of its first byte, its bytes.

    ``fault`` is set, and ``raw`` left empty, when its end could not be found: ``bad_json``,
    ``truncated_file`` or ``too_long``. A piece without a fault has matching brackets but may still be
    broken JSON inside.
    """

    number: int
    offset: int
    raw: bytes
    fault: str = ""


def split(chunks: Iterable[bytes]) -> Iterator[Piece]:
    """The records of a stream, however it is cut into chunks. Raises ``UnreadableFile`` before the first one."""
    return _Splitter(iter(chunks)).pieces()


class _Fault(Exception):
    """A record that cannot be told from what follows it; ``index`` is how far its bytes made sense."""

    def __init__(self, reason: str, index: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.index = index


class _ListBegins(Exception):
    """The bracket of an envelope's ``data`` was met, and not a record's; ``around`` is what is open around it."""

    def __init__(self, around: bytes) -> None:
        super().__init__()
        self.around = around


class _Splitter:
    """A window of the stream: ``buffer`` begins at byte ``base`` of the file, ``at`` is where reading goes on."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks = chunks
        self.buffer = b""
        self.base = 0
        self.at = 0
        self.count = 0
        #: A broken record was met, so brackets may no longer match.
        self.damaged = False
        #: A piece was told that reaches to the end of the stream.
        self.told_end = False

    def pieces(self) -> Iterator[Piece]:
        self._begin()
        if self._is_lines():
            yield from self._lines()
            return
        while self._skip(_GAP):
            opening = self.buffer[self.at]
            if opening == 0x5B:
                self.at += 1
                yield from self._list()
            elif opening == 0x7B:
                yield from self._top_object()
            elif self.damaged and opening in b"]}":
                # The end of a list or an envelope whose beginning was lost in a broken record.
                self.at += 1
            else:
                yield from self._resync("bad_json")

    # -- the window

    def _pull(self) -> bool:
        """Take in one more chunk, letting go of what lies before ``at``; False at the end of the stream."""
        for chunk in self.chunks:
            if chunk:
                self.buffer = self.buffer[self.at :] + chunk
                self.base += self.at
                self.at = 0
                return True
        return False

    def _skip(self, filling: re.Pattern[bytes]) -> bool:
        """Move ``at`` behind what ``filling`` matches; False when the stream ends there."""
        while True:
            match = filling.match(self.buffer, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self.buffer):
                return True
            if not self._pull():
                return False

    def _piece(self, offset: int, raw: bytes, fault: str = "") -> Piece:
        self.count += 1
        return Piece(self.count, offset, raw, fault)

    # -- the shape of the file

    def _begin(self) -> None:
        while len(self.buffer) < len(_BOM) and self._pull():
            continue
        if self.buffer.startswith(_BOM):
            self.at = len(_BOM)
        if not self._skip(_SPACE):
            raise UnreadableFile("it is empty")
        if self.buffer[self.at] not in _OPENING:
            raise UnreadableFile(f"it is not JSON: {_looks_like(self.buffer[self.at : self.at + 8])}")

    def _is_lines(self) -> bool:
        """Whether the first line is a record by itself and the next one begins with a record too."""
        if self.buffer[self.at] != 0x7B:
            return False
        while (end := self.buffer.find(b"\n", self.at)) < 0:
            if len(self.buffer) - self.at > LONGEST_RECORD or not self._pull():
                return False
        line = self.buffer[self.at : end].rstrip()
        if line[-1:] in b",[:{" or _DATA_START.search(line):
            return False
        size = end - self.at
        while not (following := self.buffer[self.at + size :].lstrip()):
            if not self._pull():
                return False
        return following.startswith(b"{")

    def _lines(self) -> Iterator[Piece]:
        while self._skip(_SPACE):
            offset, seen = self.base + self.at, 0
            while (end := self.buffer.find(b"\n", self.at + seen)) < 0:
                seen = len(self.buffer) - self.at
                if seen > LONGEST_RECORD:
                    break
                if not self._pull():
                    end = len(self.buffer)
                    break
            if end < 0 or end - self.at > LONGEST_RECORD:
                self._drop_line()
                yield self._piece(offset, b"", "too_long")
                continue
            last = end == len(self.buffer)
            raw = self.buffer[self.at : end].rstrip()
            self.at = end
            cut = last and not raw.endswith(b"}")
            yield self._piece(offset, b"" if cut else raw, "truncated_file" if cut else "")

    def _drop_line(self) -> None:
        while (end := self.buffer.find(b"\n", self.at)) < 0:
            self.at = len(self.buffer)
            if not self._pull():
                return
        self.at = end

    # -- lists, envelopes, records

    def _list(self) -> Iterator[Piece]:
        """The elements of a list, ``at`` being behind its opening bracket, up to behind its closing one."""
        while self._skip(_GAP):
            first = self.buffer[self.at]
            if first == 0x5D:
                self.at += 1
                return
            if first in _OPENING:
                yield from self._record()
            else:
                yield from self._scalar()
        if not self.told_end:
            self.told_end = True
            yield self._piece(self.base + self.at, b"", "truncated_file")

    def _record(self) -> Iterator[Piece]:
        offset = self.base + self.at
        try:
            end = self._span(b"")
        except _Fault as fault:
            yield from self._resync(fault.reason)
            return
        raw = self.buffer[self.at : end]
        self.at = end
        yield self._piece(offset, raw)

    def _scalar(self) -> Iterator[Piece]:
        """A list's element that is neither object nor list: a number, a word, a string."""
        while True:
            match = _SCALAR.match(self.buffer, self.at)
            if match and match.end() < len(self.buffer):
                break
            if len(self.buffer) - self.at > LONGEST_RECORD or not self._pull():
                break
        if match is None or not _is_scalar(match.group()):
            yield from self._resync("bad_json")
            return
        offset = self.base + self.at
        self.at += len(match.group())
        yield self._piece(offset, match.group())

    def _top_object(self) -> Iterator[Piece]:
        """An object outside any list: an envelope around ``data``, or a record."""
        offset = self.base + self.at
        try:
            end = self._span(b"", envelope=True)
        except _ListBegins as begins:
            if self.buffer[self.at] == 0x5B:
                self.at += 1
                yield from self._list()
            else:
                yield from self._record()
            yield from self._rest_of_envelope(begins.around)
            return
        except _Fault as fault:
            yield from self._resync(fault.reason)
            return
        raw = self.buffer[self.at : end]
        self.at = end
        yield self._piece(offset, raw)

    def _rest_of_envelope(self, around: bytes) -> Iterator[Piece]:
        if self.told_end:
            return
        try:
            self.at = self._span(around)
        except _Fault as fault:
            yield from self._resync(fault.reason)

    def _span(self, stack: bytes, *, envelope: bool = False) -> int:
        """The index behind the bracket that closes what ``stack`` and the brackets from ``at`` on have opened.

        Raises ``_Fault``; with ``envelope``, ``_ListBegins`` with ``at`` on the value of ``data``.
        """
        open_ = bytearray(stack)
        index = self.at
        while True:
            match = _FILLING.match(self.buffer, index)
            index = match.end() if match else index
            if index - self.at > LONGEST_RECORD:
                raise _Fault("too_long", index)
            if index == len(self.buffer) or (self.buffer[index] == _QUOTE and self.buffer.find(b"\n", index) < 0):
                # The end of what is there, perhaps within a string.
                if len(self.buffer) - self.at > LONGEST_RECORD + 1:
                    raise _Fault("too_long", index)
                done = index - self.at
                if not self._pull():
                    raise _Fault("truncated_file", index)
                index = done
                continue
            byte = self.buffer[index]
            if byte in _OPENING:
                before = self.buffer[self.at : index].rstrip()[-1:] if index > self.at else b""
                if open_ and before not in ((b":",) if open_[-1] == 0x7B else (b",", b"[")):
                    raise _Fault("bad_json", index)
                if envelope and open_ in _AROUND and _DATA_KEY.search(self.buffer, max(self.at, index - 80), index):
                    self.at = index
                    raise _ListBegins(bytes(open_))
                open_.append(byte)
            elif open_ and byte == _CLOSING[open_[-1]]:
                open_.pop()
            else:
                raise _Fault("bad_json", index)
            index += 1
            if not open_:
                return index

    def _resync(self, fault: str) -> Iterator[Piece]:
        """Report what begins at ``at`` as broken and move to the next dossier, or to the end of the stream."""
        offset = self.base + self.at
        self.damaged = True
        self.at += 1
        while True:
            index = self.buffer.find(b"{", self.at)
            if index < 0:
                self.at = len(self.buffer)
                if not self._pull():
                    self.told_end = True
                    break
                continue
            self.at = index
            if self._is_dossier():
                fault = "bad_json" if fault == "truncated_file" else fault
                break
            self.at += 1
        yield self._piece(offset, b"", fault)

    def _is_dossier(self) -> bool:
        """Whether a dossier begins at ``at``, whole or itself broken behind its status."""
        try:
            end = self._span(b"")
        except _Fault as fault:
            if fault.reason == "truncated_file":
                return False
            end = fault.index
        return _DOSSIER_KEY in self.buffer[self.at : end]


def _is_scalar(text: bytes) -> bool:
    if text.startswith(b'"') or text in (b"null", b"true", b"false"):
        return True
    return re.fullmatch(rb"-?\d+(\.\d+)?([eE][+-]?\d+)?", text) is not None


def _looks_like(head: bytes) -> str:
    for magic, told in (
        (b"PK", "it looks like a ZIP archive or an Excel file; export it as JSON"),
        (b"\x1f\x8b", "it is compressed (gzip); unpack it first"),
        (b"\xff\xfe", "it looks like UTF-16; save it as UTF-8"),
        (b"\xfe\xff", "it looks like UTF-16; save it as UTF-8"),
        (b"<", "it looks like XML or HTML; export it as JSON"),
    ):
        if head.startswith(magic):
            return told
    return 'want {"data":[…]}, a list of records, or one record a line'
