"""What the Account Portal says of one external account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialconnect.sandbox.consents import CLAIMED
from socialconnect.sandbox.people import DECLINED, status

if TYPE_CHECKING:
    from socialconnect.sandbox.tokens import Tokens
    from socialconnect.sandbox.website.frame import Tone
    from socialconnect.sandbox.world import Account, World

_DEAD = {
    "revoked": "{title} no longer takes the access that you gave.",
    "unrefreshable": "The access that you gave has expired, and cannot be renewed without you.",
    "unconsented": "{title} never gave a lasting access: it has to ask you once more.",
    "refused": "{title} refused to renew the access that you gave.",
    "untokened": "The access that you gave was not kept.",
}
_UNFINISHED = {
    DECLINED: "You did not allow it.",
    CLAIMED: "This {title} account is already connected to another user.",
    "unverified": "{title} has not been told yet whether you allow it.",
    "expired": "The time to allow it ran out.",
    "failed": "{title} could not be connected.",
}
_CAPABLE = {
    "narrow": "Pages and people, without comments and e-mail addresses.",
    "underscoped": "No pages and no people were shared.",
    "empty": "Pages and people, of which there are none yet.",
}


@dataclass(frozen=True, slots=True)
class Connected:
    """One account as its owner sees it. `again` says whether connecting it once more is offered."""

    account: Account
    title: str
    state: tuple[Tone, str]
    why: str
    scopes: tuple[str, ...]
    capability: str
    again: bool

    @property
    def name(self) -> str:
        """The account's name at its provider."""
        return self.account.username if self.account.provider == "github" else self.account.email


def title_of(world: World, provider: str) -> str:
    """A provider's name as people write it."""
    offered = world.providers.get(provider)
    return (offered.title if offered else "") or provider.title()


def connected(account: Account, tokens: Tokens, now: float) -> Connected:
    """How an account stands."""
    title = title_of(tokens.world, account.provider)
    situation = tokens.situation(account)
    if situation == "unverified":
        state: tuple[Tone, str] = ("warn", "Not finished")
        why = _UNFINISHED.get(account.error) or _UNFINISHED[status(account, now)]
    elif situation in _DEAD:
        state, why = ("bad", "Needs reconnecting"), _DEAD[situation]
    else:
        state, why = ("good", "Connected"), ""
    capability = _CAPABLE.get(situation, "") if account.provider == "notion" else ""
    return Connected(
        account,
        title,
        state,
        why.format(title=title),
        tokens.scopes(account),
        capability,
        again=tokens.world.providers[account.provider].enabled and state[0] != "good",
    )
