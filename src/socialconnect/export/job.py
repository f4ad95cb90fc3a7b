"""What an export is to do: which resources, of whom, where to, and how far it may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Literal, Self

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from socialconnect.errors import UsageError
from socialconnect.export.refusal import refusal
from socialconnect.export.sink import Mode
from socialconnect.export.spans import span, until
from socialconnect.reading.place import LOOK_BACK

if TYPE_CHECKING:
    from socialconnect.reading.declare import Value

Personal = Literal["keep", "drop", "hash"]
"""What becomes of personal columns before anything is written."""

Format = Literal["", "parquet", "csv", "jsonl"]
"""How files are written; "" leaves it to the target."""

Span = Annotated[timedelta, BeforeValidator(span), Field(ge=timedelta(0))]
"""A stretch of time, also as the text `30m`."""

Deadline = Annotated[timedelta, BeforeValidator(until), Field(ge=timedelta(0))]
"""How long is left, also as the text `4h`, or as a time of the day: `06:30`."""

Errors = Annotated[int, Field(ge=0)] | Annotated[str, Field(pattern=r"^\d{1,2}(\.\d+)?%$")]
"""A count of accounts, or a share of them as `2%`."""


class Wanted(BaseModel):
    """One resource of a job: which columns of it, and with which arguments it is read.

    >>> import socialconnect as sc
    >>> issues = sc.Wanted(name="github.issues", columns=("title", "state"), arguments={"state": "all"})
    >>> sc.sandbox(users=5).export([issues, "github.repos"], "memory://wanted").ending
    'finished'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    columns: tuple[str, ...] | None = None
    raw: bool = False
    arguments: Mapping[str, object] = Field(default_factory=dict)

    @property
    def given(self) -> dict[str, Value]:
        """The arguments, which the resource itself checks."""
        return dict(self.arguments)  # type: ignore[arg-type]  # a Param refuses what it cannot take


class Job(BaseModel):
    """One export: `resources` of `users` go to `to`.

    `users` are ids, or None for everybody who has connected the provider. `mode` is `merge` (each row in the place of
    the one with its key; what a full listing no longer has is marked in `_deleted_at`), `replace` (each account's rows
    are what was read of it) or `append`. `format` is that of files. With `incremental` only what has changed is asked
    for, where the provider can say so: from `look_back` before the last change on, and everything once the last full
    reading is older than `full_every`. With `resume` a run that did not finish is gone on with. It stops after
    `deadline`, or once more than `max_errors` accounts (a count, or a share as `5%`) failed other than by their owners.
    `concurrency` is how many accounts are read at once. `personal` columns are kept, dropped, or hashed with a key.
    `chosen_by` says by which filter the users were found, if by one: it may find others when the job is gone on with.

    >>> Job.make("github.repos", "exports/", deadline="4h").deadline
    datetime.timedelta(seconds=14400)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    resources: Annotated[tuple[Wanted, ...], Field(alias="resource", min_length=1)]
    to: Annotated[str, Field(min_length=1)]
    users: tuple[str, ...] | None = None
    mode: Mode = "merge"
    format: Format = ""
    incremental: bool = False
    resume: bool = False
    look_back: Span = LOOK_BACK
    full_every: Span | None = None
    deadline: Deadline | None = None
    max_errors: Errors | None = None
    concurrency: Annotated[int, Field(ge=1)] | None = None
    personal: Personal = "keep"
    chosen_by: str = ""

    @classmethod
    def make(
        cls,
        resources: str | Wanted | Sequence[str | Wanted],
        to: str,
        users: Sequence[str] | None = None,
        **how: object,
    ) -> Self:
        """A checked job; a UsageError names what is wrong, and what would do."""
        wanted = [resources] if isinstance(resources, Wanted) else resources
        given = {"resources": wanted, "to": to, "users": users, **how}
        try:
            job = cls.model_validate(given)
        except ValidationError as error:
            problem = refusal(error, lambda place: Wanted.model_fields if place else cls.model_fields)
        else:
            job.check()
            return job
        raise problem

    @field_validator("resources", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        if isinstance(value, str):
            return [{"name": value}]
        if isinstance(value, Sequence):
            return [{"name": one} if isinstance(one, str) else one for one in value]
        return value

    def check(self) -> None:
        """A UsageError for what cannot be meant."""
        names = [one.name for one in self.resources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UsageError(f"The job names {twice[0]} twice.", cure="Name each resource once.")
        if self.incremental and self.mode == "replace":
            raise UsageError(
                "An incremental reading brings only what has changed, so it can replace nothing.",
                cure="Use mode merge, or append.",
            )

    @property
    def asked(self) -> str:
        """A mark of all that an unfinished run must have in common with the one that goes on with it."""
        said = {
            "resources": sorted(
                (one.name, one.columns, one.raw, repr(sorted(one.arguments.items()))) for one in self.resources
            ),
            "users": self.chosen_by or (sorted(self.users) if self.users is not None else None),
            "mode": self.mode,
            "incremental": self.incremental,
            "personal": self.personal,
        }
        return blake2b(msgspec.json.encode(said), digest_size=8).hexdigest()
