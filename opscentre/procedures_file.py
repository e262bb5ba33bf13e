"""``procedures.csv`` of a profile, read and checked.

The codes have the national form, but the catalogues that ship are for demonstrations: limits and frequencies
are plausible, not law.
"""

from __future__ import annotations

from pathlib import Path

from opscentre.domain.deadlines import LIMIT_WANTED, is_limit
from opscentre.domain.procedures import Procedure
from opscentre.table_file import ProfileError, Table, read_table


def check_procedures(path: Path) -> Table[Procedure]:
    """The procedures of a profile in the file's order, and everything that is wrong with the file."""
    table = read_table(path, Procedure, required=True)
    table.require_unique("code")
    for row in table.rows:
        if not is_limit(row.value.limit):
            table.blame(row, "limit", "cannot be read as a limit", f"want {LIMIT_WANTED}")
        if row.value.level != "commune" and not row.value.handlers:
            table.blame(row, "departments", "no department handles it", "name the codes of the departments, with ;")
        for key in ("fee", "daily"):
            if getattr(row.value, key) < 0:
                table.blame(row, key, "is below zero", "want zero or more")
    return table


def read_procedures(path: Path) -> tuple[Procedure, ...]:
    """The procedures of a profile, in the file's order. Raises ``ProfileError``."""
    table = check_procedures(path)
    if table.faults:
        raise ProfileError(str(table.faults[0]))
    return table.values
