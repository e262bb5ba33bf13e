"""One line when Kafka goes away and one when it answers again, instead of some forty a second of its client."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

#: Seconds for which the client must have complained of nothing before an answer counts as the end of an outage: of
#: several brokers one may be away while the others answer.
QUIET = 3.0

#: What aiokafka says again and again while a broker is away. Everything else it says passes.
_COMPLAINT = re.compile(
    r"^Unable (connect|to update metadata)|^Marking the coordinator dead|^Topic \S+ not found in cluster metadata"
    r"|NodeNotReady|KafkaConnectionError|CoordinatorNotAvailable|RequestTimedOut|NotCoordinator"
    r"|StaleMetadata|LeaderNotAvailable|NotLeaderForPartition"
)


class Outage(logging.Filter):
    """Holds back the complaints of Kafka's client; used by all threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._since: float | None = None
        self._last = 0.0
        self._held = 0

    @property
    def under_way(self) -> bool:
        """Whether Kafka was told to be away, and not yet to be back."""
        return self._since is not None

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is printed: the first complaint of an outage is, as this module's own line."""
        if not record.name.startswith("aiokafka"):
            return True
        said = record.getMessage()
        if not _COMPLAINT.search(said):
            return True
        with self._lock:
            self._last = self._monotonic()
            if self._since is not None:
                self._held += 1
                return False
            self._since, self._held = self._last, 0
        record.name, record.levelno, record.levelname = log.name, logging.WARNING, "WARNING"
        record.msg, record.args = (
            "Kafka does not answer (%s); trying on, what else its client says is held back",
            (said,),
        )
        record.exc_info = record.exc_text = None
        return True

    def answered(self) -> None:
        """Kafka has answered a request: the end of an outage once its client has been quiet for a while."""
        with self._lock:
            if self._since is None or self._monotonic() - self._last < QUIET:
                return
            lasted, self._since = self._last - self._since, None
        log.info(
            "Kafka answers again; it was away for %.0f s, %d lines of its client were held back", lasted, self._held
        )


#: The process's own.
outage = Outage()
