"""A wall left running: ``python -m bench.web.soak --hours 1 [--rate 10] [--out DIR]``.

One dashboard, one real browser that turns through the scenes, changes at a steady rate. Once a minute the browser's
heap (collected first), its DOM nodes and listeners, and the server's memory are noted; at the end they are printed,
written as CSV, and drawn.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import plotly.graph_objects as go
import psutil
from playwright.sync_api import Browser, Page
from plotly.subplots import make_subplots

from bench.browser import chromium
from bench.report import machine
from bench.web.installation import Installation, installation

#: Megabytes that the heap may grow after the first tenth of the run.
FLAT = 20
#: Communes that get a dossier with each change.
TOUCHED = 4


class Point(NamedTuple):
    """One look."""

    minutes: float
    changes: int
    heap_mb: float
    nodes: int
    listeners: int
    server_mb: float


def look(page: Page, tools: object, server: psutil.Process, begun: float, changes: int) -> Point:
    """Collect the browser's garbage, then note what is left."""
    send = tools.send  # type: ignore[attr-defined]
    send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in send("Performance.getMetrics")["metrics"]}
    return Point(
        round((time.perf_counter() - begun) / 60, 2),
        changes,
        round(found["JSHeapUsedSize"] / 2**20, 2),
        int(found["Nodes"]),
        int(found["JSEventListeners"]),
        round(server.memory_info().rss / 2**20, 1),
    )


def run(browser: Browser, wall: Installation, hours: float, rate: float, every: float) -> list[Point]:
    """Change and look, for as long as told."""
    server = psutil.Process(wall.start_dashboard())
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.goto(f"{wall.url}/wall?rotate=20")
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable")
    points: list[Point] = []
    begun, changes, last = time.perf_counter(), 0, 0.0
    while (passed := time.perf_counter() - begun) < hours * 3600:
        wall.change(TOUCHED)
        changes += 1
        if not points or passed - last >= every:
            points.append(look(page, tools, server, begun, changes))
            last = passed
            print("  ".join(str(value) for value in points[-1]), flush=True)
        page.wait_for_timeout(max(0.0, (begun + changes / rate - time.perf_counter()) * 1000))
    points.append(look(page, tools, server, begun, changes))
    return points


def draw(browser: Browser, points: list[Point], out: Path) -> None:
    """The looks as CSV, and as a picture."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / "soak.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(Point._fields)
        writer.writerows(points)
    titles = ("browser heap, MB", "DOM nodes", "server memory, MB")
    figure = make_subplots(rows=3, shared_xaxes=True, subplot_titles=titles, vertical_spacing=0.07)
    for row, name in enumerate(("heap_mb", "nodes", "server_mb"), 1):
        values = [getattr(point, name) for point in points]
        figure.add_trace(go.Scatter(x=[point.minutes for point in points], y=values, mode="lines"), row=row, col=1)
        figure.update_yaxes(rangemode="tozero", row=row, col=1)
    figure.update_xaxes(title="minutes", row=3, col=1)
    figure.update_layout(showlegend=False, template="plotly_white", width=900, height=700)
    page = browser.new_page(viewport={"width": 920, "height": 720})
    page.set_content(figure.to_html(include_plotlyjs=True, full_html=True))
    page.wait_for_selector(".main-svg")
    page.screenshot(path=str(out / "soak.png"))


def main() -> int:
    """The command line; 1 when the heap has grown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hours", type=float, default=0.6, help="default: %(default)s")
    options.add_argument("--rate", type=float, default=10.0, help="changes a second (default: %(default)s)")
    options.add_argument("--every", type=float, default=60.0, help="seconds between two looks (default: %(default)s)")
    options.add_argument("--out", type=Path, default=Path("data/soak"), help="default: %(default)s")
    given = options.parse_args()
    print(f"machine: {machine()}\n" + "  ".join(Point._fields), flush=True)
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as wall, chromium() as browser:
        points = run(browser, wall, given.hours, given.rate, given.every)
        draw(browser, points, given.out)
    settled = points[len(points) // 10]
    grown = points[-1].heap_mb - settled.heap_mb
    print(f"{points[-1].changes:,} changes: heap {settled.heap_mb:.1f} → {points[-1].heap_mb:.1f} MB (goal: within "
          f"{FLAT}), nodes {settled.nodes} → {points[-1].nodes}, server {settled.server_mb:.0f} → "
          f"{points[-1].server_mb:.0f} MB; {given.out}/soak.csv and soak.png")  # fmt: skip
    return int(grown > FLAT)


if __name__ == "__main__":
    raise SystemExit(main())
