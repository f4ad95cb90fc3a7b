"""`UserPicker`: search as you type, and keep whom you choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from socialconnect.errors import EmptySelection
from socialconnect.notebook.background import Background, safely
from socialconnect.notebook.keyboard import attended
from socialconnect.notebook.parts import Kit, Panel, W, dim, line, plural, trouble
from socialconnect.notebook.search import SHOWN, Matches, Person, search
from socialconnect.runs.select import choose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from socialconnect.client import Client
    from socialconnect.runs.select import Users

_PAUSE = 0.25  # seconds without a key that make a search
_ROWS = 8
_TICK = "✓ "


class UserPicker(Panel):
    """Search the users as you type and choose many: accepted wherever `users` is, as in `client.github.repos(picker)`.

    Parameters: `query`, what to search for first (name, e-mail address or id, in part; nothing lists the newest);
    `users`, who is chosen from the beginning: ids, a frame, another picker.

    Clerk searches, and the first 50 are listed, so ten users or a hundred thousand are the same. Choices stay across
    searches; Enter in the search adds the first who is listed. `user_ids` are the chosen in their order, `frame` the
    same with names and addresses as far as they were seen, `found` what the search lists; `add(users)`,
    `remove(users)` and `clear()` choose without a hand. In a script, `client.users(query="ada")` is the same choice as
    a frame. Raises a MissingPackage without the notebook extra.

    Source: https://clerk.com/docs/reference/backend-api/tag/users/get/users

    >>> import socialconnect as sc
    >>> client = sc.sandbox(users=50)
    >>> picker = sc.UserPicker(client, users=client.users(query="ada"))
    >>> picker
    <UserPicker: 2 chosen>
    >>> len(client.user(picker.user_ids[0]))
    1
    """

    def __init__(self, client: Client, *, query: str = "", users: Users = None) -> None:
        super().__init__()
        self._client = client
        self._known: dict[str, Person] = {}
        self._chosen: dict[str, Person] = {}
        self._matches: Matches | None = None
        self._attended = attended()  # else the list would be saved with addresses that nobody saw
        self._entered: str | None = None  # what stood in the search when Enter was pressed
        self._looking: Background[Matches] = Background(self._came, self._failed)
        self._adding: Background[list[Person]] = Background(self._add, self._failed)
        self._make(query)
        self._text.observe(safely(self._by_hand(self._typed), self._failed), "value")
        # not on_submit, which ipywidgets 8 deprecates: Enter is how a keyboard chooses where Lab takes the arrow keys
        self._text.on_msg(lambda *_: safely(self._by_hand(self._enter), self._failed)(None))
        if users is not None:
            self._add(_people(users))
        if query:
            self.open()

    @property
    def user_ids(self) -> list[str]:
        """The Clerk ids of the chosen, in the order in which they were chosen."""
        return list(self._chosen)

    @property
    def frame(self) -> pd.DataFrame:
        """The chosen: user_id, name and email, as far as they were seen; nothing is fetched for it."""
        return _frame(self._chosen.values())

    @property
    def found(self) -> pd.DataFrame:
        """What the search lists, the newest 50 at most, in the same columns; it waits for a search that is going on."""
        self.open()
        self._looking.wait()
        return _frame(self._matches.people if self._matches else ())

    @property
    def total(self) -> int:
        """How many users the search finds; it waits for one that is going on."""
        self.open()
        self._looking.wait()
        return self._matches.total if self._matches else 0

    def add(self, users: Users) -> None:
        """Choose these too: ids, a frame or another picker. Raises a UsageError for what is none of them."""
        self._add(_people(users))

    def remove(self, users: Users) -> None:
        """Let go of these."""
        for one in _people(users):
            self._chosen.pop(one.user_id, None)
        self._show_chosen()
        self._changed()

    def clear(self) -> None:
        """Let go of all."""
        self._chosen.clear()
        self._show_chosen()
        self._changed()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for what is under way, so many seconds at most, and say whether it ended."""
        return self._looking.wait(seconds) and self._adding.wait(seconds)

    def __repr__(self) -> str:
        return f"<UserPicker: {len(self._chosen):,} chosen>"

    def __str__(self) -> str:
        """The search and the choice in words, with the names: `print` shows what the panel shows."""
        found = self.found
        lines = [f"{len(self._chosen):,} chosen", *(f"  {one.label}" for one in [*self._chosen.values()][:SHOWN])]
        if self._matches is not None:
            about = f" by {self._matches.query!r}" if self._matches.query else ""
            lines += [f"{self._matches.total:,} found{about}", *(f"  {one.label}" for one in _persons(found))]
        return "\n".join(lines)

    def _make(self, query: str) -> None:
        kit = self._kit = Kit()
        self._text = kit.field(
            W.Text,
            "Search users",
            "sc-user-search",
            value=query,
            placeholder="Name, e-mail address or id; Enter adds the first",
        )
        self._found = kit.field(W.SelectMultiple, "Found", "sc-user-list", rows=_ROWS)
        self._kept = kit.field(W.SelectMultiple, "Chosen", "sc-user-chosen", rows=_ROWS)
        self._status, self._count = kit.html("", "sc-user-status"), kit.html(_counted(0), "sc-user-count")
        press = {
            "Add selected": self._add_selected,
            "Add all found": self._add_all,
            "Remove selected": self._remove_selected,
            "Remove all": self.clear,
        }
        buttons = {label: kit.button(label, self._by_hand(work), self._failed) for label, work in press.items()}
        self._all = buttons["Add all found"]
        add, every, remove, clear = buttons.values()
        self.body = kit.column(
            [
                self._text,
                kit.row(
                    kit.column([self._found, kit.row(add, every), self._status]),
                    kit.column([self._kept, kit.row(remove, clear), self._count]),
                ),
            ],
            "sc-user-picker",
        )
        self.widget = kit.panel(self.body)

    def _by_hand(self, work: Callable[[], None]) -> Callable[[], None]:
        """What somebody does who is there, and whom addresses may be shown."""

        def do() -> None:
            if not self._attended:
                self._attended = True
                self._show_chosen()
            work()

        return do

    def _label(self, person: Person) -> str:
        return (person if self._attended else Person(person.user_id, person.name)).label

    def _open(self) -> None:
        self._search(after=0)

    def _typed(self) -> None:
        self._opened = True
        if self._entered is not None and not self._text.value.startswith(self._entered):
            self._entered = None
        self._search(after=_PAUSE)

    def _search(self, *, after: float) -> None:
        query = self._text.value.strip()
        self._status.value = line("Searching …")
        self._looking.start(lambda: search(self._client.aio, query), after=after)

    def _came(self, matches: Matches) -> None:
        self._matches = matches
        self._known |= {one.user_id: one for one in matches.people}
        self._list()
        self._name_chosen()
        self._status.value = _told(matches)
        self._all.disabled = not matches.total
        if self._entered is not None:
            self._entered = None
            self._add_first(matches)

    def _name_chosen(self) -> None:
        """Who was given by id alone has a name once a search has found them."""
        bare = [one for one, person in self._chosen.items() if not person.name and one in self._known]
        if bare:
            self._chosen |= {one: self._known[one] for one in bare}
            self._show_chosen()

    def _enter(self) -> None:
        """Enter overtakes the last letters on their way here, so it means what the search behind them will list."""
        self._entered = self._text.value
        self._search(after=_PAUSE)

    def _add_first(self, matches: Matches) -> None:
        free = [one for one in matches.people if one.user_id not in self._chosen]
        if free:
            self._add(free[:1])
        elif matches.people:
            self._status.value = line("All who are listed are chosen already.", "warn")

    def _list(self) -> None:
        people = self._matches.people if self._matches else ()
        self._found.options = [
            (f"{_TICK if one.user_id in self._chosen else ''}{self._label(one)}", one.user_id) for one in people
        ]

    def _add_selected(self) -> None:
        if not self._found.value:
            self._status.value = line("Select users in the list first: with Ctrl or Shift, several.", "warn")
            return
        self._add([self._known[user_id] for user_id in self._found.value])

    def _add_all(self) -> None:
        query, matches = self._text.value.strip(), self._matches
        if matches is not None and matches.query == query and matches.total <= len(matches.people):
            self._add(matches.people)
            return
        self._count.value = line("Adding all who are found …")  # also where the search for them is still going on
        self._adding.start(lambda: self._everybody(query))

    async def _everybody(self, query: str) -> list[Person]:
        names = ["first_name", "last_name", "username", "email"]
        return _persons(await self._client.aio.users(columns=names, query=query or None))

    def _add(self, people: Iterable[Person]) -> None:
        self._chosen |= {one.user_id: self._known.get(one.user_id, one) for one in people}
        self._show_chosen()
        self._changed()

    def _remove_selected(self) -> None:
        for user_id in self._kept.value:
            self._chosen.pop(user_id, None)
        self._show_chosen()
        self._changed()

    def _show_chosen(self) -> None:
        first = [*self._chosen.values()][:SHOWN]
        self._kept.options = [(self._label(one), one.user_id) for one in first]
        self._count.value = _counted(len(self._chosen))
        self._list()

    def _failed(self, error: Exception) -> None:
        self._status.value = trouble(error)


def _told(matches: Matches) -> str:
    listed = len(matches.people)
    if not matches.total:
        about = f"Nobody matches “{matches.query}”." if matches.query else "The instance has no users yet."
        return line(f"{about} Try a part of a name, an e-mail address or an id." if matches.query else about, "warn")
    rest = f"; the newest {listed} are listed, type to narrow" if matches.total > listed else ""
    return line(f"{plural(matches.total, 'user')} found{rest}")


def _counted(count: int) -> str:
    if not count:
        return dim("Nobody chosen yet.")
    rest = f"; the first {SHOWN} are listed" if count > SHOWN else ""
    return line(f"{plural(count, 'user')} chosen{rest}", "good")


def _people(users: Users) -> list[Person]:
    """Whom `users` names, be it nobody, with names and addresses where it is a frame that has them."""
    seen = {one.user_id: one for one in _persons(users)} if isinstance(users, pd.DataFrame) else {}
    try:
        chosen = choose(users) or ()
    except EmptySelection:
        chosen = ()
    return [seen.get(one.user_id, Person(one.user_id)) for one in chosen]


def _persons(frame: pd.DataFrame) -> list[Person]:
    names = ("user_id", "name", "first_name", "last_name", "username", "email")
    have = {name: frame[name].astype(object).where(frame[name].notna(), "") for name in names if name in frame}
    people: list[Person] = []
    for values in zip(*have.values(), strict=True):
        one = dict(zip(have, values, strict=True))
        name = one.get("name") or f"{one.get('first_name', '')} {one.get('last_name', '')}".strip()
        people.append(Person(str(one["user_id"]), str(name or one.get("username", "")), str(one.get("email", ""))))
    return people


def _frame(people: Iterable[Person]) -> pd.DataFrame:
    rows = [(one.user_id, one.name or None, one.email or None) for one in people]
    return pd.DataFrame(rows, columns=["user_id", "name", "email"]).astype("string")
