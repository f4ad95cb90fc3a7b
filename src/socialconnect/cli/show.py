"""What people and programs see: tables and sentences, or one JSON document; remarks go to stderr.

Names and descriptions come from strangers, so nothing of them is taken for markup, and what would steer a terminal
(escape sequences, reversed writing) is shown as a replacement character.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

import typer
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from socialconnect.secret import scrub

if TYPE_CHECKING:
    import pandas as pd

ROWS = 20  # of a table that nobody asked to be longer
_WIDEST = 40  # cells of one column, unless it is an id
_GAP = 2
_STEERING = (*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_SAFE = dict.fromkeys(_STEERING, "\ufffd") | dict.fromkeys(map(ord, "\t\n\r"), " ")


def plain(text: str) -> str:
    r"""`text` on one line, without anything that a terminal would obey.

    >>> plain("a\nb\x1b[31m")
    'a b�[31m'
    """
    return text.translate(_SAFE)


def note(text: str, *, lines: bool = False) -> None:
    """A remark for people, on stderr, without any secret that is alive; `lines` keeps its line breaks."""
    safe = "\n".join(map(plain, scrub(text).split("\n"))) if lines else plain(scrub(text))
    typer.echo(_encodable(safe, sys.stderr.encoding), err=True)


def say(text: str = "", *, style: str = "") -> None:
    """A line for people, on stdout; the style is for terminals that have any."""
    if style:
        _draw(Text(plain(text), style, no_wrap=True, overflow="ignore"))
    else:
        _print(plain(text))


def wrapped(text: str, *, begin: str = "", indent: int = 0) -> None:
    """A longer sentence for people, in lines that fit: the first after `begin`, the others at `indent`."""
    lines = wrap(plain(text), max(console().width - indent, 20), break_long_words=False, break_on_hyphens=False)
    for line in lines or [""]:
        _print(f"{begin:<{indent}}{line}".rstrip())
        begin = ""


def json_document(document: object) -> None:
    """The one JSON document of a command, in UTF-8."""
    octets(f"{json.dumps(document, ensure_ascii=False, indent=2)}\n".encode("utf-8", "replace"))


def octets(data: bytes) -> None:
    """Bytes as they are, on stdout."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def records(frame: "pd.DataFrame") -> list[dict[str, object]]:
    """The rows of a frame as JSON can say them: moments in ISO 8601, null for NA."""
    listed: list[dict[str, object]] = json.loads(frame.to_json(orient="records", date_format="iso", date_unit="us"))
    return listed


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[str] = (), indent: int = 0) -> None:
    """Print rows under a head; the columns in `right` are figures."""
    grid = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    figures = set(right)
    for name in head:
        side: Literal["right", "left"] = "right" if name in figures else "left"
        grid.add_column(Text(name), justify=side, overflow="ellipsis", no_wrap=True, max_width=_WIDEST)
    for row in rows:
        grid.add_row(*(Text(plain(cell)) for cell in row))
    _draw(Padding(grid, (0, 0, 0, indent), expand=False))


def frame_table(
    frame: "pd.DataFrame", *, rows: int = ROWS, first: Sequence[str] = (), indent: int = 0
) -> tuple[int, int]:
    """Print the head of a frame: as many columns as there is room for, those named `first` before the others.

    Returns how many rows and columns were shown.
    """
    head = frame.head(rows)
    cells = {name: _cells(head[name]) for name in _order(frame, first)}
    names = _fitting(cells, console().width - indent)
    figures = [name for name in names if str(frame[name].dtype) in ("Int64", "Float64")]
    table(names, zip(*(cells[name] for name in names), strict=True), right=figures, indent=indent)
    return len(head), len(names)


def extent(rows: int, of: int, what: str, columns: int, of_columns: int) -> str:
    """How much of a frame was shown, and how to have the rest."""
    whole = rows == of and columns == of_columns
    told = f"{rows:,} of {of:,} {what}, {columns} of {of_columns} columns." if not whole else f"{of:,} {what}."
    return told if whole else f"{told} More: --output FILE, --columns A,B, --json."


def console() -> Console:
    """The console on stdout: its colours and width are the terminal's, or none and 80."""
    return Console(file=sys.stdout, highlight=False, markup=False, emoji=False)


def _cells(column: "pd.Series") -> list[str]:
    """The values of a column as people read them; nothing for NA."""
    pairs = zip(column.tolist(), column.isna().tolist(), strict=True)
    return ["" if missing else _cell(value) for value, missing in pairs]


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value.strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else str(value)


def _order(frame: "pd.DataFrame", first: Sequence[str]) -> list[str]:
    """The columns in the order of their worth in little room: an account's long id comes last."""
    names = [name for name in first if name in frame.columns]
    rest = [str(name) for name in frame.columns if name not in names]
    return names + sorted(rest, key=lambda name: name == "external_account_id")


def _fitting(cells: Mapping[str, Sequence[str]], room: int) -> list[str]:
    fitting: list[str] = []
    for name, shown in cells.items():
        width = max([cell_len(name), *(min(cell_len(plain(text)), _WIDEST) for text in shown)])
        if fitting and width > room:
            break
        room -= width + _GAP
        fitting.append(name)
    return fitting


def _draw(drawing: RenderableType) -> None:
    terminal = console()
    with terminal.capture() as drawn:
        terminal.print(drawing)
    _print("\n".join(line.rstrip() for line in drawn.get().splitlines()))


def _print(text: str) -> None:
    typer.echo(_encodable(text, sys.stdout.encoding))


def _encodable(text: str, encoding: str | None) -> str:
    """`text` with a replacement for what a terminal's encoding cannot say."""
    return text.encode(encoding or "utf-8", "replace").decode(encoding or "utf-8")
