"""Takes a picture of a page: ``python -m bench.screenshot --url http://127.0.0.1:8050/wall --out wall.png``.

With ``--demo`` it starts a demo of its own, lets a simulated morning pass, and takes the wall: the README's picture.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Error

from bench.browser import chromium
from opscentre.runtime.folder import free_port

#: Speed of the demo whose picture is taken, and seconds until its morning is worth one.
DEMO_SPEED, DEMO_SETTLES = 60, 90.0
#: The page has had a push, its numbers are there, its fonts are loaded and its chart is drawn.
LIVE = """() => {
  const page = document.querySelector('.wall, .home');
  const drawn = !document.querySelector('.flow-chart') || document.querySelector('.flow-chart .main-svg');
  return page && /says-/.test(page.className) && document.getElementById('notice-text').textContent !== 'ĐANG KẾT NỐI'
    && document.fonts.status === 'loaded' && drawn;
}"""


def size(text: str) -> tuple[int, int]:
    """``1920x1080`` as two numbers."""
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 1920x1080") from None
    return width, height


def shoot(url: str, out: Path, viewport: tuple[int, int], scale: float, settle: float, patience: float) -> None:
    """Open ``url``, wait until it is live, let it settle for ``settle`` seconds, write the PNG."""
    with chromium() as browser:
        page = browser.new_page(
            viewport={"width": viewport[0], "height": viewport[1]}, device_scale_factor=scale, locale="vi-VN"
        )
        page.goto(url)
        page.wait_for_function(LIVE, timeout=patience * 1000)
        page.wait_for_timeout(settle * 1000)
        out.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(out))


@contextmanager
def demo() -> Iterator[str]:
    """The address of the wall of a demo that runs for the while."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "opscentre", "demo", "--port", str(port), "--data", folder]
        process = subprocess.Popen([*command, "--speed", str(DEMO_SPEED)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            # Its first lines say when it is ready; what follows fits the pipe.
            if not any("ready after" in line for line in process.stdout):
                raise RuntimeError("the demo did not come up")
            yield f"http://127.0.0.1:{port}/wall"
        finally:
            process.terminate()
            process.wait(20)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--demo", action="store_true", help="the wall of a demo started for it")
    what.add_argument("--url", help="the page, such as http://127.0.0.1:8050/wall")
    parser.add_argument("--out", required=True, type=Path, help="the PNG to write")
    parser.add_argument("--size", type=size, default=(1920, 1080), help="CSS pixels, such as 1920x1080")
    parser.add_argument("--scale", type=float, default=1.0, help="device pixels per CSS pixel")
    parser.add_argument("--settle", type=float, default=1.5, help="seconds to wait once it is live")
    parser.add_argument("--patience", type=float, default=30.0, help="seconds until it must be live")
    given = parser.parse_args()
    try:
        if given.demo:
            with demo() as url:
                shoot(url, given.out, given.size, given.scale, DEMO_SETTLES, given.patience)
        else:
            shoot(given.url, given.out, given.size, given.scale, given.settle, given.patience)
    except Error as error:
        print(f"{given.url or 'demo'}: no picture taken: {error}", file=sys.stderr)
        return 1
    print(given.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
