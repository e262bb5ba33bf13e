"""A real IMAP server (Dovecot) on loopback, as a user that is not root: TLS only, one user, its mails in a Maildir."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import tempfile
from pathlib import Path

from tests.parts.process import PartMissing, Server

USER, PASSWORD = "bounces", "a password"

CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mails
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def program() -> str:
    """Dovecot itself."""
    found = shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if found is None or not Path("/usr/lib/dovecot/imap").exists():
        raise PartMissing("no 'dovecot' with IMAP in /usr/sbin: apt-get install dovecot-imapd")
    return found


class Dovecot(Server):
    """Serves IMAP over TLS at ``port``; ``mails`` is the user's Maildir, ``certificate`` what it shows."""

    name = "dovecot"

    def __init__(self, folder: Path, certificate: Path, key: Path) -> None:
        self._program = program()
        # pytest closes its folders to everyone else, and names them longer than a socket's path may be.
        self._own = tempfile.TemporaryDirectory(prefix="opscentre-imap-", ignore_cleanup_errors=True)
        super().__init__(Path(self._own.name))
        owner = pwd.getpwnam("dovecot") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self.certificate = certificate
        self.mails = self.folder / "mails"
        for place in ("cur", "new", "tmp"):
            (self.mails / place).mkdir(parents=True)
        (self.folder / "users").write_text(f"{USER}:{PASSWORD}\n", "utf-8")
        shutil.copy(certificate, self.folder / "cert.pem")
        shutil.copy(key, self.folder / "key.pem")
        values = {"folder": self.folder, "port": self.port, "user": owner.pw_name,
                  "group": grp.getgrgid(owner.pw_gid).gr_name}  # fmt: skip
        (self.folder / "dovecot.conf").write_text(CONFIGURATION.format(**values), "utf-8")
        self._user = owner.pw_name if os.geteuid() == 0 else None
        if self._user is not None:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid)

    @property
    def url(self) -> str:
        """Its inbox, as alerts.toml names it."""
        return f"imaps://{USER}@127.0.0.1:{self.port}/INBOX"

    def keep(self, name: str, mail: bytes) -> None:
        """Put a mail into the mailbox, as a mail server does."""
        waiting = self.mails / "tmp" / name
        waiting.write_bytes(mail)
        waiting.chmod(0o666)
        waiting.rename(self.mails / "new" / name)

    def command(self) -> list[str]:
        # Its group has to be that user's as well.
        become = ["setpriv", f"--reuid={self._user}", f"--regid={self._user}", "--clear-groups", "--pdeathsig=KILL"]
        command = [self._program, "-F", "-c", str(self.folder / "dovecot.conf")]
        return [*become, *command] if self._user else command
