"""A dashboard that everybody has to sign in to, in this process, and people of every role."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from opscentre import profile as profiles
from opscentre.profile import Profile
from tests.access.house import House, furnish
from tests.parts.redis import Redis


@pytest.fixture(scope="session")
def profile() -> Profile:
    return profiles.load("thai-nguyen")


@pytest.fixture(scope="module")
def house(_redis_server: Redis, tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> Iterator[House]:
    """The dashboard, with its people."""
    _redis_server.ensure()
    folder = tmp_path_factory.mktemp("house")
    # A provider that nobody asks: its routes are there.
    (folder / "oidc.toml").write_text(
        '[oidc]\nname = "SSO"\nissuer = "https://sso.example"\nclient_id = "x"\nclient_secret_env = ""\n'
        'public_url = "https://ioc.example"\nrules = []\n',
        encoding="utf-8",
    )
    found = furnish(folder, profile, _redis_server.url, oidc=str(folder / "oidc.toml"))
    yield found
    found.engine.dispose()
