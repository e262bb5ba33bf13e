"""Asks a link once, by its kind; whatever goes wrong becomes an answer."""

from __future__ import annotations

import errno
import importlib
import socket
from collections.abc import Callable

from collectors.links.answer import Answer, Reason, Talk, UnableToAsk, Unanswered
from opscentre.link_settings import LinkConfig, SelfCheck
from opscentre.outbound import Forbidden

#: Kind → the module that has ``asked(link)``, what is asked in words, and ``ask(link, talk)``, which notes the talk
#: and raises ``Unanswered``, ``TimeoutError`` or ``OSError`` where the link is not well. Loaded where it is needed.
PROBES = {kind: f"collectors.links.probes.{kind}" for kind in ("http", "tcp", "dns", "tls", "icmp")}

_BY_NUMBER: dict[int | None, tuple[Reason, str]] = {
    errno.ECONNREFUSED: ("refused", "nobody listens there"),
    errno.EHOSTUNREACH: ("unreachable", "there is no way there"),
    errno.ENETUNREACH: ("unreachable", "there is no way there"),
    errno.ECONNRESET: ("connection_lost", "the connection was cut off"),
    errno.EPIPE: ("connection_lost", "the connection was cut off"),
}


def attempt(link: LinkConfig) -> Answer:
    """Ask once. Never raises for what the link does."""
    module = importlib.import_module(PROBES[link.kind])
    ask: Callable[[LinkConfig, Talk], None] = module.ask
    talk = Talk(module.asked(link), link.timeout)
    try:
        ask(link, talk)
        talk.left()
    except UnableToAsk as error:
        return talk.failed(error.reason, str(error), asked=False)
    except Unanswered as error:
        return talk.failed(error.reason, str(error))
    except Forbidden as error:
        return talk.failed("not_probed", str(error), asked=False)
    except TimeoutError:
        return talk.failed("timeout", f"no answer within {link.timeout:g} s")
    except socket.gaierror as error:
        return talk.failed("no_such_host", f"its name leads nowhere: {error.strerror}")
    except OSError as error:
        reason, told = _BY_NUMBER.get(error.errno, ("unreachable", "no connection"))
        return talk.failed(reason, f"{told}: {error.strerror or error}")
    return talk.answered()


def answers(check: SelfCheck) -> bool:
    """Whether what our own uplink is judged by answers."""
    link = LinkConfig(code="self", name="", kind=check.kind, address=check.address, timeout=check.timeout)
    return attempt(link).latency_ms is not None
