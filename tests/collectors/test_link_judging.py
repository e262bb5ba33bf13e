"""What a link is after each probe: the pure rule, probe by probe."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from collectors.links.judging import Finding, Record, is_flapping, judge
from opscentre.domain.moments import MINUTE
from opscentre.link_settings import LinkConfig

LINK = LinkConfig(code="a", name="A", kind="tcp", address="h:1")
FINDINGS: dict[str, Finding] = {"+": "answered", "-": "failed", "?": "blind"}


def after(probes: str, link: LinkConfig = LINK) -> list[tuple[str, int]]:
    """State and since after each probe; the n-th probe is at n + 1."""
    record, found = Record(), []
    for at, probe in enumerate(probes, start=1):
        record = judge(record, FINDINGS[probe], at, link)
        found.append((record.state, record.since))
    return found


@pytest.mark.parametrize(
    ("probes", "expected"),
    [
        ("++", [("up", 1), ("up", 1)]),
        ("--", [("unknown", 0), ("down", 1)]),
        # One failure is a lost packet; two are down since the first of them.
        ("+---", [("up", 1), ("up", 1), ("down", 2), ("down", 2)]),
        ("+--+", [("up", 1), ("up", 1), ("down", 2), ("up", 4)]),
        ("+-+-+-", [("up", 1)] * 6),
        # While our own uplink is gone nothing is counted against a link, neither before nor after.
        ("+-??--", [("up", 1), ("up", 1), ("unknown", 3), ("unknown", 3), ("unknown", 3), ("down", 5)]),
        ("+--?", [("up", 1), ("up", 1), ("down", 2), ("unknown", 4)]),
    ],
)
def test_a_link_is_what_its_probes_make_it(probes: str, expected: list[tuple[str, int]]) -> None:
    assert after(probes) == expected


@pytest.mark.parametrize("count", [1, 3, 5])
def test_so_many_failures_as_are_set_make_a_link_down(count: int) -> None:
    link = msgspec.structs.replace(LINK, failures_to_down=count)
    states = [state for state, _ in after("+" + "-" * count, link)]
    assert states == ["up"] * count + ["down"]


def turning(times: Sequence[int], link: LinkConfig) -> Record:
    """A link that comes and goes at these moments."""
    record = judge(Record(), "answered", 1, link)
    for index, at in enumerate(times):
        for _ in range(link.failures_to_down if index % 2 == 0 else 1):
            record = judge(record, "answered" if index % 2 else "failed", at, link)
    return record


def test_a_link_is_flapping_while_it_turned_more_often_than_it_may() -> None:
    link = msgspec.structs.replace(LINK, flapping_changes=3, flapping_minutes=10)
    three = turning([1 * MINUTE, 2 * MINUTE, 3 * MINUTE], link)
    four = turning([1 * MINUTE, 2 * MINUTE, 3 * MINUTE, 4 * MINUTE], link)
    assert (is_flapping(three, 4 * MINUTE, link), is_flapping(four, 4 * MINUTE, link)) == (False, True)
    assert (is_flapping(four, 11 * MINUTE, link), is_flapping(four, 11 * MINUTE + 1, link)) == (True, False)


def test_our_own_outages_make_no_link_flap_and_the_memory_of_turns_is_bounded() -> None:
    link = msgspec.structs.replace(LINK, flapping_changes=1, failures_to_down=1)
    record = Record()
    for at, probe in enumerate("+?+?+?+?", start=1):
        record = judge(record, FINDINGS[probe], at, link)
    assert record.turns == []
    assert len(turning(range(2, 100), link).turns) == 2
