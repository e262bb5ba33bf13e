"""``python -m opscentre.store.new_revision "What it does"``: a revision for what the tables have and none makes yet."""

from __future__ import annotations

import contextlib
import io
import re
import sys
import tempfile
from pathlib import Path

from alembic import command

from opscentre.store.engine import connect
from opscentre.store.migrations import runner
from opscentre.store.revisions import FOLDER, head
from opscentre.store.schema import whoever_migrates


def write(message: str, folder: Path = FOLDER) -> Path:
    """Write the revision's file from the difference between the revisions and the tables; its path."""
    number = f"{int(head(folder)) + 1:04}"
    slug = re.sub(r"\W+", "_", message.lower()).strip("_")[:40]
    with tempfile.TemporaryDirectory() as scratch:
        engine = connect(f"sqlite:///{scratch}/scratch.db")
        with whoever_migrates(engine) as connection:
            runner.run(connection, head(folder), folder=folder)
            made = runner.config(folder, connection=connection)
            made.set_main_option("file_template", f"r{number}_{slug}")
            with contextlib.redirect_stdout(io.StringIO()):
                command.revision(made, message.rstrip("."), autogenerate=True, rev_id=number)
        engine.dispose()
    path = folder / "versions" / f"r{number}_{slug}.py"
    lines = path.read_text(encoding="utf-8").rstrip().splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("    # ###")) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('python -m opscentre.store.new_revision "What it does"')
    print(f"{write(sys.argv[1])}: read it, mend it, and write its 'works_with'")
