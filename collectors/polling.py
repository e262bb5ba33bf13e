"""One source on the schedule: runs the poll, tells what it came to, logs the first failure and the recovery."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from collectors import registry
from collectors.base import Collector, Given, Serving, Supplied
from collectors.behaviour import Patience
from collectors.behaviour_lock import sole_reader
from collectors.behaviour_secrets import fingerprint, hidden
from collectors.errors import CollectError, as_failure
from collectors.placeholders import Addresses, has_placeholder
from collectors.reconciling import Rereadable, reconcile
from collectors.telegraph import Telegraph
from opscentre import tracing
from opscentre.clock import wall_ms
from opscentre.domain.observations import SourceSeen
from opscentre.store.engine import reading
from opscentre.store.intake import count_set_aside, read_cursor, write_cursor
from opscentre.store.source_lag import last_seen
from opscentre.store.source_states import Stands, paused, write_stands

log = logging.getLogger(__name__)

#: Seconds that the reconciliation waits for its turn.
_TURN = 60.0


class _Saved(msgspec.Struct):
    """What is told of a source and must outlive a restart."""

    observed_at: int | None = None
    total: int = 0
    known_at: int | None = None


def acted(code: str) -> str:
    """The name under which a command notes that a person has made a source work again."""
    return f"acted:{code}"


class SourcePoll:
    """Polls one source. ``run`` never raises."""

    def __init__(self, given: Given, addresses: Addresses, telegraph: Telegraph) -> None:
        self._given = given
        self._addresses = addresses
        self._telegraph = telegraph
        self._filled = not has_placeholder(given.config.settings)
        self._version = -1
        self._collector: Collector | None = None
        self._cursor = f"seen:{given.config.code}"
        self._patience = Patience(given.config.behaviour)
        self._saved: _Saved | None = None
        #: Refused rows that have not come right, by unit.
        self._quarantined: dict[str, int] = {}
        self._taken = 0
        #: Records set aside by the last poll.
        self.rejected = 0
        self._wait: float | None = None
        self._failing_since: int | None = None
        #: What would tell that a person has acted, as it was when polling was given up; None while polling.
        self._ended: tuple[str, str | None] | None = None
        #: What was last told of how the source is gone on with; None: nothing by this process.
        self._stands: Stands | None = None
        #: What was last told of the source itself; None: nothing by this process.
        self._told: SourceSeen | None = None

    @property
    def code(self) -> str:
        """The source's code."""
        return self._given.config.code

    @property
    def asked(self) -> int:
        """0: polled; 1: so many polls failed that only probes are sent; 2: given up until a person acts."""
        return 2 if self._ended is not None else int(self._patience.open)

    @property
    def interval(self) -> float:
        """Seconds between two polls."""
        return self._given.config.interval

    @property
    def jitter(self) -> float:
        """Part of the interval by which it wanders."""
        return self._given.config.behaviour.jitter

    def run(self) -> float | None:
        """Poll once and tell what it came to; seconds until the next attempt, None: at the source's interval."""
        if self._given.stopping.is_set() or not self._worth_asking():
            return None
        with sole_reader(self._given.settings.data, self.code) as free, tracing.event_under_way():
            seen = self.attempt() if free else None
        return self._wait if seen is not None else None

    def attempt(self) -> SourceSeen | None:
        """Poll once, whatever happened before; what was told of it. None when the process is stopping.

        For a caller that holds the source (``sole_reader``).
        """
        at = wall_ms()
        self._wait = None
        failure: CollectError | None = None
        try:
            self._poll(at)
        except Exception as error:  # noqa: BLE001 - a poll must not end the schedule
            failure = as_failure(error)
        if self._given.stopping.is_set() and failure:
            return None
        told = self._safe(str(failure)) if failure else ""
        self._log(failure, told, at)
        self._judge(failure)
        saved = self._saved or _Saved()
        seen = SourceSeen(
            code=self._given.config.code,
            attempted_at=at,
            observed_at=saved.observed_at,
            known_at=saved.known_at,
            ok=failure is None,
            taken=self._taken,
            total=saved.total,
            quarantined=sum(self._quarantined.values()),
            quarantined_units={unit: count for unit, count in self._quarantined.items() if unit},
            error=f"{failure.kind}: {told}"[:300] if failure else "",
            paused_since=self._paused_since(),
        )
        self._tell(seen)
        self._tell_stand(at)
        return seen

    def act(self) -> SourceSeen | None:
        """Poll because a person wants it now, with a connection and a sign-in of its own; ``attempt`` otherwise.

        A source that was given up is polled on where this succeeds, by collectors in other processes too.
        """
        self.close()
        seen = self.attempt()
        if seen is not None and seen.ok:
            self.note_acted()
        return seen

    @property
    def is_paused(self) -> bool:
        """Whether a person has paused the source. Where our own database does not answer: no."""
        return self._paused_since() is not None

    def _paused_since(self) -> int | None:
        try:
            found = paused(self._given.store, self.code)
        except SQLAlchemyError:
            return None
        return found.since if found else None

    def tell_pause(self, since: int | None) -> None:
        """Tell since when a person has had the source asked no more (None: it is asked), where that is news.

        Its turns say nothing while it is paused, and the wall must know at once. Raises ``SQLAlchemyError``.
        """
        last = self._told
        if last is None:
            with reading(self._given.store).connect() as connection:
                last = last_seen(self.code, connection)
        if last is None:
            last = SourceSeen(code=self.code, attempted_at=since or 0, observed_at=None, ok=True)
        if last.paused_since != since:
            self._tell(msgspec.structs.replace(last, paused_since=since))

    def _tell(self, seen: SourceSeen) -> None:
        if self._telegraph.send(seen):
            self._told = seen

    def _tell_stand(self, at: int) -> None:
        """Write down when the source is asked again, where that is other than it was told."""
        next_at = None if self._wait is None else at + round(self._wait * 1000)
        stands = Stands(self.asked, self._patience.failures, next_at)
        if stands == self._stands:
            return
        try:
            write_stands(self._given.store, self.code, stands, at)
            self._stands = stands
        except SQLAlchemyError as error:
            log.warning("source %s: when it is asked again could not be written down: %s", self.code, error)

    def _judge(self, failure: CollectError | None) -> None:
        """Decide when the source is asked again."""
        if failure is None:
            self._patience.succeeded()
            self._ended = None
            return
        if failure.final:
            try:
                self._ended = self._signs()
            except SQLAlchemyError:
                # Not told by our own database whether somebody acted: asked again at the next turn.
                self._ended = ("", None)
            return
        self._wait = self._patience.failed(failure)
        if self._patience.open:
            # A probe begins with a connection and a sign-in of its own.
            self.close()

    def _worth_asking(self) -> bool:
        """Whether polling goes on: nobody has paused it, and it was not given up, or a person has acted since."""
        if self.is_paused:
            return False
        if self._ended is None:
            return True
        try:
            if self._signs() == self._ended:
                return False
        except SQLAlchemyError:
            # Our own database: until it answers nobody can have told us anything.
            return False
        self._ended = None
        self.close()
        return True

    def _signs(self) -> tuple[str, str | None]:
        """What changes when a person acts: the secrets, and the note that a command leaves."""
        given = self._given
        secrets = fingerprint(given.config.settings, given.environment)
        return secrets, read_cursor(given.store, acted(self.code))

    def _safe(self, text: str) -> str:
        return hidden(text, self._given.config.settings, self._given.environment)

    def _poll(self, at: int) -> None:
        given = self._given
        # Read each time: a command may have polled in between.
        text = read_cursor(given.store, self._cursor)
        if self._saved is None:
            self._quarantined = count_set_aside(given.store, given.config.code)
        self._saved = msgspec.json.decode(text, type=_Saved) if text else _Saved()
        collector = self._ready()
        result = collector.poll()
        self.rejected = result.rejected
        if result.rejected or (result.taken and self._quarantined):
            self._quarantined = count_set_aside(given.store, given.config.code)
        self._taken = result.taken
        observed: int | None = at
        if isinstance(collector, Serving):
            observed = collector.heard_at() or self._saved.observed_at
        known = observed
        if isinstance(collector, Supplied):
            known = collector.supplied_at() or self._saved.known_at
        self._saved = _Saved(observed, self._saved.total + result.taken, known)
        write_cursor(given.store, self._cursor, msgspec.json.encode(self._saved).decode(), at)

    def _ready(self) -> Collector:
        """The collector; a new one when the simulated systems have moved to other addresses."""
        if not self._filled:
            self._addresses.wait()
            version = self._addresses.version()
            if self._collector is None or version != self._version:
                config = self._given.config
                filled = msgspec.structs.replace(config, settings=self._addresses.fill(config.settings))
                self._replace(registry.make(replace(self._given, config=filled)))
                self._version = version
        elif self._collector is None:
            self._replace(registry.make(self._given))
        assert self._collector is not None
        return self._collector

    def _replace(self, collector: Collector) -> None:
        self.close()
        self._collector = collector

    def _log(self, failure: CollectError | None, told: str, at: int) -> None:
        code = self._given.config.code
        if failure is None:
            if self._failing_since is not None:
                log.info("source %s: back after %.0f s", code, (at - self._failing_since) / 1000)
            self._failing_since = None
        elif self._failing_since is None:
            self._failing_since = at
            after = "not polled again until someone acts" if failure.final else "polled on"
            log.error("source %s: %s: %s (%s)", code, failure.kind, told, after)

    def reconcile(self) -> None:
        """Compare the source's keys with the dossiers here, where its kind can list them. Never raises."""
        if self._given.stopping.is_set() or self._ended is not None or self.is_paused:
            return
        with sole_reader(self._given.settings.data, self.code, _TURN) as free:
            if not free:
                log.warning("source %s: no reconciliation, it was being read all the time", self.code)
                return
            try:
                collector = self._ready()
                if isinstance(collector, Rereadable):
                    found = reconcile(self._given, collector)
                    log.info("source %s: %s", self.code, found.sentence)
            except Exception as error:  # noqa: BLE001 - it must not end the schedule; the next poll meets it too
                failure = as_failure(error)
                log.error("source %s: no reconciliation: %s: %s", self.code, failure.kind, self._safe(str(failure)))

    @property
    def reconcile_at(self) -> dt.time | None:
        """Local time of the nightly comparison of keys; None: there is none."""
        text = self._given.config.behaviour.reconcile_at
        return dt.time.fromisoformat(text) if text else None

    def note_acted(self) -> None:
        """Tell the collectors in other processes that a person has made this source work again."""
        at = wall_ms()
        write_cursor(self._given.store, acted(self.code), str(at), at)

    def close(self) -> None:
        """Let go of the source's connections."""
        if self._collector is not None:
            self._collector.close()
            self._collector = None
