"""What dossiers tell the service-quality score: each one's part in numerators and denominators (DOMAIN §5).

Pure: the state of one dossier, a period and a moment give a ``Contribution``; a ``Tally`` adds them up, and
``inputs`` makes the ratios of it. Where the decision leaves room, the choice is written in docs/score.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from opscentre.domain.calendar import Calendar
from opscentre.domain.fold import DossierState
from opscentre.domain.life import Kind, Standing, Verdict, standing_at, status_at
from opscentre.domain.moments import HOUR
from opscentre.domain.procedures import Procedure
from opscentre.domain.score import Input
from opscentre.domain.status import Status

#: Procedures of a profile by the national part of their code.
Procedures = Mapping[str, Procedure]
#: Indicators whose ratio is "so many of so many dossiers", in the order of the decision.
BY_DOSSIER = ("2.1", "3.3", "3.6", "4.1", "4.2", "4.3", "4.4", "4.5b")
#: Everything that dossiers can feed without further figures.
FED = ("2.1", "2.2", "3.2", "3.3", "3.5b", "3.6", "4.1", "4.2", "4.3", "4.4", "4.5b", "5.4")
_ONLINE = 2
_PAID_ONLINE = (1, 2)
_GIVES_RESULT = (Status.DONE, Status.RETURNED)


class Contribution(NamedTuple):
    """One dossier's part. Empty texts mean "nothing"."""

    unit: str
    source: str
    received_in_period: bool
    #: (indicator, whether it counts in the numerator as well); each is one in the denominator.
    counts: tuple[tuple[str, bool], ...]
    #: National code of its procedure.
    procedure: str
    #: Filed online in the period.
    online: bool = False
    #: Received in the period, for a procedure with fees, and not free of all of them; and paid online.
    charged: bool = False
    paid: bool = False
    #: Working time from reception to the end, supplements' waits left out (ms); None unless it ended with a result.
    used: int | None = None


class Tally:
    """Contributions added up, of a unit or of the province."""

    def __init__(self) -> None:
        #: Indicator → numerator, denominator.
        self.counts: dict[str, list[int]] = {}
        self.received = 0
        #: Procedures filed online; fee procedures with dossiers; of these, the ones with an online payment.
        self.online: set[str] = set()
        self.charged: set[str] = set()
        self.paid: set[str] = set()
        #: Procedure → working ms used, dossiers.
        self.used: dict[str, list[int]] = {}
        #: The sources that its dossiers come from.
        self.sources: set[str] = set()

    @property
    def volume(self) -> int:
        """Dossiers received or processed in the period: the denominator of 2.1 (§5)."""
        return self.counts.get("2.1", [0, 0])[1]

    def add(self, part: Contribution) -> None:
        """Count a dossier (§5)."""
        self.sources.add(part.source)
        self.received += part.received_in_period
        for code, good in part.counts:
            count = self.counts.setdefault(code, [0, 0])
            count[0] += good
            count[1] += 1
        if part.online:
            self.online.add(part.procedure)
        # A dossier that names no procedure says nothing of procedures.
        if part.charged and part.procedure:
            self.charged.add(part.procedure)
            if part.paid:
                self.paid.add(part.procedure)
        if part.used is not None:
            _add_up(self.used, part.procedure, (part.used, 1))

    def merge(self, other: Tally) -> None:
        """Count all that another tally has (§5)."""
        self.received += other.received
        for code, pair in other.counts.items():
            _add_up(self.counts, code, pair)
        for procedure, pair in other.used.items():
            _add_up(self.used, procedure, pair)
        self.online |= other.online
        self.charged |= other.charged
        self.paid |= other.paid
        self.sources |= other.sources


def _add_up(sums: dict[str, list[int]], key: str, pair: Iterable[int]) -> None:
    sums[key] = [have + more for have, more in zip(sums.get(key, (0, 0)), pair, strict=True)]


def national(code: str) -> str:
    """The national part of a procedure's code: ``2.000815.000.00.00.H55`` → ``2.000815`` (§5)."""
    return ".".join(code.split(".")[:2])


def by_national_code(procedures: Iterable[Procedure]) -> dict[str, Procedure]:
    """Procedures as ``contribution`` looks them up (§5)."""
    return {national(procedure.code): procedure for procedure in procedures}


def contribution(
    state: DossierState, start: int, end: int, at: int, procedures: Procedures, calendar: Calendar
) -> Contribution | None:
    """What a dossier adds for [start, end) as of ``at``; None: it stands in no count of that period.

    Its dossiers are those of the progress table (DOMAIN §4): received before the moment looked from, and not
    finished before the period. ``calendar`` is the one of its unit.
    """
    looking = min(at, end)
    snapshot = state.snapshot
    received = snapshot.received
    if received is None or received >= looking:
        return None
    standing = standing_at(state, looking, before=end)
    if standing.kind not in (Kind.FINISHED, Kind.IN_PROCESS, Kind.PAUSED):
        return None
    status = None
    if standing.kind is not Kind.IN_PROCESS:
        status, _ = status_at(state, min(looking, end - 1))
        ended = standing.kind is Kind.FINISHED or status == Status.STOPPED
        if ended and (standing.since is None or standing.since < start):
            return None
    procedure = national(snapshot.procedure)
    known = procedures.get(procedure)
    counts = [("2.1", in_time(state, standing, looking, known, calendar))]
    fresh = received >= start
    with_result = status in _GIVES_RESULT
    charged = fresh and _charged(state, known)
    if fresh:
        counts += _reception_counts(state, with_result)
    if charged:
        counts.append(("3.6", snapshot.payment in _PAID_ONLINE))
    if with_result:
        electronic = snapshot.results[1] > 0
        counts.append(("4.1", electronic))
        counts.append(("4.2", electronic and (snapshot.digitised or snapshot.documents[1] > 0)))
    return Contribution(
        unit=snapshot.unit,
        source=snapshot.source,
        received_in_period=fresh,
        counts=tuple(counts),
        procedure=procedure,
        online=fresh and snapshot.channel == _ONLINE,
        charged=charged,
        paid=charged and snapshot.payment in _PAID_ONLINE,
        used=_used(state, received, standing.since, calendar) if with_result and standing.since is not None else None,
    )


def _reception_counts(state: DossierState, with_result: bool) -> list[tuple[str, bool]]:
    """The indicators whose denominator is what was received in the period."""
    snapshot = state.snapshot
    _, _, reused, shared = snapshot.documents
    return [
        # A result is due once the dossier is done: until then nothing is missing.
        ("3.3", snapshot.channel == _ONLINE and (not with_result or snapshot.results[1] > 0)),
        ("4.3", reused > 0),
        ("4.4", shared > 0),
        ("4.5b", snapshot.vneid),
    ]


def _charged(state: DossierState, procedure: Procedure | None) -> bool:
    """Whether a dossier is one of a fee procedure and not free of every fee."""
    listed, not_zero = state.snapshot.fees
    return not_zero > 0 if listed else procedure is not None and procedure.fee > 0


def in_time(
    state: DossierState, standing: Standing, looking: int, procedure: Procedure | None, calendar: Calendar
) -> bool:
    """The on-time test of 2.1 (§5).

    A finished dossier by its end, a paused or stopped one by when that began, one in process by ``looking``. More
    than one request for supplements counts as overdue. Without a due date the time used, less the waits for
    supplements, must fit the procedure's limit; where no limit is known either, the dossier is in time.
    """
    if len(requests(state, looking)) > 1:
        return False
    if standing.due is not None or procedure is None:
        return standing.verdict is not Verdict.OVERDUE
    received = state.snapshot.received
    due = procedure.due(received, calendar) if received is not None else None
    until = standing.since if standing.since is not None else looking
    if due is None or until <= due:
        return True
    return until <= calendar.add_working_time(due, waited(state, until, calendar))


def requests(state: DossierState, until: int) -> set[int]:
    """The moments at which supplements were requested by a moment: the same one told twice is one request (§5)."""
    asked = (entry.requested if entry.requested is not None else entry.answered for entry in state.snapshot.supplements)
    return {moment for moment in asked if moment is not None and moment <= until}


def waited(state: DossierState, until: int, calendar: Calendar) -> int:
    """Working ms until a moment in which the dossier waited for supplements; overlapping waits count once (§5)."""
    total, done = 0, 0
    for entry in sorted(state.snapshot.supplements, key=lambda entry: entry.requested or 0):
        if entry.requested is None or entry.requested >= until:
            continue
        begin = max(entry.requested, done)
        finish = min(until, entry.answered) if entry.answered is not None else until
        if finish > begin:
            total += calendar.working_time(begin, finish)
            done = finish
    return total


def _used(state: DossierState, received: int, ended: int, calendar: Calendar) -> int:
    return max(0, calendar.working_time(received, ended) - waited(state, ended, calendar))


def inputs(tally: Tally, services: Collection[str]) -> dict[str, Input]:
    """The ratios of a tally by indicator; ``services`` are the national codes of the procedures offered online (§5).

    5.4 knows overdue dossiers only, no complaints: it is 2.1's ratio until a figure replaces it.
    """
    found = {code: Input(*tally.counts.get(code, (0, 0))) for code in BY_DOSSIER}
    spent = [sum(column) for column in zip(*tally.used.values(), strict=True)] or [0, 0]
    found["2.2"] = Input((Decimal(spent[0]) / HOUR).quantize(Decimal("0.01")), spent[1])
    # Who received nothing in the period offered services to nobody: no data.
    offered = set(services) if tally.received else set()
    found["3.2"] = Input(len(tally.online & offered), len(offered))
    found["3.5b"] = Input(len(tally.paid), len(tally.charged))
    found["5.4"] = found["2.1"]
    return {code: found[code] for code in FED}


def completed(fed: Mapping[str, Input], figures: Mapping[str, Input], received: int) -> dict[str, Input]:
    """What dossiers fed, with figures in place of it where there are any (§5).

    1.4 is the greater of two receptions: its figure gives (synchronised, received on the national portal), and
    ``received`` is what the province's own systems received.
    """
    found = {**fed, **figures}
    if "1.4" in figures:
        synchronised, on_portal = figures["1.4"]
        found["1.4"] = Input(synchronised, max(on_portal, received))
    return found
