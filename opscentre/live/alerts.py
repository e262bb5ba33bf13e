"""The read model of alerts beside the wall's picture: ways that do not work, dossiers that somebody answered for.

It is read from SQL beside the push, every few seconds; every picture carries the newest one.
"""

from __future__ import annotations

import msgspec

from opscentre.domain.alert_desk import Answered, Trouble


class AlertsShown(msgspec.Struct, kw_only=True):
    """One such picture."""

    troubles: list[Trouble]
    #: ``source/number`` → the newest answer that stands.
    answered: dict[str, Answered]
