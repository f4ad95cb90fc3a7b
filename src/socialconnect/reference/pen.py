"""Two ways of writing the same facts down: Markdown, and plain text for a terminal or `?`.

Names and sentences come from declarations, whoever wrote them: nothing in them is taken for markup.
"""

from __future__ import annotations

import re
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"[\\`*\[\]<~$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
_BLOCK = re.compile(r"(?=[-+>=#])|\d+(?=[.)](?:\s|$))")
_TICKS = re.compile(r"`+")
_NAMES = 28  # cells are padded no wider than that, so that most rows fit into 80 columns
_VERBATIM = re.compile(r"https?://[^\s<>]+|(?<!`)`[^`]+`(?!`)")


def flat(text: str) -> str:
    r"""`text` on one line, with one blank between two words.

    >>> flat("one\n  two ")
    'one two'
    """
    return " ".join(text.split())


def escape(text: str) -> str:
    r"""`text` as Markdown that shows it letter by letter; addresses and what stands between ` stay what they are.

    >>> escape("a*b|c, snake_case, _private, `_code_` and https://example.com/a_b*")
    'a\\*b|c, snake_case, \\_private, `_code_` and https://example.com/a_b*'
    """
    parts, position = [], 0
    for found in _VERBATIM.finditer(text):
        parts += [_MARKUP.sub(r"\\\g<0>", text[position : found.start()]), found[0]]
        position = found.end()
    return "".join([*parts, _MARKUP.sub(r"\\\g<0>", text[position:])])


class Plain:
    """Text for whoever reads it as it stands, in lines of at most 96 columns."""

    width = 96

    def code(self, text: str) -> str:
        """A name or a value."""
        return flat(text)

    def text(self, text: str) -> str:
        """A sentence of a declaration."""
        return flat(text)

    def label(self, text: str) -> str:
        """What a fact is about."""
        return text

    def codes(self, texts: Iterable[str]) -> str:
        """Several names, apart by commas."""
        return ", ".join(map(self.code, texts))

    def paragraph(self, text: str, *, first: str = "", then: str = "") -> list[str]:
        """The lines of a text: the first begins with `first`, the others with `then`."""
        room = self.width - max(len(first), len(then))
        lines = wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
        return [f"{then if at else first}{self.line(line)}" for at, line in enumerate(lines)]

    def line(self, text: str) -> str:
        """One line of a paragraph."""
        return text


class Markdown(Plain):
    """Markdown whose source reads well in 80 columns."""

    width = 79

    def code(self, text: str) -> str:
        """A name or a value as a code span, fenced by more backticks than it holds."""
        shown = flat(text)
        fence = "`" * (max(map(len, _TICKS.findall(shown)), default=0) + 1)
        pad = " " if shown.startswith("`") or shown.endswith("`") or not shown else ""
        return f"{fence}{pad}{shown}{pad}{fence}"

    def text(self, text: str) -> str:
        """A sentence of a declaration, without meaning as markup."""
        return escape(flat(text))

    def label(self, text: str) -> str:
        """What a fact is about, in bold."""
        return f"**{text}**"

    def line(self, text: str) -> str:
        """One line of a paragraph, which must not begin as a list, a heading, a rule or a quotation does."""
        return _BLOCK.sub(r"\g<0>\\", text, count=1) if _BLOCK.match(text) else text


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table of cells that are Markdown already, its columns aligned as far as that stays narrow."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (head, *rows)]
    widths = [min(max(map(len, column)), _NAMES) for column in zip(*cells, strict=True)][:-1]
    lines = [
        " | ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in cells
    ]
    rule = "|".join(f":{'-' * (width + 1)}" for width in (*widths, len(head[-1])))
    return [f"| {lines[0]} |", f"|{rule}|", *(f"| {line} |" for line in lines[1:])]
