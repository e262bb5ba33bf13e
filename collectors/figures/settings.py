"""Settings of a ``figures`` source."""

from __future__ import annotations

from typing import Literal

import msgspec


class FigureMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[[source.settings.figure]]``: where one figure's numbers and their dates stand."""

    #: Under which the figure is kept; the code of a figure of the profile, or a new one.
    code: str
    #: Column, or path in the JSON (``stats.visits``, ``items.0.count``), of the number and of its date.
    value: str
    date: str
    #: What is counted: ``lượt``, ``%``.
    unit: str
    #: Only rows that have these texts in these columns (or paths); empty: all.
    where: dict[str, str] = {}


class FiguresSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[source.settings]`` of kind ``figures``."""

    #: The JSON's address; the CSV file (a relative one lies below the data folder); an SQLAlchemy URL without password.
    url: str
    #: What ``url`` is.
    read: Literal["http", "file", "sql"] = "http"
    #: Path of the list of rows in the JSON (empty: the document is the list, or the one row); the view's name in SQL.
    rows: str = ""
    #: Name of the environment variable that holds the bearer token or the database password; empty: none is needed.
    secret_env: str = ""
    #: What stands before the decimals where a number is written as text; the other mark may part thousands.
    decimal: Literal[".", ","] = "."
    #: Seconds until a request or a statement is given up.
    timeout: float = 10.0
    #: The figures that are read; at least one.
    figure: list[FigureMap] = []


#: What the registry checks the settings of such a source against.
SETTINGS = FiguresSettings
