"""Signing in with an OpenID provider: authorization code with PKCE, state and nonce; claims become role and units."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import ssl
import warnings
from collections.abc import Collection
from typing import Any

import httpx
from authlib.integrations.base_client import OAuthError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dashboard.plain_pages import inner, words_of
from dashboard.sign_in import Route, SignIn, address
from dashboard.ways.session import cookie_name, set_cookie
from opscentre.access import audit
from opscentre.access.backoff import asker
from opscentre.access.people import Person
from opscentre.access.sign_in import Refused
from opscentre.clock import wall_ms
from opscentre.live.rates import Rates
from opscentre.oidc_file import Provider, person_of
from opscentre.secret_files import lacking, secret_of
from opscentre.settings import SettingsError
from opscentre.store import journeys, people, sessions

with warnings.catch_warnings():
    # It would rather have the successor of httpx, which the product does not use yet.
    warnings.simplefilter("ignore")
    from authlib.integrations.httpx_client import AsyncOAuth2Client

log = logging.getLogger(__name__)

#: Seconds that the provider may take for an answer, and seconds by which its clock may be off.
PATIENCE, LEEWAY = 10.0, 60
#: How an ID token may be signed: by a key that only the provider has.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
#: Journeys that one address (an office has one for many people) may begin in so many seconds: each asks the provider.
MOST_JOURNEYS, WITHIN = 600, 600
_COOKIE = "journey"


class NotSignedIn(Exception):
    """The provider's answer lets nobody in; the text is for the log."""


#: Whatever a provider can do wrong: not answer, answer with other than was agreed, vouch for somebody else.
_MISBEHAVED = (httpx.HTTPError, OAuthError, JoseError, NotSignedIn, ValueError, KeyError, TypeError, AttributeError)


class OidcSignIn:
    """The way to the provider and back, for one installation."""

    def __init__(
        self, store: Engine, provider: Provider, units: Collection[str], pages: SignIn, rates: Rates
    ) -> None:  # fmt: skip
        """``pages``: what begins the session. Raises ``SettingsError`` where the client's secret is not there."""
        self._store = store
        self._provider = provider
        self._units = units
        self._pages = pages
        self._rates = rates
        self._secret = secret_of(os.environ, provider.client_secret_env) or None
        if provider.client_secret_env and not self._secret:
            raise SettingsError(
                f"OPSCENTRE_OIDC: {lacking(os.environ, provider.client_secret_env)}; it holds the client's secret; "
                "client_secret_env = '' for a client without one"
            )
        self._trust = ssl.create_default_context(cafile=provider.ca_file) if provider.ca_file else True

    def routes(self) -> list[Route]:
        """The way there and the way back."""
        return [("/sign-in/oidc", "GET", self.leave), ("/sign-in/oidc/back", "GET", self.back)]

    async def leave(self, request: Request) -> Response:
        """Send the browser to the provider."""
        wanted = inner(request.query_params.get("next", "/"))
        wait = await asyncio.to_thread(self._rates.wait, f"journeys:{asker(address(request))}", MOST_JOURNEYS, WITHIN)
        if wait:
            return self._pages.refused(request, wanted, "", Refused("wait", wait * 1000))
        try:
            async with self._client() as client:
                about = await self._about(client)
                token, journey = await asyncio.to_thread(self._begin, wanted)
                url, _ = client.create_authorization_url(
                    about["authorization_endpoint"],
                    state=journey.state,
                    nonce=journey.nonce,
                    code_verifier=journey.verifier,
                )
        except _MISBEHAVED as error:
            return self._sorry(request, wanted, "oidc.away", error)
        except SQLAlchemyError as error:
            return self._sorry(request, wanted, "page.unavailable.text", error, 503)
        response = RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})
        set_cookie(request, response, token, _COOKIE)
        return response

    async def back(self, request: Request) -> Response:
        """Take what the provider says of the person, and begin their session."""
        token = request.cookies.get(cookie_name(request, _COOKIE), "")
        wanted = "/"
        try:
            journey = await asyncio.to_thread(self._take, token)
            if journey is None or not _same(journey.state, request.query_params.get("state", "")):
                return self._sorry(request, wanted, "oidc.again", "no such journey of this browser, or another state")
            wanted = inner(journey.wanted)
            claims = await self._claims(request, journey)
            person = await asyncio.to_thread(self._known, claims)
            if person is None:
                return self._sorry(request, wanted, "oidc.nobody", f"{claims['sub']!r}: no rule fits, or disabled")
            response = await asyncio.to_thread(self._pages.begin, request, person, "oidc", wanted)
        except _MISBEHAVED as error:
            return self._sorry(request, wanted, "oidc.refused", error)
        except SQLAlchemyError as error:
            return self._sorry(request, wanted, "page.unavailable.text", error, 503)
        set_cookie(request, response, None, _COOKIE)
        return response

    async def _claims(self, request: Request, journey: journeys.Journey) -> dict[str, Any]:
        """What the provider vouches for. Raises much where it does not."""
        # Who answers here says so where it can (RFC 9207): another provider's answer is not ours.
        named = request.query_params.get("iss", self._provider.issuer)
        if named != self._provider.issuer:
            raise NotSignedIn(f"the answer is one of {named!r}")
        async with self._client() as client:
            about = await self._about(client)
            token = await client.fetch_token(
                about["token_endpoint"],
                authorization_response=f"{self._provider.back}?{request.url.query}",
                state=journey.state,
                code_verifier=journey.verifier,
            )
            keys = KeySet.import_key_set((await client.request("GET", about["jwks_uri"], withhold_token=True)).json())
            claims = self._checked(token["id_token"], keys, journey.nonce)
            if about.get("userinfo_endpoint"):
                told = (await client.get(about["userinfo_endpoint"])).raise_for_status().json()
                if told.get("sub") != claims["sub"]:
                    raise NotSignedIn(f"the userinfo is of {told.get('sub')!r}, the ID token of {claims['sub']!r}")
                claims = {**told, **claims}
        return claims

    def _checked(self, id_token: str, keys: KeySet, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that is the provider's, for us, of now and of this journey."""
        claims = jwt.decode(id_token, keys, algorithms=list(ALGORITHMS)).claims
        wanted: dict[str, Any] = {
            "iss": {"essential": True, "value": self._provider.issuer},
            "aud": {"essential": True, "value": self._provider.client_id},
            "nonce": {"essential": True, "value": nonce},
            "sub": {"essential": True},
            "exp": {"essential": True},
            "iat": {"essential": True},
        }
        jwt.JWTClaimsRegistry(leeway=LEEWAY, **wanted).validate(claims)
        others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (others or "azp" in claims) and claims.get("azp") != self._provider.client_id:
            raise NotSignedIn(f"the ID token was made for {claims.get('azp')!r}")
        return dict(claims)

    async def _about(self, client: AsyncOAuth2Client) -> dict[str, Any]:
        """What the provider says of itself. Raises ``NotSignedIn`` where it is not the one that was named."""
        issuer = self._provider.issuer.rstrip("/")
        answer = await client.request("GET", f"{issuer}/.well-known/openid-configuration", withhold_token=True)
        found = answer.raise_for_status().json()
        if found.get("issuer") != self._provider.issuer:
            raise NotSignedIn(f"{issuer} calls itself {found.get('issuer')!r}")
        return found

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self._provider.client_id, self._secret, scope=" ".join(self._provider.scopes), verify=self._trust,
            redirect_uri=self._provider.back, code_challenge_method="S256", timeout=PATIENCE,
        )  # fmt: skip

    def _begin(self, wanted: str) -> tuple[str, journeys.Journey]:
        with self._store.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            return journeys.begin(connection, wanted, wall_ms())

    def _take(self, token: str) -> journeys.Journey | None:
        with self._store.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            return journeys.take(connection, token, wall_ms())

    def _known(self, claims: dict[str, Any]) -> Person | None:
        """The person of the claims, kept as they are today. Raises ``NotSignedIn`` where the login is another's."""
        person = person_of(self._provider, claims, self._units)
        subject = f"{claims['iss']} {claims['sub']}"
        known = people.find_subject(self._store, subject)
        if person is None:
            if known is not None:
                # What a rule gave once it takes away again, on every device.
                with self._store.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
                    sessions.revoke(connection, login=known.person.login)
            return None
        if known is not None and known.disabled_at is not None:
            return None
        with self._store.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            if known is None:
                if not people.is_login(person.login):
                    raise NotSignedIn(f"{subject}: the login {person.login!r} holds other than {people.LOGIN_SIGNS}")
                try:
                    people.add(connection, person, None, wall_ms(), subject)
                except people.LoginTaken:
                    raise NotSignedIn(f"{subject}: the login {person.login!r} is somebody else's here") from None
                _note(connection, "person.add", person)
                return person
            # Another login at the provider is still the same person.
            person = Person(login=known.person.login, name=person.name, role=person.role, units=person.units)
            people.change(connection, person)
            if (person.role, person.units) != (known.person.role, known.person.units):
                _note(connection, "person.change", person)
            return person

    def _sorry(self, request: Request, wanted: str, said: str, why: object, status: int = 403) -> Response:
        log.warning("nobody was signed in by %s: %s", self._provider.issuer, why)
        status = 502 if said == "oidc.away" else status
        response = self._pages.form(request, wanted, status, wrong=words_of(request)(said))
        set_cookie(request, response, None, _COOKIE)
        return response


def _same(one: str, other: str) -> bool:
    """Whether two texts are one, told in the same time wherever they differ; a stranger's may hold any letter."""
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "replace"))


def _note(connection: Connection, action: str, person: Person) -> None:
    """Keep in the audit log that the provider's claims made somebody what they are."""
    units = "all" if person.units is None else sorted(person.units)
    audit.record(
        connection, moment=wall_ms(), who="role:oidc", action=action, subject=f"person:{person.login}",
        detail={"role": person.role.value, "units": units},
    )  # fmt: skip
