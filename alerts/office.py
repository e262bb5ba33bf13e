"""One look at the world: every rule whose time has come is settled, and what has to be told is planned."""

from __future__ import annotations

import logging

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from alerts.digests import plan_digests
from alerts.files import Alerting
from alerts.kinds import KINDS
from alerts.planning import plan
from alerts.pruning import prune
from alerts.reconcile import end_marks, look_anew, retire, settle
from alerts.rules import Rule
from alerts.times import Times
from alerts.view import View
from opscentre.domain.moments import HOUR
from opscentre.profile import Profile

log = logging.getLogger(__name__)

#: Real ms between two times at which what is over long since is forgotten.
PRUNE_EVERY = 6 * HOUR


class Office:
    """Looks, settles and plans."""

    def __init__(self, engine: Engine, alerting: Alerting, profile: Profile, view: View) -> None:
        self._engine, self._alerting, self._profile, self._view = engine, alerting, profile, view
        self._prune_at = 0
        self._next: dict[str, int] = {}
        self._failing: set[str] = set()
        self._began = False

    def look(self, at: Times) -> int:
        """Settle the rules that are due and plan what is to be told; how many lines were planned.

        Raises ``SQLAlchemyError`` where SQL is away; what a look had settled by then holds.
        """
        if not self._began:
            retire(self._engine, self._alerting.rules, at.now)
            look_anew(self._engine, self._alerting.rules, at.now)
            self._began = True
        for rule in self._alerting.rules:
            if at.wall >= self._next.get(rule.code, 0):
                self._settle(rule, at)
                self._next[rule.code] = at.wall + round(rule.every * 1000)
        end_marks(self._engine, at.now)
        if at.wall >= self._prune_at:
            prune(self._engine, self._alerting.mail.keep_days, at)
            self._prune_at = at.wall + PRUNE_EVERY
        plan_digests(self._engine, self._alerting, self._profile, at)
        planned = whole = plan(self._engine, self._alerting, self._profile, at)
        while planned:
            # A flood is planned to its end before its mails leave: one a recipient, not one a round.
            planned = plan(self._engine, self._alerting, self._profile, at)
            whole += planned
        return whole

    def _settle(self, rule: Rule, at: Times) -> None:
        try:
            settle(self._engine, rule, KINDS[rule.kind].conditions(rule, self._view, at), at.now)
        except SQLAlchemyError:
            raise
        except Exception:
            # One rule that meets what it does not expect must not silence the others.
            if rule.code not in self._failing:
                log.exception("rule %s fails and is left out", rule.code)
            self._failing.add(rule.code)
        else:
            if rule.code in self._failing:
                log.info("rule %s works again", rule.code)
                self._failing.discard(rule.code)
