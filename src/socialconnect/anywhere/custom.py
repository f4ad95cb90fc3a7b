"""The part of a client that takes in an OpenID Connect provider of one's own."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import TYPE_CHECKING

from socialconnect.anywhere.oidc import WELL_KNOWN, described, issuer_of, origin_of
from socialconnect.clerk.strategy import provider_of
from socialconnect.errors import (
    ForeignOrigin,
    MalformedResponse,
    SetupError,
    SocialConnectError,
    TryAgainLater,
    UsageError,
)
from socialconnect.http.send import Caller, Sender, unobserved
from socialconnect.reading.declare import Connector
from socialconnect.reading.messages import Request
from socialconnect.secret import bare

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    import pandas as pd

    from socialconnect.bound import BoundConnector
    from socialconnect.connectors import Connectors
    from socialconnect.http.send import Wire
    from socialconnect.reading.paths import Json
    from socialconnect.secret import Secret

_PREFIX = "custom_"


class Custom(ABC):
    """The part of a client for providers that Clerk knows as custom ones."""

    connectors: Connectors
    _wire: Wire
    _bound: dict[str, BoundConnector[Awaitable[pd.DataFrame]]]

    async def custom(
        self,
        name: str,
        /,
        *,
        discovery: str | Mapping[str, Json],
        title: str = "",
        origins: Iterable[str] = (),
    ) -> BoundConnector[Awaitable[pd.DataFrame]]:
        """Take in an OpenID Connect provider: from then on this client has it as any other.

        Parameters: `name` as Clerk has it, `custom_acme` for the key `acme`; `discovery` the address of its discovery
        document, which ends in `/.well-known/openid-configuration` and is fetched now and once, or such a document;
        `title` is what people call it; `origins` are further hosts that its tokens may go to, for `client.get`.

        Returns the connector, which is `client.custom_acme` too: its resource `profile` has the standard claims as
        columns. Tokens go to the host of its userinfo and to `origins`, nowhere else. Raises a UsageError where name or
        address cannot be one, a SetupError where the document is missing, another issuer's, or names no userinfo that a
        token may be sent to, and Unavailable.

        Source: https://clerk.com/docs/guides/configure/auth-strategies/social-connections/custom-provider

        >>> import socialconnect as sc
        >>> acme = {"issuer": "https://acme.example", "userinfo_endpoint": "https://acme.example/userinfo"}
        >>> sc.sandbox(users=3).custom("custom_acme", discovery=acme)
        <Acme: profile>
        """
        name = provider_of(name) if isinstance(name, str) else ""
        if not name.startswith(_PREFIX) or name == _PREFIX:
            raise UsageError(
                "A custom provider's name begins with custom_.", cure="Use Clerk's key behind it, as custom_acme."
            )
        if isinstance(discovery, str):
            issuer = issuer_of(discovery)
            document = await self._discovered(name, discovery, title)
        elif isinstance(discovery, Mapping):
            issuer, document = "", discovery
        else:
            raise UsageError("discovery is no address.", cure=f"Use https://…{WELL_KNOWN}.")
        self.connectors.add(described(name, document, issuer=issuer, title=title, origins=origins))
        self._bound.pop(name, None)  # the one that was taken in before by that name
        bound: BoundConnector[Awaitable[pd.DataFrame]] = getattr(self, name)
        return bound

    async def _discovered(self, name: str, address: str, title: str) -> Mapping[str, Json]:
        """The document at an address, asked for without any token; redirects to other hosts are not followed."""
        connector = Connector(name, origin_of(address, "The discovery address"), (), title=title or name)
        caller = Caller(_Nobody(), path=WELL_KNOWN)
        try:
            response = await Sender(connector, self._wire).send(Request("GET", address), caller, unobserved)
        except (TryAgainLater, ForeignOrigin):
            raise
        except SocialConnectError as error:
            failure = bare(error)
        else:
            document = response.json() if response else None
            if isinstance(document, dict):
                return document
            failure = MalformedResponse("It is no JSON object.")
        raise SetupError(f"There is no discovery document at {address}: {failure.message}", cure="Check the address.")


class _Nobody:
    """For a request that carries no token."""

    scopes: tuple[str, ...] | None = None

    async def get(self) -> None:
        """Nothing."""

    async def renew(self, refused: Secret) -> Secret:
        """There is nothing to renew, so nothing else either."""
        return refused
