"""A name server of the simulated network: answers for the names it is given, over UDP on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class NameServer(asyncio.DatagramProtocol):
    """Gives the address of every name it knows; NXDOMAIN for the rest."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = dict(names)
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self, host: str = "127.0.0.1") -> int:
        """Listen on a free port, which is returned."""
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, (host, 0))
        self._transport = transport
        port: int = transport.get_extra_info("sockname")[1]
        return port

    def stop(self) -> None:
        """Listen no more."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a question; what is none is left unanswered."""
        try:
            question = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return
        if self._transport is not None:
            self._transport.sendto(self.reply(question).to_wire(), addr)

    def reply(self, question: dns.message.Message) -> dns.message.Message:
        """The answer to a question."""
        found = dns.message.make_response(question)
        found.flags |= dns.flags.RA
        name, kind = question.question[0].name, question.question[0].rdtype
        address = self.names.get(name.to_text(omit_final_dot=True).lower())
        if address is None:
            found.set_rcode(dns.rcode.NXDOMAIN)
        elif (":" in address) == (kind == dns.rdatatype.AAAA):
            found.answer.append(dns.rrset.from_text(name, 5, "IN", kind, address))
        return found
