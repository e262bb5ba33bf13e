"""Makes Faust know broker URLs of the form ``embedded:///absolute/path/events.db``, and bundles on both pipes."""

from __future__ import annotations

import faust
from faust.exceptions import ImproperlyConfigured
from faust.transport.drivers import TRANSPORTS

SCHEME = "embedded"

#: The one version whose consumer, conductor and recovery this transport was held against.
TRIED_WITH = "0.15.3"


def register() -> None:
    """Register the embedded transport; call it before the Faust app is made.

    Raises ``ImproperlyConfigured`` under another Faust than the one it was tried with: the transport
    leans on how Faust's consumer works inside, and a difference would lose messages without a word.
    """
    if faust.__version__ != TRIED_WITH:
        raise ImproperlyConfigured(
            f"the embedded pipe was tried with faust-streaming {TRIED_WITH}, this is {faust.__version__}: "
            f"install faust-streaming=={TRIED_WITH}, or let the contract tests pass on yours and change TRIED_WITH"
        )
    TRANSPORTS.data[SCHEME] = "streams.transport.embedded:Transport"
    TRANSPORTS.data["kafka"] = "streams.transport.kafka:Transport"
