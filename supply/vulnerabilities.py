"""``python -m supply.vulnerabilities``: what is known of weaknesses in the locked packages, by pip-audit.

Exit code 0: every package was looked up and nothing is known; 1: something is; 3: not every package could be looked up,
which is never called clean.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from supply.licences import LOCK

CLEAN, WEAK, UNKNOWN = 0, 1, 3
#: Seconds that looking everything up may take.
PATIENCE = 600


def judge(document: dict[str, Any]) -> tuple[int, list[str]]:
    """The exit code for what pip-audit found, and what is said of it."""
    packages = document["dependencies"]
    weak = [one for one in packages if one.get("vulns")]
    unknown = [one for one in packages if "skip_reason" in one]
    said = [
        f"{one['name']} {one['version']}: {weakness['id']}"
        f" (mended in {', '.join(weakness.get('fix_versions') or ['no version yet'])})"
        for one in weak
        for weakness in one["vulns"]
    ]
    if unknown or not packages:
        names = ", ".join(one["name"] for one in unknown)
        why = f": {unknown[0]['skip_reason']}" if unknown else ""
        said.append(
            f"NOT AUDITED: the vulnerability service knew nothing of {len(unknown)} of {len(packages)} packages{why}"
            + (f" [{names}]" if names else "")
        )
    elif not weak:
        said.append(f"clean: nothing is known against any of {len(packages)} packages")
    return (WEAK if weak else UNKNOWN if unknown or not packages else CLEAN), said


def look_up() -> tuple[int, list[str]]:
    """Have pip-audit look up every locked package."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--requirement", str(LOCK)]
    command += ["--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        return judge(json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        return UNKNOWN, [f"NOT AUDITED: the vulnerability service did not answer within {PATIENCE} s"]
    except (json.JSONDecodeError, KeyError):
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return UNKNOWN, [f"NOT AUDITED: pip-audit could not ask the vulnerability service: {last}"]


if __name__ == "__main__":
    code, said = look_up()
    print("\n".join(said))
    sys.exit(code)
