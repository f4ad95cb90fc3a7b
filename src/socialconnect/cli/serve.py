"""`sandbox`: the embedded world on a port of this machine, for other programs."""

import json
import shlex
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from socialconnect.cli import show
from socialconnect.cli.common import Common
from socialconnect.errors import UsageError

if TYPE_CHECKING:
    from socialconnect.sandbox import Sandbox


def sandbox(
    common: Common,
    *,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any that is free.")] = 8787,
    host: Annotated[str, typer.Option("--host", help="An address of this machine.")] = "127.0.0.1",
) -> int:
    """Serve the embedded world on this machine until Ctrl-C, and print how to use it.

    What it prints can be pasted into another shell: every client there then works on this world.
    """
    from socialconnect.sandbox import serve  # noqa: PLC0415 - too slow for --help
    from socialconnect.settings import is_loopback  # noqa: PLC0415 - too slow for --help

    if not is_loopback(host):
        raise UsageError(f"{host} can be reached from elsewhere.", cure="Serve at 127.0.0.1: clients accept no other.")
    client, world = common.embedded()
    with suppress(KeyboardInterrupt):  # the server may also take it for itself, and return
        serve(world, host, port, ready=lambda base: _ready(common, world, client.settings.budgets, base))
    show.note("The sandbox has ended.")
    return 0


def _ready(common: Common, world: "Sandbox", budgets: dict[str, str], base: str) -> None:
    variables = {
        "CLERK_SECRET_KEY": world.secret_key,  # it opens nothing but this world
        "SOCIALCONNECT_BASE_URLS": json.dumps(world.base_urls(base)),
        "SOCIALCONNECT_BUDGETS": json.dumps(budgets),
    }
    if common.json:
        show.json_document({"base": base, "environment": variables})
        return
    show.say(f"# {world} is served at {base}. Ctrl-C ends it.")
    show.say("# Paste this into another shell:")
    for name, value in variables.items():
        show.say(f"export {name}={shlex.quote(value)}")
    show.say("# Then, for example:")
    show.say("#   socialconnect users")
    show.say(f'#   curl -H "Authorization: Bearer $CLERK_SECRET_KEY" "{base}/api.clerk.com/v1/users?limit=1"')
