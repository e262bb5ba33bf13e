"""For container health checks: ``python -m opscentre.runtime.answers URL`` ends with 0 when the URL answers 200."""

from __future__ import annotations

import sys

import httpx

#: Seconds an answer may take.
PATIENCE = 2.5


def main(url: str) -> int:
    """0 when the URL answers 200; else 1, and a line that says what it did instead."""
    try:
        answer = httpx.get(url, timeout=PATIENCE, trust_env=False)
    except httpx.HTTPError as error:
        print(f"{url}: {type(error).__name__}: {error}")
        return 1
    if answer.status_code == httpx.codes.OK:
        return 0
    print(f"{url}: HTTP {answer.status_code} {answer.text[:300]}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
