"""What a dropped file holds: itself, or the files of an archive, within bounds that no archive bomb gets past."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple, cast

from collectors.file_drop.settings import DropSettings
from collectors.splitter import UnreadableFile
from opscentre.domain.kept_text import file_label

CHUNK = 1 << 18
#: Endings of files that are dossiers; in a folder others are left alone, in an archive they are passed over.
ENDINGS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xlsx")
PACKED = (".zip", ".gz")
#: Little that unpacks to a lot is normal for a small table of equal rows.
_HARMLESS_BYTES = 10_000_000
_ENCRYPTED = 0x1
_ZIP, _GZIP, _OLE = b"PK", b"\x1f\x8b", b"\xd0\xcf\x11\xe0"
_SHEETS = "xl/workbook.xml"


class TooMuch(UnreadableFile):
    """An archive unpacks to more than its bounds: nothing of it is taken."""


class Part(NamedTuple):
    """One file of dossiers: what messages call it, and how to read it from its start."""

    name: str
    open: Callable[[], BinaryIO]
    #: Whether it is a workbook.
    workbook: bool = False


class Budget:
    """Counts what one dropped file unpacks to. Raises ``TooMuch``."""

    def __init__(self, packed: int, settings: DropSettings) -> None:
        self._packed = max(1, packed)
        self._most = settings.most_megabytes * 1_000_000
        self._ratio = settings.most_ratio
        self._seen = 0

    def spend(self, count: int) -> None:
        """So many more bytes came out."""
        self._seen += count
        if self._seen > self._most:
            raise TooMuch(f"it unpacks to more than {self._most // 1_000_000} MB (most_megabytes); send smaller files")
        if self._seen > _HARMLESS_BYTES and self._seen > self._ratio * self._packed:
            raise TooMuch(
                f"it unpacks to more than {self._ratio} times its size (most_ratio), as no file of dossiers does"
            )


@contextmanager
def told() -> Iterator[None]:
    """Turn what damaged archives raise into ``UnreadableFile``."""
    try:
        yield
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError) as error:
        # Its text is left out: it names the file within.
        raise UnreadableFile(f"the archive is damaged ({type(error).__name__}); send it again") from None
    except NotImplementedError as error:
        raise UnreadableFile(f"the archive is packed in a way that is not read here ({error}); pack it anew") from None


def shown_name(name: str, settings: DropSettings, mark: str = "") -> str:
    """A dropped file's name as it may be shown: the words of ``pattern`` and ``folder`` are the operator's own."""
    return file_label(name, mark[:8], (settings.pattern, settings.folder))


def parts_of(path: Path, settings: DropSettings, mark: str = "") -> list[Part]:
    """What a dropped file holds; ``mark``: what tells the file whose name cannot be shown.

    Raises ``UnreadableFile`` (``TooMuch``) and ``OSError``.
    """
    name = shown_name(path.name, settings, mark)
    with path.open("rb") as file:
        head = file.read(4)
    with told():
        if head.startswith(_GZIP):
            return [Part(name, lambda: cast(BinaryIO, gzip.open(path, "rb")))]
        if head.startswith(_ZIP):
            with zipfile.ZipFile(path) as archive:
                if _SHEETS in archive.namelist():
                    _check(archive, path.stat().st_size, settings)
                    return [Part(name, lambda: path.open("rb"), workbook=True)]
                return _members(path, archive, settings, mark)
    if head.startswith(_OLE):
        raise UnreadableFile(
            "it is an old Excel file (.xls) or has a password; save it as .xlsx without one, or as CSV"
        )
    return [Part(name, lambda: path.open("rb"))]


def is_workbook(file: BinaryIO) -> bool:
    """Whether bytes unpacked from an archive are a workbook. Raises ``UnreadableFile`` for an archive within one."""
    head = file.read(4)
    if head.startswith(_ZIP):
        return True
    if head.startswith((_GZIP, _OLE)):
        raise UnreadableFile("it is an archive or an old Excel file within an archive; pack CSV, JSON or XLSX files")
    return False


def check_workbook(file: BinaryIO, size: int, settings: DropSettings) -> None:
    """Hold an unpacked workbook to the bounds of an archive. Raises ``UnreadableFile`` (``TooMuch``)."""
    with told(), zipfile.ZipFile(file) as archive:
        if _SHEETS not in archive.namelist():
            raise UnreadableFile("it is an archive within an archive; pack CSV, JSON or XLSX files themselves")
        _check(archive, size, settings)


def _check(archive: zipfile.ZipFile, packed: int, settings: DropSettings) -> None:
    """Judge an archive by its table of contents; no more than it says is ever unpacked."""
    entries = archive.infolist()
    if len(entries) > settings.most_members:
        raise TooMuch(f"it holds {len(entries)} files, at most {settings.most_members} are taken (most_members)")
    budget = Budget(packed, settings)
    for entry in entries:
        where = PurePosixPath(entry.filename.replace("\\", "/"))
        if where.is_absolute() or ".." in where.parts or ":" in "".join(where.parts[:1]):
            raise TooMuch("a file in it is named so as to lie outside of it ('..' or '/'); pack it anew")
        if entry.flag_bits & _ENCRYPTED:
            raise UnreadableFile("it has a password; send it without one")
        budget.spend(entry.file_size)


def _members(path: Path, archive: zipfile.ZipFile, settings: DropSettings, mark: str) -> list[Part]:
    _check(archive, path.stat().st_size, settings)
    found = []
    for entry in archive.infolist():
        where = PurePosixPath(entry.filename.replace("\\", "/"))
        if entry.is_dir() or "__MACOSX" in where.parts or where.name.startswith("."):
            continue
        if where.suffix.lower() in ENDINGS:
            found.append(Part(shown_name(f"{path.name}/{where.name}", settings, mark), _opener(path, entry)))
    if not found:
        raise UnreadableFile(f"it holds no file of dossiers; want files that end in {', '.join(ENDINGS)}")
    return found


def _opener(path: Path, entry: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    def open_entry() -> BinaryIO:
        # The entry keeps reading the archive's file after its object is gone.
        return cast(BinaryIO, zipfile.ZipFile(path).open(entry))

    return open_entry
