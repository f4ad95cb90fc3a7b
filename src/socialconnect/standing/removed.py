"""One external account taken from its user: which one it is to be, why Clerk keeps it, and what remains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialconnect.clerk.models import User, one
from socialconnect.clerk.tokens import not_connected
from socialconnect.errors import AccessDenied, NotFound, SocialConnectError, UsageError
from socialconnect.markup import block, element, faint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from socialconnect.clerk.api import Clerk
    from socialconnect.clerk.models import ExternalAccount
    from socialconnect.clerk.stand import Aim
    from socialconnect.http.send import Observer
    from socialconnect.markup import Html

_LAST = {"last_required_identification_deletion_failed", "identification_deletion_failed"}
_GRANT = (
    "Clerk has forgotten the connection and its tokens. That it takes back the grant at {title} too is not documented: "
    "there the owner can do that in the settings of the account, among the applications that have access."
)


@dataclass(frozen=True, slots=True)
class Disconnected:
    """An external account that was taken from its user.

    `account` is the account as it was, `remaining` what the user still has connected, each as (provider, name), and
    `note` what this did not do.

    >>> import socialconnect as sc
    >>> client = sc.sandbox(users=20)
    >>> user = client.accounts().query("connected and provider == 'notion'")["user_id"].iloc[0]
    >>> gone = client.disconnect(user, "notion", confirm=True)
    >>> gone.title, gone.account.id.startswith("eac_")
    ('Notion', True)
    """

    user_id: str
    provider: str
    title: str
    account: ExternalAccount
    remaining: tuple[tuple[str, str], ...]

    @property
    def note(self) -> str:
        """What becomes of the grant at the provider."""
        return _GRANT.format(title=self.title)

    @property
    def told(self) -> str:
        """What was done and what remains, in two sentences."""
        kept = ", ".join(f"{provider} {name}".rstrip() for provider, name in self.remaining)
        what = _called(self.account, self.title, "The")
        return f"{what} was taken from {self.user_id}. Still connected: {kept or 'nothing'}."

    def __str__(self) -> str:
        return f"{self.told}\n{self.note}"

    def __repr__(self) -> str:
        return f"<Disconnected: {self.told}>"

    def _repr_html_(self) -> Html:
        """What a cell shows that ends with it."""
        return block(element("div", self.told), faint(self.note))


async def remove(
    clerk: Clerk, aim: Aim, titles: Mapping[str, str], observe: Observer, *, confirmed: bool
) -> Disconnected:
    """Take the one account that is meant; a UsageError says which it would be, unless that is confirmed."""
    user = one(await clerk.user(aim.user_id, observe), User)
    account = _meant(aim, user)
    if not confirmed:
        raise UsageError(
            f"This would take {_called(account, aim.title)} from {aim.user_id}, with its tokens. Nothing was removed.",
            cure="Call it again with confirm=True.",
            user_id=aim.user_id,
            provider=aim.provider,
            external_account_id=account.id,
        )
    try:
        await clerk.remove(aim.user_id, account.id, observe)
    except SocialConnectError as error:
        raise _explained(error, aim, account) from None
    left = one(await clerk.user(aim.user_id, observe), User)
    remaining = tuple(
        (titles.get(each.provider, each.provider), _name(each)) for each in left.external_accounts if each.connected
    )
    return Disconnected(aim.user_id, aim.provider, aim.title, account, remaining)


def named(account: str, accounts: Iterable[ExternalAccount], aim: Aim) -> str:
    """Why an account that was named is none of the user's, and which there are, as a message."""
    listed = ", ".join(f"{each.id} ({_name(each) or each.provider})" for each in accounts) or "none"
    why = (
        f"{account} is an identification: Clerk shows it as the id of Google's and Facebook's accounts, and takes it "
        "nowhere. Accounts go by their eac_… id."
        if account.startswith("idn_")
        else f"{aim.user_id} has no {aim.title} account {account}."
    )
    return f"{why} There is: {listed}."


def _meant(aim: Aim, user: User) -> ExternalAccount:
    mine = [each for each in user.external_accounts if each.provider == aim.provider]
    if aim.account:
        found = next((each for each in mine if each.id == aim.account), None)
        if found is None:
            raise UsageError(named(aim.account, mine, aim), cure="accounts() lists them.")
        return found
    # one that was never finished is meant only where there is no other
    several = [each for each in mine if each.connected] or mine
    if not several:
        raise not_connected(aim.user_id, aim.title, provider=aim.provider)
    if len(several) > 1:
        listed = ", ".join(f"{each.id} ({_name(each)})" for each in several)
        raise UsageError(
            f"{aim.user_id} has {len(several)} {aim.title} accounts.", cure=f"Name one: account= one of {listed}."
        )
    return several[0]


def _explained(error: SocialConnectError, aim: Aim, account: ExternalAccount) -> SocialConnectError:
    """Clerk's refusal, in words that say what would have to be there first."""
    listed = error.context.get("codes")
    codes = set(map(str, listed)) if isinstance(listed, list | tuple) else set()
    facts: dict[str, object] = {
        "user_id": aim.user_id,
        "provider": aim.provider,
        "external_account_id": account.id,
        "status": error.status,
        "trace_id": error.trace_id,
        "codes": tuple(sorted(codes)),
    }
    if codes & _LAST:
        return AccessDenied(
            f"Clerk keeps {_called(account, aim.title)}: it is the last way in which {aim.user_id} can sign in.",
            cure="Give the user another one first: a password, a verified e-mail address, another provider that signs "
            "in. Or delete the user in the Dashboard.",
            **facts,
        )
    if isinstance(error, NotFound) or "external_account_not_found" in codes:
        return NotFound(
            f"{_called(account, aim.title, 'The')} of {aim.user_id} is not there any more.",
            cure="Somebody else has removed it: accounts() shows what is left.",
            **facts,
        )
    return error


def _called(account: ExternalAccount, title: str, the: str = "the") -> str:
    kind = f"{the} {title} account" if account.connected else f"{the} unfinished attempt to connect {title}"
    return f"{kind} {_name(account)} ({account.id})" if _name(account) else f"{kind} {account.id}"


def _name(account: ExternalAccount) -> str:
    return account.username or account.email_address or account.label or ""
