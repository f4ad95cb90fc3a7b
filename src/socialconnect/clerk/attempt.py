"""One attempt to connect an account: a state machine that asks Clerk how it stands, without any screen.

    offered ──> opened ──> waiting ──> connected
       └───────────┴──────────┴──────> declined | failed | expired | cancelled

It runs in the loop that it was begun in; every other thread may look at it, wait for it and cancel it. Screens (a
notebook's panel, a terminal, a stream of events) watch it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, NoReturn

from socialconnect.clerk import telling
from socialconnect.clerk.frontend import mends
from socialconnect.clerk.models import User, one
from socialconnect.clerk.stand import Aim, Known, Stand, State, changed, stand
from socialconnect.clerk.tokens import held
from socialconnect.clerk.under_way import under_way
from socialconnect.clerk.ways import Link
from socialconnect.errors import (
    AccountError,
    MalformedResponse,
    MissingScope,
    NotConnected,
    SocialConnectError,
    TryAgainLater,
    Unavailable,
    UsageError,
)
from socialconnect.secret import bare

if TYPE_CHECKING:
    from socialconnect.clerk.api import Clerk
    from socialconnect.clerk.models import ExternalAccount
    from socialconnect.clerk.ways import Flow, Way
    from socialconnect.http.send import Observer

Block = Callable[[Coroutine[object, object, "Attempt"], asyncio.AbstractEventLoop], "Attempt"]
"""What carries a coroutine out and waits for it, and for the loop that the attempt goes on in."""
Renew = Callable[[], Coroutine[object, object, "Attempt"]]
"""What begins the same once more."""
Mend = Callable[..., object]
"""What the errors of an attempt connect by."""

ENDED = ("connected", "declined", "failed", "expired", "cancelled")
EVERY = 3.0  # seconds between two looks at the user's record, as Clerk's own guides do it
_TOKENS = 5  # looks after which the token is asked for even where the record has not changed
_GRACE = 5.0  # seconds that clearing away may take
_log = logging.getLogger(__name__)


class Attempt:
    """An attempt to connect one user's account at one provider, from the link to the end.

    `state` is offered (there is a link), opened (somebody said that it was opened), waiting (the user is at the
    provider's consent), connected, declined, failed, expired or cancelled; `left` how many seconds it has, `told` where
    it stands in a sentence, `cure` what to do next, `note` why it goes this way. `link` is what the user has to open;
    a secret one shows itself nowhere, `link.reveal()` gives it. `account` is the external account once it is connected,
    `error` why it is not.

    `wait()` blocks until it has ended, in asynchronous code `await finished()`; `watch(callback)` is told each change,
    `cancel()` gives up, `retry()` begins the same once more. A cell that ends with it shows all of it, and follows.

    >>> import socialconnect as sc
    >>> client = sc.sandbox(users=20)
    >>> accounts = client.accounts().query("connected and provider == 'github'")
    >>> client.connect(accounts["user_id"].iloc[0], "github").state
    'connected'
    """

    def __init__(
        self,
        clerk: Clerk,
        aim: Aim,
        *,
        seconds: float,
        observe: Observer,
        block: Block,
        note: str = "",
        renew: Renew | None = None,
        mend: Mend | None = None,
    ) -> None:
        self.user_id = aim.user_id
        self.provider = aim.provider
        self.title = aim.title
        self.scopes = aim.scopes
        self.note = note
        self.flow: Flow | None = None
        self.link: Link | None = None
        self.account: ExternalAccount | None = None
        self.error: SocialConnectError | None = None
        self.screen: object | None = None  # what shows it in a notebook
        self._state: State = "offered"
        self._clerk = clerk
        self._aim = aim
        self._seconds = seconds
        self._observe = observe
        self._block = block
        self._renew = renew
        self._mend = mend
        self._process = os.getpid()
        self._watching: list[Callable[[Attempt], None]] = []
        self._lock = threading.RLock()
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + seconds
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._settled = threading.Event()

    @property
    def state(self) -> State:
        """How it stands."""
        return self._state

    @property
    def ended(self) -> bool:
        """Whether anything can still come of it."""
        return self._state in ENDED

    @property
    def left(self) -> float:
        """Seconds until it expires; 0 once it has ended."""
        return 0.0 if self.ended else max(0.0, self._until - self._loop.time())

    @property
    def told(self) -> str:
        """One sentence on where it stands."""
        return telling.told(self)

    @property
    def cure(self) -> str:
        """What to do next; nothing once it is connected."""
        return telling.cure(self)

    def opened(self) -> None:
        """Note that the link was opened: only who shows it can know."""
        with self._lock:
            if self._state != "offered":
                return
            self._state = "opened"
        self._changed()

    def watch(self, callback: Callable[[Attempt], None]) -> None:
        """Call it with this attempt at each change, from whichever thread makes it; at once where it has ended."""
        self._watching.append(callback)
        if self.ended:
            self._call(callback)

    def cancel(self) -> None:
        """Give up: a ticket that was not used is revoked, a session ended. It is nothing where it has ended."""
        self._end("cancelled", error=self._error(f"Connecting {self.title} for {self.user_id} was cancelled."))

    def wait(self, within: float | None = None) -> Attempt:
        """Block until it has ended, `within` seconds at most, and return it.

        An interrupt ends the waiting alone: the attempt goes on until it is cancelled or its time is up. A notebook's
        cell that waits shows the link first, where none has shown it. Raises what `error` holds where it did not end
        connected, a TryAgainLater where `within` came first.
        """
        if self.screen is None and not self.ended and "IPython" in sys.modules:
            from socialconnect.notebook import offered  # noqa: PLC0415 - only a notebook has a cell

            offered.show(self)
        return self._block(self.finished(within), self._loop)

    async def finished(self, within: float | None = None) -> Attempt:
        """What `wait` does, to await."""
        task = self._task
        if task is not None and not task.done():
            self._reachable()
            try:
                await asyncio.wait_for(self._joined(task), within)
            except TimeoutError:
                raise TryAgainLater(self.told, cure="Wait again, or cancel it.", user_id=self.user_id) from None
        if self.error is not None:
            raise self.error
        return self

    def retry(self) -> Attempt:
        """Begin the same once more, and return that attempt; one that still goes on is cancelled."""
        self._repeatable()
        return self._block(self.renewed(), self._loop)

    async def renewed(self) -> Attempt:
        """What `retry` does, to await."""
        renew = self._repeatable()
        self.cancel()
        return await renew()

    def _repeatable(self) -> Renew:
        if self._renew is None:
            raise UsageError("This attempt cannot be repeated.", cure="Call client.connect(user, provider).")
        return self._renew

    async def closed(self) -> None:
        """Its client is closed: end it, and return once nothing is left of it that could be used."""
        self._end("cancelled", error=self._error(f"Connecting {self.title} for {self.user_id} ended with its client."))
        if self._task is not None and self._loop is asyncio.get_running_loop():
            await asyncio.wait((self._task,), timeout=_GRACE)

    def settled(self, within: float) -> bool:
        """Whether it is over with all that it has to clear away, `within` seconds at most from now."""
        return self._loop.is_running() and self._settled.wait(within)

    def _reachable(self) -> None:
        """Raise a UsageError where nothing can come of it any more, which nobody should wait for."""
        if self._process != os.getpid():
            raise UsageError("This attempt goes on in the process that began it.", cure="Wait for it there.")
        if not self._loop.is_running():
            raise UsageError("The event loop of this attempt does not run any more.", cure="Call client.connect again.")

    async def _joined(self, task: asyncio.Task[None]) -> None:
        if self._loop is asyncio.get_running_loop():
            await asyncio.shield(task)
            return
        future = asyncio.run_coroutine_threadsafe(self._shielded(task), self._loop)
        await asyncio.wrap_future(future)

    async def _shielded(self, task: asyncio.Task[None]) -> None:
        await asyncio.shield(task)

    def connected(self, account: ExternalAccount) -> Attempt:
        """It has ended before it began: the user has what is wanted."""
        self._end("connected", account=account)
        return self

    async def begin(self, way: Way, before: Known, browse: Callable[[str], str]) -> Attempt:
        """Make the link and look from now on; raises what refuses the link. `browse` says where a browser finds it."""
        link = await way.offer(self._seconds)
        try:
            self.flow, self.link = way.flow, Link(browse(link.reveal()), secret=link.secret)
        except BaseException:
            await self._cleared(way)
            raise
        self._task = self._loop.create_task(self._run(way, before), name=f"connect {self.provider}")
        under_way.begin(self)
        return self

    async def _run(self, way: Way, before: Known) -> None:
        try:
            await self._unless_over(self._look_on(before))
        except SocialConnectError as error:
            self._end("failed", error=bare(error))
        except asyncio.CancelledError:
            self.cancel()
            raise
        except Exception as error:
            told = f"Whether {self.title} was connected for {self.user_id} is not known: {type(error).__name__}."
            self._end("failed", error=self._error(told))
            raise
        finally:
            # also while the loop is being closed: what can be used must not be left behind
            await asyncio.shield(self._cleared(way))

    async def _unless_over(self, looking: Coroutine[object, object, None]) -> None:
        """Look on; but who cancels need not wait for a Clerk that is slow, nor does the end of its time."""
        tasks = [self._loop.create_task(looking), self._loop.create_task(self._over.wait())]
        try:
            await asyncio.wait(tasks, timeout=self.left + _GRACE, return_when=asyncio.FIRST_COMPLETED)
            if tasks[0].done():
                tasks[0].result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=_GRACE)
        told = f"Whether {self.title} was connected for {self.user_id} is not known: Clerk does not answer."
        cure = "Look with client.diagnose(user, provider)."
        self._end("expired", error=Unavailable(told, cure=cure, **self._facts))

    async def _cleared(self, way: Way) -> None:
        try:
            await asyncio.wait_for(way.clear(), _GRACE)
        except TimeoutError:  # it lapses by itself, and how the attempt has ended does not change
            _log.debug("clearing away after an attempt took too long")
        except asyncio.CancelledError:  # the loop ends: nothing comes after this
            await asyncio.wait_for(way.clear(), _GRACE)
            raise
        finally:
            under_way.over(self)
            self._settled.set()

    async def _look_on(self, before: Known) -> None:
        looks = 0
        trouble: SocialConnectError | None = None
        while self.left and not await self._over_after(min(EVERY, self.left)):
            looks += 1
            try:
                self._take(stand(self._aim, before, await self._known(before, every=not looks % _TOKENS)))
            except (TryAgainLater, MalformedResponse) as error:
                _log.debug("Clerk could not be asked how it stands: %s", error)
                trouble = bare(error)
            else:
                trouble = None
        late = self._error(f"Nobody connected {self.title} for {self.user_id} in time.")
        self._end("expired", error=trouble or late)  # somebody may have, where Clerk could not say at the end

    async def _over_after(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._over.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _known(self, before: Known, *, every: bool) -> Known:
        """What Clerk lists now; tokens only where a record has changed, or every now and then."""
        user = one(await self._clerk.user(self.user_id, self._observe), User)
        accounts = self._aim.accounts(user)
        news = changed(before.accounts, accounts)
        if every or any(account.connected for account in news.values()):
            return Known(accounts, await held(self._clerk, self._aim, accounts, self._observe))
        return Known(accounts, before.tokens)

    def _take(self, found: Stand) -> None:
        if found.state == "connected":
            self._end("connected", account=found.account)
        elif found.state == "declined":
            self._end("declined", error=self._refused(found))
        elif found.state == "failed":
            told = f"{self.title} could not be connected: {found.why}."
            self._end("failed", error=self._error(told, *filter(None, [mends(found.code)])))
        elif found.state == "waiting" and self._state in ("offered", "opened"):
            with self._lock:
                if self.ended:
                    return
                self._state = "waiting"
            self._changed()

    def _refused(self, found: Stand) -> AccountError:
        if found.lacking:
            return MissingScope(
                f"{self.user_id} connected {self.title}, but did not allow {', '.join(found.lacking)}.",
                cure="Ask them to allow it, then connect again.",
                required=found.lacking,
                granted=(found.account.approved_scopes if found.account else ()),
                wanted=self.scopes,
                **self._facts,
            )
        return self._error(f"{self.user_id} declined to connect {self.title}.", "Ask why, then connect again.")

    def _error(self, message: str, cure: str = "Connect again when the user is ready.") -> NotConnected:
        return NotConnected(message, cure=cure, **self._facts)

    @property
    def _facts(self) -> dict[str, object]:
        return {"user_id": self.user_id, "provider": self.provider}

    def _end(
        self, state: State, *, account: ExternalAccount | None = None, error: SocialConnectError | None = None
    ) -> None:
        with self._lock:
            if self.ended:
                return
            if isinstance(error, AccountError) and self._mend is not None:
                error.bind(self._mend, self._aim.account)
            self.account, self.error, self._state = account, error, state
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._over.set)
        self._changed()

    def _changed(self) -> None:
        for callback in tuple(self._watching):
            self._call(callback)

    def _call(self, callback: Callable[[Attempt], None]) -> None:
        try:
            callback(self)
        except Exception:  # noqa: BLE001 - a screen that fails must not end what it shows
            _log.debug("who watches an attempt failed", exc_info=True)

    def __reduce__(self) -> NoReturn:
        raise TypeError("an Attempt goes on in its process: it cannot be copied or pickled")

    def __repr__(self) -> str:
        where = "" if self.link is None or self.ended else f" {self.link}"
        return f"<Attempt {self._state}: {self.told}{where}>"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        """What a cell shows that ends with it: its panel; text and a link where no widget can be shown."""
        from socialconnect.notebook import offered  # noqa: PLC0415 - only IPython asks

        del include, exclude
        return offered.bundle(self)

    def __str__(self) -> str:
        return telling.text(self)
