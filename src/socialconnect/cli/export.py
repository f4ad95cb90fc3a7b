"""`export`: resources of many users into files, tables and databases that stay."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from socialconnect.cli.carrying import Order, carried
from socialconnect.cli.choice import arguments, names
from socialconnect.cli.common import Common
from socialconnect.cli.preflight import dry_run as planned
from socialconnect.errors import UsageError

if TYPE_CHECKING:
    from socialconnect.export.jobfile import Sheet

Users = Annotated[
    list[str] | None,
    typer.Option(
        "--users",
        metavar="WHOM",
        help="everybody; ids with commas between; @FILE or - with one id a line; or a filter of Clerk's, as query=ada "
        "or organization_id=org_2abc, of which several narrow each other. Repeatable. By default everybody.",
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="URL", help="A folder or file, s3://bucket/place, sqlite:///x.db, duckdb:///x.duckdb, …"
    ),
]
Mode = Literal["merge", "replace", "append"]
Incremental = Annotated[
    bool | None, typer.Option("--incremental/--no-incremental", help="Ask only for what has changed.")
]
Resume = Annotated[
    bool | None, typer.Option("--resume/--no-resume", help="Go on with a run that did not finish, if there is one.")
]
MaxErrors = Annotated[
    str | None,
    typer.Option(
        "--max-errors", metavar="N|N%", help="Stop once more accounts fail, not counting what only owners can mend."
    ),
]
Deadline = Annotated[
    str | None, typer.Option("--deadline", metavar="TIME", help="4h, 30m, or a time of the day: 06:30. Then exit 8.")
]
Concurrency = Annotated[int | None, typer.Option("--concurrency", min=1, metavar="N", help="Accounts read at once.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan: no provider is called, nothing is written.")]
Report = Annotated[
    str | None, typer.Option("--report", metavar="FILE", help="Write what came of it as JSON, also when it fails.")
]
LogJson = Annotated[bool, typer.Option("--log-json", help="Log as JSON lines on stderr, and nothing else there.")]
_SAME = "the same command with --resume"


def known_resources(incomplete: str) -> list[str]:
    """The resources that begin so, for the shell to complete."""
    from socialconnect.connectors import Connectors  # noqa: PLC0415 - only completion asks

    known = Connectors()
    wanted = [name for name in known if name.startswith(incomplete.partition(".")[0])]
    listed = [f"{name}.{resource.name}" for name in wanted for resource in known[name].resources]
    return [name for name in listed if name.startswith(incomplete)]


def export(  # noqa: PLR0913 - a command's options
    common: Common,
    resource: Annotated[
        list[str],
        typer.Argument(metavar="RESOURCE", help="github.repos, for example.", autocompletion=known_resources),
    ],
    *,
    users: Users = None,
    to: To = None,
    mode: Annotated[
        Mode | None,
        typer.Option("--mode", help="merge (by key; marks what is gone), replace an account's rows, or append."),
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        Literal["parquet", "csv", "jsonl"] | None, typer.Option("--format", help="Of files; by default parquet.")
    ] = None,
    incremental: Incremental = None,
    resume: Resume = None,
    max_errors: MaxErrors = None,
    deadline: Deadline = None,
    concurrency: Concurrency = None,
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="A,B", help="These columns only, of one resource.")
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="NAME=VALUE", help="A parameter of one resource. Repeatable."),
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Add what no column declares, as JSON text.")] = False,
    look_back: Annotated[
        str | None,
        typer.Option("--look-back", metavar="TIME", help="With --incremental: so long before the last change. 10m."),
    ] = None,
    full_every: Annotated[
        str | None,
        typer.Option("--full-every", metavar="TIME", help="With --incremental: read everything this often, as 7d."),
    ] = None,
    drop_personal: Annotated[bool, typer.Option("--drop-personal", help="Leave personal columns out.")] = False,
    hash_personal: Annotated[
        bool, typer.Option("--hash-personal", help="Hash them with the key in SOCIALCONNECT_HASH_KEY.")
    ] = False,
    dry_run: DryRun = False,
    report: Report = None,
    log_json: LogJson = False,
) -> int:
    """Export resources of everybody, or of the users chosen, into files or a database.

    What is killed goes on with --resume. What came of it is told on stderr: on a terminal always, else only where not
    all is well, so that cron sends no mail for nothing; --report FILE has it for programs.

    Exits with 0 where all is well; 4 accounts need their owners, all others are there; 5 or 6 trouble at Clerk, a
    provider or the target: run it again with --resume; 8 the deadline ended it: --resume; 2 or 3 mend the command or
    the set-up; 130 or 143 interrupted or told to end: --resume. Where several are true: 8, then 3, 5, 6, 4.

    \b
    Examples:
      socialconnect export github.repos --to exports/
      socialconnect export github.repos google.profile --to sqlite:///x.db --incremental --deadline 4h
      socialconnect export github.repos --users organization_id=org_2abc --to repos.csv --drop-personal
    """  # noqa: D301 - click reads it as lines to leave as they are
    given = {
        "users": users,
        "to": to,
        "mode": mode,
        "format": format,
        "incremental": incremental,
        "resume": resume,
        "max_errors": max_errors,
        "deadline": deadline,
        "concurrency": concurrency,
        "look_back": look_back,
        "full_every": full_every,
        "drop_personal": drop_personal or None,
        "hash_personal": hash_personal or None,
        "report": report,
    }
    sheet = _sheet(_wanted(resource, columns, param, raw=raw), given)
    order = Order(common, sheet, _SAME, log_json)
    return planned(order) if dry_run else carried(order)


def options(given: Mapping[str, object]) -> dict[str, object]:
    """Those of the options that were given."""
    return {name: value for name, value in given.items() if value is not None}


def _wanted(
    resource: Sequence[str],
    columns: str | None,
    param: list[str] | None,
    *,
    raw: bool,
) -> list[dict[str, object]]:
    from socialconnect.connectors import Connectors  # noqa: PLC0415 - too slow for --help

    listed = [name for text in resource for name in names(text) or []]
    if len(listed) > 1 and (columns is not None or param):
        raise UsageError(
            "Columns and parameters are one resource's.", cure="Write a job file: `socialconnect run --example`."
        )
    known = Connectors()
    found: list[dict[str, object]] = []
    for name in listed:
        connector, of = known.resource(name)
        given = arguments(connector.resource(of), param)
        found.append({"name": name, "columns": names(columns), "raw": raw, "arguments": given})
    return found


def _sheet(wanted: list[dict[str, object]], given: Mapping[str, object]) -> "Sheet":
    from socialconnect.export.jobfile import Sheet  # noqa: PLC0415 - too slow for --help

    return Sheet.make({"resource": wanted, **options(given)})
