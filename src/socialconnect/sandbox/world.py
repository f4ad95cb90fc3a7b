"""Who lives in the sandbox: a pure function of (seed, index), so that 100,000 people cost nothing until asked for.

Index 0 is the newest user. A user's id, and the id of each external account, holds its index, which `World.find_user`
and `World.find_account` read back. Whatever a provider serves carries `Account.mark`, so that a test can tell whose
token read it: at GitHub the account's username (`login`, `owner.login`), at Google the `id`, elsewhere the external
account's `eac_…` id (in a Notion person's name and e-mail, in each text of a generic record).

How an account fares is its `situation`:

    healthy        reads well                            empty          reads well, has no rows
    large          reads well, several pages             narrow         reads, but less: fewer scopes or capabilities
    underscoped    the provider refuses: scope           unverified     an attempt to connect that was never finished
    revoked        the provider refuses the token        stale          the first token is dead, the next one works
    unrefreshable  Clerk: expired, no refresh token      unconsented    Clerk: the account never had a refresh token
    refused        Clerk: the refresh was refused        untokened      Clerk: linked, but no token is stored
    sso_partial    GitHub hides organisations that ask for single sign-on (by the fault of that name alone)

What people connect and remove afterwards (`linked.py`) stands in `World.changed`, what becomes of their things at the
providers (`edits.py`) in `World.edits`; all else stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING
from zlib import crc32

from socialconnect.errors import UsageError
from socialconnect.sandbox import dice, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from socialconnect.sandbox.edits import Edits, Where

EPOCH = 1_795_294_800
"""When the sandbox's time begins, 2026-11-21T21:00:00Z, as epoch seconds."""

MOST_USERS = 100_000
_STEP = 2_220_000  # milliseconds between one registration and the next: 100,000 users span seven years
_CYCLE = 200
_SHORTEST = 7  # steps between the ranks of two users who registered one after the other
_SITUATIONS: tuple[tuple[int, tuple[str, ...]], ...] = (
    # of 200 users, how many have such accounts at a provider; the rest of its share is healthy
    (3, ("revoked",)),
    (5, ("stale",)),
    (3, ("unrefreshable",)),
    (4, ("underscoped",)),
    (6, ("narrow",)),
    (1, ("unconsented",)),
    (2, ("refused",)),
    (1, ("untokened",)),
    (4, ("unverified",)),
    (4, ("healthy", "healthy")),
    (1, ("healthy", "unverified")),
    (1, ("healthy", "revoked")),
    (8, ("empty",)),
    (5, ("large",)),
)
_TABLE: tuple[tuple[str, ...], ...] = tuple(kinds for count, kinds in _SITUATIONS for _ in range(count))


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of one user."""

    index: int
    user_id: str
    first_name: str | None
    last_name: str | None
    username: str | None
    slug: str
    email: str
    created_at: int
    updated_at: int
    last_sign_in_at: int | None

    @property
    def name(self) -> str:
        """The full name, as far as there is one."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or self.slug


@dataclass(frozen=True, slots=True)
class Account:
    """One external account of one user."""

    number: int
    user: int
    ordinal: int
    provider: str
    strategy: str
    eac: str
    identification: str
    provider_user_id: str
    username: str
    email: str
    situation: str
    created_at: int
    updated_at: int
    granted: tuple[str, ...] | None = None
    """The scopes that were granted since the world began, None where its owner has not been asked since."""
    grants: int = 0
    """How often it was connected since the world began: each time has tokens of its own."""
    error: str = ""
    """The code of what became of an attempt to connect."""
    lapses_at: int = 0
    """When an attempt to connect ends of itself, in milliseconds."""

    @property
    def compact(self) -> int:
        """A small number of its own among the accounts of one provider."""
        return self.user * 16 + self.ordinal

    @property
    def mark(self) -> str:
        """What every record of this account has in it."""
        return {"github": self.username, "google": self.provider_user_id}.get(self.provider, self.eac)

    @property
    def expiry(self) -> str:
        """How Clerk says when its tokens end: never (""), in seconds ("s") or in milliseconds ("ms")."""
        if self.provider == "github":
            return ""
        if self.provider == "google":
            return "s" if self.number % 3 else "ms"
        return ("s", "", "ms", "")[self.user % 4]


@dataclass(frozen=True, slots=True)
class Offered:
    """One provider that the instance offers, or offered until it was disabled, and the share of users who tried it."""

    name: str
    strategy: str = ""
    share: float = 0.3
    title: str = ""
    enabled: bool = True

    @property
    def wire(self) -> str:
        """Clerk's name for it."""
        return self.strategy or f"oauth_{self.name}"


CORE = (
    Offered("github", share=0.75, title="GitHub"),
    Offered("notion", share=0.6, title="Notion"),
    Offered("google", share=0.7, title="Google"),
)


class World:
    """The users of one Clerk instance and what they connected.

    >>> world = World(users=3, seed=1)
    >>> world.find_user(world.person(2).user_id)
    2
    """

    def __init__(self, users: int = 200, seed: int = 0, providers: Sequence[Offered] = CORE) -> None:
        if not 1 <= users <= MOST_USERS:
            raise UsageError(f"A sandbox of {users} users is not possible.", cure=f"Ask for 1 to {MOST_USERS:,}.")
        self.users = users
        self.seed = seed
        self.providers = {offered.name: offered for offered in providers}
        self._codes: dict[int, Offered] = {}
        for offered in self.providers.values():
            code = crc32(offered.name.encode()) % 65_521
            while code in self._codes:
                code += 1
            self._codes[code] = offered
        self._strides = {name: _stride(seed, name) for name in self.providers}
        self.person = lru_cache(maxsize=4096)(self._person)
        self._first_accounts = lru_cache(maxsize=4096)(self._accounts)
        self.changed: dict[int, tuple[Account, ...]] = {}
        self.edits: dict[Where, Edits] = {}
        self.generation = 0
        """How often all sync tokens were made too old."""

    def __repr__(self) -> str:
        return f"World(users={self.users}, seed={self.seed})"

    def created_at(self, index: int) -> int:
        """When a user registered, in milliseconds: strictly earlier with each index."""
        jitter = dice.number(self.seed, "created", index) % (_STEP - 1)
        return (EPOCH - 3600) * 1000 - index * _STEP - jitter

    def user_id(self, index: int) -> str:
        """A user's id at Clerk."""
        return dice.encode("user", index, self.seed, self.created_at(index) // 1000)

    def find_user(self, user_id: str) -> int | None:
        """The index of a user, None where there is no such user."""
        index = dice.decode("user", user_id, self.seed)
        return index if index is not None and index < self.users and self.user_id(index) == user_id else None

    def accounts(self, index: int) -> tuple[Account, ...]:
        """The external accounts of a user as they are now, attempts to connect included."""
        changed = self.changed.get(index)
        return self._first_accounts(index) if changed is None else changed

    def situation(self, index: int) -> Mapping[str, tuple[str, ...]]:
        """How each account of a user fares, by provider: `{"github": ("healthy", "revoked"), "google": ("stale",)}`."""
        names = dict.fromkeys(account.provider for account in self.accounts(index))
        return {
            name: tuple(account.situation for account in self.accounts(index) if account.provider == name)
            for name in names
        }

    def having(self, provider: str, situation: str) -> Iterator[Account]:
        """The accounts of a provider that fare so, newest user first."""
        return (
            account
            for index in range(self.users)
            if index in self.changed or situation in self._fates(index, provider)
            for account in self.accounts(index)
            if account.provider == provider and account.situation == situation
        )

    def find_account(self, eac: str) -> Account | None:
        """The external account of an `eac_…` id, None where there is none."""
        number = dice.decode("eac", eac, self.seed)
        if number is None or (user := number >> 20) >= self.users:
            return None
        return next((account for account in self.accounts(user) if account.eac == eac), None)

    def opened(self, index: int, provider: str, ordinal: int, created_at: int) -> Account:
        """An account as it is when a user begins to connect it, in milliseconds."""
        code = next(code for code, offered in self._codes.items() if offered.name == provider)
        return self._account(index, code, self.providers[provider], ordinal, "unverified", created_at)

    def created_between(self, after: int | None, before: int | None) -> range:
        """The indexes of those who registered at or after, and before or at, the given milliseconds."""
        first = 0 if before is None else self._first_at(before)
        last = self.users if after is None else self._first_at(after - 1)
        return range(first, max(first, last))

    def _first_at(self, moment: int) -> int:
        """The newest index that registered at or before `moment`."""
        index = max(0, min(self.users, ((EPOCH - 3600) * 1000 - moment) // _STEP - 1))
        while index < self.users and self.created_at(index) > moment:
            index += 1
        return index

    def _person(self, index: int) -> Person:
        chance = dice.number(self.seed, "person", index)
        given, given_slug = words.GIVEN[chance % len(words.GIVEN)]
        family, family_slug = words.FAMILY[(chance >> 8) % len(words.FAMILY)]
        created = self.created_at(index)
        slug = f"{given_slug}.{family_slug}.{index}"
        signed_in = created + (chance >> 16) % max(1, EPOCH * 1000 - created)
        return Person(
            index,
            dice.encode("user", index, self.seed, created // 1000),
            given if (chance >> 40) % 20 else None,
            family if (chance >> 40) % 17 else None,
            slug.replace(".", "_").replace("-", "") if (chance >> 44) % 3 else None,
            slug,
            f"{slug}@example.com",
            created,
            max(created, signed_in - (chance >> 50) % 1000),
            signed_in if (chance >> 48) % 12 else None,
        )

    def _fates(self, index: int, provider: str) -> tuple[str, ...]:
        """How a user's accounts at one provider fare: each of the table's rows comes up in every 200 users."""
        stride, start = self._strides[provider]
        rank = (index * stride + start) % _CYCLE
        if rank >= self.providers[provider].share * _CYCLE:
            return ()
        return _TABLE[rank] if rank < len(_TABLE) else ("healthy",)

    def _accounts(self, index: int) -> tuple[Account, ...]:
        return tuple(
            self._account(
                index,
                code,
                offered,
                ordinal,
                situation,
                self.created_at(index) + 60_000 * (ordinal + 1 + code % 7),
            )
            for code, offered in self._codes.items()
            for ordinal, situation in enumerate(self._fates(index, offered.name))
        )

    def _account(self, index: int, code: int, offered: Offered, ordinal: int, situation: str, created: int) -> Account:
        person = self.person(index)
        number = index << 20 | code << 4 | ordinal
        compact = index * 16 + ordinal
        second = f".{ordinal + 1}" if ordinal else ""
        slug = f"{person.slug}{second}"
        username = slug.replace(".", "-")
        return Account(
            number,
            index,
            ordinal,
            offered.name,
            offered.wire,
            dice.encode("eac", number, self.seed, created // 1000),
            dice.encode("idn", number, self.seed, created // 1000),
            _provider_user_id(offered.name, compact, self.seed),
            username,
            f"{slug}@example.com",
            situation,
            created,
            created,
            error="oauth_access_denied" if situation == "unverified" else "",
        )


def _stride(seed: int, provider: str) -> tuple[int, int]:
    """A step that comes by every rank of the cycle once, and where it starts.

    With too short a step, forward or back, all who have connected a provider would stand side by side.
    """
    chance = dice.number(seed, "fate", provider)
    stride = chance % _CYCLE | 1
    while gcd(stride, _CYCLE) > 1 or not _SHORTEST <= stride <= _CYCLE - _SHORTEST:
        stride = (stride + 2) % _CYCLE
    return stride, (chance >> 32) % _CYCLE


def _provider_user_id(provider: str, compact: int, seed: int) -> str:
    if provider == "github":
        return str(compact + (6_000_000_000 if dice.number(seed, provider, compact) % 2 else 1_000_000))
    if provider == "google":
        return f"1{dice.number(seed, provider, compact) % 10**9:09d}{compact:011d}"
    if provider == "notion":
        return uuid(seed, "person", compact << 12)
    return f"{provider}-{dice.number(seed, provider, compact) % 10**6:06d}{compact:07d}"


def compact_of(provider: str, provider_user_id: str) -> int | None:
    """The account's own number in an id at a provider, to be held against the account itself; None where none is."""
    text = provider_user_id
    if provider == "notion":
        tail = text.rpartition("-")[2]
        return int(tail, 16) >> 12 if len(tail) == 12 and set(tail) <= set("0123456789abcdef") else None
    digits = {"google": text[-11:], "github": text}.get(provider, text[-7:])
    if not (digits.isascii() and digits.isdecimal()):
        return None
    value = int(digits)
    return value - (6_000_000_000 if value >= 6_000_000_000 else 1_000_000) if provider == "github" else value


def uuid(seed: int, kind: str, value: int) -> str:
    """A UUID, version 4 by its looks, whose last twelve digits are `value`."""
    text = dice.digest(seed, kind, value).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[12:15]}-a{text[13:16]}-{value:012x}"
