"""`scan`: whether a notebook holds a secret, and in which cell."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from socialconnect.cli import show
from socialconnect.cli.common import Common
from socialconnect.errors import SetupError, UsageError

if TYPE_CHECKING:
    from socialconnect.http.scrubbing import Scrubber

FOUND = 7  # the exit code
_MANY = 5  # e-mail addresses that nobody displayed, and that make a list
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # it would stand right before what it colours
_PICTURE = re.compile(r"(?:image/(?!svg)|application/pdf|video/|audio/)")  # what is no text


@dataclass(frozen=True, slots=True)
class Finding:
    """Something secret: in which file, where in it, what it looks like, and how it begins."""

    file: str
    place: str
    what: str
    begins: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A text of a notebook, and where it stands; `hidden` is what the notebook's reader never sees."""

    place: str
    text: str
    hidden: bool = False


def scan(
    common: Common,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Notebooks, other text files, or folders of notebooks.")
    ],
) -> int:
    """Check notebooks for tokens, keys and tickets before they are committed or sent: sources, outputs, widget state.

    It looks for what the providers' tokens, Clerk's keys and others look like, for fields that are secrets by their
    name, and for the secret key of this machine however it is written; in what no reader sees, also for lists of e-mail
    addresses. It ends with 7 where it finds anything, and shows no more of it than how it begins.
    """
    from socialconnect.http.scrubbing import Scrubber  # noqa: PLC0415 - too slow for --help

    paths = [path for name in files for path in _paths(name)]
    own = Scrubber(_own_key())
    found = [finding for path in paths for finding in findings(path, own)]
    if common.json:
        show.json_document({"files": len(paths), "findings": [asdict(one) for one in found]})
        return FOUND if found else 0
    for one in found:
        begins = f", begins {one.begins}" if one.begins else ""
        show.say(f"{one.file}: {one.place}: {one.what}{begins}")
    if not common.quiet:
        show.note(f"{len(found) or 'Nothing'} found in {len(paths):,} files.")
        if found:
            show.note("Revoke what was shown, then clear the outputs: jupyter nbconvert --clear-output --inplace FILE")
    return FOUND if found else 0


def findings(path: Path, own: "Scrubber") -> Iterator[Finding]:
    """What of a file is secret; a UsageError where it cannot be read."""
    from socialconnect.http.scrubbing import secrets_in, shape_in  # noqa: PLC0415 - too slow for --help

    for piece in _pieces(path):
        shaped = shape_in(piece.text)
        named = [value for value in secrets_in(piece.text) if re.search(r"\d", value)]
        if own.left(piece.text):
            yield Finding(str(path), piece.place, "the secret key of this machine")
        elif shaped is not None:
            yield Finding(str(path), f"{piece.place}{_line(piece.text)}", *shaped)
        elif named:
            yield Finding(str(path), piece.place, "a field that is a secret by its name", named[0][:4])
        addresses = {*_ADDRESS.findall(piece.text)} if piece.hidden else set()
        if len(addresses) >= _MANY:
            yield Finding(str(path), piece.place, f"{len(addresses)} e-mail addresses that no cell shows")


def _line(text: str) -> str:
    """In which line it stands, where it stands in one."""
    from socialconnect.http.scrubbing import shape_in  # noqa: PLC0415 - too slow for --help

    lines = text.splitlines()
    at = next((number for number, line in enumerate(lines, 1) if shape_in(line)), None)
    return f", line {at}" if at is not None and len(lines) > 1 else ""


def _own_key() -> list[str]:
    """The key of this machine, where there is one: it must be in no notebook, whatever it looks like."""
    from socialconnect.settings import Settings  # noqa: PLC0415 - too slow for --help

    try:
        return [Settings.make().key().reveal()]
    except SetupError:
        return []


def _paths(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        return sorted(one for one in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in one.parts)
    if not path.is_file():
        raise UsageError(f"There is no file {name}.", cure="Name a notebook, or a folder of them.")
    return [path]


def _pieces(path: Path) -> Iterator[Piece]:
    try:
        text = path.read_text("utf-8")
        document = json.loads(text) if path.suffix == ".ipynb" else None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as a notebook: {error}.", cure="Name another file.") from None
    if not isinstance(document, dict):
        yield Piece("text", text)
        return
    cells = document.get("cells")
    for number, cell in enumerate(cells if isinstance(cells, list) else [], 1):
        if isinstance(cell, dict):
            yield from _cell(f"cell {number}", cell)
    metadata = document.get("metadata")
    rest = {**metadata} if isinstance(metadata, dict) else {}
    for name, kept in _widgets(rest.pop("widgets", None)):
        yield Piece(f"widget state, {name}", _text(kept), hidden=True)
    known = ("cells", "metadata", "nbformat", "nbformat_minor")
    beside = {**rest, **{name: value for name, value in document.items() if name not in known}}
    yield Piece("metadata", _text(beside), hidden=True)


def _cell(place: str, cell: dict[str, object]) -> Iterator[Piece]:
    yield Piece(f"{place}, source", _text(cell.get("source")))
    yield Piece(f"{place}, metadata", _text([cell.get("metadata"), cell.get("attachments")]), hidden=True)
    outputs = cell.get("outputs")
    for number, output in enumerate(outputs if isinstance(outputs, list) else [], 1):
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        for kind, value in data.items() if isinstance(data, dict) else ():
            if not _PICTURE.match(kind):
                yield Piece(f"{place}, output {number} ({kind})", _text(value))
        for name, value in output.items():
            if name != "data":
                yield Piece(f"{place}, output {number} ({name})", _text(value))


def _widgets(state: object) -> Iterator[tuple[str, object]]:
    """Each widget's state with its kind, or the whole where it is none that is known."""
    models = None
    if isinstance(state, dict):
        view = state.get("application/vnd.jupyter.widget-state+json")
        models = view.get("state") if isinstance(view, dict) else None
    if not isinstance(models, dict):
        yield "all of it", state
        return
    for model in models.values():
        yield str(model.get("model_name", "a widget")) if isinstance(model, dict) else "a widget", model


def _text(value: object) -> str:
    """A value as its reader sees it: lines joined, everything else as JSON."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    if isinstance(value, str):
        return _COLOUR.sub("", value)
    return "" if value is None else json.dumps(value, ensure_ascii=False)
