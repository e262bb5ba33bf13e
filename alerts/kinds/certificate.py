"""A link whose certificate ends within so many days, or has ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from alerts.rules import Condition, Kind, Rule
from alerts.times import Times
from alerts.view import View
from opscentre.domain.moments import DAY


class CertificateEnds(Rule, frozen=True, kw_only=True):
    """How early to say so."""

    days: Annotated[float, msgspec.Meta(gt=0)] = 21


def conditions(rule: CertificateEnds, view: View, at: Times) -> Iterator[Condition]:
    """Links that showed a certificate which ends within that many days of real time."""
    for seen in view.links():
        ends = seen.certificate_expires_at
        if ends is not None and ends - at.wall <= rule.days * DAY:
            facts = {"link": seen.code, "ends": ends}
            yield Condition(seen.code, f"link:{seen.code}", "", round(ends - rule.days * DAY), facts)


KIND = Kind(CertificateEnds, conditions, "systems", ("Chứng thư số sắp hết hạn", "Certificate ends soon"))
