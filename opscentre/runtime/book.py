"""What a demo remembers in its data folder: its world, and the simulated moment it has reached."""

from __future__ import annotations

from pathlib import Path

import msgspec

from opscentre.clock import wall_ms


class DemoBook(msgspec.Struct):
    """A demo from one run to the next."""

    profile: str
    seed: int
    #: The simulated moment the world began, and the one it has reached.
    began: int
    reached: int


def read_book(data: Path) -> DemoBook | None:
    """The book of a data folder; None where no demo ever ran on it."""
    path = data / "demo.json"
    return msgspec.json.decode(path.read_bytes(), type=DemoBook) if path.is_file() else None


def write_book(data: Path, book: DemoBook) -> None:
    """Write the book, renamed into place: a demo killed while writing must find a whole one again."""
    fresh = data / "demo.json.new"
    fresh.write_bytes(msgspec.json.encode(book))
    fresh.replace(data / "demo.json")


def now_on(data: Path) -> int:
    """The product's time for a command beside a data folder: a demo's own, else the machine's."""
    book = read_book(data)
    return book.reached if book else wall_ms()
