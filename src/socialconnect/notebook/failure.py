"""An error of ours in a cell: what happened, what to do and where to read on, under the lines of the user's own code.

What lies in this package between the two is folded away: it says nothing that the sentence does not. Only our own
errors come here, and `%xmode Verbose` shows everything; a bug is no such error, and is shown whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython import get_ipython

from socialconnect.markup import Html, block, element, faint, folded, link, table
from socialconnect.secret import scrub

if TYPE_CHECKING:
    from types import TracebackType

    from socialconnect.errors import SocialConnectError

_FOLDED = {"socialconnect", "asyncio", "nest_asyncio", "nest_asyncio2"}


def lines(error: SocialConnectError) -> list[str]:
    """The traceback that IPython prints."""
    shell: Any = get_ipython()
    shown = shell.InteractiveTB
    whole = shown.mode in ("Verbose", "Docs")
    kept, folds = (error.__traceback__, 0) if whole else _own(error.__traceback__)
    frames: list[str] = shown.structured_traceback(type(error), error, kept)
    if whole:
        return [*frames, *_more(error)]
    frames = frames[:-1]  # the error's one line, which is written in full below
    fold = [f"[… {folds} frames of socialconnect; %xmode Verbose shows them]", ""] if folds else []
    return [*frames, *fold, scrub(f"{type(error).__name__}: {error.message}"), *_more(error, cure=True)]


def html(error: SocialConnectError) -> Html:
    """The error itself, as the value of a cell."""
    facts = [(name, _said(value)) for name, value in error.context.items()]
    return block(
        element("div", element("b", type(error).__name__), ": ", error.message),
        element("div", error.cure) if error.cure else Html(),
        element("div", link(error.link)) if error.link else Html(),
        folded("facts", table(("", ""), facts)) if facts else faint(f"code {error.code}, exit code {error.exit_code}"),
    )


def _own(traceback: TracebackType | None) -> tuple[TracebackType | None, int]:
    """The caller's own frames, as a traceback; and how many others there were."""
    frames: list[TracebackType] = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    theirs = [one for one in frames if not _is_ours(one)]
    kept: TracebackType | None = None
    for one in reversed(theirs):
        kept = type(one)(kept, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return kept, len(frames) - len(theirs)


def _is_ours(traceback: TracebackType) -> bool:
    package = str(traceback.tb_frame.f_globals.get("__name__")).partition(".")[0]
    return package in _FOLDED


def _more(error: SocialConnectError, *, cure: bool = False) -> list[str]:
    told = [error.cure if cure else "", error.link]
    return [scrub(line) for line in told if line]


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
