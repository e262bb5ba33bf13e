"""The schedule: every source, every link and the heartbeat at their own pace, none of them held up by another."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.job import Job
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from opscentre.domain.moments import ZONE

log = logging.getLogger(__name__)

#: Part of its interval by which a poll wanders, so that polls of one pace do not all come at once.
JITTER = 0.1


class _OwnThreads(BaseExecutor):
    """Runs each job in a thread of its own: as many as there are jobs, for none has two runs at once.

    The threads are daemons: a source that does not answer must not hold up the process's end. That is safe,
    because a poll that is cut off anywhere is simply repeated.
    """

    def __init__(self) -> None:
        super().__init__()
        self._busy = 0
        self._change = threading.Condition()

    def _do_submit_job(self, job: Job, run_times: list[dt.datetime]) -> None:
        with self._change:
            self._busy += 1
        threading.Thread(target=self._run, args=(job, run_times), name=f"poll {job.id}", daemon=True).start()

    def _run(self, job: Job, run_times: list[dt.datetime]) -> None:
        try:
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
            self._run_job_success(job.id, events)
        finally:
            with self._change:
                self._busy -= 1
                self._change.notify_all()

    def wait_idle(self, seconds: float) -> bool:
        """Wait until no job runs; False when one still does."""
        with self._change:
            return self._change.wait_for(lambda: self._busy == 0, seconds)


class Schedule:
    """Runs jobs at intervals (real seconds)."""

    def __init__(self) -> None:
        # Its own words would be one line a poll that takes longer than its interval.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._threads = _OwnThreads()
        self._scheduler = BackgroundScheduler(
            executors={"default": self._threads},
            timezone=dt.UTC,
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )

    def every(self, seconds: float, name: str, job: Callable[[], float | None], *, jitter: float = JITTER) -> None:
        """Run ``job`` now and every so many seconds; a run that is still going on is not joined by another.

        A job that returns a number is run next after that many seconds, and then at its interval again.
        """
        trigger = IntervalTrigger(seconds=seconds, jitter=seconds * jitter or None)

        def run() -> None:
            wait = job()
            if wait is not None:
                self._put_off(name, wait)

        self._scheduler.add_job(run, trigger, id=name, next_run_time=dt.datetime.now(dt.UTC))

    def daily(self, at: dt.time, name: str, job: Callable[[], None], *, wander: float = 0.0) -> None:
        """Run ``job`` each day at a local time, up to ``wander`` seconds sooner or later."""
        trigger = CronTrigger(hour=at.hour, minute=at.minute, timezone=ZONE, jitter=wander or None)
        self._scheduler.add_job(job, trigger, id=name)

    def _put_off(self, name: str, seconds: float) -> None:
        try:
            self._scheduler.modify_job(name, next_run_time=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds))
        except JobLookupError:
            log.debug("%s ended while the schedule was being stopped", name)

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self, patience: float) -> bool:
        """Begin no more runs; wait so many seconds for those that are going on. Whether all have ended."""
        until = time.monotonic() + patience
        self._scheduler.shutdown(wait=False)
        return self._threads.wait_idle(max(0.0, until - time.monotonic()))
