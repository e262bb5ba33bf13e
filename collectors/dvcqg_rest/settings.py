"""Settings of a ``dvcqg_rest`` source."""

from __future__ import annotations

import msgspec


class RestSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[source.settings]`` of kind ``dvcqg_rest``."""

    #: Base URL of the system.
    url: str
    #: Name under which we sign in; empty: the interface asks for no token.
    client_id: str = ""
    #: Name of the environment variable that holds the secret.
    client_secret_env: str = ""
    #: Paths below ``url``: where a token is asked for, and where dossiers are read.
    token_path: str = "/auth/token"
    dossiers_path: str = "/api/ho-so"
    #: Rows of a page.
    page_rows: int = 200
    #: Seconds until a request is given up.
    timeout: float = 10.0
    #: Seconds before the newest change seen that every poll reads again, for rows that show up late.
    overlap: float = 30.0


#: What the registry checks the settings of such a source against.
SETTINGS = RestSettings
