"""`users`, `accounts` and `connectors`: what there is."""

from typing import TYPE_CHECKING, Annotated

import typer

from socialconnect.bound import connector_text, resource_text
from socialconnect.cli import show
from socialconnect.cli.choice import chosen_users, existing, names, to
from socialconnect.cli.common import Common
from socialconnect.cli.files import Destination
from socialconnect.connectors import Connectors

if TYPE_CHECKING:
    import pandas as pd

    from socialconnect.reading.declare import Connector, Resource

_USERS = ["user_id", "email", "first_name", "last_name"]
_ACCOUNTS = ["user_id", "provider", "status", "username", "created_at"]

Limit = Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="No more than N rows.")]
Columns = Annotated[str | None, typer.Option("--columns", metavar="A,B", help="These columns only.")]
Output = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write all rows to a .csv or .jsonl file; - is stdout, as CSV."
    ),
]
User = Annotated[
    list[str] | None,
    typer.Argument(metavar="USER", help="Clerk ids; @FILE reads them from a file, - from stdin, one a line."),
]


def users(
    common: Common,
    *,
    query: Annotated[str | None, typer.Option("--query", help="Part of a name, e-mail address or id.")] = None,
    limit: Limit = None,
    columns: Columns = None,
    output: Output = None,
) -> int:
    """List the users of the Clerk instance, newest first."""
    destination = to(output, common)
    with common.client() as client:
        frame = client.users(columns=names(columns), query=query)
    empty = "No user matches." if query else "The instance has no users."
    return _list(common, "users", frame, destination, limit, [] if columns else _USERS, empty)


def accounts(
    common: Common,
    *,
    user: User = None,
    limit: Limit = None,
    columns: Columns = None,
    output: Output = None,
) -> int:
    """List who has connected what: one row for each user and external account."""
    destination = to(output, common)
    with common.client() as client:
        frame = client.accounts(chosen_users(user))
    wanted = names(columns)
    if wanted is not None:
        frame = frame[existing(wanted, frame.columns, "of accounts")]
    preview = [] if wanted else _ACCOUNTS
    return _list(common, "accounts", frame, destination, limit, preview, "Nobody has connected anything.")


def connectors(
    common: Common,
    *,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="github, or github.repos for all of it.")] = None,
) -> int:
    """List the providers that can be read, or tell all about one, or about one resource of it."""
    known = Connectors()
    if name is None:
        listed = [known[each] for each in known]
        if common.json:
            show.json_document({"connectors": [_connector(connector) for connector in listed]})
        else:
            rows = [(each.name, each.title, ", ".join(one.name for one in each.resources)) for each in listed]
            show.table(("name", "provider", "resources"), rows)
            show.say("All about one: socialconnect connectors NAME, or NAME.RESOURCE.")
        return 0
    if "." in name:
        connector, of = known.resource(name)
        resource = connector.resource(of)
        _tell(common, _resource(resource), f"{name}\n\n{resource_text(connector, resource)}")
    else:
        _tell(common, _connector(known[name]), connector_text(known[name]))
    return 0


def _tell(common: Common, document: dict[str, object], text: str) -> None:
    if common.json:
        show.json_document(document)
        return
    for line in text.split("\n"):
        show.say(line)


def _connector(connector: "Connector") -> dict[str, object]:
    return {
        "name": connector.name,
        "title": connector.title,
        "strategy": connector.strategy,
        "doc": connector.doc,
        "source": connector.source,
        "resources": [_resource(resource) for resource in connector.resources],
    }


def _resource(resource: "Resource") -> dict[str, object]:
    return {
        "name": resource.name,
        "doc": resource.doc,
        "source": resource.source,
        "scopes": list(resource.scopes),
        "params": [
            {"name": param.name, "kind": param.kind.__name__, "choices": list(param.choices), "note": param.note}
            for param in resource.params
        ],
        "columns": [
            {"name": column.name, "dtype": column.dtype, "on_request": column.on_request, "personal": column.personal}
            for column in resource.columns
        ],
        "notes": list(resource.notes),
    }


def _list(
    common: Common,
    what: str,
    frame: "pd.DataFrame",
    destination: Destination | None,
    limit: int | None,
    preview: list[str],
    empty: str,
) -> int:
    total = len(frame)
    if limit is not None:
        frame = frame.head(limit)
    if destination is not None:
        destination.write(frame)
    if common.json:
        document: dict[str, object] = {"count": total}
        document |= {what: show.records(frame)} if destination is None else {"output": destination.name}
        show.json_document(document)
    elif destination is None:
        _draw(what, frame, total, limit, preview, empty)
    elif not common.quiet:
        show.note(f"{len(frame):,} {what} written to {destination.name}.")
    return 0


def _draw(what: str, frame: "pd.DataFrame", total: int, limit: int | None, preview: list[str], empty: str) -> None:
    if not total:
        show.say(empty)
        return
    shown, wide = show.frame_table(frame, rows=limit or show.ROWS, first=preview)
    show.say()
    show.say(show.extent(shown, total, what, wide, len(frame.columns)))
