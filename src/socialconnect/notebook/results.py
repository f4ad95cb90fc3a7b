"""What came of reading, in a panel: preview, outcomes, the code, and the way into a variable."""

from __future__ import annotations

import keyword
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from socialconnect.errors import UsageError
from socialconnect.notebook import views
from socialconnect.notebook.background import safely
from socialconnect.notebook.code import code
from socialconnect.notebook.mending import Mending, needing
from socialconnect.notebook.parts import Kit, W, dim, line, plural, trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialconnect.client import Client
    from socialconnect.notebook.resources import Choice
    from socialconnect.runs.run import Run

_VIEWS = ("Preview", "Outcomes", "Code")


@dataclass(frozen=True)
class Selection:
    """What is chosen: the users' ids, None for everybody, and what is to be read of them."""

    users: tuple[str, ...] | None
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Done:
    """What came of it, by resource, and how many seconds it took."""

    selection: Selection
    runs: Mapping[str, Run]
    seconds: float


class Results:
    """The runs of one read, one of which is shown."""

    def __init__(self, kit: Kit, client: Client, panel: object) -> None:
        self._client = client
        self._panel = panel
        self.done: Done | None = None
        self._ended = kit.html(dim("Nothing was read yet."), "sc-ended")
        self._which = kit.make(W.ToggleButtons, "sc-which", options=[])
        self._view = kit.make(W.ToggleButtons, "sc-view", options=_VIEWS)
        self._shown = kit.html("", "sc-shown")
        self._name = kit.make(W.Text, "sc-name", value="frame", description="Name")
        self._kept = kit.html("", "sc-kept")
        keep = kit.button("To variable", lambda: self.to_variable(self._name.value.strip()), self._failed)
        self._bars = kit.row(self._view, names=("sc-bars",))
        self._owners = kit.column([], "sc-owners")
        self._mending: dict[str, Mending] = {}
        keeping = kit.row(self._name, keep, self._kept, names=("sc-keep",))
        self._tools = kit.column([self._bars, self._shown, self._owners, keeping])
        for chooser in (self._which, self._view):
            chooser.observe(safely(self._show, self._failed), "value")
        self.body = kit.column([self._ended])

    @property
    def runs(self) -> dict[str, Run]:
        """What was read, by resource."""
        return dict(self.done.runs) if self.done else {}

    @property
    def run(self) -> Run | None:
        """The run that is shown."""
        return self.runs.get(self._which.value)

    @property
    def code(self) -> str:
        """The call that gives its frame."""
        run = self.run
        if run is None or self.done is None:
            return ""
        selection = self.done.selection
        choice = next(one for one in selection.choices if one.resource == run.resource)
        alone = selection.users is not None and len(selection.users) == 1 and run.errors
        names = {"client": _name_of(self._client, "client"), "panel": _name_of(self._panel, "panel")}
        return code(choice, selection.users, **names, on_error="warn" if alone else "")

    def take(self, done: Done) -> None:
        """Show these from now on, and of them the resource that was shown before."""
        shown = self._which.value
        self.done = done
        self._mending.clear()
        self._ended.value = views.ended(done.runs)
        self._which.options = list(done.runs)
        self._which.value = shown if shown in done.runs else next(iter(done.runs))
        self._bars.children = [*([self._which] if len(done.runs) > 1 else []), self._view]
        self.body.children = [self._ended, self._tools]
        self._show()

    def to_variable(self, name: str) -> None:
        """Put the frame into the notebook under that name. Raises a UsageError where it cannot be one, or is taken."""
        if not name.isidentifier() or keyword.iskeyword(name):
            raise UsageError(f"{name!r} cannot name a variable.", cure="Use letters, digits and _.")
        if (run := self.run) is None:
            raise UsageError("Nothing was read yet.", cure="Press Read first.")
        space = _namespace()
        if space is None:
            raise UsageError("There is no notebook here to put it into.", cure="Take it as panel.frame.")
        if name in space and not isinstance(space[name], pd.DataFrame):
            raise UsageError(f"{name} is a {type(space[name]).__name__} already.", cure="Choose another name.")
        space[name] = run.frame
        rows, columns = run.frame.shape
        self._kept.value = line(f"{name} has {plural(rows, 'row')} of {plural(columns, 'column')}.", "good")

    def _show(self) -> None:
        run = self.run
        if run is None:
            return
        shown = {"Outcomes": lambda: views.outcomes(run), "Code": lambda: views.coded(self.code)}
        self._shown.value = shown.get(self._view.value, lambda: views.preview(run.frame))()
        self._owners.children = [self._mend(run).body] if self._view.value == "Outcomes" and self._waits(run) else []
        self._kept.value = ""

    def _waits(self, run: Run) -> bool:
        """Whether an account needs its owner, or did when the outcomes were shown."""
        return run.resource in self._mending or bool(needing(run))

    def _mend(self, run: Run) -> Mending:
        if run.resource not in self._mending:
            self._mending[run.resource] = Mending(run, self._read_again)
        return self._mending[run.resource]

    def _read_again(self, run: Run) -> None:
        """Put a run in its place some of whose accounts were read again."""
        if self.done is not None:
            self.done = replace(self.done, runs={**self.done.runs, run.resource: run})
            self._ended.value = views.ended(self.done.runs)
            self._show()

    def _failed(self, error: Exception) -> None:
        self._kept.value = trouble(error)


def _namespace() -> dict[str, Any] | None:
    """The notebook's variables."""
    from IPython import get_ipython  # noqa: PLC0415 - ipywidgets brings it; a script with a panel needs none

    shell = get_ipython()
    space: dict[str, Any] | None = None if shell is None else shell.user_ns
    return space


def _name_of(value: object, otherwise: str) -> str:
    """What the notebook calls it."""
    names = [name for name, one in (_namespace() or {}).items() if one is value and not name.startswith("_")]
    return names[0] if names else otherwise
