"""Webhook and chats against a server on loopback; which channel is made for what, and a run that sends nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from alerts.channels import CHANNELS, Channels
from alerts.channels.base import Doubtful, Given, Later, Refused, Undelivered
from opscentre.mail_folder import MailFolder
from opscentre.settings import Settings, SettingsError
from tests.alerts.playing import mail_settings
from tests.alerts.test_mail import SAMPLE
from tests.parts.process import free_port


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted; answers with ``status``, or not at all where that is 0."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.got: list[tuple[dict[str, str], dict]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/hook"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append((dict(self.headers), body))
        if self.server.status:
            self.send_response(self.server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.connection.close()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def channels(folder: Path, mail: str = "smtp://127.0.0.1:1", **environment: str) -> Channels:
    return Channels(Given(mail_settings(), Settings(data=folder, mail=mail), environment))


def test_a_webhook_gets_the_letter_as_json_with_a_key_for_repeats(receiver: Receiver, tmp_path: Path):
    channel = channels(tmp_path)["webhook"]
    assert channel.deliver(SAMPLE, receiver.url, 5).startswith("200")
    headers, body = receiver.got[0]
    assert headers["Idempotency-Key"] == body["id"] == SAMPLE.id
    assert body["subject"] == SAMPLE.subject
    assert [one["number"] for one in body["dossiers"]] == [one.number for one in SAMPLE.dossiers]
    channel.close()


@pytest.mark.parametrize(("status", "failure"), [(503, Later), (429, Later), (404, Refused), (0, Doubtful)])
def test_a_webhook_that_fails_says_how(receiver: Receiver, tmp_path: Path, status: int, failure: type[Undelivered]):
    receiver.status = status
    with pytest.raises(failure):
        channels(tmp_path)["webhook"].deliver(SAMPLE, receiver.url, 5)


def test_a_webhook_that_is_away_waits(tmp_path: Path):
    with pytest.raises(Later, match="cannot be reached"):
        channels(tmp_path)["webhook"].deliver(SAMPLE, f"http://127.0.0.1:{free_port()}/", 5)


def test_a_chat_is_named_by_a_variable_that_holds_its_url(receiver: Receiver, tmp_path: Path):
    pytest.importorskip("apprise", reason="the package apprise (pip install 'opscentre[apprise]')")
    made = channels(tmp_path, CHAT=f"json://127.0.0.1:{receiver.server_port}/", EMPTY="")["apprise"]
    assert made.deliver(SAMPLE, "CHAT", 5) == "taken"
    assert receiver.got[0][1]["title"] == SAMPLE.subject
    with pytest.raises(Refused, match="EMPTY is not set"):
        made.deliver(SAMPLE, "EMPTY", 5)
    receiver.status = 500
    with pytest.raises(Later):
        made.deliver(SAMPLE, "CHAT", 5)


@pytest.mark.parametrize("mail", ["dry-run", ""])
def test_where_no_server_is_named_every_channel_is_a_folder(tmp_path: Path, mail: str):
    made = channels(tmp_path, mail)
    assert made.dry
    for name in CHANNELS:
        made[name].deliver(SAMPLE, f"{name}@a.example", 5)
    kept = list(MailFolder(tmp_path / "mails").listed())
    assert sorted(one.to for one in kept) == sorted(f"{name}@a.example" for name in CHANNELS)
    assert {one.subject for one in kept} == {SAMPLE.subject}


def test_a_server_that_cannot_be_one_is_told(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"OPSCENTRE_MAIL: saw 'mail\.a'; want smtp://"):
        channels(tmp_path, "mail.a")["smtp"]


def test_the_folder_keeps_the_newest_mails_and_gives_out_nothing_else(tmp_path: Path):
    folder = MailFolder(tmp_path / "mails", kept=3)
    names = [folder.keep(f"Subject: {index}\r\nTo: a\r\n\r\nx".encode()) for index in range(5)]
    assert [one.subject for one in folder.listed()] == ["4", "3", "2"]
    assert folder.read(names[-1])["Subject"] == "4"
    (tmp_path / "secret.eml").write_text("x", encoding="utf-8")
    assert folder.read("../secret.eml") is None
    assert folder.read(names[0]) is None
