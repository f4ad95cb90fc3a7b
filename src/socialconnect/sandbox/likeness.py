"""What a provider's profile says of the person whose account it is, as Clerk's record of that account does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.sandbox import dice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.reading.declare import Connector
    from socialconnect.sandbox.world import Account, World

_LOCALES = ("en-GB", "fr-FR", "nb-NO", "de-DE", "ja-JP", "pt-BR")


def likeness(connector: Connector, resource: str, account: Account, world: World) -> Mapping[str, str]:
    """The texts of a profile's columns that the connector's declaration gives a meaning to; none elsewhere."""
    profile = connector.profile
    if profile is None or profile.resource != resource:
        return {}
    person = world.person(account.user)
    language = _LOCALES[dice.number(world.seed, "locale", account.user) % len(_LOCALES)]
    said = {
        "handle": account.username,
        "email": account.email,
        "avatar_url": f"https://img.sandbox.example/{account.mark}",
        "profile_url": f"https://{connector.name}.sandbox.example/{account.username}",
        "locale": language,
    }
    found = {column: text for field, text in said.items() for column in profile.columns(field)}
    names = profile.columns("name")
    parts = (person.name,) if len(names) == 1 else (person.first_name or "", person.last_name or "")
    return {**dict(zip(names, parts, strict=False)), **found}
