"""Settings of every role: defaults, environment names, and the embedded parts that a data folder implies."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

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
        """The SQL URL, with the embedded default filled in."""
        return self.database or f"sqlite:///{(self.data / 'opscentre.db').resolve()}"

    @property
    def redis_url(self) -> str:
        """The Redis URL, or the address that the supervisor left in the data folder.

        Raises ``SettingsError`` when neither is there.
        """
        if self.redis:
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
        """The settings as environment variables for a child process."""
        values = msgspec.structs.asdict(self)
        return {f"OPSCENTRE_{name.upper()}": str(value) for name, value in values.items() if str(value)}


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
        # A URL may carry a password, and one from a file was put there so that nobody reads it.
        seen = {name: value for name, value in raw.items() if name not in ("database", "redis")}
        raise SettingsError(f"settings: {error}; seen: {seen}") from None


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
