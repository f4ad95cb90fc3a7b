"""What a client tells of connections, and how it takes one away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.clerk.api import check_user_id
from socialconnect.clerk.models import User, one
from socialconnect.errors import AccountError, UsageError
from socialconnect.http.send import unobserved
from socialconnect.linking import Linking
from socialconnect.standing.diagnosis import Diagnosis
from socialconnect.standing.examine import Examination, Subject
from socialconnect.standing.offered import by_provider, offered
from socialconnect.standing.removed import Disconnected, remove

if TYPE_CHECKING:
    import pandas as pd

    from socialconnect.errors import SocialConnectError
    from socialconnect.http.send import Wire


class Standing(Linking):
    """The part of a client that says how connections stand."""

    _wire: Wire

    async def providers(self, user: str | None = None) -> pd.DataFrame:
        """The providers that the instance has enabled: one row each, those that can be read first.

        Parameters: `user`, whose connections are counted too.

        Returns a frame: provider (Clerk's name, without `oauth_`), title, strategy, enabled, sign_in (whether users
        may sign in with it, beside connecting it), connector (whether it can be read here) and resources (how many).
        With a user also connected and unfinished (how many accounts), and can_connect; then what they have connected is
        a row also where it is not enabled any more. Raises a UserNotFound, and a SetupError or Unavailable where the
        Frontend API does not say.

        Source: https://clerk.com/docs/reference/frontend-api/tag/environment/get/v1/environment

        >>> import socialconnect as sc
        >>> sc.sandbox(users=1).providers().set_index("provider").loc["github", "title"]
        'GitHub'
        """
        whose = None if user is None else one(await self._clerk.user(check_user_id(user), unobserved), User)
        environment = await (await self._clerk.frontend(unobserved)).environment(unobserved)
        return offered(environment, self.connectors, whose)

    async def disconnect(
        self, user: str, provider: str, *, account: str | None = None, confirm: bool = False
    ) -> Disconnected:
        """Take a user's external account away, with its tokens. It cannot be undone: only the user can connect again.

        Parameters: `account` (`eac_…`), which one where there are several; without `confirm=True` nothing is done, and
        the error says which account it would be.

        Returns a Disconnected: its `account`, what is `remaining`, and as `note` what this does not do at the provider.
        Raises a UsageError where it is not confirmed or not told which one; a NotConnected where there is none; an
        AccessDenied where it is the last way in which the user can sign in.

        Source:
        https://clerk.com/docs/reference/backend-api/tag/users/delete/users/{user_id}/external_accounts/{external_account_id}

        >>> import socialconnect as sc
        >>> client = sc.sandbox(users=20)
        >>> accounts = client.accounts().query("connected and provider == 'github'")
        >>> gone = client.disconnect(accounts["user_id"].iloc[0], "github", confirm=True)
        >>> gone.account.id == accounts["external_account_id"].iloc[0]
        True
        """
        aim = self._aim(check_user_id(user), _named(provider), (), account or "", again=False)
        titles = {name: each.title for name, each in by_provider(self.connectors).items()}
        return await remove(self._clerk, aim, titles, unobserved, confirmed=confirm is True)

    async def diagnose(self, user: str, provider: str, *, account: str | None = None) -> Diagnosis:
        """Go the whole way of one connection, and say what holds, the first thing that does not, and what mends it.

        The instance and its key, whether it offers the provider, the user, the account and whether it is verified, the
        token and how long it lives, its scopes against those that the resources want, and one cheap call.

        Parameters: `provider`, as `github`, or a resource as `github.repos`, which is then the one that must be
        readable; `account` (`eac_…`), which one where there are several, else all of them.

        Returns a Diagnosis; end a cell with it to see it. Its `steps` and `frame`, `ok`, `first`, `cure`, and
        `connect()` where connecting mends it. What it finds wrong it tells and does not raise; a UsageError says that
        no user or resource can be meant.

        >>> import socialconnect as sc
        >>> client = sc.sandbox(users=20)
        >>> users = client.coverage("notion.users").query("state == 'not_connected'")["user_id"]
        >>> print(client.diagnose(users.iloc[0], "notion").first.check)
        account
        """
        name, _, resource = _named(provider).partition(".")
        connector = self._reads(name)
        aim = self._aim(check_user_id(user), connector.name if connector else name, (), account or "", again=False)
        if resource and connector is None:
            raise UsageError(f"No connector reads {name!r}.", cure=f"There is: {', '.join(self.connectors)}.")
        asked = connector.resource(resource) if connector and resource else None
        subject = Subject(aim, connector, asked, self._lead)
        steps = await Examination(self._clerk, self._wire, subject, unobserved).steps()
        return Diagnosis(aim.user_id, connector.name if connector else aim.provider, aim.title, steps)

    def _lead(self, error: SocialConnectError, account: str) -> None:
        """Give an error the way that mends it."""
        if isinstance(error, AccountError):
            error.bind(self._mend, account)


def _named(provider: str) -> str:
    if not isinstance(provider, str) or not provider.strip():
        raise UsageError(f"{provider!r} is no provider.", cure="Name one, as 'github'; providers() lists them.")
    return provider.strip()
