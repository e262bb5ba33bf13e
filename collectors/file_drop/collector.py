"""Takes in the files of a drop folder, each once, and puts them away: taken to processed/, hopeless to rejected/."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import msgspec

from collectors.base import Given, PollResult
from collectors.errors import BadData
from collectors.file_drop.folder import PROCESSED, REJECTED, complete_files, put_away, stand_of
from collectors.file_drop.parts import shown_name
from collectors.file_drop.reader import look_at, records_of
from collectors.file_drop.settings import DropSettings
from collectors.intake import Taken
from collectors.splitter import UnreadableFile
from opscentre.clock import wall_ms
from opscentre.domain.dvcqg import FIELDS
from opscentre.settings import SettingsError
from opscentre.sources import checked

#: Files remembered as taken; an older one that is dropped again is read again and changes nothing.
MOST_REMEMBERED = 5_000


class _Saved(msgspec.Struct):
    #: SHA-256 of the files taken, oldest first.
    taken: list[str] = []
    #: SHA-256 → target folder and reasons of files that are done with but still lie in the drop folder.
    leaving: dict[str, tuple[str, str]] = {}


def make(given: Given) -> DropCollector:
    """The collector of a source. Raises ``SettingsError``."""
    where = f"{given.where}, settings"
    settings = checked(given.config.settings, DropSettings, where)
    if strange := sorted(set(settings.columns) - set(FIELDS)):
        raise SettingsError(f"{where}, columns: saw {strange[0]!r}; want fields of the contract: {', '.join(FIELDS)}")
    if not settings.folder or "/" in settings.pattern:
        seen = f"folder {settings.folder!r}, pattern {settings.pattern!r}"
        raise SettingsError(f"{where}: saw {seen}; want a folder, and names of files within it")
    for name in ("most_megabytes", "most_members", "most_ratio"):
        if getattr(settings, name) < 1:
            raise SettingsError(f"{where}, {name}: saw {getattr(settings, name)}; want 1 or more")
    return DropCollector(given, settings)


class DropCollector:
    """See ``collectors.base.Collector``."""

    def __init__(self, given: Given, settings: DropSettings) -> None:
        self._given = given
        self._settings = settings
        self._folder = given.settings.data / settings.folder
        self._intake = given.intake()
        self._supplied_at: int | None = None

    def poll(self) -> PollResult:
        """Every complete file, by name; the cursor is saved after each one."""
        paths = complete_files(self._folder, self._settings)
        saved = self._given.read_cursor()
        state = msgspec.json.decode(saved, type=_Saved) if saved else _Saved()
        sent = rejected = 0
        for path in paths:
            if self._given.stopping.is_set():
                break
            try:
                taken = self._take_once(path, state)
            except FileNotFoundError:
                # Its writer took it away again; whatever was read of it stays.
                continue
            except OSError as error:
                raise BadData(_explained(path.parent / shown_name(path.name, self._settings), error)) from None
            sent, rejected = sent + taken.sent, rejected + taken.rejected
            if taken.sent:
                self._supplied_at = wall_ms()
        return PollResult(sent, rejected)

    def supplied_at(self) -> int | None:
        """See ``collectors.base.Supplied``."""
        return self._supplied_at

    def _take_once(self, path: Path, state: _Saved) -> Taken:
        """Take a file unless it was; what has been sent is only remembered once the pipe has acknowledged it."""
        stand = stand_of(path)
        with path.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        if checksum in state.leaving:
            # The process ended, or the folder was not writable, between taking the file and moving it.
            self._leave(path, checksum, state)
            return Taken()
        if checksum in state.taken:
            put_away(path, PROCESSED, checksum, self._settings)
            return Taken()
        taken, hopeless, told = self._take(path, checksum)
        if stand_of(path) != stand:
            # Its writer was not done: it is read again, and what is known by then changes nothing.
            return taken
        state.leaving[checksum] = (REJECTED if hopeless else PROCESSED, told)
        if not hopeless:
            state.taken = [*state.taken, checksum][-MOST_REMEMBERED:]
        self._save(state)
        self._leave(path, checksum, state)
        return taken

    def _leave(self, path: Path, checksum: str, state: _Saved) -> None:
        put_away(path, state.leaving[checksum][0], checksum, self._settings, state.leaving[checksum][1])
        del state.leaving[checksum]
        self._save(state)

    def _save(self, state: _Saved) -> None:
        self._given.write_cursor(msgspec.json.encode(state).decode())

    def _take(self, path: Path, checksum: str) -> tuple[Taken, bool, str]:
        """Take a file's records; whether nothing in it could be read, and what its sender has to be told."""
        whole, told = Taken(), []
        try:
            looks = look_at(path, self._settings, checksum)
        except UnreadableFile as error:
            name = shown_name(path.name, self._settings, checksum)
            return self._unreadable(name, str(error), checksum), True, f"the file cannot be read: {error}\n"
        for number, look in enumerate(looks):
            try:
                if look.hopeless:
                    raise UnreadableFile(look.hopeless)
                _add(whole, self._intake.take(records_of(look, self._settings)))
            except UnreadableFile as error:
                told.append(f"{look.part.name} cannot be read: {error}\n")
                _add(whole, self._unreadable(look.part.name, str(error), f"{checksum}{number}"))
        if told:
            return whole, not whole.sent, "".join(told)
        if whole.sent or not whole.read:
            return whole, False, ""
        counted = "".join(f"  {reason}: {count}\n" for reason, count in whole.reasons.most_common())
        advice = "The quarantine names each record and field. Correct the file and drop it again.\n"
        return whole, True, f"none of its {whole.read} records could be taken:\n{counted}{advice}"

    def _unreadable(self, place: str, why: str, basis: str) -> Taken:
        return self._intake.reject(place, "unreadable_file", f"the file cannot be read: {why}", basis.encode())

    def close(self) -> None:
        """Nothing is held open."""


def _add(whole: Taken, more: Taken) -> None:
    whole.read += more.read
    whole.sent += more.sent
    whole.rejected += more.rejected
    whole.reasons.update(more.reasons)


def _explained(path: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{path} cannot be unpacked: the disk of temporary files is full ({error.strerror}); make room"
    return f"{path} cannot be read ({error.strerror}); let this user read it, or look after its disk"
