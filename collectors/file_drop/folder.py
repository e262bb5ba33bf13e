"""The drop folder: which files lie there in full, whether one changed meanwhile, and where it is put afterwards."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from collectors.errors import BadData
from collectors.file_drop.parts import ENDINGS, PACKED, shown_name
from collectors.file_drop.settings import DropSettings
from opscentre.clock import wall_ms

PROCESSED, REJECTED = "processed", "rejected"
#: Names that a writer gives to what it has not finished.
UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload", ".partial")
_EVERYTHING = "*"


class Stand(NamedTuple):
    """By which it is seen whether a file was written to."""

    size: int
    modified: int
    inode: int


def stand_of(path: Path) -> Stand:
    """How a file stands now. Raises ``OSError``."""
    stat = path.stat()
    return Stand(stat.st_size, stat.st_mtime_ns, stat.st_ino)


def complete_files(folder: Path, settings: DropSettings) -> list[Path]:
    """The files that are there in full, in the order of their names. Raises ``BadData``."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_file())
    except FileNotFoundError:
        raise BadData(f"{folder} is no folder; create it, or correct 'folder' of the source") from None
    except NotADirectoryError:
        raise BadData(f"{folder} is no folder but a file; correct 'folder' of the source") from None
    except OSError as error:
        raise BadData(f"{folder} cannot be listed ({error.strerror}); let this user read and enter it") from None
    return list(_complete([folder / name for name in names if _is_meant(name, settings.pattern)], settings))


def _is_meant(name: str, pattern: str) -> bool:
    if name.startswith(".") or name.lower().endswith(UNFINISHED):
        return False
    known = pattern != _EVERYTHING or name.lower().endswith((*ENDINGS, *PACKED))
    return known and fnmatchcase(name, pattern)


def _complete(paths: list[Path], settings: DropSettings) -> Iterator[Path]:
    for path in paths:
        try:
            stat = path.stat()
        except FileNotFoundError:
            # Its writer took it away again.
            continue
        # A copy may carry the time of its original; the time of the last change to the entry itself cannot be set.
        stood = wall_ms() / 1000 - max(stat.st_mtime, stat.st_ctime)
        if settings.settle and stood < settings.settle:
            continue
        if not _is_locked(path, settings):
            yield path


def _is_locked(path: Path, settings: DropSettings) -> bool:
    """Whether a writer holds a lock (``flock``) on a file."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP):
            # A file system without locks: what stands still has to do.
            return False
        shown = path.parent / shown_name(path.name, settings)
        raise BadData(f"{shown} cannot be opened ({error.strerror}); let this user read it") from None
    return False


def put_away(path: Path, name: str, checksum: str, settings: DropSettings, reasons: str = "") -> Path:
    """Move a file to a folder beside it, its ``reasons`` in a .txt with it. Raises ``BadData``: then it stays."""
    folder = path.parent / name
    target = folder / path.name
    try:
        folder.mkdir(exist_ok=True)
        if target.exists():
            target = folder / f"{path.stem}-{checksum[:8]}{path.suffix}"
        if reasons:
            # Before the move: a rejected file never lies there without its reasons.
            target.with_name(target.name + ".txt").write_text(reasons, encoding="utf-8")
        return path.replace(target)
    except OSError as error:
        mend = "make room" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "let this user write there"
        shown = path.parent / shown_name(path.name, settings, checksum)
        raise BadData(f"{shown} cannot be moved to {folder} ({error.strerror}); {mend}") from None
