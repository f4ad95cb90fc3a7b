"""`providers`, `diagnose` and `disconnect`: how connections stand."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from socialconnect.cli import show
from socialconnect.cli.common import Common
from socialconnect.errors import UsageError

if TYPE_CHECKING:
    from socialconnect.standing.diagnosis import Diagnosis

_FIRST = ["provider", "title", "enabled", "connector", "resources", "connected", "can_connect", "sign_in"]

Person = Annotated[str, typer.Argument(metavar="USER", help="A Clerk id.")]
Account = Annotated[str | None, typer.Option("--account", metavar="eac_…", help="Which one of several.")]


def providers(
    common: Common,
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="Count this user's connections too.")] = None,
) -> int:
    """List the providers that the Clerk instance has enabled, and with a user what they have and can connect.

    Example: socialconnect providers user_2abc
    """
    with common.client() as client:
        frame = client.providers(user)
    if common.json:
        show.json_document({"count": len(frame), "providers": show.records(frame)})
    elif len(frame):
        _, wide = show.frame_table(frame, rows=len(frame), first=_FIRST)
        if wide < len(frame.columns):
            show.say()
            show.say(f"{wide} of {len(frame.columns)} columns. More: --json.")
    else:
        show.say("None is enabled: turn one on in the Clerk Dashboard under SSO connections.")
    return 0


def diagnose(
    common: Common,
    user: Person,
    provider: Annotated[
        str, typer.Argument(metavar="PROVIDER", help="github; or github.repos, which must be readable then.")
    ],
    *,
    account: Account = None,
) -> int:
    """Go the whole way of one connection: what holds, the first thing that does not, and what mends it.

    It exits with the code of the first thing that does not hold.

    Example: socialconnect diagnose user_2abc google
    """
    with common.client() as client:
        found = client.diagnose(user, provider, account=account)
    error = found.first.error if found.first else None
    code = error.exit_code if error is not None else 0
    if common.json:
        show.json_document(_document(found, code))
    else:
        for line in found.lines(show.console().width):
            show.say(line)
    return code


def disconnect(
    common: Common,
    user: Person,
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="github, for example.")],
    *,
    account: Account = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
) -> int:
    """Take a user's external account away, with its tokens. Only the user can connect it again.

    Example: socialconnect disconnect user_2abc github
    """
    with common.client() as client:
        if not yes:
            try:
                client.disconnect(user, provider, account=account)
            except UsageError as error:
                account = _agreed(error)
            if account is None:
                show.note("Nothing was removed.")
                return 1
        gone = client.disconnect(user, provider, account=account, confirm=True)
    if common.json:
        remaining = [{"provider": title, "name": name or None} for title, name in gone.remaining]
        facts = {"user_id": gone.user_id, "provider": gone.provider, "external_account_id": gone.account.id}
        show.json_document({**facts, "remaining": remaining, "note": gone.note})
    else:
        show.say(gone.told)
        if not common.quiet:
            show.note(gone.note)
    return 0


def _agreed(error: UsageError) -> str | None:
    """The account that would be removed, where somebody agrees; the error itself where there is nothing to ask."""
    account = error.context.get("external_account_id")
    if not isinstance(account, str):
        raise error
    if not sys.stdin.isatty():
        raise UsageError(error.message, cure="Nobody can be asked here: add --yes.")
    show.note(error.message)
    return account if typer.confirm("Remove it?", err=True) else None


def _document(found: "Diagnosis", code: int) -> dict[str, object]:
    steps = [
        {
            "check": step.check,
            "state": step.state,
            "detail": step.detail,
            "cure": step.cure or None,
            "external_account_id": step.account or None,
            "code": step.error.code if step.error is not None else None,
            "notes": [{"text": fact.text, "source": fact.source} for fact in step.facts],
        }
        for step in found.steps
    ]
    return {
        "ok": found.ok,
        "exit_code": code,
        "user_id": found.user_id,
        "provider": found.provider,
        "told": found.told,
        "first": found.first.check if found.first else None,
        "cure": found.cure or None,
        "steps": steps,
    }
