"""One declared output field: where it stands in a record and what it becomes in a frame."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from socialconnect.errors import UsageError
from socialconnect.reading import paths

Dtype = Literal["string", "Int64", "Float64", "boolean", "datetime", "category", "list", "json"]
Form = Literal["", "s", "ms", "text", "join", "present", "count", "keys", "date", "dash", "day"]

_FORMS: dict[str, tuple[Dtype, ...]] = {
    # which dtypes each form can become
    "s": ("datetime",),
    "ms": ("datetime",),
    "text": ("string", "Int64", "Float64", "boolean", "datetime", "category"),
    "join": ("string",),
    "present": ("boolean",),
    "count": ("Int64",),
    "keys": ("list",),
    "date": ("string",),
    "dash": ("string",),
    "day": ("boolean",),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column: its dtype holds at zero rows, and a missing or odd value becomes NA.

    `path` is where the value stands in a record (`reading/paths.py`), the column's own name by default. dtypes:
    `string`, `Int64`, `Float64`, `boolean`, `category`; `datetime` becomes `datetime64[us, UTC]`, read as ISO 8601
    or, with `form="s"` or `"ms"`, as seconds or milliseconds since 1970; `list` a Python list of strings; `json` the
    value's JSON text.

    Further forms: `text` reads numbers that the provider sends as strings, `join` puts a list of texts together,
    `present` says whether anything stands there, `count` how many elements a list or an object has, `keys` gives the
    names in an object, `date` makes `2026-05-01` of `{"year": 2026, "month": 5, "day": 1}`, `dash` makes `AB-7` of
    `{"prefix": "AB", "number": 7}`, `day` says whether a time is a date alone. `take` is a pattern whose group is the
    value; `default` stands for a value that the provider leaves out.

    `on_request` columns come only where they are named; `personal` says that the column is personal data; `of_parent`
    names the column of the parent whose value each row carries.
    """

    name: str
    dtype: Dtype
    path: str = ""
    form: Form = ""
    take: str = ""
    default: str | int | bool | None = None
    on_request: bool = False
    personal: bool = False
    of_parent: str = ""
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
        if self.take and re.compile(self.take).groups != 1:
            raise UsageError(f"The pattern of column {self.name!r} needs one group.", cure="Put ( ) around the value.")
        if not self.path:
            object.__setattr__(self, "path", self.name)
        check_path(self.path, f"Column {self.name!r}")


def columns(
    dtype: Dtype,
    names: str,
    *,
    under: str = "",
    prefix: str | None = None,
    form: Form = "",
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
