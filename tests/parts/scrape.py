"""What a role tells to Prometheus, read over HTTP as Prometheus reads it."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

Sample = tuple[str, frozenset[tuple[str, str]]]


class Scraped(dict[Sample, float]):
    """Samples by name and labels."""

    def of(self, name: str, **labels: str) -> float | None:
        """One sample; None where there is none."""
        return self.get((name, frozenset(labels.items())))

    def sum(self, name: str) -> float:
        """All samples of a name, whatever their labels."""
        return sum(value for (found, _), value in self.items() if found == name)


def scrape(port: int) -> Scraped:
    """One scrape of a role on loopback; empty while it does not answer."""
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5).raise_for_status().text
    except httpx.TransportError:
        return Scraped()
    return Scraped(
        ((sample.name, frozenset(sample.labels.items())), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    )
