"""Metrics are documented one by one, carry bounded labels only, and are told on the address that was set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry

from alerts.meter import AlertsMeter
from collectors.meter import CollectMeter, Standing
from dashboard.meter import Screens
from opscentre.domain.observations import LinkSeen, SourceSeen
from opscentre.runtime.metrics import Exposed, address
from opscentre.settings import SettingsError
from opscentre.store.engine import open_store
from streams.meter import Holdings, StreamMeter

DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"
#: What a label may be: each has a finite list of values in the settings or in the code.
LABELS = {"topic", "partition", "outcome", "source", "kind", "link", "severity", "state", "version", "role", "le"}


@pytest.fixture
def everything(tmp_path: Path) -> Iterator[CollectorRegistry]:
    """What the four roles register."""
    exposed = Exposed("stream", "OPSCENTRE_STREAM_METRICS", "")
    registry = exposed.registry
    StreamMeter(registry, {71: 2, -9: 1}, 71, 72).counted(0, 0)
    registry.register(Holdings(lambda: {0: 5}, lambda: {0: 4}, lambda: {("opscentre.dossiers", 0): 3}))
    meter = CollectMeter(registry)
    meter.told(SourceSeen(code="a", attempted_at=1, observed_at=1, ok=False, error="so: strange"), taken=False)
    meter.told(LinkSeen(code="b", checked_at=1, state="up"), taken=True)
    meter.sent("a", 10)
    registry.register(Standing(meter, lambda: {"a": 2}))
    wall = SimpleNamespace(made_at=0)
    registry.register(Screens(SimpleNamespace(screens=1, taken=2, failing=False, wall=wall)))  # type: ignore[arg-type]
    engine = open_store(f"sqlite:///{tmp_path}/opscentre.db")
    AlertsMeter(registry, engine).tried("accepted")
    yield registry
    engine.dispose()


def test_every_metric_is_documented_and_nothing_else_is(everything: CollectorRegistry) -> None:
    documented = set(re.findall(r"^\| `(opscentre_\w+)", DOCUMENT.read_text(encoding="utf-8"), re.M))
    told = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in everything.collect()
        if family.name.startswith("opscentre_")
    }
    assert documented == told, (
        f"docs/operations.md, 'Metrics': add a line '| `name` (labels) | unit | meaning |' for "
        f"{sorted(told - documented)}, remove those of {sorted(documented - told)}"
    )


def test_no_label_can_hold_what_is_not_on_a_list(everything: CollectorRegistry) -> None:
    samples = [sample for family in everything.collect() for sample in family.samples]
    assert {label for sample in samples for label in sample.labels} <= LABELS
    # An error's own words are no label.
    (failed,) = [sample for sample in samples if sample.name == "opscentre_collect_failures_total"]
    assert failed.labels == {"source": "a", "kind": "unexpected"}


def test_ends_of_earlier_processes_are_told_by_their_reason(everything: CollectorRegistry) -> None:
    assert everything.get_sample_value("opscentre_stream_watchdog_restarts_total") == 2
    assert everything.get_sample_value("opscentre_stream_restarts_total") == 3
    assert everything.get_sample_value("opscentre_stream_claims_lost_total") == 0


def test_each_of_several_workers_has_a_port_of_its_own() -> None:
    assert address("X", "") is None
    assert [address("X", "127.0.0.1:9464", worker) for worker in (0, 1, 3)] == [
        ("127.0.0.1", 9464), ("127.0.0.1", 9464), ("127.0.0.1", 9466),
    ]  # fmt: skip
    assert address("X", "[::1]:9464") == ("::1", 9464)
    for wrong in ("9464", "127.0.0.1", "127.0.0.1:many", "http://127.0.0.1:1"):
        with pytest.raises(SettingsError, match=r"X='.*': want host:port"):
            address("X", wrong)
    with pytest.raises(SettingsError, match="worker 3 would have port 65537"):
        address("X", "127.0.0.1:65535", 3)


def test_a_port_in_use_is_told_by_its_setting(free_port: int) -> None:
    with (
        Exposed("a", "OPSCENTRE_STREAM_METRICS", f"127.0.0.1:{free_port}"),
        pytest.raises(SettingsError, match="OPSCENTRE_STREAM_METRICS=.*: cannot listen on 127.0.0.1"),
        Exposed("b", "OPSCENTRE_STREAM_METRICS", f"127.0.0.1:{free_port}"),
    ):
        pytest.fail("two servers on one port")
