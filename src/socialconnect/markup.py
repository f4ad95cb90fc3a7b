"""HTML for cells: whatever is not made here is escaped, nothing runs, and colours are those of the reader's theme.

The standard library's `html.escape` does all of the escaping; what is added is a type that tells what was escaped
already, so that nothing is left out by accident. pandas' Styler would bring Jinja for the same.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from socialconnect.secret import scrub

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Jupyter's variables, and what stands in elsewhere (VS Code, nbconvert, GitHub): the surroundings' own colours
INK = "var(--jp-content-font-color1, inherit)"
FAINT = "var(--jp-content-font-color2, inherit)"
EDGE = "var(--jp-border-color2, rgba(128, 128, 128, 0.4))"
GOOD = "var(--jp-success-color1, #2e9e5b)"
WARN = "var(--jp-warn-color1, #d08700)"
BAD = "var(--jp-error-color1, #d64545)"

_CELL = "text-align: left; white-space: normal"
_FIGURE = "text-align: right; font-variant-numeric: tabular-nums"


class Html(str):
    """HTML that is whole and escaped."""

    __slots__ = ()


def element(tag: str, *children: object, **attributes: object) -> Html:
    """One element; children and values are escaped, and secrets taken out, unless they are Html.

    >>> element("p", "1 < 2, ", element("b", "really"), title='"so"')
    '<p title="&quot;so&quot;">1 &lt; 2, <b>really</b></p>'
    """
    given = "".join(f' {name}="{_text(value)}"' for name, value in attributes.items() if value is not None)
    return Html(f"<{tag}{given}>{joined(children)}</{tag}>")


def joined(parts: Iterable[object], between: str = "") -> Html:
    """Parts one after another, each escaped unless it is Html."""
    return Html(_text(between).join(part if isinstance(part, Html) else _text(part) for part in parts))


def block(*children: object) -> Html:
    """What stands alone in a cell, in the colours of the theme."""
    return element("div", *children, style=f"color: {INK}")


def faint(*children: object) -> Html:
    """A remark."""
    return element("span", *children, style=f"color: {FAINT}; opacity: 0.85")


def link(address: str, words: object = "") -> Html:
    """A link that opens beside the notebook; an address that is not https is only shown."""
    if not address.startswith("https://"):
        return joined([words or address])
    return element("a", words or address, href=address, target="_blank", rel="noopener noreferrer")


def table(head: Sequence[object], rows: Iterable[Sequence[object]], *, figures: Iterable[int] = ()) -> Html:
    """A table; the columns in `figures` are to the right."""
    right = set(figures)

    def row(tag: str, cells: Sequence[object]) -> Html:
        return element(
            "tr",
            *(element(tag, cell, style=_FIGURE if at in right else _CELL) for at, cell in enumerate(cells)),
        )

    body = element("tbody", *(row("td", cells) for cells in rows))
    return element("table", element("thead", row("th", head)), body)


def folded(title: object, *children: object) -> Html:
    """What is opened by a click."""
    return element("details", element("summary", title, style="cursor: pointer"), *children)


def _text(value: object) -> str:
    return escape(scrub(str(value)))
