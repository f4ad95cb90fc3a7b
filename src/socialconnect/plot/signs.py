"""Signs of states: a mark, a tone and a hatching for each, so that no picture tells anything by colour alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Sign(NamedTuple):
    """How a state is drawn: `mark` a character, `tone` good, warn, bad or idle, `hatch` is a bar's."""

    mark: str
    tone: str
    hatch: str = ""


# in the order of pictures and legends: from what is well to what needs somebody
SIGNS = {
    "ok": Sign("✓", "good"),
    "readable": Sign("✓", "good"),
    "empty": Sign("○", "good", "\\\\\\\\"),
    "partial": Sign("◐", "warn", "////"),
    "missing_scope": Sign("△", "warn"),
    "unchecked": Sign("?", "warn"),
    "skipped": Sign("·", "idle", "----"),
    "not_connected": Sign("·", "idle"),
    "not_verified": Sign("…", "idle"),
    "provider_not_enabled": Sign("⊘", "idle"),
    "failed": Sign("✗", "bad", "xxxx"),
    "token_dead": Sign("✗", "bad"),
    "user_not_found": Sign("!", "bad"),
}
UNKNOWN = Sign("•", "idle", "++++")  # a state that a later version may add
NOT_ASKED = ""

# whose state stands for a user with several accounts: for coverage the one that lets them be read, for outcomes the
# one that went wrong; an account that was never finished counts for nothing beside another
BEST = (
    "readable",
    "unchecked",
    "missing_scope",
    "token_dead",
    "provider_not_enabled",
    "not_verified",
    "not_connected",
    "user_not_found",
)
WORST = ("failed", "partial", "ok", "empty", "skipped")


def sign(state: str) -> Sign:
    """The sign of a state, also of one that is not known here."""
    return SIGNS.get(state, UNKNOWN)


def in_order(states: Iterable[str]) -> list[str]:
    """States as legends list them."""
    order = [*SIGNS]
    return sorted(set(states), key=lambda state: (order.index(state) if state in SIGNS else len(order), state))
