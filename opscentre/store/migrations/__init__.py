"""The schema's history: one revision a change of the tables, run by alembic; how to add one is in docs/upgrade.md."""
