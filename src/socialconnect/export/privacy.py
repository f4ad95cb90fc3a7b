"""Personal columns on their way out: left out, or hashed with a key, before anything reaches a disk.

What is personal is marked in the connectors (`Column.personal` says where the line is). A hash is HMAC-SHA256 with a
key that the exporter keeps, its first 128 bits as 32 hexadecimal digits: any database can compute it again, as
PostgreSQL by `left(encode(hmac(value, key, 'sha256'), 'hex'), 32)`, so that one person's rows are found and taken out
when they ask for it, while nobody without the key can try addresses out.

Hashing makes pseudonyms: rows still belong together, and how often a value comes is still seen, so that a column of few
values (a country, a language) can be guessed. Where that is too much, leave them out. Both `user_id` and
`external_account_id` stay as they are in either case: Clerk made them up, and they lead to a person only through the
Clerk instance itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from socialconnect.errors import UsageError
from socialconnect.reading.declare import Column
from socialconnect.reading.holes import VERSION, holes
from socialconnect.reading.paginate import LinkHeader, NoPages, Offset, PageNumber
from socialconnect.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from pydantic import SecretStr

    from socialconnect.reading.declare import Resource
    from socialconnect.reading.typed import Page, Values

VARIABLE = "SOCIALCONNECT_HASH_KEY"
_LEAST = 32  # bytes: as many as the hash has
_BLOCK = 64  # bytes: SHA-256's
_DIGITS = 32
_KEY = f"Make one by `openssl rand -hex 32` and set it as {VARIABLE} in the environment or a .env file."


@dataclass(frozen=True, slots=True)
class Privacy:
    """What becomes of personal columns: nothing, or left out with `drop`, or hashed with `hash_key`.

    The same value has the same hash in every column, resource and export with the same key, so that joins still work.
    Nothing is made alike first: `Ada@example.com` and `ada@example.com` are two values, as they are without hashing.
    A number is hashed as its decimal text, a truth as `true` or `false`, JSON as the text that the provider sent; of a
    list each element. What is missing stays missing.

    Raises a UsageError for both at once, and for a key of fewer than 32 bytes.

    >>> privacy = Privacy(hash_key=b"an example is all that this key is for")
    >>> privacy.hashed("ada@example.com")
    '6cd94407c2ea67cceb6bf2682ee1ceeb'
    >>> privacy
    Privacy(drop=False)
    """

    drop: bool = False
    hash_key: Secret | bytes | None = field(default=None, repr=False)
    hashed: Callable[[object], str] = field(init=False, repr=False, compare=False)
    """The hash of one value, however it is asked for: to find a person's rows."""

    def __post_init__(self) -> None:
        if self.drop and self.hash_key is not None:
            raise UsageError("Personal columns cannot be left out and hashed at once.", cure="Choose one.")
        # no local holds the key itself: a traceback may show locals
        object.__setattr__(self, "hashed", _unkeyed if self.hash_key is None else _hashing(self.hash_key))

    @classmethod
    def make(
        cls, *, drop: bool = False, hashed: bool = False, key: SecretStr | None = None, raw: bool = False
    ) -> Privacy:
        """What was asked for, with the setting `hash_key` as `key`.

        Raises a UsageError where no key is set for hashing, and where `raw` goes with either: raw records hold
        anything, so nothing could be left out of them.

        >>> Privacy.make(drop=True)
        Privacy(drop=True)
        """
        if raw and (drop or hashed):
            raise UsageError(
                "Raw records hold personal data that nobody marked.", cure="Leave out raw, or keep personal columns."
            )
        if hashed and key is None:
            raise UsageError("There is no key to hash personal columns with.", cure=_KEY)
        return cls(drop, Secret(key.get_secret_value().strip()) if hashed and key else None)

    @property
    def sign(self) -> str:
        """What tells one way from another, to be kept beside the rows: `drop`, `hash:` and a sign of the key, or "".

        Rows of two ways must not be put together: neither keys nor columns would fit. It does not give the key away.
        """
        if self.hash_key is None:
            return "drop" if self.drop else ""
        return f"hash:{self.hashed('socialconnect')[:8]}"

    def allow(self, name: str, key: Collection[str], columns: Sequence[Column]) -> None:
        """Refuse to leave out what tells the rows of the resource `name` apart: a UsageError names those columns."""
        lost = [column.name for column in columns if column.personal and column.name in key] if self.drop else []
        if lost:
            raise UsageError(
                f"Without personal columns the rows of {name} cannot be told apart: its key has {', '.join(lost)}.",
                cure="Hash them instead (--hash-personal): hashes tell rows apart as well.",
            )

    def columns(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """The columns that remain of those, with the dtypes that they have then: what is hashed is a text.

        >>> found = [Column("id", "Int64"), Column("born", "Int64", personal=True)]
        >>> [one.name for one in Privacy(drop=True).columns(found)]
        ['id']
        """
        if self.drop:
            return tuple(column for column in columns if not column.personal)
        if self.hash_key is None:
            return tuple(columns)
        return tuple(_as_text(column) if column.personal else column for column in columns)

    def page(self, page: Page, columns: Sequence[Column]) -> Page:
        """The page that was cut with `columns`, as `columns()` has them then."""
        if not self.drop and self.hash_key is None:
            return page
        pairs = zip(columns, page.columns, strict=True)
        if self.drop:
            return replace(page, columns=tuple(values for column, values in pairs if not column.personal))
        return replace(
            page,
            columns=tuple(self._hashed(column, values) if column.personal else values for column, values in pairs),
        )

    def _hashed(self, column: Column, values: Values) -> Values:
        if column.dtype == "list":
            return [self._each(value) if isinstance(value, list) else None for value in values]
        return self._each(values)

    def _each(self, values: Values) -> Values:
        hashed = self.hashed
        known = {value: hashed(value) for value in {*values} if value is not None}
        return [*map(known.get, values)]

    def __reduce__(self) -> tuple[type[Privacy], tuple[bool]]:
        if self.hash_key is not None:
            raise TypeError("a Privacy with a key cannot be pickled: take the key from the settings where it is used")
        return type(self), (self.drop,)


def tells_person(resource: Resource, arguments: Collection[str] = ()) -> bool:
    """Whether the addresses and bodies of a resource's requests may hold personal data, as far as anybody can tell.

    So they do where the parent is personal (a calendar's id is an address) or a value of an earlier call stands in
    them, which is the person's own id; where a path holds what callers name, or one of the `arguments` that they
    passed is free text; and where the cursor of the next page may be made of the last row's key, and that is personal.

    >>> from socialconnect.connectors import Connectors
    >>> found = Connectors()
    >>> [tells_person(found[provider].resource(name)) for provider, name in [("google", "events"), ("github", "repos")]]
    [True, False]
    """
    if resource.parent is not None and resource.parent.personal:
        return True
    named = {param.name for param in resource.arguments}
    bound = (holes(resource.path) | holes(resource.query) | holes(resource.json)) - named - {VERSION}
    texts = (param for param in resource.params if param.into == "path" or param.name in arguments)
    if bound or any(param.kind in (str, dict) and not param.choices for param in texts):
        return True
    return not _by_position(resource) and any(resource.column(name).personal for name in resource.key)


def _by_position(resource: Resource) -> bool:
    """Whether pages are asked for by their number alone."""
    paging = resource.paging
    return isinstance(paging, NoPages | PageNumber | Offset) or (isinstance(paging, LinkHeader) and bool(paging.page))


def _as_text(column: Column) -> Column:
    """A hashed column: what it was made of does not matter any more."""
    return Column(
        column.name,
        "list" if column.dtype == "list" else "string",
        on_request=column.on_request,
        personal=True,
        note=column.note,
    )


def _unkeyed(value: object) -> str:
    del value
    raise UsageError("There is no key to hash personal columns with.", cure=_KEY)


def _hashing(key: Secret | bytes) -> Callable[[object], str]:
    """HMAC-SHA256 as RFC 2104 defines it, from its two halves: prepared once, it is twice as fast as `hmac`."""
    block = _block(key)
    inner, outer = sha256(bytes(byte ^ 0x36 for byte in block)), sha256(bytes(byte ^ 0x5C for byte in block))

    def hashed(value: object) -> str:
        message = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
        first = inner.copy()
        first.update(message.encode("utf-8", "surrogatepass"))
        last = outer.copy()
        last.update(first.digest())
        return last.hexdigest()[:_DIGITS]

    return hashed


def _block(key: Secret | bytes) -> bytes:
    # no local holds the key where this is refused: a traceback may show locals
    if len(_bytes(key)) < _LEAST:
        raise UsageError(f"The key to hash personal columns with is shorter than {_LEAST} bytes.", cure=_KEY)
    plain = _bytes(key)
    return (sha256(plain).digest() if len(plain) > _BLOCK else plain).ljust(_BLOCK, b"\0")


def _bytes(key: Secret | bytes) -> bytes:
    return key if isinstance(key, bytes) else key.reveal().encode()
