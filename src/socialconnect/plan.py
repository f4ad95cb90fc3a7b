"""What a client tells before it reads: who can be read, and what that would cost. No provider is called for it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any, overload

from socialconnect.errors import UsageError
from socialconnect.http.send import unobserved
from socialconnect.progress.live import shown
from socialconnect.runs.coverage import coverage_frame
from socialconnect.runs.covered import covered
from socialconnect.runs.estimate import estimate
from socialconnect.runs.judge import Question
from socialconnect.runs.learned import CLERK, Lessons
from socialconnect.runs.plan import Plan, calls, chosen_of, with_skipped
from socialconnect.runs.run import Asked, Run
from socialconnect.runs.select import Users, choose
from socialconnect.runs.tell import OnError, check, tell, tell_left_out
from socialconnect.telemetry.told import carrying_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from socialconnect.clerk.api import Clerk
    from socialconnect.connectors import Connectors
    from socialconnect.http.send import Sent, Wire
    from socialconnect.reading.declare import Value
    from socialconnect.runs.estimate import Estimate
    from socialconnect.runs.reader import Reader
    from socialconnect.runs.run import Watch
    from socialconnect.runs.select import Chosen
    from socialconnect.settings import Settings

Later = Coroutine[object, object, Run]
LaterEach = Coroutine[object, object, dict[str, Run]]


class Ahead(ABC):
    """The part of a client that looks ahead."""

    settings: Settings
    connectors: Connectors
    _clerk: Clerk
    _wire: Wire
    _lessons: Lessons

    @abstractmethod
    def _reader(self, resource: str, asked: Asked, watch: Watch | None) -> Reader:
        """What reads a resource; a UsageError where it cannot be read so."""

    @abstractmethod
    def _mend(self, user: str, provider: str, **how: Any) -> Any:
        """What errors and rows of coverage connect by."""

    @abstractmethod
    def _bind(self, run: Run) -> None:
        """Give the errors of a run the way that mends them."""

    @abstractmethod
    async def _carried(self, resource: str, asked: Asked, chosen: list[Chosen] | None, watch: Watch | None) -> Run:
        """Read, learn from it, and tell nobody."""

    async def coverage(
        self, resource: str | list[str] | tuple[str, ...] | None = None, users: Users = None, *, tokens: bool = False
    ) -> pd.DataFrame:
        """Who can be read, who cannot, why, and the step that mends it: before any provider is called.

        Parameters: `resource` as `github.repos`, or several, or nothing for every provider's profile; `users` as
        everywhere, but nothing is everybody, with or without the connection. All is told from Clerk's list of users,
        which is all that is asked; with `tokens` Clerk is asked for each connected account's token too, and for the
        providers that it has enabled.

        Returns one row per resource, user and external account: user_id, external_account_id, provider, resource, state
        (readable, not_connected, not_verified, missing_scope, token_dead, provider_not_enabled, user_not_found, or
        unchecked where Clerk failed to say), required and granted (lists of scopes; granted is None where Clerk names
        none, and then only a read tells), missing, narrowed (what is granted but too narrow will not show), capability
        (what the provider has instead of scopes and nobody can know beforehand), message and cure. `attrs["summary"]`
        counts the states, and each row has `connect()`, as in `frame.iloc[0].connect()`. Raises an UnknownName for what
        there is not to read and an InvalidKey where Clerk refuses the key.

        Source: https://clerk.com/docs/reference/backend-api/tag/users/get/users

        >>> import socialconnect as sc
        >>> sc.sandbox(users=20).coverage("google.profile").attrs["summary"]
        '14 readable, 5 not_connected, 1 missing_scope, 1 not_verified'
        """
        names = _names(self.connectors.profiles if resource is None else resource)
        questions = [self._question(name) for name in names]
        with shown("coverage", self.settings.progress), carrying_out("coverage"):
            frame = await coverage_frame(self._clerk, questions, choose(users), unobserved, tokens=tokens)
        tell_left_out("coverage", frame)
        return covered(frame, self._mend)

    @overload
    async def plan(
        self,
        /,
        resource: str,
        users: Users = None,
        *,
        columns: Sequence[str] | None = None,
        raw: bool = False,
        tokens: bool = False,
        **arguments: Value,
    ) -> Plan[Later]: ...

    @overload
    async def plan(
        self, /, resource: list[str] | tuple[str, ...], users: Users = None, *, tokens: bool = False
    ) -> Plan[LaterEach]: ...

    async def plan(
        self,
        /,
        resource: str | list[str] | tuple[str, ...],
        users: Users = None,
        *,
        columns: Sequence[str] | None = None,
        raw: bool = False,
        tokens: bool = False,
        **arguments: Value,
    ) -> Plan[Later] | Plan[LaterEach]:
        """What reading would take: calls per host, time, rows, memory, and who will be skipped, before any of it.

        Parameters: `resource` as `github.repos`, or several; `users`, `columns`, `raw` and `arguments` as in `read`
        (the last three for one resource only), but nothing for users is everybody, with or without the connection;
        `tokens` asks Clerk for each token too, so that dead ones are known. It costs what `coverage` costs.

        Returns a Plan: `calls`, `skipped`, `coverage` are frames; `accounts`, `requests`, `rows`, `memory`, `seconds`
        what is expected; `basis` what that rests on: averages of what this client has read before, or the declaration.
        `print(plan)` tells it in words, `plan.run()` carries it out (here to be awaited) and gives the Run, or a Run of
        each of several. Raises what `coverage` and `read` raise for what cannot be meant.

        Source: https://clerk.com/docs/guides/how-clerk-works/system-limits

        >>> import socialconnect as sc
        >>> client = sc.sandbox(users=20)
        >>> client.plan("github.profile").accounts
        15
        """
        names = _names(resource)
        if not isinstance(resource, str) and (columns is not None or raw or arguments):
            raise UsageError("Columns and parameters are one resource's.", cure="Plan the resources one by one.")
        asked = asked_for(columns, raw=raw, arguments=arguments)
        for name in names:
            self._reader(name, asked, None)  # what cannot be meant is refused before anything is sent
        spent: Counter[tuple[str, str]] = Counter()

        def observe(sent: Sent) -> None:
            spent[sent.provider, sent.host] += 1

        questions = [self._question(name, asked) for name in names]
        with shown("plan", self.settings.progress), carrying_out("plan"):
            coverage = await coverage_frame(self._clerk, questions, choose(users), observe, tokens=tokens)
        tell_left_out("plan", coverage)
        estimates = tuple(self._estimate(question, coverage, asked) for question in questions)
        connectors = {CLERK: self._clerk.connector, **{one.connector.name: one.connector for one in questions}}
        hosts = calls(estimates, connectors, spent, self.settings, self._wire.transport.width)
        seconds = max([*(one.seconds for one in estimates), *(one.seconds for one in hosts)])
        plan: Plan[None] = Plan(covered(coverage, self._mend), estimates, hosts, seconds)
        if isinstance(resource, str):
            return plan.by(lambda on_error, watch: self._one(resource, asked, coverage, on_error, watch))
        return plan.by(lambda on_error, watch: self._several(names, asked, coverage, on_error, watch))

    async def _one(
        self, name: str, asked: Asked, coverage: pd.DataFrame, on_error: OnError, watch: Watch | None
    ) -> Run:
        return (await self._several([name], asked, coverage, on_error, watch))[name]

    async def _several(
        self, names: Sequence[str], asked: Asked, coverage: pd.DataFrame, on_error: OnError, watch: Watch | None
    ) -> dict[str, Run]:
        check(on_error)
        asked = replace(asked, on_error=on_error)
        work = (self._carried(name, asked, chosen_of(coverage, name), watch) for name in names)
        with shown(", ".join(names), self.settings.progress), carrying_out("plan"):
            runs = await asyncio.gather(*work, return_exceptions=True)
        done: dict[str, Run] = {}
        for name, run in zip(names, runs, strict=True):
            if isinstance(run, BaseException):
                raise run
            done[name] = run
        for name, run in done.items():
            tell(name, run, on_error)  # of those who were read: who is skipped was told by the plan
        whole = {name: with_skipped(run, coverage) for name, run in done.items()}
        for run in whole.values():
            self._bind(run)
        return whole

    def _estimate(self, question: Question, coverage: pd.DataFrame, asked: Asked) -> Estimate:
        chosen = chosen_of(coverage, question.name)
        accounts = [eac for one in chosen for eac in one.accounts]
        columns = question.resource.select(asked.columns)
        return estimate(question, accounts, len(chosen), asked.arguments, columns, self.settings, self._lessons)

    def _question(self, name: str, asked: Asked | None = None) -> Question:
        connector, of = self.connectors.resource(name)
        resource = connector.resource(of)
        named = asked is not None and resource.parent is not None and resource.parent.param in asked.arguments
        return Question(connector, resource, named)


def asked_for(columns: Sequence[str] | None, *, raw: bool, arguments: Mapping[str, Value]) -> Asked:
    """How a resource is to be read; a UsageError where the columns are one text."""
    if isinstance(columns, str):
        raise UsageError(f"columns={columns!r} is one text.", cure=f"Pass a list: columns=[{columns!r}].")
    return Asked(None if columns is None else tuple(columns), raw, arguments)


def _names(resource: str | list[str] | tuple[str, ...]) -> list[str]:
    names = [resource] if isinstance(resource, str) else [*dict.fromkeys(resource)]
    if not names or not all(isinstance(name, str) for name in names):
        raise UsageError("No resource was named.", cure="Name one, as github.repos, or a list of them.")
    return names
