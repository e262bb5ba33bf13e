"""nginx in front of the dashboards without containers: the shipped template filled in, as one more supervised part."""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path

from opscentre import paths
from opscentre.runtime.folder import Unusable
from opscentre.runtime.supervisor import Part
from opscentre.settings import Settings

TEMPLATE = paths.ROOT / "deploy" / "nginx" / "opscentre.conf.template"
#: What nginx.conf wraps around the template. Its own files lie in a folder of ours, so that it needs no root.
AROUND = """daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes 2;
{user}events {{
    worker_connections 4096;
}}
http {{
    access_log off;
    types {{
        text/html html;
    }}
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/opscentre.conf;
}}
"""


def nginx_part(settings: Settings, dashboards: Sequence[str]) -> Part:
    """nginx on the settings' TLS address before dashboards at ``host:port``; it answers once it listens.

    Raises ``Unusable`` where nginx or a certificate is not there.
    """
    program = find()
    if program is None:
        raise Unusable(
            f"OPSCENTRE_TLS_LISTEN={settings.tls_listen}: no 'nginx' on the PATH or in /usr/sbin; install it (Debian: "
            "apt-get install nginx), or leave the setting out"
        )
    for name, file in (("CERTIFICATE", settings.certificate), ("CERTIFICATE_KEY", settings.certificate_key)):
        if not file or not os.access(file, os.R_OK):
            raise Unusable(f"OPSCENTRE_{name}={file!r}: cannot be read; nginx needs a certificate and its key (PEM)")
    folder = settings.data.resolve() / "nginx"
    folder.mkdir(exist_ok=True)
    values = {
        "DASHBOARD_1": dashboards[0],
        "DASHBOARD_2": dashboards[-1],
        "SERVER_NAME": settings.server_name,
        "HTTP_LISTEN": settings.http_listen,
        "TLS_LISTEN": settings.tls_listen,
        "CERTIFICATE": str(Path(settings.certificate).resolve()),
        "CERTIFICATE_KEY": str(Path(settings.certificate_key).resolve()),
    }
    (folder / "opscentre.conf").write_text(filled_in(TEMPLATE.read_text("utf-8"), values), "utf-8")
    # As root it would give its workers to a user who cannot enter our folder; anybody else has no choice.
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user), "utf-8")
    host, _, port = settings.tls_listen.rpartition(":")
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    return Part("nginx", command, {}, lambda: _listens(host or "127.0.0.1", int(port)))


def find() -> str | None:
    """The program; None where there is none."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def filled_in(template: str, values: dict[str, str]) -> str:
    """The template with ``${NAME}`` replaced where there is a value of that name, as the image's start script does."""
    return re.sub(r"\$\{(\w+)\}", lambda found: values.get(found[1], found[0]), template)


def _listens(host: str, port: int) -> bool:
    # An address that means "all of them" is asked for on this machine.
    asked = "127.0.0.1" if host in ("0.0.0.0", "*") else host.strip("[]")
    with socket.socket(socket.AF_INET6 if ":" in asked else socket.AF_INET) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((asked, port)) == 0
