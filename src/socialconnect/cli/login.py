"""`login`, `logout` and `whoami`: the secret key of this machine, and which Clerk instance it belongs to."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from socialconnect.cli import show
from socialconnect.cli.common import Common
from socialconnect.errors import MissingKey, UsageError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from socialconnect.login import Login

_PIPE = "Pipe it in: … | socialconnect login --stdin; or, for one job, set CLERK_SECRET_KEY in its environment."
_LONGEST = 10_000  # characters: a key has some fifty
_FOUND = {
    "process": "login() in this process",
    "environment": "CLERK_SECRET_KEY in the environment",
    "dotenv": "the file .env in this directory",
    "keyring": "the system keyring",
    "colab": "Colab's secrets",
    "sandbox": "the embedded world",
}


ANYTHING = {"allow_extra_args": True}  # of typer: so that a key on the command line meets a sentence


def login(
    common: Common,
    context: typer.Context,
    *,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the key from a pipe.")] = False,
    no_store: Annotated[bool, typer.Option("--no-store", help="Only check the key; keep it nowhere.")] = False,
) -> int:
    """Ask for the Clerk secret key, check it, and keep it in the system keyring.

    What is typed is not shown. One key is kept, that of the last login, whatever the instance; every later command and
    sc.Client() finds it, unless the environment or a .env file has one. It is never written to a file. The keyring
    needs the extra: pip install 'socialconnect[keyring]'; where there is none, set CLERK_SECRET_KEY.

    Example: socialconnect login

    Example: pass show clerk/secret-key | socialconnect login --stdin
    """
    if context.args:
        raise UsageError(
            "A key on the command line is seen by other programs and kept in the shell's history.",
            cure="Leave it out, you will be asked; replace a key that was written there, in the Clerk Dashboard.",
        )
    _real(common)
    from socialconnect import vault  # noqa: PLC0415 - too slow for --help
    from socialconnect.login import entered  # noqa: PLC0415 - too slow for --help

    if not no_store:
        vault.backend()  # what cannot be kept need not be typed
    _tell(common, entered(_piped() if stdin else _typed(), store=not no_store), kept=not no_store)
    return 0


def logout(common: Common) -> int:
    """Take the secret key out of the system keyring.

    A key in the environment or in a .env file stays: only its owner can take it away.

    Example: socialconnect logout
    """
    _real(common)
    from socialconnect.login import logout as forget  # noqa: PLC0415 - too slow for --help
    from socialconnect.settings import Settings, places  # noqa: PLC0415 - too slow for --help

    forgotten = forget()
    Settings.make()  # a .env file that cannot be read is told as everywhere
    left = [place for place, _ in places()]  # what only its owner can take away
    if common.json:
        show.json_document({"forgotten": forgotten, "left": left})
        return 0
    show.say("The key was taken out of the system keyring." if forgotten else "There was no key in the system keyring.")
    for place in left:
        show.note(f"There is still {_FOUND[place]}.")
    return 0


def whoami(common: Common) -> int:
    """Show which Clerk instance the secret key belongs to, and where the key was found; the key is not shown.

    Example: socialconnect whoami --json
    """
    from socialconnect.login import whoami as ask  # noqa: PLC0415 - too slow for --help

    with common.client() as client:
        _tell(common, ask(client))
    return 0


def _tell(common: Common, found: "Login", *, kept: bool = True) -> None:
    facts = {"application": found.application, "instance": found.instance, "kind": found.kind}
    place = found.place if kept else None
    if common.json:
        show.json_document({**facts, "key": place, "notes": list(found.notes) if kept else []})
        return
    where = f"from {_FOUND.get(place, place)}" if place else "checked, and kept nowhere"
    for name, value in {**facts, "key": where}.items():
        show.say(f"{name:<12} {value or 'not known'}")
    for sentence in found.notes if kept and not common.quiet else ():
        show.note(sentence)


def _real(common: Common) -> None:
    if common.sandbox:
        raise UsageError("The embedded world needs no key.", cure="Leave out --sandbox, or call whoami --sandbox.")


def _typed() -> "SecretStr":
    from socialconnect.login import asked  # noqa: PLC0415 - too slow for --help

    try:
        return asked()
    except MissingKey as error:
        message = error.message
    raise MissingKey(message, cure=_PIPE)


def _piped() -> "SecretStr":
    from pydantic import SecretStr  # noqa: PLC0415 - too slow for --help

    if sys.stdin.isatty():
        raise UsageError("--stdin reads a pipe; a keyboard would show the key.", cure="Leave out --stdin.")
    try:
        return SecretStr(sys.stdin.read(_LONGEST))
    except UnicodeDecodeError:
        pass
    raise UsageError("What came through the pipe is no text.", cure=_PIPE)
