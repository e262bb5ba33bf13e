"""Collector kind ``file_drop``: CSV, XLSX and JSON files, packed or not, that a department drops into a folder."""
