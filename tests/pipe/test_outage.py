"""Of an outage of Kafka the log has one line when it begins and one when it ends."""

from __future__ import annotations

import logging

import pytest

from opscentre.pipe.outage import QUIET, Outage


class Scene:
    """A clock moved by hand, and what a handler printed."""

    def __init__(self) -> None:
        self.now = 0.0
        self.outage = Outage(lambda: self.now)
        self.printed: list[str] = []

    def says(self, text: str, logger: str = "aiokafka") -> None:
        """A library says something at level ERROR."""
        record = logging.LogRecord(logger, logging.ERROR, "", 0, "%s", (text,), None)
        if self.outage.filter(record):
            self.printed.append(f"{record.levelname} {record.getMessage()}")


@pytest.fixture
def scene() -> Scene:
    return Scene()


#: What aiokafka 0.14 says while a broker is away, as it was heard.
COMPLAINTS = (
    "Unable connect to node with id 1: [Errno 111] Connect call failed ('127.0.0.1', 9092)",
    "Unable to update metadata from [1]",
    "Failed fetch messages from 1: NodeNotReadyError: Attempt to send a request to node which is not ready.",
    "Failed fetch messages from 1: KafkaConnectionError: Connection at 127.0.0.1:9092 closed",
    "Group Coordinator Request failed: NodeNotReadyError: Attempt to send a request to node which is not ready",
    "Group Coordinator Request failed: [Error 15] GroupCoordinatorNotAvailableError",
    "Heartbeat send request failed: NodeNotReadyError: Attempt to send a request to node. Will retry.",
    "Error sending HeartbeatRequest to node 1 [NodeNotReadyError: Attempt to send] -- marking coordinator dead",
    "Marking the coordinator dead (node 1)for group opscentre.",
    "Got error produce response: NodeNotReadyError: Attempt to send a request to node which is not ready (node id 1).",
    'Unable connect to "127.0.0.1:9092": [Errno 111] Connect call failed',
)


def test_a_hundred_complaints_are_one_line_and_the_end_is_another(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for round_ in range(10):
        for text in COMPLAINTS:
            scene.now = float(round_)
            scene.says(text)
    assert len(scene.printed) == 1
    assert scene.printed[0].startswith("WARNING Kafka does not answer (Unable connect to node with id 1")
    assert scene.outage.under_way
    # One of several brokers answers, while the client goes on about another.
    scene.now += QUIET / 2
    scene.outage.answered()
    assert scene.outage.under_way
    scene.now += QUIET
    scene.outage.answered()
    scene.outage.answered()
    assert [record.getMessage() for record in caplog.records] == [
        "Kafka answers again; it was away for 9 s, 109 lines of its client were held back"
    ]
    scene.says(COMPLAINTS[0])
    assert len(scene.printed) == 2


def test_what_is_no_outage_passes(scene: Scene) -> None:
    scene.says(COMPLAINTS[0])
    for text in ("Got error produce response: MessageSizeTooLargeError", "Not authorized to access group opscentre"):
        scene.says(text)
    scene.says("Unable connect to the department", logger="collectors.polling")
    assert len(scene.printed) == 4
