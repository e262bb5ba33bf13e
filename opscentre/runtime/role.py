"""What every role process does first: its log, and going when its supervisor is gone."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
import time

from opscentre.runtime import logs

#: File descriptor whose other end only the supervisor holds: end of file means that it died.
LIFELINE = "OPSCENTRE_LIFELINE"
#: How this role's earlier processes ended under the same supervisor: exit code → times, as JSON.
ENDS = "OPSCENTRE_ENDS"
#: Exit code of a role that ended because files it runs on have changed: its supervisor starts it again at once.
ANEW = 75
#: Seconds a role has to stop by itself once its supervisor is gone.
GRACE = 3.0


def begin(role: str, kind: logs.Kind = "text", level: int = logging.INFO) -> None:
    """Set up the log of a role process and tie its life to its supervisor's."""
    logs.set_up(role, kind, level)
    lifeline = os.environ.get(LIFELINE)
    if lifeline:
        threading.Thread(target=_watch, args=(int(lifeline),), name="lifeline", daemon=True).start()


def earlier_ends() -> dict[int, int]:
    """Exit code (negative for a signal) → how often an earlier process of this role ended so, under one supervisor."""
    return {int(code): times for code, times in json.loads(os.environ.get(ENDS) or "{}").items()}


def _watch(descriptor: int) -> None:
    # Nothing is ever written: read() returns only when every writer, the supervisor, is gone.
    os.read(descriptor, 1)
    logging.getLogger(__name__).warning("the supervisor is gone; stopping")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)
