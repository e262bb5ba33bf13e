"""Settings of a ``webhook`` source."""

from __future__ import annotations

import msgspec


class WebhookSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[source.settings]`` of kind ``webhook``."""

    #: Name of the environment variable that holds the secret that pushes are signed with.
    secret_env: str
    #: Address and port that are listened on; sources may share them.
    host: str = "127.0.0.1"
    port: int = 8060
    #: Seconds by which the sender's clock may differ from this machine's.
    window: float = 300.0
    #: Megabytes that one push may have.
    most_megabytes: float = 10.0


#: What the registry checks the settings of such a source against.
SETTINGS = WebhookSettings
