"""Takes in the files of a drop folder, each once, and puts them away: taken to processed/, hopeless to rejected/."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from collectors.base import Given, PollResult
from collectors.errors import BadData
from collectors.file_drop.reader import read_rows
from collectors.file_drop.settings import DropSettings
from collectors.intake import Taken
from collectors.splitter import UnreadableFile
from opscentre.clock import wall_ms
from opscentre.domain.dvcqg import FIELDS
from opscentre.settings import SettingsError
from opscentre.sources import checked

PROCESSED, REJECTED = "processed", "rejected"
#: Names that a writer gives to what it has not finished.
UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
#: Files remembered as taken; an older one that is dropped again is read again and changes nothing.
MOST_REMEMBERED = 5_000


class _Saved(msgspec.Struct):
    #: SHA-256 of the files taken, oldest first.
    taken: list[str] = []


def make(given: Given) -> DropCollector:
    """The collector of a source. Raises ``SettingsError``."""
    where = f"{given.where}, settings"
    settings = checked(given.config.settings, DropSettings, where)
    if strange := sorted(set(settings.columns) - set(FIELDS)):
        raise SettingsError(f"{where}, columns: saw {strange[0]!r}; want fields of the contract: {', '.join(FIELDS)}")
    if not settings.folder or "/" in settings.pattern:
        seen = f"folder {settings.folder!r}, pattern {settings.pattern!r}"
        raise SettingsError(f"{where}: saw {seen}; want a folder, and names of files within it")
    return DropCollector(given, settings)


class DropCollector:
    """See ``collectors.base.Collector``."""

    def __init__(self, given: Given, settings: DropSettings) -> None:
        self._given = given
        self._settings = settings
        self._folder = given.settings.data / settings.folder
        self._intake = given.intake()

    def poll(self) -> PollResult:
        """Every complete file, by name; the cursor is saved after each one."""
        saved = self._given.read_cursor()
        state = msgspec.json.decode(saved, type=_Saved) if saved else _Saved()
        known = set(state.taken)
        sent = rejected = 0
        for path in self._complete():
            if self._given.stopping.is_set():
                break
            checksum = _checksum(path)
            if checksum in known:
                self._put_away(path, PROCESSED, checksum)
                continue
            taken, hopeless = self._take(path, checksum)
            sent, rejected = sent + taken.sent, rejected + taken.rejected
            state.taken = [*state.taken, checksum][-MOST_REMEMBERED:]
            known.add(checksum)
            self._given.write_cursor(msgspec.json.encode(state).decode())
            target = self._put_away(path, REJECTED if hopeless else PROCESSED, checksum)
            if hopeless:
                target.with_name(target.name + ".txt").write_text(hopeless, encoding="utf-8")
        return PollResult(sent, rejected)

    def _complete(self) -> list[Path]:
        """The files that are there in full, in the order of their names."""
        if not self._folder.is_dir():
            raise BadData(f"{self._folder} is no folder; create it, or correct 'folder' of the source")
        settled = (wall_ms() / 1000) - self._settings.settle
        found = sorted(self._folder.glob(self._settings.pattern))
        return [
            path
            for path in found
            if path.is_file()
            and not path.name.startswith(".")
            and not path.name.endswith(UNFINISHED)
            and (not self._settings.settle or path.stat().st_mtime <= settled)
        ]

    def _take(self, path: Path, checksum: str) -> tuple[Taken, str]:
        """Take a file's rows; and, when nothing in it could be read, why."""
        try:
            taken = self._intake.take(read_rows(path, self._settings.columns, self._settings.delimiter))
        except UnreadableFile as error:
            told = f"the file cannot be read: {error}"
            return self._intake.reject(path.name, "unreadable_file", told, checksum.encode()), told + "\n"
        if taken.sent or not taken.read:
            return taken, ""
        counted = "".join(f"  {reason}: {count}\n" for reason, count in taken.reasons.most_common())
        told = f"none of its {taken.read} records could be taken:\n{counted}"
        return taken, told + "The quarantine names each record and field. Correct the file and drop it again.\n"

    def _put_away(self, path: Path, name: str, checksum: str) -> Path:
        folder = path.parent / name
        target = folder / path.name
        try:
            folder.mkdir(exist_ok=True)
            if target.exists():
                target = folder / f"{path.stem}-{checksum[:8]}{path.suffix}"
            return path.replace(target)
        except OSError as error:
            raise BadData(f"{path} cannot be moved to {target} ({error.strerror}); let this user write there") from None

    def close(self) -> None:
        """Nothing is held open."""


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
