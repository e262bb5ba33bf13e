"""Collectors: one folder per kind of source, the schedule, cursors, quarantine."""
