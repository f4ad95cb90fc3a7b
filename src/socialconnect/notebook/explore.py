"""`client.explore()`: from users to a frame by choosing, and the call that gives the same frame."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from socialconnect.errors import UsageError
from socialconnect.notebook import views
from socialconnect.notebook.background import Background
from socialconnect.notebook.parts import Kit, Panel, W, dim, line, plural, span, trouble
from socialconnect.notebook.providers import ProviderPicker
from socialconnect.notebook.resources import ResourcePicker
from socialconnect.notebook.results import Done, Results, Selection
from socialconnect.notebook.users import UserPicker
from socialconnect.progress.count import Count, current

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from socialconnect.client import Client
    from socialconnect.notebook.views import Later
    from socialconnect.runs.run import Run
    from socialconnect.runs.select import Users

Doing = Literal["", "planning", "reading"]

_EVERY = 0.25  # seconds between two looks at the count


@dataclass(frozen=True)
class Planned:
    """What reading a selection would take, by resource."""

    selection: Selection
    plans: Mapping[str, Later]


class Explore(Panel):
    """Choose users, providers and resources, see what reading them takes, read, look, and take the code along.

    Made by `client.explore(users, resources)`. `selection` is what is chosen, `run` and `frame` what was read of the
    resource that is shown, `runs` all of them by name, `code` the call that gives the frame. `plan()`, `read()`,
    `stop()` and `to_variable(name)` do what the buttons do, `wait()` waits for it: so the same cell works where nobody
    can click.
    """

    def __init__(self, client: Client, users: Users = None, resources: Iterable[str] = ()) -> None:
        super().__init__()
        self._client = client
        named = [resources] if isinstance(resources, str) else [*resources]
        first = dict(zip((client.connectors.resource(name)[0].name for name in named), named, strict=True))
        self.users = UserPicker(client, users=users)
        self.providers = ProviderPicker(client, self.users, providers=first)
        self.resources: dict[str, ResourcePicker] = {}
        self._planned: Planned | None = None
        self._doing: Doing = ""
        self._planning: Background[Planned] = Background(self._plan_came, self._work_failed)
        self._reading: Background[Done] = Background(self._runs_came, self._work_failed)
        self._make()
        self._offer()
        for provider, name in first.items():
            self.resources[provider].resource = name
        self.users.watch(self._changed_choice)
        self.providers.watch(self._offer)

    @property
    def selection(self) -> Selection:
        """What is chosen. Raises a UsageError where a parameter cannot be what was entered."""
        chosen = tuple(self.resources[name].choice for name in self.providers.providers)
        return Selection(tuple(self.users.user_ids) or None, chosen)

    @property
    def runs(self) -> dict[str, Run]:
        """What was read, by resource."""
        return self.results.runs

    @property
    def run(self) -> Run | None:
        """The run of the resource that is shown; None where nothing was read yet."""
        return self.results.run

    @property
    def frame(self) -> pd.DataFrame:
        """The rows of the resource that is shown; empty where nothing was read yet."""
        run = self.run
        return pd.DataFrame() if run is None else run.frame

    @property
    def code(self) -> str:
        """The call that gives `frame`; nothing where nothing was read yet."""
        return self.results.code

    def plan(self) -> None:
        """Work out what reading the selection takes. Raises a UsageError where nothing is chosen to be read."""
        selection = self._wanted()
        self._progress.value = line("Planning: asking Clerk who can be read …")
        self._do("planning")
        self._planning.start(lambda: self._plan(selection))

    def read(self) -> None:
        """Read the selection. Raises a UsageError where nothing is chosen to be read."""
        selection = self._wanted()
        planned = self._planned if self._planned is not None and self._planned.selection == selection else None
        self._planning.stop()
        self._progress.value = line("Beginning …")
        self._bar.value, self._bar.max = 0, max(1, _accounts(planned) if planned else 1)
        self._do("reading")
        self._reading.start(lambda: self._read(selection, planned))

    def stop(self) -> None:
        """End the planning or reading that is under way: nothing of it is kept, and what was read before stays."""
        reading = self._reading.stop()
        planning = self._planning.stop()
        if reading or planning:
            far = f" after {int(self._bar.value):,} of {plural(int(self._bar.max), 'account')}" if reading else ""
            self._progress.value = line(f"Stopped{far}. Nothing of it is kept; what was read before stays.", "warn")
        self._do("")

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for what is under way, so many seconds at most, and say whether it ended."""
        each = (self.users, self.providers, self._planning, self._reading)
        return all(one.wait(seconds) for one in each)

    def to_variable(self, name: str) -> None:
        """Put the frame into the notebook under that name. Raises a UsageError where it cannot be one, or is taken."""
        self.results.to_variable(name)

    def __repr__(self) -> str:
        chosen = ", ".join(self.resources[name].resource for name in self.providers.providers) or "nothing chosen"
        users = len(self.users.user_ids)
        rows = f", {plural(sum(len(run.frame) for run in self.runs.values()), 'row')} read" if self.runs else ""
        return f"<Explore: {chosen}, {plural(users, 'user') if users else 'everybody'}{rows}>"

    def __str__(self) -> str:
        """Plan, runs and code in words."""
        plans = self._planned.plans.values() if self._planned else ()
        parts = [repr(self), *map(str, plans), *map(str, self.runs.values()), self.code]
        return "\n\n".join(filter(None, parts))

    def _make(self) -> None:
        kit = self._kit = Kit()
        self.results = Results(kit, self._client, self)
        self._cards = kit.column([])
        self._plan_view = kit.html("", "sc-plan")
        self._progress = kit.html("", "sc-progress")
        self._bar = kit.make(W.IntProgress, "sc-progress-bar", max=1, layout=W.Layout(display="none"))
        self._plan_button = kit.button("Plan", self.plan, self._failed)
        self._read_button = kit.button("Read", self.read, self._failed, main=True)
        self._stop_button = kit.button("Stop", self.stop, self._failed)
        ahead = kit.html(dim("A plan asks Clerk alone: no provider is called for it."))
        everybody = kit.html(dim("Where nobody is chosen, everybody is read who has the connection."))
        self.body = kit.column(
            [
                kit.card("1 · Users", everybody, self.users.body),
                kit.card("2 · Providers", self.providers.body),
                kit.card("3 · What to read", self._cards),
                kit.card(
                    "4 · Plan and read",
                    ahead,
                    kit.row(self._plan_button, self._read_button, self._stop_button),
                    self._bar,
                    self._progress,
                    self._plan_view,
                ),
                kit.card("5 · Result", self.results.body),
            ],
            "sc-explore",
        )
        self.widget = kit.panel(self.body)
        self._do("")

    def _open(self) -> None:
        self.users.open()
        self.providers.open()

    def _offer(self) -> None:
        """One picker for each chosen provider; those of others keep what was chosen in them."""
        names = self.providers.providers
        for name in names:
            if name not in self.resources:
                picker = ResourcePicker(self._client, name)
                picker.watch(self._changed_choice)
                self.resources[name] = picker
        cards = [self.resources[name].body for name in names]
        self._cards.children = cards or [self._kit.html(dim("Choose a provider first."))]
        self._changed_choice()

    def _changed_choice(self) -> None:
        names = self.providers.providers
        self.providers.judge(self.resources[name].resource for name in names)
        if self._planned is not None:
            self._planned = None
            self._plan_view.value = line("The choice has changed since: plan again.")
        self._do(self._doing)
        self._changed()

    def _wanted(self) -> Selection:
        if self._doing == "reading":
            raise UsageError("A read is under way.", cure="Wait for it, or press Stop.")
        selection = self.selection
        if not selection.choices:
            raise UsageError("There is nothing to read yet.", cure="Choose a provider.")
        return selection

    async def _plan(self, selection: Selection) -> Planned:
        plan: Any = self._client.aio.plan  # its overloads cannot be told a resource's own arguments
        users = None if selection.users is None else list(selection.users)
        plans = await asyncio.gather(
            *(plan(one.resource, users, columns=one.columns, **one.arguments) for one in selection.choices)
        )
        return Planned(selection, {one.resource: plan for one, plan in zip(selection.choices, plans, strict=True)})

    def _plan_came(self, planned: Planned) -> None:
        self._planned = planned
        self._plan_view.value = views.planned(planned.plans)
        self._progress.value = ""
        self._do("")

    async def _read(self, selection: Selection, planned: Planned | None) -> Done:
        planned = planned or await self._plan(selection)
        self._bar.max = max(1, _accounts(planned))
        count = Count("explore")
        current.set(count)
        drawing = asyncio.create_task(self._draw(count, _accounts(planned)))
        try:
            runs = await asyncio.gather(*(plan.run(on_error="ignore") for plan in planned.plans.values()))
        finally:
            drawing.cancel()
        return Done(selection, dict(zip(planned.plans, runs, strict=True)), count.seconds)

    async def _draw(self, count: Count, accounts: int) -> None:
        while True:
            self._bar.value = count.accounts
            self._progress.value = views.progressed(count, accounts)
            await asyncio.sleep(_EVERY)

    def _runs_came(self, done: Done) -> None:
        self._bar.value = self._bar.max
        self._progress.value = line(f"Read in {span(done.seconds)}.", "good")
        self.results.take(done)
        self._do("")

    def _do(self, what: Doing) -> None:
        """Say which buttons can be pressed; the bar stands only while something is read."""
        self._doing = what
        something = bool(self.providers.providers)
        self._plan_button.disabled = what == "reading" or not something
        self._read_button.disabled = bool(what) or not something
        self._stop_button.disabled = not what
        self._bar.layout.display = None if what == "reading" else "none"

    def _work_failed(self, error: Exception) -> None:
        self._progress.value = trouble(error)
        self._do("")

    def _failed(self, error: Exception) -> None:
        self._progress.value = trouble(error)


def _accounts(planned: Planned) -> int:
    return sum(plan.accounts for plan in planned.plans.values())
