"""The commands ``opscentre link``: list, show and check; what they print and their exit codes."""

from __future__ import annotations

import math
import threading
from typing import Any

import msgspec
from rich.table import Table
from sqlalchemy import Engine

from collectors.errors import CollectError
from collectors.link_look import Look, Share, look
from collectors.links.answer import Answer, Transcript
from collectors.links.attempt import attempt
from collectors.links.poll import filled
from collectors.links.settings import require_address
from collectors.placeholders import Addresses
from opscentre import outbound
from opscentre import profile as profiles
from opscentre.clock import wall_ms
from opscentre.commands.shared import print_wide
from opscentre.domain.moments import local
from opscentre.domain.text import decimal
from opscentre.link_settings import LinkConfig
from opscentre.settings import Settings, SettingsError
from opscentre.sources import links_path, read_links_file
from opscentre.store.engine import open_store

#: All is well; the link does not answer as it should.
WELL, PROBLEMS = 0, 3


def list_command(settings: Settings, as_json: bool) -> int:
    """Print the links of the installation and how they are."""
    links, _ = _links(settings)
    store = _store(settings)
    looks = [look(link, store, wall_ms(), deep=False) for link in links]
    if as_json:
        _print_json(looks)
        return WELL
    table = Table(header_style="bold")
    for heading in ("code", "name", "kind", "address", "state", "since", "latency", "7 days", "remarks"):
        table.add_column(heading)
    for one in looks:
        seen = one.seen
        table.add_row(
            one.code, one.name, one.kind, one.address, one.state,
            _moment(seen.since) if seen else "never probed",
            f"{decimal(seen.latency_ms)} ms" if seen and seen.latency_ms is not None else "–",
            _share(one.available.get("7 days")), _remarks(one),
        )  # fmt: skip
    print_wide(table)
    return WELL


def show_command(code: str, settings: Settings, as_json: bool) -> int:
    """Print everything that is known of a link."""
    link, _ = _link(code, settings)
    found = look(link, _store(settings), wall_ms(), deep=True)
    if as_json:
        _print_json(found)
        return WELL
    print(f"{found.code}: {found.name} ({found.kind} {found.address})")
    seen = found.seen
    if seen is None:
        print("never probed; 'opscentre collect' probes it, 'opscentre link check' once")
        return WELL
    print(f"{found.state} since {_moment(seen.since)}, last probe {_moment(seen.checked_at)}")
    for remark in filter(None, (seen.detail, _remarks(found))):
        print(remark)
    for period, share in found.available.items():
        print(f"available {period}: {_share(share)}")
    for window in link.maintenance:
        print(f"maintenance: {window.days or window.begins} {window.hours or window.ends} {window.note}".rstrip())
    for stretch in found.history:
        print(f"  {_moment(stretch.begun)} – {_moment(stretch.ended)}  {stretch.state}")
    last, failed = found.transcripts.get("last"), found.transcripts.get("failed")
    if last:
        print("last probe")
        _print_talk(last)
    if failed and failed != last:
        print("last probe that failed")
        _print_talk(failed)
    return WELL


def check_command(code: str, settings: Settings, as_json: bool) -> int:
    """Probe a link once, now, and print the transcript; nothing is written."""
    link, where = _link(code, settings)
    addresses = Addresses(settings.data / "simulator.json", threading.Event())
    try:
        link = filled(link, addresses)
    except CollectError as error:
        raise SettingsError(f"link {code}: {error}") from None
    require_address(link, where)
    answer = attempt(link)
    if as_json:
        _print_json({"ok": answer.latency_ms is not None, "asked": answer.asked, "transcript": answer.transcript})
    else:
        print(_verdict(code, answer))
        _print_talk(answer.transcript)
    return WELL if answer.latency_ms is not None else PROBLEMS


def _verdict(code: str, answer: Answer) -> str:
    if answer.latency_ms is not None:
        return f"{code}: it answers, in {decimal(answer.latency_ms)} ms"
    return f"{code}: {'it does not answer as it should' if answer.asked else 'it cannot be asked'}: {answer.detail}"


def _print_talk(talk: Transcript) -> None:
    print(f"  {talk.asked}, {_moment(talk.at)}")
    certificate = talk.certificate
    timings = ", ".join(f"{step} {decimal(ms)} ms" for step, ms in talk.timings.items())
    lines = {
        "address": talk.address,
        "TLS": talk.tls,
        "certificate": f"{certificate.subject}, for {', '.join(certificate.names)}" if certificate else "",
        "issued by": certificate.issuer if certificate else "",
        "holds": f"{_moment(certificate.begins_at)} – {_moment(certificate.expires_at)}" if certificate else "",
        "status": talk.status,
        "said": talk.said,
        "timings": timings,
        "wrong": f"{talk.reason}: {talk.detail}" if talk.reason else "",
    }
    for name, text in lines.items():
        if text:
            print(f"    {name:<12}{text}")


def _remarks(found: Look) -> str:
    seen = found.seen
    if seen is None:
        return ""
    remarks = []
    if seen.flapping:
        remarks.append("flapping")
    if seen.maintenance_until is not None:
        remarks.append(f"maintenance until {_moment(seen.maintenance_until)}")
    if seen.certificate_expires_at is not None:
        remarks.append(f"certificate ends {local(seen.certificate_expires_at):%d/%m/%Y}")
    return ", ".join(remarks)


def _share(share: Share | None) -> str:
    """The share rounded down, so that 100 % is said of nothing less, and how much it rests on."""
    if share is None or share.share is None:
        return "no data"
    measured = f" (measured {decimal(math.floor(share.measured * 100), 0)} % of the time)" if share.measured else ""
    return f"{decimal(math.floor(share.share * 10_000) / 100, 2)} %{measured}"


def _moment(at: int) -> str:
    return f"{local(at):%d/%m/%Y %H:%M:%S}" if at else "–"


def _links(settings: Settings) -> tuple[list[LinkConfig], str]:
    profile = outbound.heed(profiles.load(settings.profile))
    return read_links_file(profile, settings).link, str(links_path(profile, settings))


def _link(code: str, settings: Settings) -> tuple[LinkConfig, str]:
    links, path = _links(settings)
    found = next((link for link in links if link.code == code), None)
    if found is None:
        known = ", ".join(link.code for link in links) or "none"
        raise SettingsError(f"{path}: there is no link {code!r}; there are: {known}")
    return found, f"{path}, link {code}"


def _store(settings: Settings) -> Engine | None:
    """The database; None where nothing was ever kept, for looking makes no file."""
    if not settings.database and not (settings.data / "opscentre.db").is_file():
        return None
    return open_store(settings.database_url)


def _print_json(value: Any) -> None:
    print(msgspec.json.encode(value).decode())
