"""The SQL tables of people, their sessions and failed sign-ins. Times are real epoch ms."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from opscentre.store.tables import metadata

people = Table(
    "people",
    metadata,
    # In small letters; what people type.
    Column("login", String(100), primary_key=True),
    Column("name", String(100), nullable=False),
    # A value of opscentre.access.people.Role.
    Column("role", String(20), nullable=False),
    # JSON list of unit codes; NULL: the whole province.
    Column("units", Text),
    # The password's hash; NULL: signs in elsewhere, or was never given one.
    Column("password", String(200)),
    # '<issuer> <sub>' of somebody who signs in with a provider; NULL: an account of ours.
    Column("subject", String(500), unique=True),
    Column("made_at", BigInteger, nullable=False),
    Column("password_at", BigInteger),
    Column("disabled_at", BigInteger),
)

sessions = Table(
    "sessions",
    metadata,
    # SHA-256 of the token, which only the browser has.
    Column("token", String(64), primary_key=True),
    # What a list names it by.
    Column("id", String(16), nullable=False, unique=True),
    Column("login", String(100), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    # When it was last used, to the minute.
    Column("seen_at", BigInteger, nullable=False),
    # The browser as it names itself, and the address it came from, so that a person knows a session again.
    Column("agent", String(200), nullable=False),
    Column("address", String(64), nullable=False),
    # 'password' or 'oidc'.
    Column("how", String(10), nullable=False),
    Index("sessions_by_login", "login"),
)

#: Failed sign-ins in a row, by 'login:<login>' (known or not), 'address:<address>' and 'browser:<mark>'.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

#: Sign-ins under way at a provider: what it must say again when the browser comes back.
sign_in_journeys = Table(
    "sign_in_journeys",
    metadata,
    # SHA-256 of the token in the browser's cookie.
    Column("token", String(64), primary_key=True),
    Column("state", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("wanted", Text, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
)
