"""`coverage` and `plan`: who can be read, and what that would cost. Neither calls a provider."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from socialconnect.cli import overview, show
from socialconnect.cli.choice import arguments, chosen_users, names, to
from socialconnect.cli.common import Common
from socialconnect.cli.files import Destination
from socialconnect.cli.listing import Columns, Limit, Output, User
from socialconnect.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from socialconnect.client import Client
    from socialconnect.runs.plan import Plan
    from socialconnect.runs.run import Run

_OWNERS = 4  # the exit code of an AccountError
_SHOWN = ["user_id", "state", "missing", "resource"]

Resources = Annotated[
    str, typer.Argument(metavar="RESOURCE", help="github.repos, for example; several with commas between.")
]
Tokens = Annotated[bool, typer.Option("--tokens", help="Ask Clerk for each token too: it tells which are dead.")]


def coverage(
    common: Common,
    resource: Annotated[
        str | None,
        typer.Argument(metavar="[RESOURCE]", help="github.repos, for example; several with commas between."),
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every provider's profile: how many, on one screen.")] = False,
    user: User = None,
    tokens: Tokens = False,
    limit: Limit = None,
    output: Output = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 4 if anybody who is named or has connected cannot be read.")
    ] = False,
) -> int:
    """Tell who can be read and who cannot, why, and what mends it, before any provider is called.

    Everybody is told, or the users named. It exits with 4 where nobody can be read, and with --strict where anybody
    cannot who is named or, where nobody is, who has begun to connect the provider.

    Examples: socialconnect coverage github.repos · socialconnect coverage --all --tokens
    """
    if every is (resource is not None):
        raise UsageError("Either a resource or --all.", cure="Name one, as github.repos, or ask for --all.")
    destination = to(output, common)
    if every and limit is not None and destination is None:
        raise UsageError("--all tells every provider.", cure="Leave out --limit.")
    users = chosen_users(user)
    with common.client() as client:
        asked = client.connectors.profiles if every else names(resource) or []
        frame = client.coverage(asked, users, tokens=tokens)
    if destination is not None:
        destination.write(frame if limit is None else frame.head(limit))
    if every:
        _overview(common, frame, asked, destination)
    else:
        _show(common, frame, destination, limit)
    return _code(frame, strict=strict, named=users is not None)


def plan(
    common: Common,
    resource: Resources,
    *,
    user: User = None,
    tokens: Tokens = False,
    columns: Columns = None,
    raw: Annotated[bool, typer.Option("--raw", help="As in pull.")] = False,
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", metavar="NAME=VALUE", help="As in pull. Repeatable.")
    ] = None,
) -> int:
    """Tell what a pull with the same arguments would take: requests per host, time, rows, and who would be skipped.

    The figures are those that the declarations assume, for one command learns nothing from another. It exits with 4
    where nobody can be read.
    """
    users = chosen_users(user)
    wanted = names(resource) or []
    with common.client() as client:
        if len(wanted) == 1:
            found: Plan[Run] | Plan[dict[str, Run]] = _one(client, wanted[0], users, tokens, columns, raw, param)
        elif columns or raw or param:
            raise UsageError("Columns and parameters are one resource's.", cure="Plan the resources one by one.")
        else:
            found = client.plan(wanted, users, tokens=tokens)
    if common.json:
        show.json_document(_document(found))
    else:
        for line in str(found).split("\n"):
            show.say(line)
    return 0 if found.accounts or found.coverage.empty else _OWNERS


def _one(
    client: "Client",
    name: str,
    users: list[str] | None,
    tokens: bool,  # noqa: FBT001 - a command's option, handed on
    columns: str | None,
    raw: bool,  # noqa: FBT001 - another
    param: list[str] | None,
) -> "Plan[Run]":
    connector, of = client.connectors.resource(name)
    given = arguments(connector.resource(of), param)
    return client.plan(name, users, columns=names(columns), raw=raw, tokens=tokens, **given)


def _show(common: Common, frame: "pd.DataFrame", destination: Destination | None, limit: int | None) -> None:
    if common.json:
        document: dict[str, object] = {"count": len(frame), "states": _states(frame)}
        rows = frame if limit is None else frame.head(limit)
        document |= {"coverage": show.records(rows)} if destination is None else {"output": destination.name}
        show.json_document(document)
        return
    if destination is None and len(frame):
        shown, wide = show.frame_table(frame, rows=limit or show.ROWS, first=_SHOWN)
        show.say()
        show.say(show.extent(shown, len(frame), "rows", wide, len(frame.columns)))
    if not common.quiet:
        tell = show.say if destination is None else show.note
        tell(f"{frame.attrs['resource']}: {frame.attrs['summary']}.")
        cures = Counter(frame[["state", "cure"]].dropna().astype(object).itertuples(index=False, name=None))
        for (state, cure), count in cures.most_common():
            tell(f"  {count:,} {state}: {cure}")


def _overview(common: Common, frame: "pd.DataFrame", asked: list[str], destination: Destination | None) -> None:
    listed = overview.rows(frame, asked)
    if common.json:
        written = {} if destination is None else {"output": destination.name}
        show.json_document(overview.document(frame, listed) | written)
    elif destination is None:
        overview.tell(frame, listed)
    elif not common.quiet:
        show.note(f"{len(frame):,} rows of {len(listed)} providers: {frame.attrs['summary']}.")


def _states(frame: "pd.DataFrame") -> dict[str, int]:
    return {str(state): int(count) for state, count in frame["state"].value_counts().items()}


def _code(frame: "pd.DataFrame", *, strict: bool, named: bool) -> int:
    states = _states(frame)
    readable = states.pop("readable", 0)
    if not named:
        states.pop("not_connected", None)
    troubled = sum(states.values()) if strict else 0
    return _OWNERS if troubled or (len(frame) and not readable) else 0


def _document(plan: "Plan[Run] | Plan[dict[str, Run]]") -> dict[str, object]:
    return {
        "resources": [one.resource for one in plan.estimates],
        "accounts": plan.accounts,
        "requests": plan.requests,
        "rows": plan.rows,
        "memory": plan.memory,
        "seconds": round(plan.seconds, 1),
        "basis": plan.basis,
        "calls": show.records(plan.calls),
        "skipped": show.records(plan.skipped),
    }
