"""The Faust transport of the embedded pipe, and what agents need of either transport."""

from streams.transport.positions import start_at
from streams.transport.registry import SCHEME, TRIED_WITH, register

__all__ = ["SCHEME", "TRIED_WITH", "register", "start_at"]
