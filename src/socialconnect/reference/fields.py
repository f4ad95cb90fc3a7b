"""The columns of a resource: a table of those that come by themselves, a list of those that come on request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from socialconnect.reading.declare import IDENTITY
from socialconnect.reading.variants import VALUE
from socialconnect.reference.pen import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from socialconnect.reading.declare import Column, Connector, Dtype, Resource
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
    "msdate": "as /Date(…)/, milliseconds since 1970",
    "zoned": "from a time and its zone",
    "snowflake": "the moment in the id",
    "duration": "seconds",
    "has": "whether it is in there",
    "place": "the position in the listing, from 1",
}
_IDENTITY = dict(zip(IDENTITY, ("user", "external account"), strict=True))
_ALL = re.compile(r"(\(\?s\))?\(\.\+\)")  # a pattern that takes everything but an empty text
_CHOICE = re.compile(r"\[\?[^\]]{24,}\]")
_SHAPES = {"json": "JSON text", "list": "list"}


def dtype(declared: Dtype) -> str:
    """A declared dtype as pandas says it."""
    return DTYPES.get(declared, declared)


def fields(connector: Connector, resource: Resource, pen: Plain) -> list[str]:
    """The columns as a Markdown table, those on request as a list below it."""
    usual = [one for one in resource.columns if not one.on_request]
    short = selections(resource)
    rows = [(pen.code(one.name), dtype(one.dtype), _remarks(connector, resource, one, short, pen)) for one in usual]
    identity = [(pen.code(name), "string", f"Clerk's id of the {what}") for name, what in _IDENTITY.items()]
    lines = table(("column", "dtype", "from where, and what to know"), [*identity, *rows])
    groups = _groups([one for one in resource.columns if one.on_request])
    if groups:
        lines += ["", *pen.paragraph(f"On request, by naming them in {pen.code('columns')}:")]
        for label, group in groups.items():
            told = ", ".join(_told(one, short, pen) for one in group)
            lines += pen.paragraph(f"{label}: {told}", first="- ", then="  ")
    legend = (line for long, instead in short.items() for line in _legend(long, instead, pen))
    lines += ["", *legend] if short else []
    return [*lines, *_variants(resource, pen)]


def field_list(connector: Connector, resource: Resource, pen: Plain) -> list[str]:
    """The columns as plain text, by dtype."""
    by_dtype: dict[str, list[str]] = {"string": list(IDENTITY)}
    for one in sorted(resource.columns, key=lambda column: column.on_request):
        by_dtype.setdefault(f"{dtype(one.dtype)}{', on request' if one.on_request else ''}", []).append(one.name)
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


def selections(resource: Resource) -> dict[str, str]:
    """Choices among elements that are too long for a cell, each with what stands for it there."""
    long = dict.fromkeys(one for column in resource.columns for one in _CHOICE.findall(column.path))
    return {one: f"[?…{number}]" if len(long) > 1 else "[?…]" for number, one in enumerate(long, 1)}


def _place(column: Column, short: Mapping[str, str], pen: Plain) -> str:
    if not column.cut or column.path == column.name:
        return ""
    if column.fill:
        return pen.code(column.fill)
    place = column.path
    for long, instead in short.items():
        place = place.replace(long, instead)
    return pen.code(place)


def _remarks(connector: Connector, resource: Resource, column: Column, short: Mapping[str, str], pen: Plain) -> str:
    told = ["key"] if column.name in resource.key else []
    told += ["personal"] if column.personal else []
    told += [_SHAPES[column.dtype]] if column.dtype in _SHAPES else []
    told += _made(connector, resource, column, pen)
    return "; ".join(filter(None, [_place(column, short, pen), ", ".join(told), pen.text(column.note).rstrip(".")]))


def _legend(long: str, short: str, pen: Plain) -> list[str]:
    conditions = [pen.code(one) for one in long.removeprefix("[?").removesuffix("]").split(",")]
    told = f"{pen.code(short)}: the first element with {', else with '.join(conditions)}"
    return pen.paragraph(told.replace(f"else with {pen.code('*')}", "else the first of all"), first="- ", then="  ")


def _made(connector: Connector, resource: Resource, column: Column, pen: Plain) -> Iterator[str]:
    """How a value comes about, where it does not simply stand in the record."""
    if column.of_parent and resource.parent:
        yield f"{pen.code(column.of_parent)} of {pen.code(f'{connector.name}.{resource.parent.resource}')}"
    if column.of_account:
        yield f"{pen.code(column.of_account)} of Clerk's record of the account"
    if column.form:
        yield _FORMS.get(column.form, column.form)
    if column.take and not _ALL.fullmatch(column.take):
        yield f"what {pen.code(column.take)} finds"
    if column.na:
        yield f"NA for {pen.codes([each or '(empty)' for each in column.na])}"
    if column.default is not None:
        yield f"{pen.code(str(column.default))} where nothing is sent"


def _groups(columns: Iterable[Column]) -> dict[str, list[Column]]:
    """Columns that are alike, under what they have in common."""
    groups: dict[str, list[Column]] = {}
    for one in columns:
        shape = f" ({_SHAPES[one.dtype]})" if one.dtype in _SHAPES else ""
        groups.setdefault(f"{dtype(one.dtype)}{shape}{', personal' if one.personal else ''}", []).append(one)
    return groups


def _told(column: Column, short: Mapping[str, str], pen: Plain) -> str:
    beside = [f"from {_place(column, short, pen)}" if column.path != column.name else "", pen.text(column.note)]
    told = ", ".join(filter(None, beside))
    return pen.code(column.name) + (f" ({told})" if told else "")


def _variants(resource: Resource, pen: Plain) -> list[str]:
    """The columns that each type of a field gives, whatever the field is called."""
    if resource.variants is None:
        return []
    variants = resource.variants
    begin = f"Further columns, one or several for each field in {pen.code(variants.at)}, by its type:"
    lines = ["", *pen.paragraph(begin)]
    for kind in [*variants.columns, *variants.lists, *variants.unknown]:
        parts = [f"{pen.code(_field(part))} {dtype(one)}" for part, one in variants.shape(kind).items()]
        lines += pen.paragraph(f"{pen.code(kind)}: {', '.join(parts) or 'no column'}", first="- ", then="  ")
    return [*lines, *pen.paragraph(f"any other type: {pen.code(_field(VALUE))} string (JSON text)", first="- ")]


def _field(part: str) -> str:
    return "FIELD" if part == VALUE else f"FIELD_{part}"
