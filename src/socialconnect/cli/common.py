"""What all commands share: the options, the client, and how an error is told."""

import functools
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socialconnect.cli import show
from socialconnect.errors import MissingKey, SocialConnectError, UsageError

if TYPE_CHECKING:
    from socialconnect.client import Client
    from socialconnect.sandbox import Sandbox

_GET_KEY = (
    "Set CLERK_SECRET_KEY in the environment or a .env file; the Clerk Dashboard has it under API keys. "
    "Without an account, add --sandbox."
)
_WORLD = "How many users the embedded world has."
INTERRUPTED = 130
UNREAD = 141  # what a shell reports of a program that writes to a closed pipe


@dataclass(frozen=True, kw_only=True)
class Common:
    """The options that every command takes."""

    sandbox: Annotated[bool, typer.Option("--sandbox", help="Work on the embedded world: no account, no network.")] = (
        False
    )
    world: Annotated[int | None, typer.Option("--users", "--world", min=1, max=100_000, metavar="N", help=_WORLD)] = (
        None
    )
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Which embedded world it is.")] = None
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="TEXT", help="What goes wrong there, as github:throttled@0.1. Repeatable."),
    ] = None
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False

    def client(self) -> "Client":
        """The client that the options ask for."""
        if self.sandbox:
            return self.embedded()[0]
        said = {"world": "A number of users", "seed": "--seed", "fault": "--fault"}
        given = [what for name, what in said.items() if getattr(self, name) not in (None, [])]
        if given:
            raise UsageError(f"{given[0]} is about the embedded world.", cure="Add --sandbox, or leave it out.")
        from socialconnect.client import Client  # noqa: PLC0415 - too slow for --help

        try:
            return self._quietened(Client())
        except MissingKey as error:
            raise MissingKey(error.message, cure=_GET_KEY) from None

    def embedded(self) -> "tuple[Client, Sandbox]":
        """A client on the embedded world, and that world."""
        from socialconnect.embedded import sandbox  # noqa: PLC0415 - too slow for --help

        client = sandbox(users=self.world or 200, seed=self.seed or 0, faults=tuple(self.fault or ()))
        if client.sandbox is None:
            raise RuntimeError("the embedded client has no world")
        return self._quietened(client), client.sandbox

    def _quietened(self, client: "Client") -> "Client":
        if self.quiet or self.json:
            client.aio.settings = client.settings.model_copy(update={"progress": False})
        return client


def command(function: Callable[..., int]) -> Callable[..., None]:
    """A command for typer: `function` with the common options added, its errors told, its result the exit code.

    Where its own `--users` chooses users, the size of the embedded world is `--world` alone.
    """
    shared = dict(inspect.signature(Common).parameters)
    own = list(inspect.signature(function).parameters.values())[1:]
    if any(parameter.name == "users" for parameter in own):
        alone = typer.Option("--world", min=1, max=100_000, metavar="N", help=_WORLD)
        shared["world"] = shared["world"].replace(annotation=Annotated[int | None, alone])

    @functools.wraps(function)
    def run(**given: Any) -> None:
        common = Common(**{name: given.pop(name) for name in shared})
        code = _guarded(lambda: function(common, **given), common)
        if code:
            raise typer.Exit(code)

    parameters = [*own, *shared.values()]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _guarded(work: Callable[[], int], common: Common) -> int:
    try:
        code = work()
        sys.stdout.flush()
    except SocialConnectError as error:
        _tell(error, str(error), common)
        if common.json:
            told = {"code": error.code, "message": error.message, "cure": error.cure, "exit_code": error.exit_code}
            show.json_document({"error": told})
        return error.exit_code
    except KeyboardInterrupt:
        show.note("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        _deafen()
        return UNREAD
    except Exception as error:  # noqa: BLE001 - whatever it is, a user gets a sentence
        _tell(error, f"{type(error).__name__}: {error} This is a bug: --debug shows where.", common)
        return 1
    return code


def _tell(error: Exception, sentence: str, common: Common) -> None:
    if common.debug:
        show.note("".join(traceback.format_exception(error)).rstrip(), lines=True)
    show.note(f"error: {sentence}")


def _deafen() -> None:
    """Nobody reads any more: let the interpreter's last flush go nowhere."""
    with suppress(OSError):  # what stands in for stdout may be no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
