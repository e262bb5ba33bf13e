"""A role's log: text or JSON, with the ids that lead through all roles, and without anybody's secret."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from opscentre import tracing
from opscentre.runtime.logs import JsonLines, Redaction, TextLines
from opscentre.settings import SettingsError, load

NOTHING = Redaction({})


def record(message: str, *arguments: object, **extra: str) -> logging.LogRecord:
    made = logging.LogRecord("streams.worker", logging.WARNING, "", 0, message, arguments, None)
    made.__dict__.update(extra)
    return made


def test_a_json_line_says_when_who_what_and_which_event() -> None:
    told = json.loads(JsonLines("stream-1", NOTHING).format(record("%d changes", 7, event="5f0c2ab91e44")))
    assert told.pop("time").endswith("+07:00")
    assert told == {
        "level": "warning", "role": "stream-1", "logger": "streams.worker", "message": "7 changes",
        "event": "5f0c2ab91e44",
    }  # fmt: skip


def test_a_traceback_stays_on_its_json_line() -> None:
    made = record("failed")
    try:
        raise ValueError("postgresql://u:hush@h/d does not answer")
    except ValueError:
        made.exc_info = sys.exc_info()
    line = JsonLines("a", NOTHING).format(made)
    assert "\n" not in line
    assert "ValueError: postgresql://u:***@h/d" in json.loads(line)["error"]


def test_a_text_line_carries_the_ids_of_the_work_under_way() -> None:
    with tracing.event_under_way() as event:
        line = TextLines("collect", NOTHING).format(record("polled"))
    assert line.endswith(f" collect WARNING polled event={event}")
    assert "event" not in TextLines("collect", NOTHING).format(record("polled"))


def test_an_id_from_outside_cannot_begin_a_line_of_its_own() -> None:
    line = TextLines("a", NOTHING).format(record("x", event="1\n2026-11-21 a CRITICAL all is lost"))
    assert "\n" not in line


def test_what_a_stranger_sent_cannot_begin_a_line_of_its_own() -> None:
    sent = "x\r\n2026-11-21 08:00:00,000 dashboard INFO all is well\u2028\x1b[2J nhà"
    line = TextLines("a", NOTHING).format(record("nobody was signed in: %s", sent))
    assert len(line.splitlines()) == 1
    assert "x\\r\\n2026-11-21" in line
    assert line.endswith("\\u2028\\x1b[2J nhà")
    made = record("failed")
    try:
        raise ValueError(sent)
    except ValueError:
        made.exc_info = sys.exc_info()
    first, *more = TextLines("a", NOTHING).format(made).splitlines()
    assert first.endswith("a WARNING failed")
    assert more
    assert all(one.startswith("    ") for one in more)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Redis at redis://:s3cr%40t@h:6379/0 is away", "Redis at redis://:***@h:6379/0 is away"),
        ("postgresql+psycopg://opscentre:hush@db/x", "postgresql+psycopg://opscentre:***@db/x"),
        ("sign-in with a-long-secret failed", "sign-in with *** failed"),
        (f"Authorization: Bearer {'x' * 20}", "Authorization: Bearer ***"),
        (f"a program showed opscentre_0a1b2c3d_{'Ab-_' * 10}ab", "a program showed ***"),
        ("the bearer of bad news: opscentre_events", "the bearer of bad news: opscentre_events"),
        ("https://host/path?at=12:30@noon", "https://host/path?at=12:30@noon"),
        ("see /run/secrets/database_url", "see /run/secrets/database_url"),
    ],
)
def test_secrets_are_not_written(said: str, written: str) -> None:
    environment = {
        "OPSCENTRE_SECRET_MOT_CUA": "a-long-secret",
        "OPSCENTRE_SECRET_SHORT": "at",
        "SMTP_TOKEN_FILE": "/run/secrets/database_url",
    }
    assert Redaction(environment).clean(said) == written


def test_only_text_and_json_are_kinds_of_a_log() -> None:
    assert load({"OPSCENTRE_LOG": "json"}).log == "json"
    with pytest.raises(SettingsError, match="OPSCENTRE_LOG: .*xml"):
        load({"OPSCENTRE_LOG": "xml"})
