"""The Faust transport of the embedded pipe, and what agents need of either transport."""

from streams.transport.lock import refuse_second_worker
from streams.transport.positions import start_at
from streams.transport.registry import SCHEME, TRIED_WITH, register

__all__ = ["SCHEME", "TRIED_WITH", "refuse_second_worker", "register", "start_at"]
