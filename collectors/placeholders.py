"""Addresses in braces, filled from the file that the simulated systems write once they listen."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import msgspec

from collectors.errors import Unreachable

_NAME = re.compile(r"\{([a-z0-9_]+)\}")
#: Seconds to wait for the file, and between two looks.
PATIENCE = 30.0
_LOOK_EVERY = 0.1


class Addresses:
    """What ``simulator.json`` says; read again whenever it was written anew."""

    def __init__(self, path: Path, stopping: threading.Event) -> None:
        self._path = path
        self._stopping = stopping

    def version(self) -> int:
        """Changes whenever the file was written anew; 0 while there is none."""
        try:
            return self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def wait(self, patience: float = PATIENCE) -> None:
        """Return once the file is there. Raises ``Unreachable`` when it does not come."""
        left = patience
        while not self.version():
            if left <= 0 or self._stopping.wait(_LOOK_EVERY):
                raise Unreachable(f"{self._path} is not there after {patience:g} s; start the simulated systems")
            left -= _LOOK_EVERY

    def fill(self, value: Any) -> Any:
        """``value`` with every placeholder filled. Raises ``Unreachable`` when one is not in the file (yet)."""
        if isinstance(value, dict):
            return {key: self.fill(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner) for inner in value]
        if not isinstance(value, str) or not _NAME.search(value):
            return value
        known = self._read()
        missing = [name for name in _NAME.findall(value) if name not in known]
        if missing:
            known_names = ", ".join(sorted(known))
            raise Unreachable(f"{self._path} has no {missing[0]!r}, it has {known_names}; is it of this profile?")
        return _NAME.sub(lambda match: str(known[match.group(1)]), value)

    def _read(self) -> dict[str, str | int]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, str | int])
        except FileNotFoundError:
            raise Unreachable(f"{self._path} is not there; start the simulated systems") from None
        except msgspec.DecodeError as error:
            raise Unreachable(f"{self._path} cannot be read: {error}; restart the simulated systems") from None


def has_placeholder(value: Any) -> bool:
    """Whether any text in ``value`` holds a placeholder."""
    if isinstance(value, dict):
        return any(has_placeholder(inner) for inner in value.values())
    if isinstance(value, list):
        return any(has_placeholder(inner) for inner in value)
    return isinstance(value, str) and _NAME.search(value) is not None
