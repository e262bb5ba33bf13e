"""Settings of every role: defaults, environment names, and the embedded parts that a data folder implies."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How one installation is put together. Each field is read from ``OPSCENTRE_<NAME>``."""

    #: Folder of the embedded parts (SQLite, event log, clock, dropped files).
    data: Path = Path("data")
    #: Province profile: a folder below ``config/``.
    profile: str = "thai-nguyen"
    #: The pipe: ``embedded:///path/events.db`` or ``kafka://host:9092``; empty: embedded in ``data``.
    broker: str = ""
    #: SQL, an SQLAlchemy URL; empty: SQLite in ``data``.
    database: str = ""
    #: Redis URL; empty: the port written down in ``data`` by the supervisor.
    redis: str = ""
    #: ``real`` or a simulated clock's anchor as JSON.
    clock: str = "real"
    #: Address the dashboard listens on.
    host: str = "127.0.0.1"
    #: Port the dashboard listens on.
    port: int = 8050
    #: Who may use the dashboard: ``off``: everybody at this machine is its administrator, served on loopback only;
    #: ``required``: whoever signed in.
    sign_in: Literal["off", "required"] = "off"
    #: Whether the wall, without dossiers' numbers, is shown to whoever asks for it where people sign in: ``on``.
    public_wall: Literal["off", "on"] = "off"
    #: Origins whose pages may show ours in a frame, by spaces; empty: none.
    framed_by: str = ""
    #: Address and port on which ``opscentre up`` lets nginx serve over TLS, such as ``127.0.0.1:8443``; empty:
    #: no nginx.
    tls_listen: str = ""
    #: Where nginx sends plain HTTP on to it.
    http_listen: str = "127.0.0.1:8080"
    #: The name that visitors type, as the certificate has it.
    server_name: str = "localhost"
    #: nginx's certificate with its chain, and its key: files in PEM form.
    certificate: str = ""
    certificate_key: str = ""
    #: Minutes without use after which a session ends, and hours after which it ends in any case.
    session_idle: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    session_longest: Annotated[float, msgspec.Meta(gt=0)] = 12.0
    #: File that names an OpenID provider to sign in with; empty: passwords only.
    oidc: str = ""
    #: Addresses (``10.0.0.0/8``, with commas) of the proxies whose word is taken for where a request comes from;
    #: empty: those on this machine.
    proxies: str = ""
    #: Requests to the API that one token, and one address without any, may make a minute; 0: as many as they like.
    api_rate: Annotated[int, msgspec.Meta(ge=0)] = 120
    #: Folder with one file for each secret that is named anywhere, called as it is; beside ``<NAME>_FILE``.
    secrets: str = ""
    #: Folder or file of the sources' settings; empty: ``config/<profile>/sources.toml``.
    sources: str = ""
    #: Folder or file of the alerts' settings; empty: ``config/<profile>/alerts.toml``.
    alerts: str = ""
    #: Where mail goes: ``smtp://HOST:PORT``, ``smtp+starttls://``, ``smtps://``, ``mailbox`` (one built in, for
    #: demos) or ``dry-run``; empty: the server that alerts.toml names.
    mail: str = ""
    #: Partitions of the dossiers topic; 0: 4 embedded, 12 on Kafka.
    partitions: int = 0
    #: Seconds without progress, while there is something to digest, after which a stream worker ends itself.
    stalled_after: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    #: Stream workers that ``opscentre stream`` runs on this machine; more than one on Kafka only.
    workers: Annotated[int, msgspec.Meta(ge=1)] = 1
    #: Which of several this process is, from 1, set by the one that starts them; 0: the only one.
    worker: Annotated[int, msgspec.Meta(ge=0)] = 0
    #: Days for which a dead letter that was dismissed or sent again is kept, counted from then.
    dead_letters_kept: Annotated[float, msgspec.Meta(ge=0)] = 90.0
    #: Days for which is kept what was noticed of a dossier that is over; its state is kept for good.
    history_kept: Annotated[float, msgspec.Meta(ge=1)] = 1100.0
    #: Where each role tells how it is (/healthz, /readyz, /metrics), ``host:port`` (worker N of several:
    #: port + N - 1); empty: nowhere.
    stream_metrics: str = ""
    collect_metrics: str = ""
    dashboard_metrics: str = ""
    alerts_metrics: str = ""
    #: What a role that no supervisor of ours has started does when the calendar or another file that it runs on has
    #: changed: ``stay`` with what it has read, and say so, or ``end`` with exit code 75, for what starts it again.
    on_change: Literal["stay", "end"] = "stay"
    #: Lines of the log on standard error: ``text``, or ``json`` for what collects logs.
    log: Literal["text", "json"] = "text"

    @property
    def embedded(self) -> bool:
        """Whether the pipe is the embedded one."""
        return not self.broker or self.broker.startswith("embedded:")

    @property
    def broker_url(self) -> str:
        """The pipe's URL, with the embedded default filled in."""
        return self.broker or f"embedded://{(self.data / 'events.db').resolve()}"

    @property
    def database_url(self) -> str:
        """The SQL URL, with the embedded default filled in. Raises ``SettingsError`` for another kind of database."""
        kind = self.database.partition(":")[0].partition("+")[0]
        if self.database and kind not in ("sqlite", "postgresql"):
            raise SettingsError(
                f"OPSCENTRE_DATABASE: saw {kind!r} at its beginning; want postgresql+psycopg://USER:PASSWORD@HOST/NAME "
                "or sqlite:////PATH"
            )
        return self.database or f"sqlite:///{(self.data / 'opscentre.db').resolve()}"

    @property
    def redis_url(self) -> str:
        """The Redis URL, or the address that the supervisor left in the data folder.

        Raises ``SettingsError`` when neither is there, or what is there is no address.
        """
        if self.redis:
            _require_redis(self.redis)
            return self.redis
        left = self.data / "redis.url"
        if left.is_file():
            return left.read_text(encoding="utf-8").strip()
        raise SettingsError(
            f"no Redis: OPSCENTRE_REDIS is not set and {left} does not exist; "
            "start the parts with 'opscentre demo', or set OPSCENTRE_REDIS=redis://HOST:PORT/0"
        )

    @property
    def dossier_partitions(self) -> int:
        """Partitions of the dossiers topic on this pipe."""
        from opscentre.pipe.topics import EMBEDDED_PARTITIONS, KAFKA_PARTITIONS

        return self.partitions or (EMBEDDED_PARTITIONS if self.embedded else KAFKA_PARTITIONS)

    def environment(self) -> dict[str, str]:
        """The settings as environment variables for a child process; what stands in a file stays there."""
        found = {}
        for name, value in msgspec.structs.asdict(self).items():
            variable = f"OPSCENTRE_{name.upper()}"
            if not os.environ.get(variable) and value and _from_file(name, os.environ) == value:
                found[f"{variable}_FILE"] = os.environ[f"{variable}_FILE"]
            elif str(value):
                found[variable] = str(value)
        return found


def _require_redis(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("redis", "rediss", "unix") and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        # Not a letter of it: it may be the password that is in the wrong place.
        raise SettingsError(
            "OPSCENTRE_REDIS: no such address; want redis://:PASSWORD@HOST:PORT/0, where the password has %2F for /, "
            "%3A for : and %40 for @"
        )


class SettingsError(Exception):
    """A setting cannot be used; the text says which, the value seen and what to do."""


def load(environment: Mapping[str, str] | None = None, **given: object) -> Settings:
    """Settings from the environment, with non-``None`` arguments winning.

    ``OPSCENTRE_<NAME>_FILE`` names a file that holds the value: for what must not stand in an environment.
    """
    env = os.environ if environment is None else environment
    raw: dict[str, object] = {}
    for name in Settings.__struct_fields__:
        value = given.get(name)
        if value is None:
            value = env.get(f"OPSCENTRE_{name.upper()}") or _from_file(name, env)
        if value is not None:
            raw[name] = str(value)
    try:
        return msgspec.convert(raw, Settings, strict=False, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        # The one that is wrong, and no other: some carry a password, or were put into a file so that nobody reads them.
        wrong = str(error).rpartition("$.")[2].rstrip("`")
        seen = "" if "@" in str(raw.get(wrong)) else f"; saw {raw.get(wrong)!r}"
        told = f"{str(error).partition(' - at ')[0]}{seen}; docs/settings.md says more"
        raise SettingsError(f"OPSCENTRE_{wrong.upper()}: {told}") from None


def _from_file(name: str, env: Mapping[str, str]) -> str | None:
    variable = f"OPSCENTRE_{name.upper()}_FILE"
    path = env.get(variable)
    if not path:
        return None
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"{variable}: {path} cannot be read ({error.strerror}); check the path and whose it is"
        ) from None
    if not text:
        raise SettingsError(f"{variable}: {path} is empty; write the value into it")
    return text
