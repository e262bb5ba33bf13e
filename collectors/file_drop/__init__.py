"""Collector kind ``file_drop``: CSV files that a department drops into a folder."""
