"""What can be said of a link in ``links.toml``, and which of it does not fit together."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, NamedTuple

import msgspec

from opscentre.calendar_file import parse_weekdays
from opscentre.domain.availability import Windows
from opscentre.domain.moments import HOUR, MINUTE, moment

LinkKind = Literal["http", "tcp", "dns", "tls", "icmp"]
Seconds = Annotated[float, msgspec.Meta(ge=0.05, le=60)]

#: Days of history that are kept where links.toml does not say.
HISTORY_DAYS = 400
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_STATUS = re.compile(r"([1-5]\d\d)(?:-([1-5]\d\d))?")
_WINDOW_WANTED = (
    'want days and hours, like {days = "Sun", hours = "22:00-02:00"}, or begins and ends, like '
    "{begins = 2026-11-28T22:00:00, ends = 2026-11-29T02:00:00}"
)
#: Keys that belong to some kinds only.
_OF_KINDS = {
    "expect_status": ("http",),
    "expect_text": ("http",),
    "expect_addresses": ("dns",),
    "server": ("dns",),
    "ca_file": ("http", "tls"),
}


class Maintenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A window in which a link may be away: every week, or once. Times are local."""

    #: Every week: weekdays like ``Sat`` or ``Mon-Fri``, and hours like ``22:00-02:00`` (past midnight: into the next
    #: day).
    days: str = ""
    hours: str = ""
    #: Once: from when until when.
    begins: Annotated[dt.datetime, msgspec.Meta(tz=False)] | None = None
    ends: Annotated[dt.datetime, msgspec.Meta(tz=False)] | None = None
    #: What is done, for whoever looks.
    note: str = ""


class LinkConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One ``[[link]]`` of ``links.toml``."""

    code: str
    name: str
    #: ``http``: a URL that must answer; ``tcp``: HOST:PORT that must accept a connection; ``tls``: HOST:PORT that must
    #: show a good certificate; ``dns``: a name that must resolve; ``icmp``: a host that must answer a ping.
    kind: LinkKind
    address: str
    #: Seconds between two probes, and seconds until one is given up.
    interval: float = 5.0
    timeout: Seconds = 3.0
    #: So many failures running make a link down; one may be a lost packet.
    failures_to_down: Annotated[int, msgspec.Meta(ge=1, le=20)] = 2
    #: Seconds until a link that has failed but is not down yet is asked again, where that is sooner than its interval.
    retry_after: Seconds = 2.0
    #: More changes between up and down than this within so many minutes: the link is flapping.
    flapping_changes: Annotated[int, msgspec.Meta(ge=1, le=100)] = 4
    flapping_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 30
    maintenance: list[Maintenance] = []
    #: Units at its ends, for the map of links: codes, or ranges FIRST..LAST of codes; none: it is the province's own.
    units: list[str] = []
    #: The hours that its availability is counted in: the province's working hours, or around the clock.
    hours: Literal["work", "always"] = "work"
    #: http: the statuses that count as an answer, single or as a range (none: everything below 500); and a text that
    #: the page must hold.
    expect_status: list[int | str] = []
    expect_text: str = ""
    #: dns: the only addresses that may be given; none: any will do. And who is asked; empty: the system's resolver.
    expect_addresses: list[str] = []
    server: str = ""
    #: http, tls: file with the authorities (PEM) that vouch for the certificate; empty: the public ones.
    ca_file: str = ""
    #: Days before its certificate ends from which on that is warned of.
    certificate_warn_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 30


class SelfCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One ``[[self_check]]`` of ``links.toml``: what answers whenever our own uplink works."""

    kind: LinkKind
    address: str
    timeout: Seconds = 2.0


class LinksHead(msgspec.Struct, frozen=True):
    """What ``links.toml`` says of all links."""

    #: Days for which the history of every link is kept.
    history_days: Annotated[int, msgspec.Meta(ge=31, le=4000)] = HISTORY_DAYS


class LinksFile(LinksHead, frozen=True, forbid_unknown_fields=True):
    """``links.toml``."""

    link: list[LinkConfig] = []
    #: Our own uplink works while any of them answers.
    self_check: list[SelfCheck] = []


class Misfit(NamedTuple):
    """A value that cannot stand where it stands, although its type is right."""

    key: str
    value: object
    told: str
    remedy: str


def misfits(link: LinkConfig) -> Iterator[Misfit]:
    """Everything in a link's settings that does not fit together; its address is looked at by its prober."""
    for key, kinds in _OF_KINDS.items():
        value = getattr(link, key)
        if link.kind not in kinds and value:
            wanted = " and ".join(kinds)
            yield Misfit(key, value, f"a link of kind {link.kind!r} has none", f"take it out; it is for kind {wanted}")
    try:
        statuses(link)
    except ValueError as error:
        yield Misfit("expect_status", error.args[0], "is no status", 'want statuses like 200 or "200-299"')
    for address in link.expect_addresses:
        if not _is_address(address):
            yield Misfit("expect_addresses", address, "is no IP address", "want addresses like 203.0.113.7")
    try:
        # One in braces is filled in later.
        if not link.server.startswith("{"):
            name_server(link)
    except ValueError:
        yield Misfit("server", link.server, "is no name server", "want its IP address, IP:PORT or [IPv6]:PORT")
    for window in link.maintenance:
        try:
            _window(window)
        except ValueError as error:
            yield Misfit("maintenance", _written(window), str(error), _WINDOW_WANTED)


def within(units: Iterable[str], codes: Iterable[str]) -> list[str]:
    """The units that a link's ``units`` (codes, or ranges FIRST..LAST) stand for, of those there are."""
    spans = [_span(text) for text in units]
    return [code for code in codes if any(first <= code <= last for first, last in spans)]


def strangers(link: LinkConfig, codes: Iterable[str]) -> Iterator[Misfit]:
    """Everything among a link's ``units`` that is no unit of the province and holds none."""
    known = list(codes)
    for text in link.units:
        if not within([text], known):
            yield Misfit("units", text, "no unit has this code", "want codes of units.csv, or a range FIRST..LAST")


def _span(text: str) -> tuple[str, str]:
    first, _, last = text.partition("..")
    return first, last or first


def statuses(link: LinkConfig) -> list[range]:
    """The HTTP statuses that count as an answer. Raises ``ValueError`` with the value that is none."""
    found = []
    for given in link.expect_status:
        match = _STATUS.fullmatch(str(given))
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last:
            raise ValueError(given)
        found.append(range(first, last + 1))
    return found or [range(100, 500)]


def name_server(link: LinkConfig) -> tuple[str, int] | None:
    """IP address and port of the name server that is asked; None: the system's. Raises ``ValueError``."""
    if not link.server:
        return None
    if _is_address(link.server):
        return link.server, 53
    host, _, port = link.server.rpartition(":")
    return str(ipaddress.ip_address(host.strip("[]"))), int(port)


def windows(link: LinkConfig) -> Windows:
    """The maintenance windows of a link whose settings fit."""
    weekly, dated = [], []
    for given in link.maintenance:
        days, opens, closes = _window(given)
        if days:
            weekly.append((days, opens, closes))
        else:
            dated.append((opens, closes))
    return Windows(tuple(weekly), tuple(dated))


def _window(given: Maintenance) -> tuple[frozenset[int], int, int]:
    """Weekdays and hours in ms since midnight, or no weekdays and two moments. Raises ``ValueError``."""
    if bool(given.days or given.hours) == bool(given.begins or given.ends):
        raise ValueError("a window is either every week or on dates")
    if given.begins or given.ends:
        if not given.begins or not given.ends:
            raise ValueError("a window on dates needs both begins and ends")
        if given.ends <= given.begins:
            raise ValueError("the window ends before it begins")
        return frozenset(), moment(given.begins), moment(given.ends)
    try:
        days = parse_weekdays(given.days)
    except ValueError:
        raise ValueError(f"days {given.days!r} are no weekdays like Sat or Mon-Fri") from None
    found = _HOURS.fullmatch(given.hours)
    if not found:
        raise ValueError(f"hours {given.hours!r} are not written like 22:00-02:00")
    closes = int(found[3]) * HOUR + int(found[4]) * MINUTE if found[3] else 24 * HOUR
    return frozenset(days), int(found[1]) * HOUR + int(found[2]) * MINUTE, closes


def _written(given: Maintenance) -> str:
    """A window much as it stands in the file."""
    parts = []
    for name, value in msgspec.structs.asdict(given).items():
        if value:
            text = value.isoformat() if isinstance(value, dt.datetime) else f'"{value}"'
            parts.append(f"{name} = {text}")
    return f"{{{', '.join(parts)}}}"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
