"""Steps as they are told: those of one user together, the first few users in full, all others counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socialconnect.tracing.steps import Step

_USERS = 3  # told in full
_STEPS = 14  # of one of them
_ACCOUNTS = 2
EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Story:
    """What was sent for one user: the first `steps`, the others counted in `more`; `end` says what came of it."""

    user_id: str
    steps: tuple[Step, ...]
    more: str
    end: str

    @property
    def chain(self) -> str:
        """The user, with the external accounts that were read."""
        accounts = list(dict.fromkeys(step.account for step in self.steps if step.account))
        told = [*accounts[:_ACCOUNTS], *([f"{len(accounts) - _ACCOUNTS} more"] if len(accounts) > _ACCOUNTS else [])]
        return " → ".join([self.user_id, *([", ".join(told)] if told else [])])


def stories(steps: Sequence[Step]) -> tuple[list[Story], str]:
    """The stories, and who else there is. Where there is only one user, all that was sent is their story."""
    users = list(dict.fromkeys(step.user_id for step in steps if step.user_id))
    if len(users) <= 1:
        return ([_story(users[0] if users else EVERYBODY, steps)] if steps else []), ""
    of: dict[str, list[Step]] = {}
    for step in steps:
        of.setdefault(step.user_id, []).append(step)
    shared = [_story(EVERYBODY, of.pop(""))] if "" in of else []
    told = [_story(user, of.pop(user)) for user in users[:_USERS]]
    rest = [step for each in of.values() for step in each]
    return [*shared, *told], f"and {len(of):,} more users: {counted(rest)}" if rest else ""


def counted(steps: Sequence[Step]) -> str:
    """Steps as figures: how many requests to whom, how many tokens were fetched anew, how many rows came."""
    to = Counter(step.service for step in steps)
    parts = [f"{count:,} to {service}" for service, count in to.items()]
    again = sum(step.kind == "renewal" for step in steps)
    rows = sum(step.rows or 0 for step in steps if step.kind == "provider")
    told = [many(len(steps), "request"), f"({', '.join(parts)})"]
    renewed = f", {many(again, 'token')} fetched anew" if again else ""
    return f"{' '.join(told)}{renewed}, {many(rows, 'row')}"


def _story(user: str, steps: Sequence[Step]) -> Story:
    more = counted(steps[_STEPS:]) if len(steps) > _STEPS else ""
    return Story(user, tuple(steps[:_STEPS]), more, counted(steps))


def many(count: int, what: str) -> str:
    """A figure with its noun."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
