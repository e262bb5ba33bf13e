"""``make bench-demo``: how soon the demo shows its first picture, and how much memory all its processes take."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Error, Page

from bench.browser import chromium
from bench.report import machine
from opscentre.runtime.folder import free_port

#: The wall is up and shows a number of dossiers, not a dash.
_FIRST_NUMBER = "() => /\\d/.test(document.getElementById('kpi-received')?.textContent || '')"


def main() -> None:
    """Run the measurement and print it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0, help="when memory is read (default: %(default)s)")
    options.add_argument("--speed", type=float, default=10.0, help="the demo's speed (default: %(default)s)")
    given = options.parse_args()
    print(f"machine: {machine()}")
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        port = free_port()
        command = [sys.executable, "-m", "opscentre", "demo", "--port", str(port), "--data", f"{folder}/data"]
        begun = time.monotonic()
        demo = subprocess.Popen([*command, "--speed", str(given.speed)], stdout=subprocess.DEVNULL)
        try:
            picture = _first_picture(page, f"http://127.0.0.1:{port}/wall", begun)
            print(f"first picture with numbers: {picture:.1f} s after the command was started")
            time.sleep(max(0.0, begun + given.minutes * 60 - time.monotonic()))
            _print_memory(demo.pid, given.minutes)
        finally:
            demo.terminate()
            demo.wait(20)


def _first_picture(page: Page, url: str, begun: float) -> float:
    while True:
        try:
            page.goto(url)
            break
        except Error as error:
            if "ERR_CONNECTION_REFUSED" not in str(error) or time.monotonic() - begun > 60:
                raise
            time.sleep(0.05)
    page.wait_for_function(_FIRST_NUMBER, timeout=60_000)
    return time.monotonic() - begun


def _print_memory(supervisor: int, minutes: float) -> None:
    whole = psutil.Process(supervisor)
    rows = [("supervisor", whole)]
    rows += [(_name(child), child) for child in whole.children(recursive=True)]
    sizes = [(name, process.memory_full_info()) for name, process in rows]
    print(f"memory after {minutes:g} minutes (resident / proportional, MB):")
    for name, info in sizes:
        print(f"  {name:<11}{info.rss / 1e6:7.0f} {info.pss / 1e6:7.0f}")
    print(f"  {'all':<11}{sum(i.rss for _, i in sizes) / 1e6:7.0f} {sum(i.pss for _, i in sizes) / 1e6:7.0f}")


def _name(process: psutil.Process) -> str:
    words = process.cmdline()
    if "simulator" in words:
        return "simulator"
    return words[-1] if "opscentre" in words else Path(words[0]).name


if __name__ == "__main__":
    main()
