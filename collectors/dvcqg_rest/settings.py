"""Settings of a ``dvcqg_rest`` source."""

from __future__ import annotations

from typing import Literal

import msgspec


class RestSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[source.settings]`` of kind ``dvcqg_rest``."""

    #: Base URL of the system.
    url: str
    #: Name under which we sign in; empty: the interface asks for no token.
    client_id: str = ""
    #: Name of the environment variable that holds the secret.
    client_secret_env: str = ""
    #: ``portal``: the portal's own form; ``oauth2``: OAuth 2 client credentials (RFC 6749, 4.4).
    sign_in: Literal["portal", "oauth2"] = "portal"
    #: What is asked for with ``oauth2``; empty: what the system grants by itself.
    scope: str = ""
    #: Paths below ``url``: where a token is asked for, and where dossiers are read.
    token_path: str = "/auth/token"
    dossiers_path: str = "/api/ho-so"
    #: PEM file of the authority that issued the system's certificate; empty: the public ones.
    ca_file: str = ""
    #: Query that makes the interface list keys only (``chi_ma=1``), for the reconciliation; empty: it knows none.
    keys_query: str = ""
    #: Rows of a page.
    page_rows: int = 200
    #: Seconds until a request is given up.
    timeout: float = 10.0
    #: Seconds before the newest change seen that every poll reads again, for rows that show up late.
    overlap: float = 30.0


#: What the registry checks the settings of such a source against.
SETTINGS = RestSettings
