"""One module a kind of probe, each with ``asked`` and ``ask``."""
