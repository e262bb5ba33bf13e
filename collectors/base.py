"""What every kind of collector is given, and what it must be able to do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from sqlalchemy import Engine

from collectors.intake import Intake
from opscentre.clock import Clock, wall_ms
from opscentre.mapping_file import LiveMapping, mapping_path
from opscentre.pipe.base import Producer
from opscentre.profile import Profile
from opscentre.settings import Settings
from opscentre.sources import SourceConfig
from opscentre.store.figures import FedFigure, write_figures
from opscentre.store.intake import SetAside, read_cursor, set_aside, write_cursor


class PollResult(NamedTuple):
    """What one poll brought: records taken and records set aside."""

    taken: int = 0
    rejected: int = 0


class Collector(Protocol):
    """Reads one source."""

    def poll(self) -> PollResult:
        """Read everything that is new, send it, move the cursor.

        Raises ``CollectError``, ``PipeError`` or an SQL error; what was sent before stays sent, and the next
        poll goes on from there.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class Serving(Protocol):
    """A collector that is spoken to: it listens from its first poll on, and a poll tells what came since the last."""

    def heard_at(self) -> int | None:
        """When the source last spoke (real ms); None: not since the start. Its age counts from there."""
        ...


@runtime_checkable
class Supplied(Protocol):
    """A collector that only has what the source put down for it: a good poll without anything new tells nothing."""

    def supplied_at(self) -> int | None:
        """When something was last taken (real ms); None: not since the start."""
        ...


@dataclass(frozen=True)
class Given:
    """What a collector works with; nothing of it is opened by the collector itself."""

    config: SourceConfig
    settings: Settings
    profile: Profile
    store: Engine
    producer: Producer
    clock: Clock
    environment: Mapping[str, str]
    #: Set when the process stops: a poll ends after the page it is at.
    stopping: threading.Event
    #: Where the source stands in the settings, for messages: ``…/sources.toml, source igate``.
    where: str

    def intake(self, on_refusal: Callable[[SetAside], None] | None = None) -> Intake:
        """The way into the pipe under this source's code; ``on_refusal`` hears of every rejected record."""
        return Intake(
            self.config.code,
            units=self.profile.units,
            store=self.store,
            producer=self.producer,
            now=self.clock.now,
            vocabulary=mapping_of(self.profile, self.config.code).now,
            on_refusal=on_refusal,
        )

    def read_cursor(self) -> str | None:
        """Where the source is read on from; None before its first poll."""
        return read_cursor(self.store, self.config.code)

    def write_cursor(self, cursor: str) -> None:
        """Move the cursor: only after the pipe has acknowledged everything before it."""
        write_cursor(self.store, self.config.code, cursor, wall_ms())

    def set_aside(self, rows: Sequence[SetAside]) -> None:
        """Keep what is bad and is no dossier; those go through the intake."""
        set_aside(self.store, rows)

    def keep_figures(self, figures: Sequence[FedFigure]) -> int:
        """Keep dated numbers; how many were new or had changed."""
        return write_figures(self.store, figures)


def mapping_of(profile: Profile, source: str) -> LiveMapping:
    """The mapping table of a source, read again when it changes."""
    return LiveMapping(mapping_path(profile.folder, source), profile.units.by_code)


Make = Callable[[Given], Collector]
