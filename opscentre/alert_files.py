"""What pages need to know of ``alerts.toml`` and ``recipients.csv``: what rules are called, and who hears.

Read leniently: the role that raises alerts says what is wrong in these files, and a page shows codes instead.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

import msgspec

from opscentre.domain.recipients import Recipient, Recipients
from opscentre.profile import Profile
from opscentre.settings import Settings
from opscentre.table_file import read_table

log = logging.getLogger(__name__)


class RuleName(msgspec.Struct, frozen=True):
    """A rule as people know it."""

    code: str
    kind: str = ""
    #: In Vietnamese and in English; empty: as its kind is called.
    title: str = ""
    title_en: str = ""
    tell: str = "raised"


class AlertNames(NamedTuple):
    """The rules by code, and the recipients."""

    rules: dict[str, RuleName]
    recipients: Recipients
    #: Every row, in the file's order.
    rows: tuple[Recipient, ...]

    def kind(self, rule: str) -> str:
        """The kind of a rule; empty where no rule has this code any more."""
        return self.rules[rule].kind if rule in self.rules else ""

    @property
    def quiet(self) -> tuple[str, ...]:
        """The codes of the rules of which only the end is told: while they hold nobody is to react."""
        return tuple(rule.code for rule in self.rules.values() if rule.tell == "resolved")

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """The codes of the rules of a kind."""
        return tuple(rule.code for rule in self.rules.values() if rule.kind == kind)


class _File(msgspec.Struct):
    rule: list[RuleName] = []


def alerts_path(profile: Profile, settings: Settings) -> Path:
    """Where ``alerts.toml`` of an installation lies; ``recipients.csv`` is beside it."""
    if not settings.alerts:
        return profile.folder / "alerts.toml"
    given = Path(settings.alerts)
    return given / "alerts.toml" if given.is_dir() else given


def read_names(profile: Profile, settings: Settings) -> AlertNames:
    """The names of an installation; none of a file that is missing or cannot be read."""
    path = alerts_path(profile, settings)
    rules: list[RuleName] = []
    try:
        rules = msgspec.toml.decode(path.read_bytes(), type=_File).rule if path.is_file() else []
    except (msgspec.MsgspecError, OSError) as error:
        log.warning("%s: rules go by their codes, because the file cannot be read: %s", path, error)
    rows = tuple(read_table(path.with_name("recipients.csv"), Recipient).values)
    return AlertNames({rule.code: rule for rule in rules}, Recipients(rows), rows)
