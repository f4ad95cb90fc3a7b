"""`pull`: one resource for many accounts, into a file, a pipe or a table."""

import sys
from collections import Counter, defaultdict
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from socialconnect.cli import show
from socialconnect.cli.choice import arguments, chosen_users, names, to
from socialconnect.cli.common import Common
from socialconnect.cli.files import STDOUT, Destination
from socialconnect.cli.listing import Columns, User
from socialconnect.errors import UsageError

if TYPE_CHECKING:
    from socialconnect.runs.outcomes import Outcome
    from socialconnect.runs.run import Run

_OWNERS = 4  # the exit code of an AccountError
_NAMED = 3  # users named for each reason


def pull(  # noqa: PLR0913 - a command's options
    common: Common,
    resource: Annotated[str, typer.Argument(metavar="RESOURCE", help="github.repos, for example.")],
    *,
    user: User = None,
    columns: Columns = None,
    raw: Annotated[bool, typer.Option("--raw", help="Add what no column declares, as JSON text.")] = False,
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", metavar="NAME=VALUE", help="A parameter. Repeatable.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the rows to a file; - is stdout.")
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        Literal["table", "csv", "jsonl"] | None,
        typer.Option("--format", help="By default the file's ending; a table on a terminal, else CSV."),
    ] = None,
    outcomes: Annotated[
        str | None, typer.Option("--outcomes", metavar="FILE", help="Write how it ended for each account.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 4 if any account was not read whole.")] = False,
) -> int:
    """Read a resource for everybody who has connected its provider, or for the users named.

    The rows are written when at least one account could be read, or nobody was there to read; a file is replaced
    whole, so that no reader sees half of one. Accounts whose owners must act (a dead token, a missing permission) are
    told on stderr and fail the command only with --strict, or where no account could be read.
    """
    rows_to = _rows_to(common, output, format)
    outcomes_to = to(outcomes, common)
    if outcomes_to is not None and outcomes_to.path == (rows_to.path if rows_to is not None else None):
        raise UsageError("The rows and the outcomes would go to the same place.", cure="Name two files.")
    users = chosen_users(user)
    with common.client() as client:
        began = monotonic()
        connector, name = client.connectors.resource(resource)
        given = arguments(connector.resource(name), param)
        how: dict[str, Any] = {"columns": names(columns), "raw": raw, "on_error": "ignore", **given}
        run = client.read(resource, users, **how)
    seconds = monotonic() - began
    if rows_to is not None and readable(run):
        rows_to.write(run.frame)
    elif rows_to is not None:
        show.note("No account could be read, so no rows were written.")
    if outcomes_to is not None:
        outcomes_to.write(run.outcomes)
    _show(common, run, rows_to, seconds)
    if not common.quiet and not common.json:
        _summarise(run, connector.title, seconds)
        if rows_to is not None and rows_to.path is not None and readable(run):
            show.note(f"{len(run.frame):,} rows written to {rows_to.name}.")
    return exit_code(run, strict=strict)


def exit_code(run: "Run", *, strict: bool) -> int:
    """What a run ends with: the highest code of its accounts' errors, where an owner's trouble counts only sometimes.

    It counts where no account could be read, and with `strict`, which also counts what was cut or not as declared.
    """
    codes = {error.exit_code for error in run.errors} - {_OWNERS}
    if codes:
        return max(codes)
    return _OWNERS if not run.complete and (strict or not readable(run)) else 0


def readable(run: "Run") -> bool:
    """Whether any account could be read, or there was none."""
    return not run.ended or any(outcome.status in ("ok", "empty", "partial") for outcome in run.ended)


def reasons(run: "Run") -> "list[tuple[str, list[Outcome]]]":
    """Why accounts were not read whole, the most frequent reason first, with the outcomes of each."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in run.ended:
        if outcome.status not in ("ok", "empty"):
            found[outcome.reason or outcome.status].append(outcome)
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))


def statuses(run: "Run") -> Counter[str]:
    """How many accounts ended how."""
    return Counter(outcome.status for outcome in run.ended)


def _rows_to(common: Common, output: str | None, form: Literal["table", "csv", "jsonl"] | None) -> Destination | None:
    """Where the rows go; None for the screen, or for the JSON document."""
    if form == "table":
        if output is not None or common.json:
            raise UsageError("A table is for the screen.", cure="Leave out --format table, or write csv or jsonl.")
        return None
    if output is None and form is None and (common.json or sys.stdout.isatty()):
        return None
    return to(output or STDOUT, common, form)


def _show(common: Common, run: "Run", rows_to: Destination | None, seconds: float) -> None:
    if common.json:
        show.json_document(_document(run, rows_to, seconds))
    elif rows_to is None and not run.frame.empty:
        rows, columns = show.frame_table(run.frame)
        show.say()
        show.say(show.extent(rows, len(run.frame), "rows", columns, len(run.frame.columns)))
    elif rows_to is None:
        show.say(f"{run.resource} has no rows." if run.ended else "There is nobody to read.")


def _document(run: "Run", rows_to: Destination | None, seconds: float) -> dict[str, object]:
    rows: dict[str, object] = {"records": show.records(run.frame)} if rows_to is None else {"output": rows_to.name}
    return {
        "resource": run.resource,
        "run_id": run.id,
        "read_at": run.read_at.isoformat(timespec="seconds"),
        "complete": run.complete,
        "rows": len(run.frame),
        "accounts": dict(statuses(run)),
        "requests": run.trace.requests,
        "waited": round(run.trace.waited, 3),
        "seconds": round(seconds, 3),
        "outcomes": show.records(run.outcomes),
        **rows,
    }


def _summarise(run: "Run", title: str, seconds: float) -> None:
    if not run.ended:
        show.note(f"Nobody has connected {title}.")
        return
    show.note(tally(run, seconds))
    for reason, outcomes in reasons(run):
        users = [outcome.user_id or "the listing of users" for outcome in outcomes[:_NAMED]]
        show.note(f"  {len(outcomes)} {reason}: {', '.join(users)}{', …' if len(outcomes) > _NAMED else ''}")
        show.note(f"    {outcomes[0].message or ''} {outcomes[0].cure or ''}".rstrip())


def tally(run: "Run", seconds: float) -> str:
    """One line on a run: rows, accounts by status, requests, waits and time."""
    counts = ", ".join(f"{count} {status}" for status, count in statuses(run).most_common())
    return f"{run.resource}: {len(run.frame):,} rows; accounts: {counts}; {work(run, seconds)}."


def work(run: "Run", seconds: float) -> str:
    """How long a run took and what it did in that time; waits of accounts side by side add up to more than it."""
    waits = f"waits add up to {run.trace.waited:,.0f} s" if run.trace.waited >= 1 else "no waits"
    return f"{seconds:.1f} s, {run.trace.requests:,} requests, {waits}"
