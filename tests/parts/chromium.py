"""A real Chromium through Playwright: the system's, else the one Playwright has downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from bench.browser import FLAGS
from tests.parts.process import PartMissing

ADVICE = "apt-get install chromium, or playwright install chromium"


@contextmanager
def browser() -> Iterator:
    """A headless Playwright ``Browser`` of the synchronous API."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise PartMissing(f"the package playwright is not installed ({error}): pip install playwright") from None
    system = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        program = system or playwright.chromium.executable_path
        if not os.access(program, os.X_OK):
            raise PartMissing(f"no 'chromium' on the PATH and none at {program}: {ADVICE}")
        try:
            started = playwright.chromium.launch(executable_path=program, headless=True, args=FLAGS)
        except Error as error:
            raise PartMissing(f"{program} does not start: {str(error)[:300]}; {ADVICE}") from None
        try:
            yield started
        finally:
            started.close()
