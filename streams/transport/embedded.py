"""The embedded transport: Faust's own conductor and fetcher over the event log's consumer and producer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faust
from faust.exceptions import ImproperlyConfigured
from faust.transport import base
from faust.types import AppT
from faust.types.enums import ProcessingGuarantee
from faust.types.transports import ConsumerCallback, ConsumerT
from yarl import URL

from opscentre.pipe.embedded import keep_seconds, log_path
from streams.transport.consumer import Consumer
from streams.transport.producer import Producer


class Transport(base.Transport):
    """Reads and writes the event log that the broker URL names."""

    Consumer = Consumer
    Producer = Producer
    driver_version = f"event log, faust-streaming {faust.__version__}"
    #: There is no port; Faust asks for the attribute.
    default_port = 0

    def __init__(self, url: list[URL], app: AppT, **options: Any) -> None:
        super().__init__(url, app, **options)
        if len(url) != 1:
            raise ImproperlyConfigured(f"broker {url}: the embedded pipe is one file, give one URL")
        #: The log's file.
        self.path: Path = log_path(str(url[0]))
        #: How long committed messages are kept, in seconds.
        self.keep_seconds: float = keep_seconds(str(url[0]))

    def create_consumer(self, callback: ConsumerCallback, **options: Any) -> ConsumerT:
        """The consumer; refuses what one log without transactions cannot honour."""
        if self.app.conf.processing_guarantee != ProcessingGuarantee.AT_LEAST_ONCE:
            raise ImproperlyConfigured(
                f"processing_guarantee={self.app.conf.processing_guarantee!r}: the embedded pipe is at least once "
                "only; leave the setting out"
            )
        return super().create_consumer(callback, **options)
