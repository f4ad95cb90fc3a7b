"""`lab`: JupyterLab on the notebooks, with the embedded world beside it.

Its address and key go to JupyterLab by the environment: other programs can see a command line.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from socialconnect.cli import show
from socialconnect.cli.common import INTERRUPTED, Common
from socialconnect.errors import MissingPackage, SetupError, UsageError

_FOLDER = Path("socialconnect-notebooks")
_FIRST = "01_quickstart.ipynb"
_PACKAGE = Path(__file__).parents[1]
_PLACES = (_PACKAGE / "_notebooks", _PACKAGE.parents[1] / "notebooks")  # in a wheel, in a checkout


def lab(
    common: Common,
    jupyter: Annotated[
        list[str] | None, typer.Argument(metavar="[-- OPTION…]", help="Options of JupyterLab's own, as --no-browser.")
    ] = None,
    *,
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where the notebooks are, or are copied to.")
    ] = _FOLDER,
) -> int:
    """Start JupyterLab on the notebooks, with the embedded world on: no account, no network.

    The notebooks are copied into a folder; one that is there already is never replaced. Besides sc.sandbox(), which
    every notebook can make, sc.Client() in this JupyterLab works on a world of its own: that of --users, --seed and
    --fault. For your own instance, start JupyterLab yourself in that folder.
    """
    options = _options(jupyter or [])
    if find_spec("jupyterlab") is None:
        raise MissingPackage("JupyterLab is not installed.", cure="pip install 'socialconnect[lab]'")
    from socialconnect.sandbox import running  # noqa: PLC0415 - too slow for --help

    client, world = common.embedded()
    home = folder.expanduser().resolve()
    copied = _copied(home)
    with running(world) as base:
        environment = {
            "CLERK_SECRET_KEY": world.secret_key,  # it opens nothing but this world
            "SOCIALCONNECT_BASE_URLS": json.dumps(world.base_urls(base)),
            "SOCIALCONNECT_BUDGETS": json.dumps(client.settings.budgets),
        }
        _tell(common, home, copied, f"{world} at {base}")
        # -P: a file beside the notebooks must not be taken for a module of JupyterLab's
        command = [sys.executable, "-P", "-m", "jupyterlab", f"--LabApp.default_url=/lab/tree/{_FIRST}", *options]
        code = _wait(command, home, {**os.environ, **environment})
    return _ended(code)


def _options(given: list[str]) -> list[str]:
    for word in given:
        if not word.startswith("-"):
            raise UsageError(f"{word} is not an option of JupyterLab.", cure=f"For a folder, write --folder {word}.")
    return given


def _copied(home: Path) -> list[str]:
    """Put the notebooks and what they link to there, but for what is there already; the names of what was put."""
    copied = []
    try:
        for name, source in _shipped():
            target = home / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if _new(target, source.read_bytes()):
                copied.append(name)
    except OSError as error:
        raise UsageError(
            f"The notebooks cannot be copied to {home}: {error.strerror or error}.", cure="Name another --folder."
        ) from None
    return copied


def _shipped() -> Iterator[tuple[str, Path]]:
    """The notebooks of this installation, their pages and recipes, by their names in the folder."""
    root = next((place for place in _PLACES if (place / _FIRST).is_file()), None)
    if root is None:
        raise SetupError("This installation has no notebooks.", cure="Install it again, from a wheel or a checkout.")
    found = (*root.glob("*.ipynb"), *root.glob("*.md"), *root.glob("reference/*.md"), *root.glob("recipes/*"))
    for path in sorted(path for path in found if path.is_file()):
        yield path.relative_to(root).as_posix(), path


def _new(target: Path, data: bytes) -> bool:
    """Write a file that is not there yet; False where there is one, and then it is as it was."""
    try:
        with target.open("xb") as file:
            file.write(data)
    except FileExistsError:
        return False
    return True


def _tell(common: Common, home: Path, copied: list[str], world: str) -> None:
    if common.json:
        show.json_document({"folder": str(home), "copied": copied, "world": world})
        return
    what = f"{len(copied)} files were copied to" if copied else "Nothing was copied: everything is there in"
    show.note(f"{what} {home}")
    show.note(f"sc.Client() in this JupyterLab works on {world}; no account, no network.")
    show.note("Ctrl-C, twice, ends both.")


def _wait(command: list[str], home: Path, environment: dict[str, str]) -> int:
    """Run it to its end and give its code. Ctrl-C reaches it too, and it may ask whether that was meant."""
    with subprocess.Popen(command, cwd=home, env=environment) as process:  # noqa: S603 - this interpreter, no shell
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def _ended(code: int) -> int:
    if code < 0:  # by a signal
        return INTERRUPTED
    if code:
        raise SetupError(f"JupyterLab ended with {code}.", cure="What it wrote above says why.")
    show.note("JupyterLab and the sandbox have ended.")
    return 0
