"""What a wall costs: ``python -m bench.web.screens [--only first delay crowd bytes]``.

The first meaningful picture, cold and warm; from Redis to the number on the screen; a thousand screens on one
dashboard; the scripts and style sheets sent, and how much of them is needed.
"""

from __future__ import annotations

import argparse
import bisect
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page

from bench.browser import chromium
from bench.report import machine, percentile
from bench.web import coverage
from bench.web.installation import Installation, installation

SECTIONS = ("first", "delay", "crowd", "bytes")
_VIEW = {"width": 1920, "height": 1080}
#: Notes when the wall first shows a number (ms since the page was asked for), and each number with its moment.
_WATCH = """() => {
  window.seen = [];
  const look = () => {
    const text = document.getElementById("kpi-received")?.textContent ?? "";
    const value = Number(text.replace(/\\D/g, "") || 0);
    if (/\\d/.test(text) && value !== window.seen.at(-1)?.[1])
      window.seen.push([performance.timeOrigin + performance.now(), value]);
  };
  new MutationObserver(look).observe(document, { childList: true, characterData: true, subtree: true });
}"""


def first(browser: Browser, wall: Installation, rounds: int) -> None:
    """From asking for the page to the first number on the wall, in a browser with an empty cache, then a full one."""
    cold, warm = [], []
    for _ in range(rounds):
        context = browser.new_context(viewport=_VIEW, reduced_motion="reduce")
        page = context.new_page()
        page.add_init_script(f"({_WATCH})()")
        for taken in (cold, warm, warm):
            page.goto(f"{wall.url}/wall")
            page.wait_for_function("() => window.seen.length > 0", timeout=30_000)
            taken.append(page.evaluate("window.seen[0][0] - performance.timeOrigin"))
        context.close()
    for name, taken, goal in (("cold", cold, 2.5), ("warm", warm, 1.0)):
        print(f"first meaningful picture, {name}: median {statistics.median(taken) / 1000:.2f} s, "
              f"worst {max(taken) / 1000:.2f} s of {len(taken)} (goal {goal} s)", flush=True)  # fmt: skip


def delay(browser: Browser, wall: Installation, seconds: float) -> None:
    """From the board's announcement to the number in the page, twice a second, every commune's row changing."""
    page = browser.new_page(viewport=_VIEW, reduced_motion="reduce")
    page.add_init_script(f"({_WATCH})()")
    page.goto(f"{wall.url}/wall")
    _shows(page, wall.received)
    told: list[tuple[int, float]] = []
    begun = time.perf_counter()
    for index in range(round(seconds * 2)):
        time.sleep(max(0.0, begun + index / 2 - time.perf_counter()))
        at = wall.change()
        told.append((wall.received, at))
    _shows(page, wall.received)
    seen = page.evaluate("window.seen")
    numbers = [number for _, number in seen]
    taken = [seen[bisect.bisect_left(numbers, number)][0] - at for number, at in told]
    print(f"Redis → DOM, {len(told)} changes of {wall.communes} communes at 2/s: p50 {percentile(taken, 50):.0f} ms, "
          f"p99 {percentile(taken, 99):.0f} ms (goals 30, 150), from the first picture on; the three longest: "
          f"{', '.join(f'{one:.0f}' for one in sorted(taken)[:-4:-1])} ms, the worst after the first two seconds "
          f"{max(taken[4:], default=0.0):.0f} ms", flush=True)  # fmt: skip
    page.close()


def _shows(page: Page, number: int) -> None:
    page.wait_for_function("wanted => (window.seen.at(-1)?.[1] ?? 0) >= wanted", arg=number, timeout=30_000)


def crowd(wall: Installation, process: int, screens: int, seconds: float) -> None:
    """The dashboard's processor and memory with many screens and one change a second."""
    dashboard = psutil.Process(process)
    alone = dashboard.memory_info().rss
    command = [sys.executable, "-m", "bench.web.crowd", wall.url, str(screens), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as listeners:
        assert listeners.stdout is not None
        there = int(listeners.stdout.readline())
        before, begun, changes, most = dashboard.cpu_times(), time.perf_counter(), 0, 0
        while listeners.poll() is None and time.perf_counter() - begun < seconds:
            wall.change()
            changes += 1
            most = max(most, dashboard.memory_info().rss)
            time.sleep(max(0.0, begun + changes - time.perf_counter()))
        after, passed = dashboard.cpu_times(), time.perf_counter() - begun
        left, messages, received = map(int, listeners.stdout.read().split())
    used = (after.user + after.system - before.user - before.system) / passed
    print(f"{there} screens, {changes} changes in {passed:.0f} s: {100 * used:.0f} % of a core (goal 15), "
          f"{most / 2**20:.0f} MB resident, {alone / 2**20:.0f} MB before (goal 200); "
          f"{messages / passed:.0f} messages/s of {received / max(1, messages):.0f} bytes, {left} screens at the end",
          flush=True)  # fmt: skip


def sizes(browser: Browser, wall: Installation) -> None:
    """Scripts and style sheets of the wall and of the desk."""
    for address in ("/wall", "/"):
        for kind, sent in coverage.measure(browser, wall.url + address).items():
            print(f"{address:6} {kind:10} {sent.files:3} files, {sent.wire / 1024:6.0f} kB sent, "
                  f"{sent.text / 1024:6.0f} kB of text, {100 * sent.used / max(1, sent.text):3.0f} % of it used",
                  flush=True)  # fmt: skip


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", choices=SECTIONS, action="append", help="only these parts (default: all)")
    options.add_argument("--rounds", type=int, default=5, help="of first pictures (default: %(default)s)")
    options.add_argument(
        "--seconds", type=float, default=60.0, help="of the delay and the crowd (default: %(default)s)"
    )
    options.add_argument("--screens", type=int, default=1_000, help="in the crowd (default: %(default)s)")
    given = options.parse_args()
    wanted = given.only or SECTIONS
    print(f"machine: {machine()}; load before: {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as wall, chromium() as browser:
        process = wall.start_dashboard()
        if "first" in wanted:
            first(browser, wall, given.rounds)
        if "delay" in wanted:
            delay(browser, wall, given.seconds)
        if "bytes" in wanted:
            sizes(browser, wall)
        if "crowd" in wanted:
            crowd(wall, process, given.screens, given.seconds)


if __name__ == "__main__":
    main()
