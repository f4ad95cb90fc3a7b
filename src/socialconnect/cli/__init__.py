"""The command `socialconnect`: what the client does, for a shell.

What was asked for goes to stdout, everything else to stderr. Heavy modules are loaded inside the commands, so that
`--help` and completion answer at once.
"""

from typing import Annotated

import typer

from socialconnect import __version__
from socialconnect.cli import (
    check,
    connect,
    connections,
    coverage,
    demo,
    export,
    lab,
    listing,
    login,
    new_connector,
    pull,
    run,
    scan,
    serve,
)
from socialconnect.cli.common import command

_CODES = """\b
Exit codes:
  0    all is well
  1    a bug of this program: run it again with --debug
  2    the command cannot be meant as it is written
  3    set-up: the key, the Clerk instance, a package or a file
  4    accounts need their owners: none could be read, or with --strict any; of an export, any
  5    Clerk, a provider or a target is in trouble: run it again later
  6    a service answered what it should not
  7    scan found something secret
  8    an export's deadline ended it: run it again with --resume
  130  interrupted
  141  whoever read the output stopped reading
  143  told to end by a signal (SIGTERM)

Where accounts of one pull ended with several of these, it exits with the highest; of one export with what is to be
done first: 8, then 3, 5, 6, 4. The rows of the other accounts are written all the same. After 5, 6, 8, 130 and 143 an
export goes on with --resume.

The Clerk secret key comes from CLERK_SECRET_KEY in the environment or a .env file, or from the system keyring, where
`socialconnect login` puts it; never from the command line, which other programs can see."""

app = typer.Typer(
    name="socialconnect",
    help="From the accounts your Clerk users connected to tables. Try: socialconnect demo",
    epilog=_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # they show locals
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"socialconnect {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    del version


_COMMANDS = (
    demo.demo,
    check.check,
    login.login,
    login.logout,
    login.whoami,
    listing.users,
    listing.accounts,
    connections.providers,
    connect.connect,
    connections.disconnect,
    connections.diagnose,
    coverage.coverage,
    coverage.plan,
    pull.pull,
    export.export,
    run.run,
    run.preflight,
    listing.connectors,
    new_connector.new_connector,
    scan.scan,
    serve.sandbox,
    lab.lab,
)
for _function in _COMMANDS:
    app.command(context_settings=login.ANYTHING if _function is login.login else None)(command(_function))


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    app()
