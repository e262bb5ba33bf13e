"""Mail against a real server that misbehaves: what surely failed, what is refused for good, what nobody knows."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.channels.base import Doubtful, Given, Later, Refused, Undelivered, Unreachable
from alerts.channels.smtp import Smtp, make
from opscentre.settings import Settings, SettingsError
from tests.alerts.playing import mail_settings
from tests.alerts.postoffice import PostOffice, at_step, certificate, lets_in
from tests.alerts.test_mail import SAMPLE
from tests.parts.process import free_port


@pytest.fixture
def office() -> Iterator[PostOffice]:
    made = PostOffice()
    yield made
    made.close()


def smtp(server: str, password: str = "", **given: object) -> Smtp:
    return Smtp(server, mail_settings(**given), password)


def send(channel: Smtp, within: float = 10.0) -> str:
    return channel.deliver(SAMPLE, "desk@a.example", within)


def test_a_mail_arrives_whole_and_one_connection_serves_several(office: PostOffice):
    channel = smtp(office.url)
    assert send(channel).startswith("250")
    kept = channel._open
    send(channel)
    assert channel._open is kept
    assert [one.subject for one in office.arrived] == [SAMPLE.subject] * 2
    assert len({one.id for one in office.arrived}) == 1
    channel.close()


@pytest.mark.parametrize(
    ("step", "answer", "failure"),
    [
        ("RCPT", "451 greylisted", Later),
        ("RCPT", "550 no such user", Refused),
        ("MAIL", "452 full", Later),
        ("MAIL", "553 not you", Refused),
        ("RCPT", "421 closing", Unreachable),
        ("RCPT", "hang up", Unreachable),
        ("DATA", "450 later", Later),
        ("DATA", "554 spam", Refused),
        ("DATA", "hang up", Doubtful),
        ("TAKEN", "hang up", Doubtful),
        ("DATA", 1.5, Doubtful),
        ("RCPT", 1.5, Unreachable),
    ],
)
def test_every_way_to_fail_is_told_apart_and_the_next_mail_goes_through(
    office: PostOffice, step: str, answer: object, failure: type[Undelivered]
):
    office.manner = at_step(step, answer, 1)
    channel = smtp(office.url, timeout=0.5)
    with pytest.raises(failure):
        send(channel)
    before = len(office.arrived)
    assert send(channel).startswith("250")
    assert len(office.arrived) == before + 1
    channel.close()


def test_a_message_has_so_much_time_in_all_and_no_more(office: PostOffice):
    office.manner = lambda step, envelope: 0.4
    channel = smtp(office.url, timeout=5.0)
    begun = time.monotonic()
    with pytest.raises(Undelivered):
        send(channel, within=0.6)
    assert time.monotonic() - begun < 3


def test_a_server_that_is_away_or_never_speaks_is_unreachable():
    with pytest.raises(Unreachable, match="refused"):
        send(smtp(f"smtp://127.0.0.1:{free_port()}"))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(Unreachable, match="timed out"):
            send(smtp(f"smtp://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3))


def test_a_connection_that_the_server_closed_meanwhile_is_opened_anew(office: PostOffice):
    channel = smtp(office.url)
    send(channel)
    office.close()
    office.open()
    assert send(channel).startswith("250")
    channel.close()


def test_mail_to_a_domain_that_is_not_allowed_never_leaves(office: PostOffice):
    channel = smtp(office.url, allowed_domains=["b.example"])
    with pytest.raises(Refused, match=r"may not go to a\.example"):
        send(channel)
    assert office.arrived == []
    assert channel._open is None


def test_tls_is_checked_and_never_left_out(tmp_path: Path):
    trusted, context = certificate(tmp_path)
    office = PostOffice(tls_context=context, require_starttls=True)
    plain = PostOffice()
    try:
        good = smtp(f"smtp+starttls://127.0.0.1:{office.port}", ca_file=str(trusted))
        assert send(good).startswith("250")
        good.close()
        with pytest.raises(Unreachable, match="certificate verify failed"):
            send(smtp(f"smtp+starttls://127.0.0.1:{office.port}"))
        with pytest.raises(Unreachable, match="STARTTLS"):
            send(smtp(f"smtp+starttls://127.0.0.1:{plain.port}", ca_file=str(trusted)))
        with pytest.raises(Unreachable):
            send(smtp(f"smtps://127.0.0.1:{plain.port}", ca_file=str(trusted), timeout=0.5))
        assert plain.arrived == []
    finally:
        office.close()
        plain.close()


def test_smtps_is_spoken_from_the_first_byte(tmp_path: Path):
    trusted, context = certificate(tmp_path)
    office = PostOffice(ssl_context=context)
    try:
        channel = smtp(f"smtps://127.0.0.1:{office.port}", ca_file=str(trusted))
        assert send(channel).startswith("250")
        channel.close()
    finally:
        office.close()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_password_stands_in_a_variable_and_a_wrong_one_costs_no_mail():
    office = PostOffice(**lets_in("ioc", "right"))
    server = f"smtp://ioc@127.0.0.1:{office.port}"
    mail = mail_settings(server=server, password_env="OPSCENTRE_MAIL_PASSWORD")
    try:
        channel = make(Given(mail, Settings(), {"OPSCENTRE_MAIL_PASSWORD": "right"}))
        assert channel.deliver(SAMPLE, "desk@a.example", 10).startswith("250")
        channel.close()
        wrong = make(Given(mail, Settings(), {"OPSCENTRE_MAIL_PASSWORD": "wrong"}))
        with pytest.raises(Unreachable, match="does not let ioc in") as told:
            wrong.deliver(SAMPLE, "desk@a.example", 10)
        assert "wrong" not in str(told.value)
        with pytest.raises(SettingsError, match="the variable OPSCENTRE_MAIL_PASSWORD is not set"):
            make(Given(mail, Settings(), {}))
    finally:
        office.close()
