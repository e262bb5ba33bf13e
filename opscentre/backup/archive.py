"""The file of a backup: a tar with a manifest that says what is in it, how much, and by which checksums."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import msgspec

#: Of the layout below; a release reads those it knows.
FORMAT = 1
MANIFEST = "manifest.json"
_CHUNK = 1 << 20

Kind = Literal["sqlite", "pg_dump", "copy"]


class BackupError(Exception):
    """A backup cannot be made, read or put back: what, where, what was seen, what to do."""


class Counted(msgspec.Struct, frozen=True):
    """A table's rows and their checksum, whatever their order."""

    rows: int
    digest: str


class Member(msgspec.Struct, frozen=True):
    """A file in the backup."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds."""

    format: Annotated[int, msgspec.Meta(ge=1)]
    release: str
    profile: str
    #: When it was begun, ISO 8601 with zone.
    taken_at: str
    #: How the database is kept, at which revision, and what was in it.
    database: Kind
    revision: str
    tables: dict[str, Counted]
    #: Cursors as of a moment whose every change is in ``tables``; None: none is sure, read every source from its
    #: beginning.
    cursors: dict[str, str] | None
    files: dict[str, Member]


def write(path: Path, manifest: Manifest, members: Mapping[str, Path]) -> None:
    """Write a backup under its name only once it is whole. ``members``: name in the backup → file to take."""
    fresh = path.with_name(f"{path.name}.part")
    try:
        with tarfile.open(fresh, "w") as tar:
            about = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
            entry = tarfile.TarInfo(MANIFEST)
            entry.size = len(about)
            tar.addfile(entry, io.BytesIO(about))
            for name, file in members.items():
                tar.add(file, name, recursive=False, filter=_nobodys)
        fresh.chmod(0o600)
        fresh.replace(path)
    except OSError as error:
        raise BackupError(f"{path}: cannot be written ({error.strerror}); make room, or choose another place") from None
    finally:
        fresh.unlink(missing_ok=True)


def _nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    # Whose a file was on this machine means nothing on the next.
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    return entry


@contextmanager
def opened(path: Path) -> Iterator[tuple[tarfile.TarFile, Manifest]]:
    """A backup to read from, with its manifest. Raises ``BackupError``."""
    try:
        with tarfile.open(path, "r:") as tar:
            found = tar.extractfile(MANIFEST)
            if found is None:
                raise KeyError(MANIFEST)
            manifest = msgspec.json.decode(found.read(), type=Manifest)
            if manifest.format > FORMAT:
                raise BackupError(
                    f"{path}: made by release {manifest.release} in format {manifest.format}; this release reads "
                    f"format {FORMAT}: restore it with that release"
                )
            yield tar, manifest
    except FileNotFoundError:
        raise BackupError(f"{path}: there is no such file") from None
    except (tarfile.TarError, KeyError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupError(f"{path}: is no whole backup of opscentre ({error}); take another one") from None


def take_out(path: Path, tar: tarfile.TarFile, manifest: Manifest, folder: Path) -> None:
    """Write the files of a backup into a folder, each held to its checksum. Raises ``BackupError``."""
    for name, wanted in manifest.files.items():
        target = (folder / name).resolve()
        if not target.is_relative_to(folder.resolve()):
            raise BackupError(f"{path}: {name} would lie outside of {folder}; this is no backup of opscentre")
        target.parent.mkdir(parents=True, exist_ok=True)
        source = tar.extractfile(name)
        if source is None:
            raise BackupError(f"{path}: {name} is no file; take another backup")
        seen, size = hashlib.sha256(), 0
        with target.open("wb") as file:
            while chunk := source.read(_CHUNK):
                seen.update(chunk)
                size += len(chunk)
                file.write(chunk)
        if (size, seen.hexdigest()) != (wanted.size, wanted.sha256):
            raise BackupError(f"{path}: {name} is damaged: its checksum is not the manifest's; take another backup")


def member(path: Path) -> Member:
    """A file's size and checksum."""
    with path.open("rb") as file:
        return Member(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
