"""One declared output field: where it stands in a record and what it becomes in a frame."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from socialconnect.errors import UsageError
from socialconnect.reading import paths
from socialconnect.reading.account import RECORD
from socialconnect.reading.fill import ways
from socialconnect.reading.names import unknown

Dtype = Literal["string", "Int64", "Float64", "boolean", "datetime", "category", "list", "json"]
Form = Literal[
    "",
    "s",
    "ms",
    "msdate",
    "zoned",
    "snowflake",
    "duration",
    "text",
    "join",
    "present",
    "has",
    "count",
    "keys",
    "date",
    "dash",
    "day",
    "place",
]

_FORMS: dict[str, tuple[Dtype, ...]] = {
    # which dtypes each form can become
    "s": ("datetime",),
    "ms": ("datetime",),
    "msdate": ("datetime",),
    "zoned": ("datetime",),
    "snowflake": ("datetime",),
    "duration": ("Int64", "Float64"),
    "text": ("string", "Int64", "Float64", "boolean", "category"),
    "join": ("string",),
    "present": ("boolean",),
    "has": ("boolean",),
    "count": ("Int64",),
    "keys": ("list",),
    "date": ("string",),
    "dash": ("string",),
    "day": ("boolean",),
    "place": ("Int64",),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column: its dtype holds at zero rows, and a missing or odd value becomes NA.

    `path` is where the value stands in a record (`reading/paths.py`), the column's own name by default. dtypes:
    `string`, `Int64`, `Float64`, `boolean`, `category`; `datetime` becomes `datetime64[us, UTC]`, read as ISO 8601
    (in UTC where it names no zone); `list` a Python list of strings; `json` the value's JSON text.

    Forms of a datetime: `s` and `ms` count seconds or milliseconds since 1970, and take ISO 8601 too; `msdate` is
    `/Date(1518685950940+0000)/`; `zoned` is `{"dateTime": "2026-05-01T09:00:00", "timeZone": "Europe/Oslo"}`;
    `snowflake` is the moment in a Discord id. Further forms: `duration` makes seconds of `3m8s` or `PT3M8S`; `text`
    reads what the provider sends as a text, or as whatever it likes: numbers, truths, and any scalar for a string;
    `join` puts a list of texts together; `present` says whether anything stands there, `has` whether `take` finds
    anything in it; `count` how many elements a list or an object has; `keys` gives the names in an object; `date` makes
    `2026-05-01` of `{"year": 2026, "month": 5, "day": 1}`; `dash` makes `AB-7` of `{"prefix": "AB", "number": 7}`;
    `day` says whether a time is a date alone; `place` is the row's position in its listing, from 1.

    `take` is a pattern whose group is the value; `na` are values that mean nothing, as `""` or `0001-01-01T00:00:00Z`;
    `default` stands for a value that the provider leaves out. `fill` puts a text together, the first of several that
    can be: `"https://cdn.example/{id}/{avatar}.png"`, `"{locale.language}-{locale.country}|{locale}"`.

    `on_request` columns come only where they are named; `of_parent` names the column of the parent whose value each row
    carries, `of_account` what of Clerk's own record of the account (`reading/account.py`).

    `personal` says that its values may tell, by themselves, of a natural person, the user or anybody else:
    who somebody is: names, handles, ids that the provider gave to a person, addresses of mail, post, network and money,
    phones, pictures, their own pages;
    what somebody is: birth, gender, work and employer, place, country, language, time zone, a text about them;
    what somebody wrote or keeps as their own: messages, comments, posts, titles and descriptions of whatever, files,
    folders, playlists, calendars, and links that open them without signing in.
    So is what only holds such a value (`ada/engine`, a link with a handle, an object with people in it), what is a
    person's as well as an organisation's (a login on GitHub, a contact, a team that each person has), and what the
    provider itself made of a person's name. Not personal are names of what people share (repositories, projects,
    channels, workspaces, companies, labels, branches), works that are published, ids of things, times, numbers, states
    and choices.
    """

    name: str
    dtype: Dtype
    path: str = ""
    form: Form = ""
    take: str = ""
    na: tuple[str, ...] = ()
    fill: str = ""
    default: str | int | bool | None = None
    on_request: bool = False
    personal: bool = False
    of_parent: str = ""
    of_account: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise UsageError("A column needs a name.", cure="Give it one.")
        if self.dtype not in get_args(Dtype):
            raise UsageError(
                f"Column {self.name!r} has the dtype {self.dtype!r}.", cure=f"Use one of {', '.join(get_args(Dtype))}."
            )
        if self.form and self.dtype not in _FORMS.get(self.form, ()):
            raise UsageError(
                f"Column {self.name!r} cannot be {self.dtype} in the form {self.form!r}.",
                cure=f"That form is for {' or '.join(_FORMS[self.form])}."
                if self.form in _FORMS
                else f"Use one of {', '.join(_FORMS)}.",
            )
        self._check_patterns()
        if self.na and self.dtype in ("list", "json"):
            raise UsageError(f"Column {self.name!r} is no single value.", cure="Leave out `na`.")
        if self.fill and (self.dtype != "string" or self.path or self.form):
            raise UsageError(f"Column {self.name!r} is filled, so it is a string.", cure="Give `fill` alone.")
        if not self.path:
            object.__setattr__(self, "path", "." if self.fill or self.form == "place" else self.name)
        check_path(self.path, f"Column {self.name!r}")
        if {*self.of_account.split("|")} - {"", *RECORD}:
            raise unknown("field", self.of_account, RECORD, "of Clerk's record of an account")

    def _check_patterns(self) -> None:
        if self.form == "has" and not self.take:
            raise UsageError(f"Column {self.name!r} says not what to look for.", cure="Give its pattern as `take`.")
        if self.take and re.compile(self.take).groups != 1 and self.form != "has":
            raise UsageError(f"The pattern of column {self.name!r} needs one group.", cure="Put ( ) around the value.")
        try:
            ways(self.fill) if self.fill else None
        except ValueError as error:
            raise UsageError(f"Column {self.name!r}: {error}.", cure="Write {path} for each value.") from None

    @property
    def cut(self) -> bool:
        """Whether the value stands in the record, and nowhere beside it."""
        return not self.of_parent and not self.of_account and self.form != "place"


def columns(
    dtype: Dtype,
    names: str,
    *,
    under: str = "",
    prefix: str | None = None,
    form: Form = "",
    na: tuple[str, ...] = (),
    on_request: bool = False,
    personal: bool = False,
) -> tuple[Column, ...]:
    """Several columns of one dtype, from a blank-separated list of keys.

    With `under`, the keys stand inside that object and the names are joined by `_`, or begin with `prefix`. A name
    that differs from its key is written `name=key`.

    >>> [column.name for column in columns("string", "login node_id", under="owner")]
    ['owner_login', 'owner_node_id']
    >>> columns("string", "mime_type=mimeType")[0].path
    'mimeType'
    """
    start = f"{under.replace('.', '_')}_" if under and prefix is None else (prefix or "")
    pairs = [(name, key or name) for name, _, key in (entry.partition("=") for entry in names.split())]
    return tuple(
        Column(
            f"{start}{name}",
            dtype,
            f"{under}.{key}" if under else key,
            form=form,
            na=na,
            on_request=on_request,
            personal=personal,
        )
        for name, key in pairs
    )


def check_path(path: str, where: str) -> None:
    """A UsageError where a path is not well formed."""
    try:
        paths.parse(path)
    except ValueError as error:
        raise UsageError(f"{where}: {error}.", cure="See the forms in reading/paths.py.") from None
