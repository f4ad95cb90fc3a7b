"""`users`, `accounts` and `connectors`: what there is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from socialconnect import reference
from socialconnect.cli import show
from socialconnect.cli.choice import chosen_users, existing, names, to
from socialconnect.cli.common import Common
from socialconnect.cli.files import Destination
from socialconnect.connectors import Connectors
from socialconnect.errors import UsageError
from socialconnect.reference import search as finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from socialconnect.reading.declare import Connector, Param, Resource

_USERS = ["user_id", "email", "first_name", "last_name"]
_FOUND = 12  # resources that a search shows
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
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FOLDER", help="Write each reference page there, as Markdown.")
    ] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="WORDS", help="Find the resources for it, as calendar.")
    ] = None,
) -> int:
    """List the providers that can be read, tell all about one or one resource of it, or find the right one."""
    known = Connectors()
    if search is not None:
        if name is not None or write is not None:
            raise UsageError("--search goes through all of them.", cure="Leave out what else was named.")
        return _search(common, list(known.values()), search)
    if write is not None:
        if name is not None:
            raise UsageError("--write writes every page.", cure=f"Leave out {name}.")
        return _write(common, write, [known[each] for each in known])
    if name is None:
        return _overview(common, [known[each] for each in known])
    if "." in name:
        connector, of = known.resource(name)
        resource = connector.resource(of)
        _tell(common, _resource(resource), reference.section(connector, resource))
    else:
        _tell(common, _connector(known[name]), reference.page(known[name]))
    return 0


def _overview(common: Common, listed: "Iterable[Connector]") -> int:
    if common.json:
        show.json_document({"connectors": [_connector(connector) for connector in listed]})
        return 0
    known = {each.name: ", ".join(one.name for one in each.resources) for each in listed}
    width = max(map(len, known)) + 2
    for name, resources in known.items():
        show.wrapped(resources, begin=name, indent=width)
    show.say("All about one: socialconnect connectors NAME, or NAME.RESOURCE.")
    return 0


def _search(common: Common, listed: "list[Connector]", words: str) -> int:
    found = finding.search(listed, words)
    like = [] if found else finding.near(listed, words)
    if common.json:
        each = [
            {"name": one.name, "doc": one.doc, "source": one.resource.source, "columns": list(one.columns)}
            for one in found
        ]
        show.json_document({"search": words, "count": len(found), "resources": each, "near": like})
        return 0
    width = max((len(one.name) for one in found[:_FOUND]), default=0) + 2
    for one in found[:_FOUND]:
        columns = f" ({', '.join(one.columns)})" if one.columns else ""
        show.wrapped(f"{one.doc}{columns}", begin=one.name, indent=width)
    if not found:
        hint = f"Did you mean {' or '.join(map(repr, like))}?" if like else "All there are: socialconnect connectors."
        show.say(f"No resource has to do with {words!r}. {hint}")
    elif len(found) > _FOUND:
        show.say(f"{_FOUND} of {len(found)} resources: more words find fewer.")
    else:
        show.say("All about one: socialconnect connectors NAME.RESOURCE.")
    return 0


def _write(common: Common, folder: Path, listed: "list[Connector]") -> int:
    pages = {"README.md": reference.index(listed)} | {f"{each.name}.md": reference.page(each) for each in listed}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (folder / name).write_text(f"{text}\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}.", cure="Name a folder that can be.") from None
    if common.json:
        show.json_document({"output": [str(folder / name) for name in pages]})
    elif not common.quiet:
        show.note(f"{len(pages)} pages written to {folder}.")
    return 0


def _tell(common: Common, document: dict[str, object], text: str) -> None:
    if common.json:
        show.json_document(document)
        return
    for line in text.split("\n"):
        show.say(line)


def _connector(connector: "Connector") -> dict[str, object]:
    limits = [
        {"requests": one.requests, "seconds": one.seconds, "per": one.per, "at": one.at} for one in connector.budgets
    ]
    return {
        "name": connector.name,
        "title": connector.title,
        "strategy": connector.strategy,
        "doc": connector.doc,
        "source": connector.source,
        "api_version": connector.api_version,
        "versions": list(connector.versions),
        "origins": list(connector.origins),
        "limits": limits,
        "resources": [_resource(resource) for resource in connector.resources],
    }


def _resource(resource: "Resource") -> dict[str, object]:
    parent = resource.parent
    return {
        "name": resource.name,
        "doc": resource.doc,
        "source": resource.source,
        "scopes": list(resource.scopes),
        "capability": resource.capability,
        "fuller": dict(resource.fuller),
        "parent": {"resource": parent.resource, "param": parent.param, "column": parent.column} if parent else None,
        "params": [_param(param) for param in resource.arguments],
        "key": list(resource.key),
        "cap": resource.cap or None,
        "columns": [
            {
                "name": column.name,
                "dtype": column.dtype,
                "path": column.path,
                "on_request": column.on_request,
                "personal": column.personal,
                "note": column.note,
            }
            for column in resource.columns
        ],
        "notes": list(resource.notes),
    }


def _param(param: "Param") -> dict[str, object]:
    return {
        "name": param.name,
        "kind": param.kind.__name__,
        "choices": list(param.choices),
        "many": param.many,
        "excludes": list(param.excludes),
        "needs": list(param.needs),
        "least": param.least,
        "most": param.most,
        "note": param.note,
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
