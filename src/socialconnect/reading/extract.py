"""From a page's bytes to the declared columns.

The fast way decodes straight into structures that hold the declared fields alone, so that whatever else a record
carries is skipped and never becomes an object. A page that does not fit them is decoded again without types and each
value is coerced on its own: what cannot be becomes NA and is counted as drift, so one odd record never costs a page.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from socialconnect.errors import MalformedResponse
from socialconnect.reading.coerce import coerce, json_text
from socialconnect.reading.paths import Json, Key, Path, first, keys_only, look, parse
from socialconnect.reading.typed import Page, joined, typed
from socialconnect.secret import bare, scrub

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from socialconnect.reading.declare import Column, Resource

RAW = "raw"
"""The name of the column that holds, as JSON text, the fields that no column declares."""

_NOTHING: MappingProxyType[str, Json] = MappingProxyType({})
_ROWS = "rows that are not objects"
_NEVER = frozenset(
    {
        *("access_token", "refresh_token", "id_token", "oauth_token", "auth_token", "token_secret", "secret_key"),
        *("client_secret", "accesstoken", "refreshtoken", "idtoken", "clientsecret", "password", "private_key"),
    }
)  # what no frame has a column for, wherever in a record and in whatever case a provider writes it


class Extractor:
    """Cuts the pages of one resource into the chosen columns; made once, used for every page."""

    def __init__(self, resource: Resource, columns: Sequence[Column], *, raw: bool = False) -> None:
        self.resource = resource
        self.columns = tuple(columns)
        self.raw = raw
        self._cut = tuple(column for column in self.columns if column.cut)
        self._paths = [parse(column.path) for column in self._cut]
        self._typed = [] if raw or resource.entries else typed(resource, self._cut)

    @property
    def listed(self) -> bool:
        """Whether every column that is cut stands in the listing itself, so that no record's detail is needed."""
        keys = set(getattr(self.resource.further, "listed", ()))
        firsts = [_first_key(path) for paths in self._paths for path in paths]
        return bool(keys) and not self.raw and keys.issuperset(firsts)

    @property
    def of_account(self) -> bool:
        """Whether anything comes out of Clerk's own record of the account."""
        return self.resource.identity or any(column.of_account for column in self.columns)

    @property
    def nothing(self) -> Page:
        """A page without rows."""
        return Page(tuple([] for _ in range(len(self.columns) + self.raw)), 0)

    def page(
        self,
        body: bytes,
        parent: Mapping[str, object] = _NOTHING,
        account: Mapping[str, Json] = _NOTHING,
        *,
        start: int = 0,
    ) -> Page:
        """The rows of one response body, with what stands beside it: values of the parent, and of the account at Clerk.

        `start` is how many rows of the listing came before. A MalformedResponse where the body holds no records at all.
        """
        try:
            page = self._page(body)
            return page if len(self._cut) == len(self.columns) else self._beside(page, parent, account, start)
        except MalformedResponse as error:
            failure = bare(error)
        del body  # a traceback may show locals
        raise failure

    def _beside(self, page: Page, parent: Mapping[str, object], account: Mapping[str, Json], start: int) -> Page:
        drift = Counter(page.drift)
        own = iter(page.columns)
        values: list[list[object]] = []
        for one in self.columns:
            if one.of_parent:
                values.append([parent.get(one.of_parent)] * page.rows)
            elif one.of_account:
                values.append([coerce(look(account, one.of_account), one, drift)] * page.rows)
            else:
                values.append(next(own) if one.cut else [*range(start + 1, start + 1 + page.rows)])
        return replace(page, columns=(*values, *own), drift=dict(drift))

    def _page(self, body: bytes) -> Page:
        if self._typed:
            try:
                return joined([part.page(body) for part in self._typed])
            except msgspec.ValidationError:
                pass  # some value is not of its declared type: look at each on its own
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise self._malformed(body, f"is not JSON ({error})") from None
        return self._lenient(body)

    def _lenient(self, body: bytes) -> Page:
        try:
            decoded: Json = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._malformed(body, f"is not JSON ({error})") from None
        found = look(decoded, self.resource.records)
        if self.resource.single:
            found = [] if found is None else [found]
        if self.resource.entries and isinstance(found, dict):  # some providers write an empty object as []
            found = [{"key": key, "value": value} for key, value in found.items()]
        if found is not None and not isinstance(found, list):
            raise self._malformed(body, f"holds no list at {self.resource.records or 'its top'}")
        records = [record for record in found or [] if isinstance(record, dict)]
        drift: Counter[str] = Counter()
        if len(records) < len(found or []):
            drift[_ROWS] = len(found or []) - len(records)
        values = [
            [coerce(first(record, path), column, drift) for record in records]
            for column, path in zip(self._cut, self._paths, strict=True)
        ]
        if self.raw:
            values.append([json_text(self._rest(record)) for record in records])
        return Page(tuple(values), len(records), dict(drift))

    def _rest(self, record: dict[str, Json]) -> Json:
        """What no column of the resource declares, without what must never be shown."""
        known = [path for one in self.resource.columns if one.cut and not one.fill for path in parse(one.path)]
        rest: Json = record
        for path in [*known, *(path for name in self.resource.drop for path in parse(name))]:
            names = keys_only(path) or tuple(step.name for step in path[:1] if isinstance(step, Key))
            rest = _without(rest, names)
        return _told(rest)

    def _malformed(self, body: bytes, what: str) -> MalformedResponse:
        start = scrub(" ".join(body[:2000].decode("utf-8", "replace").split()))[:120]
        return MalformedResponse(
            f"The body {what}: {start!r}", cure="Try again; if it stays, the provider changed or a proxy answered."
        )


def _first_key(path: Path) -> str:
    return path[0].name if path and isinstance(path[0], Key) else ""


def _told(value: Json) -> Json:
    """A value without the fields that are secrets by their names."""
    if isinstance(value, dict):
        return {key: _told(inner) for key, inner in value.items() if key.lower() not in _NEVER}
    return [_told(one) for one in value] if isinstance(value, list) else value


def _without(value: Json, names: tuple[str, ...]) -> Json:
    if not isinstance(value, dict) or not names or names[0] not in value:
        return value
    rest = {key: inner for key, inner in value.items() if key != names[0]}
    if len(names) > 1:
        inner = _without(value[names[0]], names[1:])
        if inner not in ({}, None):
            rest[names[0]] = inner
    return rest
