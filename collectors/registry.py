"""Which collector reads which kind of source: a new kind is one folder and one line here."""

from __future__ import annotations

import importlib

import msgspec

from collectors.base import Collector, Given
from collectors.links.settings import require_address
from collectors.placeholders import has_placeholder
from opscentre.settings import SettingsError
from opscentre.sources import LinkConfig, SourceConfig, checked

#: Kind → the module that has ``make(given)``; imported only where a source is of that kind.
KINDS = {
    "dvcqg_rest": "collectors.dvcqg_rest.collector",
    "sql_view": "collectors.sql_view.collector",
    "file_drop": "collectors.file_drop.collector",
    "figures": "collectors.figures.collector",
    "webhook": "collectors.webhook.collector",
}


def make(given: Given) -> Collector:
    """The collector of a source, its settings checked. Raises ``SettingsError``."""
    collector: Collector = importlib.import_module(_module(given.config, given.where)).make(given)
    return collector


def check(config: SourceConfig, where: str) -> None:
    """Raise ``SettingsError`` where nothing reads a source's kind, or its settings have a wrong key or type.

    Values that depend on the machine (addresses filled in later, secrets) are checked when the source is opened.
    """
    checked(config.settings, settings_of(config, where), f"{where}, settings")


def settings_of(config: SourceConfig, where: str) -> type[msgspec.Struct]:
    """The struct that a source's settings are checked against. Raises ``SettingsError`` for an unknown kind."""
    package = _module(config, where).rpartition(".")[0]
    found: type[msgspec.Struct] = importlib.import_module(f"{package}.settings").SETTINGS
    return found


def check_link(config: LinkConfig, where: str) -> None:
    """Raise ``SettingsError`` where a link's address does not fit its kind; one in braces is filled in later."""
    if not has_placeholder(config.address):
        require_address(config, where)


def _module(config: SourceConfig, where: str) -> str:
    module = KINDS.get(config.kind)
    if module is None:
        raise SettingsError(f"{where}, kind: saw {config.kind!r}; there are: {', '.join(KINDS)}")
    return module
