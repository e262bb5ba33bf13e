"""Sends observations down the pipe; says once when it cannot, and once when it can again."""

from __future__ import annotations

import logging
import threading

import msgspec

from opscentre.domain.observations import Observation
from opscentre.pipe.base import PipeError, Producer
from opscentre.pipe.topics import OBSERVATIONS

log = logging.getLogger(__name__)


class Telegraph:
    """Used by all threads. An observation that cannot be sent is let go of: the next one is newer."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer
        self._lock = threading.Lock()
        self._broken = False

    @property
    def broken(self) -> bool:
        """Whether the pipe did not take the last observation."""
        return self._broken

    def send(self, seen: Observation) -> bool:
        """Send one observation; whether the pipe took it."""
        try:
            self._producer.append(OBSERVATIONS, [(0, msgspec.json.encode(seen))])
        except PipeError as error:
            with self._lock:
                if not self._broken:
                    log.error("the pipe takes no observations: %s", error)
                self._broken = True
            return False
        with self._lock:
            if self._broken:
                log.info("the pipe takes observations again")
            self._broken = False
        return True
