"""`new-connector`: the file of a connector, to be filled in from the provider's documentation."""

import os
from pathlib import Path
from textwrap import dedent
from typing import Annotated
from urllib.parse import urlsplit

import typer

from socialconnect.cli import show
from socialconnect.cli.common import Common
from socialconnect.connectors import GROUP, Connectors
from socialconnect.errors import SetupError, UsageError
from socialconnect.reading.names import check_name
from socialconnect.settings import check_address

_OWN = "from socialconnect import Connector, Profile, Resource, columns"
_HOUSE = "from socialconnect.reading.declare import Connector, Profile, Resource, columns"
_FILE = '''
"""{title}: who the user is there.

Until you have an account, the sandbox serves what is declared here, and some of its people have connected it:

    import socialconnect as sc
    client = sc.sandbox(connectors=[connector])
    client.{name}.profile(on_error="ignore")[["user_id", "id", "email"]]

On your own instance it is `sc.Client(connectors=[connector])`; a package offers it by the entry point group
`{group}`.
"""

from __future__ import annotations

{imports}

_PROFILE = Resource(
    "profile",
    # What stands behind the origin; a whole address of one of the connector's origins does as well.
    "{path}",
    doc="The {title} account behind the token.",
    # The vendor's page that documents this request: whoever doubts a column looks there.
    source="{docs}",
    # The answer is the record itself. One that lists records says where, as records="items", and how it goes on, as
    # paging=Cursor("next_cursor", "cursor"); without paging, the first page would be all that anybody gets.
    single=True,
    # What identifies a row, so that rows that come twice are told.
    key=("id",),
    # A dtype holds in every frame, also in one without rows: state what is documented, and leave out what is not.
    # A name that differs from the provider's is written name=key; what stands deeper, with `under`.
    columns=(
        *columns("string", "id"),
        # Personal data is marked, so that the reference says so.
        *columns("string", "username name email", personal=True),
        *columns("boolean", "email_verified"),
        *columns("string", "avatar_url"),
        *columns("datetime", "created_at"),
    ),
)

connector = Connector(
    "{name}",
    # A token goes here and nowhere else; further hosts are named by origins=(...).
    "{origin}",
    (_PROFILE,),
    title="{title}",
    doc="Who the user is at {title}.",
    source="{docs}",
    # Clerk's name for the provider, as its Dashboard shows it: oauth_custom_ and the key of a custom provider.
    strategy="{strategy}",
    # Which columns say what all providers' profiles have in common, for client.profiles().
    profile=Profile(
        handle="username",
        name="name",
        email="email",
        email_verified="email_verified",
        avatar_url="avatar_url",
        created_at="created_at",
    ),
)
'''


def new_connector(  # noqa: PLR0913 - each is an option of the command
    common: Common,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the client will call it: client.NAME.")],
    base_url: Annotated[str, typer.Option("--base-url", metavar="URL", help="Where its API is.")],
    profile: Annotated[
        str, typer.Option("--profile", metavar="PATH", help="Where it tells who the user is, behind the base URL.")
    ] = "/me",
    title: Annotated[str | None, typer.Option("--title", help="What people call the provider.")] = None,
    strategy: Annotated[
        str | None, typer.Option("--strategy", help="Clerk's name for it; oauth_custom_NAME by default.")
    ] = None,
    docs: Annotated[str | None, typer.Option("--docs", metavar="URL", help="The API's documentation.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it there, anew.")] = None,
    built_in: Annotated[
        bool, typer.Option("--built-in", help="For src/socialconnect/connectors of a checkout.")
    ] = False,
) -> int:
    """Write the file of a new connector, commented, with a profile that can be read at once."""
    check_name(name, "connector")
    from socialconnect.client import Client  # noqa: PLC0415 - too slow for --help

    if hasattr(Client, name):
        raise UsageError(f"client.{name} is a method already.", cure="Give the connector another name.")
    if name in Connectors():
        raise UsageError(f"There is a connector {name!r} already.", cure=f"See: socialconnect connectors {name}.")
    origin, path = _place(base_url, profile)
    called = title or name.removeprefix("custom_").replace("_", " ").title()
    page = docs or base_url
    for text, what in ((called, "--title"), (path, "--profile"), (page, "--docs"), (strategy or "", "--strategy")):
        if not text.isprintable() or set('"\\{}') & set(text):
            raise UsageError(f"{what} holds a character that cannot stand there.", cure="Leave out quotes and braces.")
    text = _FILE.lstrip().format(
        name=name,
        title=called,
        origin=origin,
        path=path,
        docs=page,
        group=GROUP,
        strategy=strategy or f"oauth_custom_{name.removeprefix('custom_')}",
        imports=_HOUSE if built_in else _OWN,
    )
    if out is not None:
        _write(out, text)
    if common.json:
        told = {"name": name, "output": str(out)} if out is not None else {"name": name, "text": text}
        show.json_document(told)
    elif out is None:
        show.octets(text.encode())
    else:
        show.note(f"{out} written.")
    if not common.quiet and not common.json:
        show.note(_next(name, out, built_in=built_in), lines=True)
    return 0


def _place(base_url: str, profile: str) -> tuple[str, str]:
    """The origin of an API, and the path of its profile behind whatever stands before all paths."""
    check_address(base_url, "--base-url")
    parts = urlsplit(base_url)
    if parts.query or parts.fragment:
        raise UsageError("--base-url is more than an address.", cure="Leave out what follows ? or #.")
    if not profile.startswith("/"):
        raise UsageError("--profile does not begin at the base URL.", cure=f"Write it as /{profile}.")
    return f"{parts.scheme}://{parts.netloc}", f"{parts.path.rstrip('/')}{profile}"


def _write(out: Path, text: str) -> None:
    """A new file; one that is there is somebody's work."""
    try:
        with out.expanduser().open("x", encoding="utf-8", newline="\n") as handle:
            handle.write(text)
    except FileExistsError:
        raise UsageError(f"{out} is there already.", cure="Name another file, or remove it.") from None
    except OSError as error:
        raise SetupError(f"{out} cannot be written: {error.strerror or error}.", cure="Name another.") from None


def _next(name: str, out: Path | None, *, built_in: bool) -> str:
    """What to do with it."""
    module = out.stem if out is not None else name
    if built_in:
        return dedent(f"""\
            Next: put the documentation's columns in, then
              test    pytest tests/test_conformance.py -k {name}
              tell    socialconnect connectors --write notebooks{os.sep}reference""")
    return dedent(f"""\
        Next: put the documentation's columns in, then
          try     python -c "import socialconnect as sc, {module}; c = sc.sandbox(connectors=[{module}.connector]); \
print(c.{name}.profile(on_error='ignore'))"
          test    record one real answer by sc.record("{name}.yaml"), and hold the frame that sc.replay gives to it
          share   in your package's pyproject.toml:
                    [project.entry-points."{GROUP}"]
                    {name} = "{module}:connector"
        CONTRIBUTING.md has more, notebooks/05_your_own_connector.ipynb shows lists, parents and parameters.""")
