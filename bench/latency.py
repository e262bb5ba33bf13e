"""``make bench-latency``: from a change accepted by a collector to the number changed in a real browser.

Starts Redis, the stream worker and the dashboard as an installation does, sends new dossiers through the
collectors' intake at a steady rate, and watches the wall's "received today" in Chromium. The k-th dossier is
on the screen when the number first reaches its start plus k.
"""

from __future__ import annotations

import argparse
import bisect
import tempfile
import time
from pathlib import Path

import msgspec
from playwright.sync_api import Page

from bench.browser import chromium
from bench.report import machine, percentile
from collectors.intake import Intake, Record
from opscentre import profile
from opscentre.clock import ClockAnchor, OfficeClock, wall_ms
from opscentre.domain.moments import MINUTE, day_start, format_compact
from opscentre.pipe.base import open_producer
from opscentre.runtime import parts
from opscentre.runtime.folder import HeldFolder, free_port
from opscentre.runtime.supervisor import Supervisor
from opscentre.settings import Settings
from opscentre.store.engine import open_store

#: Nine in the morning of a working day (16/11/2026), so that no midnight falls into a run.
MORNING = day_start(20_773) + 9 * 60 * MINUTE

_WATCH = """() => {
  const number = () => Number(document.getElementById("kpi-received").textContent.replace(/\\D/g, "") || 0);
  window.seen = [[performance.timeOrigin + performance.now(), number()]];
  new MutationObserver(() => {
    const value = number();
    if (value !== window.seen.at(-1)[1]) window.seen.push([performance.timeOrigin + performance.now(), value]);
  }).observe(document.getElementById("kpi-received"), {childList: true, characterData: true, subtree: true});
}"""


def main() -> None:
    """Run the measurement and print it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=float, default=200.0, help="changes a second (default: %(default)s)")
    options.add_argument("--seconds", type=float, default=30.0, help="length of the run (default: %(default)s)")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        latencies, pictures = measure(Path(folder), given.rate, given.seconds)
    print(f"machine: {machine()}")
    print(f"{len(latencies)} changes at {given.rate:g}/s, {pictures / given.seconds:.1f} pictures/s in the browser")
    print("change accepted by the collector → number changed in the browser, ms:")
    print("  " + "  ".join(f"p{p:g} {percentile(latencies, p):.0f}" for p in (50, 90, 99, 100)))


def measure(data: Path, rate: float, seconds: float) -> tuple[list[float], int]:
    """Latencies in ms of every change, and how often the number changed."""
    province = profile.load("thai-nguyen")
    held = HeldFolder(data)
    clock = ClockAnchor(wall_ms(), MORNING, 1.0)
    settings = Settings(
        data=held.path, port=free_port(), clock=msgspec.json.encode(clock).decode(), sources=str(_no_sources(data))
    )
    supervisor = Supervisor(data / "logs")
    redis, url, _ = parts.redis_part(data)
    supervisor.start([redis], 30)
    settings = msgspec.structs.replace(settings, redis=url)
    try:
        supervisor.start([parts.stream_part(settings), parts.dashboard_part(settings)], 60)
        store = open_store(settings.database_url)
        producer = open_producer(settings.broker_url, settings.dossier_partitions)
        now = OfficeClock(clock, province.calendar).now
        intake = Intake("bench", units=province.units, store=store, producer=producer, now=now)
        with chromium() as browser:
            # Without motion: a number that rolls passes values before they are true.
            page = browser.new_page(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce")
            page.goto(f"http://{settings.host}:{settings.port}/wall")
            # A first dossier: until then the wall shows dashes, not a zero.
            intake.take([_dossier(0, now())])
            _wait(page, "document.getElementById('kpi-received')?.textContent === '1'")
            page.evaluate(_WATCH)
            sent = _send(intake, now, rate, seconds)
            _wait(page, f"window.seen.at(-1)[1] >= {len(sent) + 1}")
            return _latencies(page, sent)
    finally:
        supervisor.stop()
        held.release()


def _wait(page: Page, expression: str) -> None:
    # A function, not an expression: the wall's content policy forbids evaluating text.
    page.wait_for_function(f"() => {expression}", timeout=30_000)


def _no_sources(data: Path) -> Path:
    path = data / "sources.toml"
    path.write_text("", encoding="utf-8")
    return path


def _send(intake: Intake, now: object, rate: float, seconds: float) -> list[float]:
    """Send dossiers one by one, evenly; the wall-clock ms at which each was handed over."""
    sent: list[float] = []
    begun = time.perf_counter()
    for index in range(round(rate * seconds)):
        wait = begun + index / rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        sent.append(time.time() * 1000)
        intake.take([_dossier(index + 1, now())])  # type: ignore[operator]
    return sent


def _dossier(index: int, now: int) -> Record:
    received = format_compact(now - MINUTE)
    value = {
        "MaHoSo": f"H55.12-261116-{index:06}",
        "MaTTHC": "2.000488.000.00.00.H55",
        "KenhThucHien": "2",
        "NgayNopHoSo": received,
        "NgayTiepNhan": received,
        "NgayHenTra": format_compact(now + 3 * 24 * 60 * MINUTE),
        "TrangThaiHoSo": "2",
        "DonViXuLy": "H55.12",
    }
    return Record(f"bench, record {index}", value)


def _latencies(page: Page, sent: list[float]) -> tuple[list[float], int]:
    seen = page.evaluate("window.seen")
    numbers = [number for _, number in seen]
    shown = [seen[bisect.bisect_left(numbers, index + 2)][0] for index in range(len(sent))]
    return [after - before for before, after in zip(sent, shown, strict=True)], len(seen) - 1


if __name__ == "__main__":
    main()
