"""A trace in words: who asked whom for what, and what came, an arrow each."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from socialconnect.secret import scrub
from socialconnect.tracing.stories import stories

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from socialconnect.tracing.steps import Step
    from socialconnect.tracing.stories import Story

_WIDE = 100
_SERVICE = 12
_INDENT = 23


def trace_text(title: str, steps: Sequence[Step]) -> str:
    """The trace, in lines of at most a hundred signs."""
    told, others = stories(steps)
    lines = [title.strip("<>"), *(line for story in told for line in _story(story))]
    return scrub("\n".join(_folded(line) for line in [*lines, *(["", others] if others else [])]))


def _story(story: Story) -> Iterator[str]:
    wide = min(_SERVICE, max(len(step.service) for step in story.steps))
    yield ""
    yield story.chain
    for step in story.steps:
        service = step.service[:wide].ljust(wide)
        yield f"{step.number:>5}  you ──▶ {service}  {step.asked}"
        yield f"       you ◀── {service}  {step.answered}"
    if story.more:
        yield f"       … {story.more}"
    yield f"       = {story.end}"


def _folded(line: str) -> str:
    """The line, or several where it is too long; what stands in them is under each other."""
    if len(line) <= _WIDE:
        return line
    joint = line.replace("[token ", "[token\N{NO-BREAK SPACE}")  # a mark stays in one piece
    folded = fill(joint, _WIDE, subsequent_indent=" " * _INDENT, break_on_hyphens=False)
    return folded.replace("[token\N{NO-BREAK SPACE}", "[token ")
