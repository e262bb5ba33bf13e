"""Collector kind ``sql_view``: a view that a department's database opens to us, read-only."""
