"""Every table of the product in one metadata: each module that lays out tables is imported here."""

from __future__ import annotations

from opscentre.store import access_tables, admin_tables, alert_tables, people_tables, tables

#: The modules that lay out tables.
MODULES = (tables, alert_tables, access_tables, people_tables, admin_tables)

metadata = tables.metadata
