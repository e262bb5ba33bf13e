"""Where nothing of ours connects to: machines' own addresses, what a profile forbids, and names that lead there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from collectors.behaviour import Behaviour, Pace
from collectors.dvcqg_rest.http import Http
from collectors.dvcqg_rest.settings import RestSettings
from collectors.errors import Unreachable
from collectors.links.attempt import attempt
from opscentre import outbound, paths
from opscentre import profile as profiles
from opscentre.link_settings import LinkConfig
from opscentre.outbound import Forbidden, require_allowed
from opscentre.profile import ProfileError
from tests.collectors.link_servers import Web


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    yield made
    made.close()


@pytest.fixture
def _loopback_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a profile says ``forbidden_networks = ["127.0.0.0/8"]``."""
    monkeypatch.setattr(outbound, "_forbidden", ())
    profile = profiles.load("thai-nguyen")
    province = msgspec.structs.replace(profile.province, forbidden_networks=["127.0.0.0/8"])
    outbound.heed(msgspec.structs.replace(profile, province=province))


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "169.254.0.1", "100.100.100.200", "0.0.0.0", "224.0.0.1", "255.255.255.255", "fe80::1",
     "fe80::1%eth0", "fd00:ec2::254", "::", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"],
)  # fmt: skip
def test_addresses_of_machines_own_affairs_are_never_asked_however_they_are_written(address: str) -> None:
    with pytest.raises(Forbidden, match="never asked"):
        require_allowed(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "113.160.1.1", "2001:db8::1", "::1", "::ffff:10.1.2.3"])
def test_the_addresses_of_links_and_departments_are_asked(address: str) -> None:
    require_allowed(address)


def leads_to(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Have every name lead to the first of these addresses when it is asked first, and so on; the names asked for."""
    real, asked = socket.getaddrinfo, []

    def resolve(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host == "rebinding.example":
            asked.append(host)
            host = answers[min(len(asked), len(answers)) - 1]
        return real(host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize("kind", ["http", "tcp", "tls", "icmp", "dns"])
def test_no_probe_asks_what_a_name_leads_to_where_that_is_forbidden(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, "169.254.169.254")
    address = {"http": "http://rebinding.example/", "icmp": "rebinding.example", "dns": "portal.example"}
    server = "169.254.169.254" if kind == "dns" else ""
    link = LinkConfig(
        code="a", name="A", kind=kind, address=address.get(kind, "rebinding.example:443"), server=server, timeout=2.0
    )  # type: ignore[arg-type]
    found = attempt(link)
    assert (found.reason, found.asked) == ("not_probed", False)
    assert "169.254.169.254, which lies in 169.254.0.0/16, never asked" in found.detail


def test_the_address_that_was_judged_is_the_one_connected_to(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    port = httpx.URL(web.url).port
    asked = leads_to(monkeypatch, "127.0.0.1", "169.254.169.254")
    link = LinkConfig(code="a", name="A", kind="http", address=f"http://rebinding.example:{port}/", timeout=5.0)
    assert attempt(link).latency_ms is not None
    assert asked == ["rebinding.example"]
    asked.clear()
    with httpx.Client(transport=outbound.transport(trust_env=False)) as client:
        assert client.get(f"http://rebinding.example:{port}/").status_code == 200
    assert asked == ["rebinding.example"]


@pytest.mark.usefixtures("_loopback_forbidden")
def test_a_source_and_a_probe_keep_out_of_the_networks_that_the_profile_forbids(web: Web) -> None:
    found = attempt(LinkConfig(code="a", name="A", kind="http", address=web.url, timeout=5.0))
    assert (found.reason, "127.0.0.0/8, of the profile's forbidden_networks" in found.detail) == ("not_probed", True)
    settings = msgspec.convert({"url": web.url.rstrip("/"), "timeout": 5.0}, RestSettings)
    asking = Http(settings, Pace(Behaviour(), threading.Event()))
    with pytest.raises(Unreachable, match="forbidden_networks"):
        asking.ask("GET", "/dossiers")
    asking.close()
    assert web.paths == []


def test_a_source_is_not_led_to_another_host(web: Web) -> None:
    web.status, web.headers = 302, {"Location": "http://169.254.169.254/latest/meta-data/"}
    asking = Http(
        msgspec.convert({"url": web.url.rstrip("/"), "timeout": 5.0}, RestSettings),
        Pace(Behaviour(), threading.Event()),
    )
    assert asking.ask("GET", "/").status == 302
    asking.close()
    assert web.paths == ["/"]


def test_a_network_that_is_none_is_refused_with_the_profile(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "CONFIG", tmp_path)
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "profile.toml").write_text(
        'name = "P"\ncode = "H55"\ntitle = "P"\nforbidden_networks = ["10.1.0.1/16"]\n', encoding="utf-8"
    )
    with pytest.raises(ProfileError, match="forbidden_networks: 10.1.0.1/16 has host bits set; want 10.1.0.0/16"):
        profiles.load("p")
