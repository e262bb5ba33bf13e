"""Which collector reads which kind of source: a new kind is one folder and one line here."""

from __future__ import annotations

import importlib

from collectors.base import Collector, Given
from opscentre.settings import SettingsError

#: Kind → the module that has ``make(given)``; imported only where a source is of that kind.
KINDS = {
    "dvcqg_rest": "collectors.dvcqg_rest.collector",
    "sql_view": "collectors.sql_view.collector",
    "file_drop": "collectors.file_drop.collector",
}


def make(given: Given) -> Collector:
    """The collector of a source, its settings checked. Raises ``SettingsError``."""
    module = KINDS.get(given.config.kind)
    if module is None:
        raise SettingsError(f"{given.where}, kind: saw {given.config.kind!r}; there are: {', '.join(KINDS)}")
    collector: Collector = importlib.import_module(module).make(given)
    return collector
