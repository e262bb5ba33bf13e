"""Hypothesis strategies: random life histories of dossiers, as snapshots that a source could show."""

from __future__ import annotations

from hypothesis import strategies as st

from opscentre.domain.dossier import Progress, Snapshot, Supplement
from opscentre.domain.moments import DAY, HOUR, MINUTE, parse_local

#: Monday 16 November 2026, local midnight: the middle of the histories.
EPOCH = parse_local("2026-11-16")
UNITS = ("H55.12", "H55.05", "01840")

moments = st.integers(-20 * 24 * 6, 20 * 24 * 6).map(lambda tens: EPOCH + tens * 10 * MINUTE)
maybe = st.none() | moments


@st.composite
def supplements(draw: st.DrawFn) -> tuple[Supplement, ...]:
    """Up to three requests for supplements, in order, the last one perhaps not answered."""
    found = []
    at = draw(moments)
    for _ in range(draw(st.integers(0, 3))):
        asked = at
        at += draw(st.integers(1, 72)) * HOUR
        answered = at if draw(st.booleans()) else None
        found.append(Supplement(asked, answered, draw(maybe), draw(maybe)))
        at += draw(st.integers(1, 72)) * HOUR
    return tuple(found)


@st.composite
def snapshots(draw: st.DrawFn, number: str = "H55.12-261116-0001") -> Snapshot:
    """One snapshot of a dossier with dates in any order a real feed could give."""
    status = draw(st.integers(1, 10))
    received = draw(maybe) if status in (1, 3) else draw(moments)
    steps = draw(st.lists(st.tuples(moments, st.integers(1, 10)), max_size=4))
    modified = draw(maybe)
    return Snapshot(
        source="s",
        number=number,
        status=status,
        observed=EPOCH + 21 * DAY + draw(st.integers(0, 50)) * MINUTE,
        version=modified if modified is not None else draw(moments),
        modified=modified,
        unit=draw(st.sampled_from(UNITS)),
        field=draw(st.sampled_from(("", "CT", "DD"))),
        procedure=draw(st.sampled_from(("", "2.000815", "1.004199"))),
        channel=draw(st.integers(1, 3)),
        submitted=draw(maybe),
        received=received,
        due=draw(maybe),
        finished=draw(maybe),
        returned=draw(maybe),
        refused=draw(maybe),
        supplements=draw(supplements()),
        progress=tuple(Progress(at, step) for at, step in sorted(steps)),
    )


@st.composite
def histories(draw: st.DrawFn, most: int = 12) -> list[Snapshot]:
    """Snapshots of a few dossiers, several versions each, mixed."""
    numbers = [f"H55.12-261116-{index:04}" for index in range(draw(st.integers(1, 4)))]
    return draw(st.lists(st.sampled_from(numbers).flatmap(lambda number: snapshots(number)), min_size=1, max_size=most))
