"""Settings of an ``sql_view`` source."""

from __future__ import annotations

import msgspec


class ViewSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[source.settings]`` of kind ``sql_view``."""

    #: SQLAlchemy URL, without a password.
    url: str
    #: The view's (or table's) name; ``schema.view`` where it lies in a schema.
    view: str
    #: Name of the environment variable that holds the password; empty: none is needed.
    password_env: str = ""
    #: Field of the contract → column of the view; empty: columns have the fields' names.
    columns: dict[str, str] = {}
    #: Rows of a page.
    page_rows: int = 200
    #: Seconds until a statement is given up, where the database knows how to.
    timeout: float = 15.0
    #: Seconds before the newest change seen that every poll reads again, for transactions that commit late.
    overlap: float = 30.0


#: What the registry checks the settings of such a source against.
SETTINGS = ViewSettings
