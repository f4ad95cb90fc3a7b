"""The columns of a resource: a table of those that come by themselves, a list of those that come on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialconnect.reading.declare import IDENTITY
from socialconnect.reference.pen import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from socialconnect.reading.declare import Column, Connector, Resource
    from socialconnect.reference.pen import Plain

DTYPES = {"datetime": "datetime64[us, UTC]", "json": "string", "list": "object"}
"""What pandas calls the dtypes that go by another name here."""

_FORMS = {
    "s": "seconds since 1970",
    "ms": "milliseconds since 1970",
    "text": "sent as a text",
    "join": "its texts put together",
    "present": "whether anything stands there",
    "count": "how many there are",
    "keys": "the names in it",
    "date": "from year, month and day",
}
_IDENTITY = dict(zip(IDENTITY, ("user", "external account"), strict=True))
_SHAPES = {"json": "JSON text", "list": "list"}


def dtype(column: Column) -> str:
    """The column's dtype as pandas says it."""
    return DTYPES.get(column.dtype, column.dtype)


def fields(connector: Connector, resource: Resource, pen: Plain) -> list[str]:
    """The columns as a Markdown table, those on request as a list below it."""
    usual = [one for one in resource.columns if not one.on_request]
    rows = [
        (pen.code(one.name), dtype(one), _place(one, pen), ", ".join(_remarks(connector, resource, one, pen)))
        for one in usual
    ]
    identity = [(pen.code(name), "string", "", f"Clerk's id of the {what}") for name, what in _IDENTITY.items()]
    cells: list[tuple[str, ...]] = [("column", "dtype", "from", "remarks"), *identity, *rows]
    if not any(row[2] for row in cells[1:]):
        cells = [(name, kind, remarks) for name, kind, _, remarks in cells]
    lines = table(cells[0], cells[1:])
    groups = _groups([one for one in resource.columns if one.on_request])
    if groups:
        lines += ["", *pen.paragraph(f"On request, by naming them in {pen.code('columns')}:")]
        for label, group in groups.items():
            told = ", ".join(_told(one, pen) for one in group)
            lines += pen.paragraph(f"{label}: {told}", first="- ", then="  ")
    return [*lines, *_variants(resource, pen)]


def field_list(connector: Connector, resource: Resource, pen: Plain) -> list[str]:
    """The columns as plain text, by dtype."""
    by_dtype: dict[str, list[str]] = {"string": list(IDENTITY)}
    for one in sorted(resource.columns, key=lambda column: column.on_request):
        by_dtype.setdefault(f"{dtype(one)}{', on request' if one.on_request else ''}", []).append(one.name)
    lines = ["Columns (each may be NA):"]
    for label, names in by_dtype.items():
        lines += pen.paragraph(f"{label}: {', '.join(names)}", first="  ", then="    ")
    personal = [one.name for one in resource.columns if one.personal and not one.on_request]
    if personal:
        lines += pen.paragraph(f"Personal data: {', '.join(personal)}", first="  ", then="    ")
    for one in resource.columns:
        remarks = ", ".join(each for each in (*_made(connector, resource, one, pen), pen.text(one.note)) if each)
        if remarks:
            lines += pen.paragraph(f"{one.name}: {remarks}", first="  ", then="    ")
    return [*lines, *_variants(resource, pen)]


def _place(column: Column, pen: Plain) -> str:
    return "" if column.of_parent or column.path == column.name else pen.code(column.path)


def _remarks(connector: Connector, resource: Resource, column: Column, pen: Plain) -> Iterator[str]:
    if column.name in resource.key:
        yield "key"
    if column.personal:
        yield "personal"
    if column.dtype in _SHAPES:
        yield _SHAPES[column.dtype]
    yield from _made(connector, resource, column, pen)
    if column.note:
        yield pen.text(column.note)


def _made(connector: Connector, resource: Resource, column: Column, pen: Plain) -> Iterator[str]:
    """How a value comes about, where it does not simply stand in the record."""
    if column.of_parent and resource.parent:
        yield f"{pen.code(column.of_parent)} of {pen.code(f'{connector.name}.{resource.parent.resource}')}"
    if column.form:
        yield _FORMS.get(column.form, column.form)
    if column.take:
        yield f"what {pen.code(column.take)} finds"
    if column.default is not None:
        yield f"{pen.code(str(column.default))} where nothing is sent"


def _groups(columns: Iterable[Column]) -> dict[str, list[Column]]:
    """Columns that are alike, under what they have in common."""
    groups: dict[str, list[Column]] = {}
    for one in columns:
        shape = f" ({_SHAPES[one.dtype]})" if one.dtype in _SHAPES else ""
        groups.setdefault(f"{dtype(one)}{shape}{', personal' if one.personal else ''}", []).append(one)
    return groups


def _told(column: Column, pen: Plain) -> str:
    beside = [f"from {_place(column, pen)}" if column.path != column.name else "", pen.text(column.note)]
    told = ", ".join(filter(None, beside))
    return pen.code(column.name) + (f" ({told})" if told else "")


def _variants(resource: Resource, pen: Plain) -> list[str]:
    """The columns that each type of a field gives, whatever the field is called."""
    if resource.variants is None:
        return []
    begin = f"Further columns, one or several for each field in {pen.code(resource.variants.at)}, by its type:"
    lines = ["", *pen.paragraph(begin)]
    for kind, given in resource.variants.columns.items():
        told = ", ".join(f"{pen.code(f'FIELD{_behind(one)}')} {dtype(one)}" for one in given)
        lines += pen.paragraph(f"{pen.code(kind)}: {told}", first="- ", then="  ")
    return lines


def _behind(column: Column) -> str:
    return f"_{column.name}" if column.name != "value" else ""
