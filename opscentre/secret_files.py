"""Secrets by their names: from the environment, or from files, so that they stand in no environment and no image."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from opscentre.settings import SettingsError

#: Names a folder with one file for each secret, called as the secret is.
FOLDER = "OPSCENTRE_SECRETS"
#: Names of environment variables that hold what nobody may read.
_SECRET = re.compile(r"SECRET|PASSWORD|TOKEN|_KEY$")


def secret_of(environment: Mapping[str, str], name: str) -> str:
    """The secret under a name: the environment variable, else the content of the file that ``<name>_FILE`` names, else
    of the file of that name in the folder of ``OPSCENTRE_SECRETS``.

    Empty where there is none. Raises ``SettingsError`` for a file that cannot be read.
    """
    if environment.get(name):
        return environment[name]
    path = file_of(environment, name)
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        told = getattr(error, "strerror", None) or type(error).__name__
        raise SettingsError(f"{name}_FILE: {path} cannot be read ({told}); let this user read it") from None


def file_of(environment: Mapping[str, str], name: str) -> Path | None:
    """The file that holds a secret; None where none is named and none is there."""
    if not name:
        return None
    named, folder = environment.get(f"{name}_FILE"), environment.get(FOLDER)
    if named:
        return Path(named)
    # A name may come from a settings file: it leads to nothing outside of the folder.
    within = Path(folder) / name if folder and name == Path(name).name else None
    return within if within is not None and within.is_file() else None


def lacking(environment: Mapping[str, str], name: str) -> str:
    """What is to be said where there is no secret under a name."""
    folder = environment.get(FOLDER)
    beside = f", and {folder} holds no file of that name" if folder else ""
    return f"the variable {name} is not set{beside}"


def values(environment: Mapping[str, str]) -> Iterator[str]:
    """Every secret that the environment holds or names a file of, so that it can be kept out of texts."""
    folder = Path(environment[FOLDER]) if environment.get(FOLDER) else None
    # Variables that end in _FILE name a place, and the place is no secret.
    names = {name.removesuffix("_FILE") for name in environment if _SECRET.search(name.removesuffix("_FILE"))}
    if folder is not None and folder.is_dir():
        names |= {path.name for path in folder.iterdir()}
    for name in names - {FOLDER}:
        try:
            value = secret_of(environment, name)
        except SettingsError:
            # Whoever wants this one says that it cannot be read; nobody here can tell it either.
            continue
        if value:
            yield value
