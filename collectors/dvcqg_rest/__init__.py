"""Collector kind ``dvcqg_rest``: a one-stop system's HTTP interface in the vocabulary of the national portal."""
