"""``make soak-alerts``: alerts killed for minutes, a thousand desks, and 50,000 dossiers that fall due at once."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.alerts.test_exactness import Centre, finish
from tests.parts.process import wait_until


def main() -> None:
    """Run the three of them one after the other and print what each came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=180, help="of killing")
    parser.add_argument("--dossiers", type=int, default=50_000, help="that fall due at once, in 125 units")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    _thousand_desks()
    _flood(given.dossiers)
    _killed(given.seconds, given.seed)


def _centre() -> Centre:
    return Centre(Path(tempfile.mkdtemp(prefix="opscentre-soak-")))


def _thousand_desks() -> None:
    centre = _centre()
    numbers = centre.late(1_000)
    begun = time.monotonic()
    running = [centre.start("work", 600, 1_000) for _ in range(2)]
    wait_until(lambda: centre.states() == {"sent": 1_000}, 600, "a thousand messages are sent")
    took = time.monotonic() - begun
    finish(running)
    repeats = centre.assert_told_once(numbers)
    print(f"two processes, 1,000 desks: {len(centre.office.arrived)} mails, {repeats} repeats, {took:.1f} s")
    centre.close()


def _flood(dossiers: int) -> None:
    centre, units = _centre(), 125
    centre.late(units, dossiers // units)
    begun = time.monotonic()
    running = [centre.start("work", 600, units) for _ in range(2)]
    wait_until(lambda: centre.states() == {"sent": units}, 600, "one mail a unit is sent")
    took = time.monotonic() - begun
    finish(running)
    a_unit = Counter(mail.to for mail in centre.office.arrived)
    most = max(a_unit.values())
    print(f"{dossiers:,} dossiers due at once: {len(a_unit)} units, at most {most} mail each, {took:.1f} s")
    centre.close()


def _killed(seconds: float, seed: int) -> None:
    begun, killed, waves = time.monotonic(), 0, 0
    while time.monotonic() - begun < seconds:
        waves += 1
        killed += _wave(waves, seed + waves)
    print(f"{killed} killed in all, nothing missing, nothing told twice under two names")


def _wave(number: int, seed: int) -> int:
    """Kill for twenty seconds, let what is left be sent, and count; how many were killed."""
    centre = _centre()
    numbers = centre.late(300, 2)
    said, _ = centre.start("kill", 20, 300, lease=2, seed=seed).communicate(timeout=120)
    last = centre.start("work", 300, 300, lease=2)
    wait_until(lambda: centre.states() == {"sent": 300}, 300, "one mail a unit is sent")
    finish([last])
    repeats = centre.assert_told_once(numbers)
    print(f"wave {number}: {int(said)} killed, {len(numbers)} alerts told once, {repeats} mails repeated", flush=True)
    centre.close()
    return int(said)


if __name__ == "__main__":
    main()
