"""Probes of links: whether a system answers, how fast, and since when it does not."""
