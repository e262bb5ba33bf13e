"""A real PostgreSQL server in a temporary folder, as a user that is not root, on loopback only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import psycopg
from psycopg import sql

from tests.parts.process import PartMissing, Server

ADVICE = "install it (Debian: apt-get install postgresql)"


def programs() -> Path:
    """The folder of ``initdb`` and ``postgres``, the newest where there are several."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name))
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    raise PartMissing(f"no 'initdb' in /usr/lib/postgresql/*/bin or on the PATH: {ADVICE}")


def server_user() -> str | None:
    """Whom to run as: nobody else where we are not root, else ``postgres`` or ``nobody``."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise PartMissing("PostgreSQL refuses to run as root, and there is no user 'postgres' or 'nobody' to run it")


class Postgres(Server):
    """A cluster that survives SIGKILL (not a power cut: it does not sync, for speed)."""

    name = "postgres"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._programs = programs()
        self._user = server_user()
        if self._user is not None:
            # pytest closes its folders to everyone else, and the server's user must get to its own.
            self._own = tempfile.TemporaryDirectory(prefix="opscentre-postgres-", ignore_cleanup_errors=True)
            self.folder = Path(self._own.name)
            shutil.chown(self.folder, self._user)
        self._data = self.folder / "cluster"
        self._initialise()

    def user(self) -> str | None:
        return self._user

    def command(self) -> list[str]:
        return [
            str(self._programs / "postgres"), "-D", str(self._data), "-p", str(self.port),
            "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
            "-c", "fsync=off", "-c", "shared_buffers=32MB",
        ]  # fmt: skip

    def ready(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End it at once but in order: SIGINT closes the sessions that tests left open."""
        if self.process is not None:
            self.process.send_signal(2)
            self.process.wait(20)
        self.process = None

    def create_database(self) -> str:
        """A fresh, empty database; its name."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        with self._connect("postgres") as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, with whoever is still in it."""
        with self._connect("postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def database_url(self, name: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=True, connect_timeout=5
        )

    def _initialise(self) -> None:
        done = subprocess.run(
            [str(self._programs / "initdb"), "-D", str(self._data), "-U", "postgres", "-A", "trust",
             "-E", "UTF8", "--locale=C", "--no-sync"],
            cwd=self.folder, user=self._user, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"initdb failed: {done.stdout} {done.stderr}"
