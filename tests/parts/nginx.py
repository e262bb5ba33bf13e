"""A real nginx on loopback, with the product's own configuration filled in."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from opscentre import paths
from tests.parts.process import PartMissing, Server

TEMPLATE = paths.ROOT / "deploy" / "nginx" / "opscentre.conf.template"

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


def filled_in(template: str, values: Mapping[str, str]) -> str:
    """The template with ``${NAME}`` replaced where the environment has NAME, as the image's start script does it."""
    return re.sub(r"\$\{(\w+)\}", lambda found: values.get(found[1], found[0]), template)


class Nginx(Server):
    """Serves HTTPS at ``port`` with what ``values`` fill into the template."""

    name = "nginx"

    def __init__(self, folder: Path, values: Mapping[str, str]) -> None:
        super().__init__(folder)
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if program is None:
            raise PartMissing("no 'nginx' on the PATH or in /usr/sbin: apt-get install nginx")
        self._program = program
        listening = {"TLS_LISTEN": f"127.0.0.1:{self.port}"}
        (folder / "opscentre.conf").write_text(filled_in(TEMPLATE.read_text("utf-8"), {**values, **listening}), "utf-8")
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder), "utf-8")

    def command(self) -> list[str]:
        return [self._program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
