"""A list that moves while it is read: whatever changes between two pages, the newest state of everything is read."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable
from typing import NamedTuple

import pytest

from collectors.moving import Page, Reader
from collectors.window import Window

NOW = 1 << 40


class Row(NamedTuple):
    """A dossier as the source shows it."""

    modified: int | None
    number: int
    state: int


class Source:
    """Dossiers in the order of (modified, number), whole seconds; between two pages it lives on as it was told."""

    def __init__(self, counted: bool, size: int, life: Iterable[tuple[str, int]], dice: random.Random) -> None:
        self.counted = counted
        self.size = size
        self.rows: dict[int, Row] = {}
        self.asked = 0
        self._second = 1
        self._changes = 0
        self._life = list(life)
        self._dice = dice

    def live(self, steps: int) -> None:
        """Go through some of what is to happen."""
        for _ in range(min(steps, len(self._life))):
            what, which = self._life.pop()
            if what == "change":
                self._changes += 1
                self.rows[which] = Row(self._second * 1000, which, self._changes)
            elif what == "wait":
                self._second += 1 + which % 2
            else:
                self.rows.pop(which, None)

    def page(self, since: int | None, place: object) -> Page[Row, object]:
        """See ``Listing``; then life goes on."""
        self.asked += 1
        found = sorted(row for row in self.rows.values() if since is None or row.modified >= since)
        if self.counted:
            number = place or 1
            page, last = found[(number - 1) * self.size : number * self.size], number * self.size >= len(found)
            following: object = number + 1
        else:
            found = [row for row in found if place is None or row[:2] > place]
            page, last = found[: self.size], len(found) < self.size
            following = page[-1][:2] if page else None
        self.live(self._dice.choice((0, 0, 1, 1, 2, 3)))
        return Page(page, last, following)

    def modified(self, row: Row) -> int | None:
        """See ``Listing``."""
        return row.modified

    def digest(self, row: Row) -> int:
        """See ``Listing``."""
        return hash(row)


class Books:
    """What was taken, by the cursor of a real source without any overlap."""

    def __init__(self) -> None:
        self.states: dict[int, int] = {}
        self.cursor: str | None = None

    def poll(self, reader: Reader[Row, object], fail_after: int = 1 << 30) -> None:
        """Take part after part; the pipe fails after some."""
        window = Window(self.cursor, 0)
        for index, part in enumerate(reader.walk(window.begin())):
            if index == fail_after:
                return
            for row in part.rows:
                self.states[row.number] = max(row.state, self.states.get(row.number, 0))
                window.remember(str(row), row.modified, NOW)
            self.cursor = window.save()


def happening(dice: random.Random) -> list[tuple[str, int]]:
    """A crowd of one second, and then changes, new dossiers, deletions and the passing of time, in any order."""
    often = dice.choice(("change", "wait"))
    crowd = [("change", n) for n in range(dice.randrange(2, 12))]
    later = [(dice.choice(("change", "change", "wait", "delete", often)), dice.randrange(12)) for _ in range(60)]
    return [*crowd, *[("wait", 0)] * dice.randrange(2), *later][::-1]


@pytest.mark.parametrize("counted", [True, False], ids=["paged by number", "paged by key"])
def test_without_any_overlap_the_newest_state_of_every_dossier_is_read(counted):
    for seed in range(1_500):
        dice = random.Random(seed)
        source, books, never = Source(counted, dice.randrange(1, 5), happening(dice), dice), Books(), threading.Event()
        source.live(dice.randrange(20))
        reader = Reader(source, never)
        for _ in range(dice.randrange(8)):
            books.poll(reader, dice.randrange(1, 20))
            if dice.random() < 0.3:
                # The process was started anew.
                reader = Reader(source, never)
        source.live(1_000)
        for _ in range(2):
            books.poll(reader)
        assert {number: books.states.get(number) for number in source.rows} == {
            row.number: row.state for row in source.rows.values()
        }, f"seed {seed}"
