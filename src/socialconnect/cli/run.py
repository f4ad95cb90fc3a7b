"""`run` and `preflight`: an export as a job file says it, and what it will meet."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from socialconnect.cli import show
from socialconnect.cli.carrying import Order, carried
from socialconnect.cli.common import Common
from socialconnect.cli.export import (
    Concurrency,
    Deadline,
    DryRun,
    Incremental,
    LogJson,
    MaxErrors,
    Report,
    Resume,
    To,
    Users,
    options,
)
from socialconnect.cli.preflight import dry_run as planned
from socialconnect.cli.preflight import look_ahead
from socialconnect.errors import UsageError


def run(  # noqa: PLR0913 - a command's options
    common: Common,
    job: Annotated[Path | None, typer.Argument(metavar="JOB.TOML", help="The job file.")] = None,
    *,
    example: Annotated[bool, typer.Option("--example", help="Print a job file to begin with.")] = False,
    users: Users = None,
    to: To = None,
    incremental: Incremental = None,
    resume: Resume = None,
    max_errors: MaxErrors = None,
    deadline: Deadline = None,
    concurrency: Concurrency = None,
    dry_run: DryRun = False,
    report: Report = None,
    log_json: LogJson = False,
) -> int:
    """Carry out the export that a job file says; options given here count instead of what stands there.

    Paths in the file are beside it, ${NAME} in `to` and `users` is a variable of the environment. It exits as
    `socialconnect export` does.

    \b
    Examples:
      socialconnect run --example > job.toml
      socialconnect run job.toml --sandbox --dry-run
      socialconnect run job.toml --resume --deadline 06:30
    """  # noqa: D301 - click reads it as lines to leave as they are
    from socialconnect.export.jobfile import EXAMPLE, JobFile  # noqa: PLC0415 - too slow for --help

    if example is (job is not None):
        raise UsageError("Either a job file or --example.", cure="`socialconnect run --example > job.toml` makes one.")
    if job is None:
        show.octets(EXAMPLE.encode())
        return 0
    over = {
        "users": users,
        "to": to,
        "incremental": incremental,
        "resume": resume,
        "max_errors": max_errors,
        "deadline": deadline,
        "concurrency": concurrency,
        "report": report,
    }
    sheet = JobFile(job).sheet(options(over))
    order = Order(common, sheet, _again(job), log_json)
    return planned(order) if dry_run else carried(order)


def preflight(
    common: Common,
    job: Annotated[Path, typer.Argument(metavar="JOB.TOML", help="The job file.")],
    *,
    users: Users = None,
    to: To = None,
    deadline: Deadline = None,
    resume: Resume = None,
    check_tokens: Annotated[
        bool, typer.Option("--check-tokens", help="Ask Clerk for each token: one request for each user and provider.")
    ] = False,
) -> int:
    """Look ahead: is the target writable and free, who cannot be read, what does it take, does a run wait to go on.

    No provider is called. The target is opened as the export would, and closed again: tables and folders that it lacks
    are made. It exits with what the export is likely to exit with.

    \b
    Examples:
      socialconnect preflight job.toml
      socialconnect preflight job.toml --check-tokens --json
    """  # noqa: D301 - as above
    from socialconnect.export.jobfile import JobFile  # noqa: PLC0415 - too slow for --help

    over = {"users": users, "to": to, "deadline": deadline, "resume": resume}
    sheet = JobFile(job).sheet(options(over))
    return look_ahead(Order(common, sheet, _again(job)), tokens=check_tokens)


def _again(job: Path) -> str:
    return f"socialconnect run {shlex.quote(str(job))} --resume"
