"""Keeps the parts of one installation up: starts, watches, restarts and stops them, and leaves no orphan."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from opscentre.runtime.role import ANEW, ENDS, LIFELINE

#: Seconds a part has to stop after SIGTERM before it is killed; with everything else, 5 s at most.
STOP_WITHIN = 3.5
#: Pauses before a restart, in seconds: from the first to the last, back to the first after a calm minute.
RESTART_FIRST, RESTART_LAST, CALM = 0.5, 10.0, 60.0
_PR_SET_PDEATHSIG = 1


@dataclass
class Part:
    """One process of an installation."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    #: Whether it answers by now; asked until it says so once after each start.
    ready: Callable[[], bool]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restarts: int = 0
    answers: bool = False
    last_exit: int | None = None
    #: How often it ended with each exit code, negative for a signal.
    ends: Counter[int] = field(default_factory=Counter)
    restart_at: float = 0.0
    pause: float = RESTART_FIRST

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self.process is not None and self.process.poll() is None

    @property
    def state(self) -> str:
        """One word for the status line."""
        if self.running:
            return "up" if self.answers else "starting"
        return "restarting" if self.last_exit is not None else "stopped"


@dataclass
class Supervisor:
    """Runs parts in order; ``logs`` gets one file a part, without it they write where this process writes."""

    logs: Path | None
    parts: list[Part] = field(default_factory=list)
    #: What every part finds in its environment beside its own.
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Called with the part and a short text whenever a part changes its state.
    tell: Callable[[Part, str], None] = lambda part, text: None
    #: Seconds that the parts have to stop before they are killed.
    stop_within: float = STOP_WITHIN
    _stopping: bool = False

    def __post_init__(self) -> None:
        if self.logs is not None:
            self.logs.mkdir(parents=True, exist_ok=True)
        self._lifeline, self._held = os.pipe()
        self._die_with_parent = _die_with_parent()

    def ask_to_stop(self, *_: object) -> None:
        """Signal handler: leave ``run`` at the next look."""
        self._stopping = True

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stopping

    def start(self, parts: Sequence[Part], within: float) -> None:
        """Start parts side by side and wait until all answer.

        Raises ``PartFailed`` when one ends, or does not answer within that many seconds.
        """
        for part in parts:
            self.parts.append(part)
            self._spawn(part)
        deadline = time.monotonic() + within
        waiting = list(parts)
        while waiting and not self._stopping:
            for part in list(waiting):
                if not part.running:
                    code = part.process.returncode if part.process else None
                    raise PartFailed(part, self.log(part), f"ended with code {code}")
                if part.ready():
                    self._mark_ready(part)
                    waiting.remove(part)
            if waiting and time.monotonic() > deadline:
                raise PartFailed(waiting[0], self.log(waiting[0]), f"did not answer within {within:.0f} s")
            time.sleep(0.05)

    def log(self, part: Part) -> Path | None:
        """The log file of a part, where it has one."""
        return None if self.logs is None else self.logs / f"{part.name}.log"

    def look(self) -> None:
        """One look at every part: restart what died, note what answers."""
        now = time.monotonic()
        for part in self.parts:
            if part.running:
                if not part.answers and part.ready():
                    self._mark_ready(part)
                if now - part.started > CALM:
                    part.pause = RESTART_FIRST
            elif part.restart_at == 0.0:
                part.last_exit = part.process.returncode if part.process else None
                if part.last_exit is not None:
                    part.ends[part.last_exit] += 1
                    _end_group(part.process)
                part.answers = False
                if part.last_exit == ANEW:
                    part.restart_at = now
                    self.tell(part, "ended to be started on files that have changed")
                    continue
                part.restart_at = now + part.pause
                see = f"; see {self.log(part)}" if self.logs else ""
                self.tell(part, f"died (exit {part.last_exit}); restarting in {part.pause:g} s{see}")
                part.pause = min(part.pause * 2, RESTART_LAST)
            elif now >= part.restart_at:
                part.restarts += 1
                self._spawn(part)

    def stop(self) -> None:
        """Stop everything, the newest part first to hear of it; kill what has not gone in time."""
        self._stopping = True
        for part in reversed(self.parts):
            if part.running and part.process:
                part.process.terminate()
        deadline = time.monotonic() + self.stop_within
        for part in reversed(self.parts):
            if part.process is None:
                continue
            try:
                part.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.tell(part, f"did not stop within {self.stop_within:g} s and is killed")
                os.killpg(part.process.pid, signal.SIGKILL)
                part.process.wait()

    def _spawn(self, part: Part) -> None:
        file = self.log(part)
        with file.open("ab") if file else nullcontext() as log:
            part.process = subprocess.Popen(
                part.command,
                env={
                    **os.environ, **self.environment, **part.environment,
                    LIFELINE: str(self._lifeline), ENDS: json.dumps(part.ends),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(self._lifeline,),
                # A group of its own: Ctrl-C in the terminal reaches the supervisor alone.
                start_new_session=True,
                preexec_fn=self._die_with_parent,
            )  # fmt: skip
        part.started = time.monotonic()
        part.answers = False
        part.restart_at = 0.0

    def _mark_ready(self, part: Part) -> None:
        part.answers = True
        self.tell(part, f"up after {time.monotonic() - part.started:.1f} s (pid {part.process and part.process.pid})")


def _end_group(process: subprocess.Popen[bytes] | None) -> None:
    """End what a dead part left behind: its own children would keep the ports that its successor needs."""
    if process is not None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


class PartFailed(Exception):
    """A part did not come up."""

    def __init__(self, part: Part, log: Path | None, what: str) -> None:
        self.part = part
        lines = [f"{part.name} {what}"]
        if log is not None:
            tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-12:]
            lines = [f"{lines[0]}. The end of {log}:", *(f"  {line}" for line in tail)]
        super().__init__("\n".join(lines))


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux, what makes the kernel end a child (Redis too) when the supervisor is killed outright."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def resident_megabytes(pid: int) -> float | None:
    """Memory of a process that is in RAM, in MB; None where the system does not tell."""
    status = Path(f"/proc/{pid}/statm")
    try:
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, ValueError, IndexError):
        return None
