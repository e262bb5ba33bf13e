"""DNS: a name must resolve, to the addresses it should where those are named."""

from __future__ import annotations

import ipaddress

import dns.exception
import dns.rcode
import dns.resolver

from collectors.links.answer import Talk, UnableToAsk, Unanswered
from opscentre import outbound
from opscentre.link_settings import LinkConfig, name_server


def asked(link: LinkConfig) -> str:
    """What is asked of whom."""
    return f"DNS A/AAAA {link.address} at {link.server or 'the system resolver'}"


def ask(link: LinkConfig, talk: Talk) -> None:
    """Ask for the IPv4 addresses of a name, and for IPv6 ones where it has none or some are expected."""
    resolver = _resolver(link)
    found = _addresses(resolver, link.address, "A", talk)
    if not found or any(":" in address for address in link.expect_addresses):
        found += _addresses(resolver, link.address, "AAAA", talk)
    talk.mark("answered")
    talk.transcript.said = ", ".join(found)[:400]
    if not found:
        raise Unanswered("dns_no_address", f"{link.address} has no address")
    expected = {str(ipaddress.ip_address(address)) for address in link.expect_addresses}
    strange = [address for address in found if address not in expected]
    if expected and strange:
        told = f"{link.address} leads to {', '.join(strange)}; want {', '.join(sorted(expected))}"
        raise Unanswered("dns_wrong_address", told)


def _resolver(link: LinkConfig) -> dns.resolver.Resolver:
    server = name_server(link)
    if server is not None:
        outbound.require_allowed(server[0])
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [server[0]], server[1]
        return resolver
    try:
        return dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        told = "this machine has no resolver; write one into /etc/resolv.conf, or a server for this link"
        raise UnableToAsk("no_resolver", told) from None


def _addresses(resolver: dns.resolver.Resolver, name: str, kind: str, talk: Talk) -> list[str]:
    try:
        answer = resolver.resolve(name, kind, lifetime=talk.left(), search=False, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        talk.transcript.status = "NXDOMAIN"
        raise Unanswered("dns_no_such_name", f"there is no name {name}") from None
    except dns.resolver.NoNameservers as error:
        raise Unanswered("dns_refused", f"the name server gives no answer: {_why(error)}") from None
    except dns.exception.Timeout:
        raise TimeoutError from None
    except dns.exception.DNSException as error:
        raise Unanswered("bad_answer", f"not a DNS answer: {error}") from None
    talk.transcript.address = f"{answer.nameserver}:{answer.port}"
    talk.transcript.status = dns.rcode.to_text(answer.response.rcode())
    return sorted(record.address for record in answer) if answer.rrset is not None else []


def _why(error: dns.resolver.NoNameservers) -> str:
    errors = error.kwargs.get("errors") or []
    return str(errors[-1][3]) if errors else "it refused"
