"""The kinds of rules: one module each, and a line here."""

from __future__ import annotations

from alerts.kinds import (
    address_failing,
    certificate,
    dead_letter,
    due_soon,
    link_down,
    link_flapping,
    mail_queue,
    no_apology,
    overdue,
    overdue_by,
    promise_broken,
    quarantine,
    silent,
    source_stale,
    stream_stalled,
    sync_lag,
    unit_load,
    uplink_down,
)
from alerts.rules import Kind

#: Name in ``alerts.toml`` → kind.
KINDS: dict[str, Kind] = {
    "due_soon": due_soon.KIND,
    "overdue": overdue.KIND,
    "overdue_by": overdue_by.KIND,
    "promise_broken": promise_broken.KIND,
    "no_apology": no_apology.KIND,
    "silent": silent.KIND,
    "unit_load": unit_load.KIND,
    "source_stale": source_stale.KIND,
    "link_down": link_down.KIND,
    "link_flapping": link_flapping.KIND,
    "certificate": certificate.KIND,
    "uplink_down": uplink_down.KIND,
    "sync_lag": sync_lag.KIND,
    "quarantine": quarantine.KIND,
    "dead_letters": dead_letter.KIND,
    "mail_queue": mail_queue.KIND,
    "address_failing": address_failing.KIND,
    "stream_stalled": stream_stalled.KIND,
}
