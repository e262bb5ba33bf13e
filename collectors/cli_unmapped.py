"""The command ``opscentre unmapped apply``: what has a code by now is corrected, here or by reading again."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import msgspec
from sqlalchemy import Engine

from collectors.behaviour_lock import sole_reader
from collectors.cli_reread import Rereading
from collectors.cli_source import MENDABLE, PATIENCE, PROBLEMS, WELL, opened, told
from collectors.correcting import KEPT, correct
from collectors.errors import as_failure
from collectors.reconciling import read_again
from opscentre import profile as profiles
from opscentre.domain.desk_words import is_whole
from opscentre.domain.dossier import UNMAPPED
from opscentre.domain.dvcqg import meaning
from opscentre.mapping_file import mapping_files, mapping_path, read_mapping
from opscentre.pipe.base import PipeError, Producer, open_producer
from opscentre.pipe.topics import DOSSIERS
from opscentre.profile import Profile
from opscentre.redriving import NotTaken, wait_until_taken
from opscentre.runtime.book import now_on
from opscentre.runtime.supervisor import PartFailed
from opscentre.runtime.worker import counting
from opscentre.settings import Settings, SettingsError
from opscentre.store.engine import open_store
from opscentre.store.unmapped import Word, dossiers_without_unit, forget, note_words, words

#: Seconds without any progress after which waiting for a worker ends.
STALLED_AFTER = 60.0


class Applied(msgspec.Struct, kw_only=True):
    """What became of one source."""

    source: str
    #: Words that have a code by now: kind, what the source writes, code.
    words: list[tuple[str, str, str]] = []
    #: Dossiers corrected from what is kept of them; records read from the source again, and of these sent.
    corrected: int = 0
    read: int = 0
    sent: int = 0
    #: What is left for a person to do; empty: nothing.
    left: str = ""


def apply_command(source: str | None, reread: bool, settings: Settings, as_json: bool) -> int:
    """Correct the dossiers of one source, or of all; ``reread``: those with words that are not shown in full too."""
    try:
        with counting(settings) as running:
            found = _apply(source, reread, running)
    except (PipeError, NotTaken, PartFailed) as error:
        print(f"opscentre: unmapped apply: {' '.join(str(error).split())}", file=sys.stderr)
        return MENDABLE
    if as_json:
        print(json.dumps([msgspec.structs.asdict(one) for one in found], ensure_ascii=False))
    else:
        for one in found:
            print(
                f"{one.source}: {len(one.words)} words have a code now, {one.corrected} dossiers corrected, "
                f"{one.read} records read again"
            )
            if one.left:
                print(f"{one.source}: {one.left}")
        if not found:
            print("nothing is to be corrected: no word on the list has a code yet; see 'opscentre unmapped list'")
    return PROBLEMS if any(one.left for one in found) else WELL


def _apply(source: str | None, reread: bool, settings: Settings) -> list[Applied]:
    profile = profiles.load(settings.profile)
    store = open_store(settings.database_url)
    producer = open_producer(settings.broker_url, settings.dossier_partitions)
    try:
        listed = words(store, source)
        codes = {word.source for word in listed} | {path.stem for path in mapping_files(profile.folder)}
        codes |= {code for code, _ in dossiers_without_unit(store, UNMAPPED)}
        found, sent = [], dict[int, int]()
        for code in sorted(codes if source is None else {source}):
            mine = [word for word in listed if word.source == code]
            one, offsets = _apply_to(code, mine, reread, profile, store, producer, settings)
            sent |= offsets
            if one.words or one.corrected or one.read or one.left:
                found.append(one)
        wait_until_taken(store, [(DOSSIERS, *place) for place in sent.items()], STALLED_AFTER)
        return found
    finally:
        producer.close()
        store.dispose()


def _apply_to(
    code: str,
    listed: Sequence[Word],
    reread: bool,
    profile: Profile,
    store: Engine,
    producer: Producer,
    settings: Settings,
) -> tuple[Applied, dict[int, int]]:
    """Correct one source; what became of it, and the newest offset of each partition of the pipe."""
    vocabulary = read_mapping(mapping_path(profile.folder, code), profile.units.by_code)
    known = [
        (word, means) for word in listed if (means := meaning(word.unmapped, profile.units, vocabulary, word.since))
    ]
    one = Applied(source=code, words=[(word.kind, word.seen, means) for word, means in known])
    every, now = any(word.kind == "procedure" for word, _ in known), now_on(settings.data)
    one.corrected, offsets = correct(store, producer, code, vocabulary, profile.units, now, every=every)
    forget(store, code, [(word.kind, word.seen) for word, _ in known if word.kind in KEPT])
    again = [word for word, _ in known if word.kind not in KEPT]
    if reread:
        # A word that is shown with "…" cannot be looked up in a table; what of it has no code still is noted anew.
        again += [word for word in listed if not is_whole(word.seen)]
    if again:
        forget(store, code, [(word.kind, word.seen) for word in again])
        offsets |= _read_again(code, again, settings, one)
        if one.left:
            note_words(store, again)
    return one, offsets


def _read_again(code: str, again: Sequence[Word], settings: Settings, one: Applied) -> dict[int, int]:
    """From the oldest change on that had one of these words; where that cannot be, ``left`` says what to do."""
    try:
        with opened(code, settings) as ready, sole_reader(settings.data, code, PATIENCE) as free:
            try:
                with Rereading(ready.given, free) as collector:
                    start, end = min(word.since for word in again), ready.given.clock.now() + 1
                    taken = read_again(ready.given, collector, start, end, lambda _: None)
            except SettingsError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a source does to us is told in one line
                failure = as_failure(error)
                one.left = told(f"not read again: {failure.kind}: {failure}", ready.given.config)
                return {}
    except SettingsError as error:
        one.left = f"not read again: {error}"
        return {}
    one.read, one.sent = taken.read, taken.sent
    return taken.offsets
