"""A real nginx on loopback, with the product's own configuration filled in."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from opscentre.runtime import nginx
from opscentre.runtime.nginx import TEMPLATE, filled_in
from tests.parts.process import PartMissing, Server

#: What the image's own nginx.conf wraps around ours.
AROUND = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/opscentre.conf;
}}
"""


def program() -> str:
    """nginx itself."""
    found = nginx.find()
    if found is None:
        raise PartMissing("no 'nginx' on the PATH or in /usr/sbin: apt-get install nginx")
    return found


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine's own for localhost, and its key."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder / "cert.pem", folder / "key.pem"


class Nginx(Server):
    """Serves HTTPS at ``port`` with what ``values`` fill into the template."""

    name = "nginx"

    def __init__(self, folder: Path, values: Mapping[str, str]) -> None:
        super().__init__(folder)
        self._program = program()
        listening = {"TLS_LISTEN": f"127.0.0.1:{self.port}"}
        (folder / "opscentre.conf").write_text(filled_in(TEMPLATE.read_text("utf-8"), {**values, **listening}), "utf-8")
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder), "utf-8")

    def command(self) -> list[str]:
        return [self._program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
