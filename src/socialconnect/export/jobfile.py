"""A job as it is written down: in a TOML file, by the options of a command, or in a file with options over it.

    to = "exports/"
    resources = ["github.repos", "google.profile"]
    deadline = "4h"

    [[resource]]
    name = "github.issues"
    columns = ["title", "state"]
    arguments = { state = "open" }

The keys are the options of `socialconnect export`, with `_` for `-`.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from socialconnect.errors import UsageError
from socialconnect.export.job import Deadline, Errors, Format, Job, Personal, Span, Wanted
from socialconnect.export.refusal import refusal
from socialconnect.export.sink import Mode
from socialconnect.reading.place import LOOK_BACK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from socialconnect.export.refusal import Place

_VARIABLE = re.compile(r"\$(\$)?\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EXPANDED = ("to", "users")
_IN_FILE = re.compile(r"^(sqlite|duckdb)(\+\w+)?:///(?!/|[A-Za-z]:)(?=[^:])")  # a path that is relative to something
_KEYS = frozenset({"secret_key", "clerk_secret_key", "hash_key", "socialconnect_hash_key", "key", "token", "password"})
_COMMANDS = frozenset(
    {"dry_run", "quiet", "json", "log_json", "debug", "sandbox", "world", "seed", "fault", "check_tokens"}
)
_LOOKS = re.compile(r"\bsk_(?:live|test)_\w+")  # a Clerk secret key
_FROM = (
    "It comes from CLERK_SECRET_KEY in the environment or a .env file, or from the keyring; "
    "make a new one if others could read this."
)


def _listed(given: object) -> object:
    return [given] if isinstance(given, str) else given


class Sheet(BaseModel):
    """One export as people write it down; `job()` is what a client carries out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: Annotated[str, Field(min_length=1)]
    resources: tuple[str, ...] = ()
    resource: tuple[Wanted, ...] = ()
    users: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ("everybody",)
    mode: Mode = "merge"
    format: Format = ""
    incremental: bool = False
    resume: bool = False
    look_back: Span = LOOK_BACK
    full_every: Span | None = None
    deadline: Deadline | None = None
    max_errors: Errors | None = None
    concurrency: Annotated[int, Field(ge=1)] | None = None
    drop_personal: bool = False
    hash_personal: bool = False
    report: str = ""

    @classmethod
    def make(cls, values: Mapping[str, object], written: Written | None = None) -> Self:
        """A checked sheet of the values; a UsageError says what is wrong, and where it was `written`."""
        at = written or _OPTIONS
        _no_secret(values, at)
        try:
            sheet = cls.model_validate(dict(values))
        except ValidationError as error:
            problem = refusal(error, _known, at.named)
        else:
            if not sheet.wanted:
                raise UsageError(
                    f"{at.whose} names no resource.", cure="Name one: github.repos. `socialconnect connectors` has all."
                )
            if sheet.drop_personal and sheet.hash_personal:
                raise UsageError("Personal columns cannot be left out and hashed at once.", cure="Choose one.")
            sheet.job(None).check()
            return sheet
        raise problem

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """The resources, those that were only named first."""
        return (*(Wanted(name=name) for name in self.resources), *self.resource)

    @property
    def personal(self) -> Personal:
        """What becomes of personal columns."""
        return "drop" if self.drop_personal else "hash" if self.hash_personal else "keep"

    def job(self, users: Sequence[str] | None, chosen_by: str = "") -> Job:
        """The job for those users, None for everybody."""
        shared = (set(Job.model_fields) & set(type(self).model_fields)) - {"resources", "users", "to"}
        given = {name: getattr(self, name) for name in shared}
        return Job.make(self.wanted, self.to, users, personal=self.personal, chosen_by=chosen_by, **given)


class Written:
    """Where a sheet was written: it names keys as they stand there."""

    whose = "The command"

    def named(self, place: Place) -> str:
        """The option that a value came from."""
        return f"--{str(place[-1]).replace('_', '-')}" if place else "the command"


_OPTIONS = Written()


class JobFile(Written):
    """A job file: its text, for the lines to name, and the folder that its paths are relative to.

    Raises a UsageError where it cannot be read or is not TOML.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.whose = str(path)
        try:
            self._text = path.expanduser().read_text("utf-8-sig")
            self._values = tomllib.loads(self._text)
        except OSError as error:
            raise UsageError(
                f"{path} cannot be read: {error.strerror or error}.", cure="`socialconnect run --example` prints one."
            ) from None
        except UnicodeDecodeError:
            raise UsageError(f"{path} is not UTF-8 text.", cure="Save it as UTF-8.") from None
        except tomllib.TOMLDecodeError as error:
            raise UsageError(
                f"{path} is not TOML: {error}.", cure="See https://toml.io for how it is written."
            ) from None

    @property
    def folder(self) -> Path:
        """Where the file is."""
        return self.path.expanduser().resolve().parent

    def sheet(self, over: Mapping[str, object] | None = None, environment: Mapping[str, str] | None = None) -> Sheet:
        """What it says, with the options given `over` it; variables come from the `environment`, here the process's.

        A UsageError names the key and its line, or the variable that is not set.
        """
        _no_secret(self._values, self)
        for name in _COMMANDS & set(self._values):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(
                f"{self.named((name,))} says how a job is run, not what it is.", cure=f"Give {option} instead."
            )
        variables = os.environ if environment is None else environment
        values = {name: self._value(name, value, variables) for name, value in self._values.items()}
        Sheet.make(values, self)  # what is wrong here is told as of here
        return Sheet.make({**values, **(over or {})})

    def named(self, place: Place) -> str:
        """The file, the line where it can be told, and the key."""
        key = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
        line = self._line(place)
        return f"{self.path}, line {line}: {key}" if line else f"{self.path}: {key or 'it'}"

    def _value(self, name: str, value: object, variables: Mapping[str, str]) -> object:
        if name in _EXPANDED:
            value = self._expanded(name, value, variables)
        if name in ("to", "report") and isinstance(value, str) and value:
            return self._here(value)
        if name == "users":
            return [self._list_here(one) for one in value] if isinstance(value, list) else self._list_here(value)
        return value

    def _expanded(self, name: str, value: object, variables: Mapping[str, str]) -> object:
        if isinstance(value, list):
            return [self._expanded(name, one, variables) for one in value]
        if not isinstance(value, str):
            return value

        def put(found: re.Match[str]) -> str:
            escaped, variable = found.groups()
            if escaped:
                return found[0][1:]
            if not _NAME.fullmatch(variable):
                raise UsageError(
                    f"{self.named((name,))} has {found[0]}, which names no variable.", cure="Write it as ${NAME}."
                )
            if not variables.get(variable):
                raise UsageError(
                    f"{self.named((name,))} needs the variable {variable}, which is not set.",
                    cure=f"Set {variable} in the environment.",
                )
            return variables[variable]

        return _VARIABLE.sub(put, value)

    def _here(self, text: str) -> str:
        """A path beside the file, or an address as it is."""
        database = _IN_FILE.match(text)
        if database:
            return f"{database[0]}{self.folder / text[database.end() :]}"
        if "://" in text:
            return text
        end = "/" if text.endswith(("/", os.sep)) else ""  # which tells a folder from a file
        return f"{self.folder / Path(text).expanduser()}{end}"

    def _list_here(self, text: object) -> object:
        """`@ids.txt` is beside the file too."""
        return f"@{self._here(text[1:])}" if isinstance(text, str) and text.startswith("@") and text[1:] else text

    def _line(self, place: Place) -> int | None:
        """The line of a key, where no other could be meant."""
        keys = [part for part in place if isinstance(part, str)]
        if not keys:
            return None
        section, number, found = "", -1, []
        for line, text in enumerate(self._text.splitlines(), 1):
            head = re.match(r"\s*(\[\[?)\s*([\w.]+)\s*\]", text)
            if head:
                section = head[2]
                number += section == "resource" and head[1] == "[["
            if re.match(rf"""\s*["']?{re.escape(keys[-1])}["']?\s*=""", text) and self._stands(place, section, number):
                found.append(line)
        return found[0] if len(found) == 1 else None

    @staticmethod
    def _stands(place: Place, section: str, number: int) -> bool:
        if len(place) == 1:
            return section == ""
        return section.startswith("resource") and (not isinstance(place[1], int) or place[1] == number)


def refuse_secrets(texts: Iterable[str], whose: str) -> None:
    """A UsageError where one of the texts holds what looks like a Clerk secret key: others can read it there."""
    if any(_LOOKS.search(text) for text in texts):
        raise UsageError(f"{whose} holds a Clerk secret key.", cure=f"Take it out. {_FROM}")


def _no_secret(values: Mapping[str, object], at: Written) -> None:
    for place, value in _leaves(values):
        if str(place[-1]).lower().replace("-", "_") in _KEYS and len(place) == 1:
            raise UsageError(f"{at.named(place)}: a key never stands in a job file.", cure=f"Take it out. {_FROM}")
        if isinstance(value, str):
            refuse_secrets([value], at.named(place) if place else at.whose)


def _leaves(value: object, place: Place = ()) -> Iterator[tuple[Place, object]]:
    """Every value within, with its place."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, (*place, str(name)))
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from _leaves(each, (*place, number))
    elif place:
        yield place, value


def _known(place: Place) -> Iterable[str]:
    return Wanted.model_fields if place else Sheet.model_fields


EXAMPLE = """\
# A job of socialconnect. Look ahead first:   socialconnect preflight job.toml
# then carry it out:                          socialconnect run job.toml
# and after a deadline or an interruption:    socialconnect run job.toml --resume
# Without an account, add --sandbox to any of them: an embedded world of invented users.
# The Clerk secret key never stands here: it comes from CLERK_SECRET_KEY, a .env file or the keyring.

# Where the rows go: a folder or an address. Relative paths start at this file; ${NAME} is a variable.
to = "exports/"                       # "sqlite:///exports.db", "${DATABASE_URL}", "s3://bucket/exports/"
format = "parquet"                    # of files: parquet, csv or jsonl

# Of whom: everybody, ids, "@ids.txt" with one id a line, or filters such as "organization_id=org_2abc".
users = "everybody"

# What is read: names alone, or tables as below for those that need more said.
resources = ["github.repos", "google.profile"]

# merge puts each row in the place of the one with its key, replace an account's rows in the place of those before,
# append adds them.
mode = "merge"
incremental = true                    # ask only for what has changed, where a provider can tell
look_back = "10m"                     # begin so long before the latest change: providers' indexes run late
full_every = "7d"                     # and read everything this often, which shows what was deleted

# How far it may go.
deadline = "4h"                       # or a time of the day: "06:30"; then it exits with 8, and --resume goes on
max_errors = "5%"                     # accounts that may fail before all of it stops: a share or a count
# concurrency = 20                    # accounts at once

# Personal columns, before anything is written. Hashing needs SOCIALCONNECT_HASH_KEY.
# drop_personal = true
# hash_personal = true

# What came of it, for programs: one JSON document, written also when it fails.
report = "last-export.json"

[[resource]]
name = "github.issues"
columns = ["id", "repo", "title", "state", "updated_at"]
arguments = { state = "all" }
"""
