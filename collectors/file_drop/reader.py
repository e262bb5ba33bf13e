"""Reads a dropped file's records: finds out what each part of it is, then hands it to the reader of its form."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import msgspec

from collectors.file_drop.csv_rows import csv_records
from collectors.file_drop.encoding import Detector, utf8_chunks
from collectors.file_drop.parts import CHUNK, Budget, Part, TooMuch, check_workbook, is_workbook, parts_of, told
from collectors.file_drop.settings import DropSettings
from collectors.file_drop.workbook import workbook_records
from collectors.intake import Record
from collectors.splitter import UnreadableFile, split


class Look(NamedTuple):
    """A part that was read through once: it is whole, within its bounds, and known."""

    part: Part
    #: ``csv``, ``json`` or ``xlsx``.
    form: str = "csv"
    encoding: str = ""
    #: Why nothing of it can be read; empty: it can.
    hopeless: str = ""


def look_at(path: Path, settings: DropSettings, mark: str = "") -> list[Look]:
    """Read a file through without taking anything; ``mark`` as in ``parts_of``.

    Raises ``UnreadableFile`` and ``OSError``.

    A part that cannot be read costs only itself; a bomb costs the whole file.
    """
    parts = parts_of(path, settings, mark)
    budget = Budget(path.stat().st_size, settings)
    looks = []
    for part in parts:
        try:
            looks.append(_look(part, budget, settings))
        except TooMuch:
            raise
        except UnreadableFile as error:
            looks.append(Look(part, hopeless=str(error)))
    return looks


def records_of(look: Look, settings: DropSettings) -> Iterator[Record]:
    """The records of a part. Raises ``UnreadableFile`` and ``OSError``."""
    part = look.part
    with told(), part.open() as file:
        if look.form == "json":
            yield from _json(part.name, file, look.encoding)
        elif look.form == "csv":
            yield from csv_records(part.name, file, settings, look.encoding)
        elif part.workbook:
            yield from workbook_records(part.name, file, settings)
        else:
            with _unpacked(file) as aside:
                yield from workbook_records(part.name, aside, settings)


def read_rows(path: Path, columns: Mapping[str, str]) -> Iterator[Record]:
    """The records of a file without any other setting. Raises ``UnreadableFile`` and ``OSError``."""
    settings = msgspec.convert({"folder": ".", "columns": dict(columns)}, DropSettings)
    for look in look_at(path, settings):
        if look.hopeless:
            raise UnreadableFile(look.hopeless)
        yield from records_of(look, settings)


def _look(part: Part, budget: Budget, settings: DropSettings) -> Look:
    if part.workbook:
        return Look(part, "xlsx")
    with told(), part.open() as file:
        if is_workbook(file):
            file.seek(0)
            with _unpacked(file, budget) as aside:
                size = aside.seek(0, 2)
                aside.seek(0)
                check_workbook(aside, size, settings)
            return Look(part, "xlsx")
    detector, size, head = Detector(), 0, b""
    with told(), part.open() as file:
        while chunk := file.read(CHUNK):
            head = head or chunk
            size += len(chunk)
            budget.spend(len(chunk))
            detector.feed(chunk)
    if not size:
        raise UnreadableFile("it is empty; want a header and one dossier a row")
    encoding = detector.encoding() if settings.encoding == "auto" else settings.encoding
    begins = next(utf8_chunks([head[:4096]], encoding), b"").removeprefix(b"\xef\xbb\xbf").lstrip()
    return Look(part, "json" if begins[:1] in (b"{", b"[") else "csv", encoding)


def _json(name: str, file: BinaryIO, encoding: str) -> Iterator[Record]:
    chunks = iter(lambda: file.read(CHUNK), b"")
    for piece in split(utf8_chunks(chunks, encoding)):
        place = f"{name}, record {piece.number} (byte {piece.offset})"
        # Of a record without an end of its own its place is all there is to know it again by.
        yield Record(place, raw=piece.raw or (place.encode() if piece.fault else b""), fault=piece.fault)


def _unpacked(file: BinaryIO, budget: Budget | None = None) -> BinaryIO:
    """A packed file's bytes in a nameless temporary file: a workbook is read from its end."""
    aside = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - closed by the caller
    try:
        if budget is None:
            shutil.copyfileobj(file, aside, CHUNK)
        else:
            while chunk := file.read(CHUNK):
                budget.spend(len(chunk))
                aside.write(chunk)
        aside.seek(0)
    except BaseException:
        aside.close()
        raise
    return aside
