"""A cassette as a file: recorded exchanges in vcrpy's YAML format, written and read by vcrpy itself.

vcrpy watches an HTTP library by replacing its functions, and so sees neither an application in this process nor
pyreqwest; and it looks for a request by walking through all. Its format, its serializer and its request are what is
used here (https://vcrpy.readthedocs.io): a cassette can be read by plain vcrpy too.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socialconnect.errors import MissingPackage, UsageError
from socialconnect.reading.messages import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType

FORMAT = 1
ACCOUNT = "x-socialconnect-account"
_FIRST_LINE = "# A cassette of socialconnect"
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request, for which external account it was made ("" for Clerk's own), and its answer."""

    request: Request = field(repr=False)  # a traceback may show locals
    account: str
    response: Response = field(repr=False)


class _Annotated:
    """vcrpy's serializer, with what is known about the recording beside the exchanges."""

    def __init__(self, about: Mapping[str, object] | None = None) -> None:
        self._yaml = _needed("vcr.serializers.yamlserializer")
        self.about = dict(about or {})

    def serialize(self, found: dict[str, object]) -> str:
        """The text of a cassette."""
        about = {"metadata": {"format": FORMAT, **self.about}}
        text: str = self._yaml.serialize({"version": found["version"], **about, "interactions": found["interactions"]})
        return text

    def deserialize(self, text: str) -> dict[str, object]:
        """What a text holds; a ValueError where that is no cassette of ours."""
        found = self._yaml.deserialize(text)
        about = found.get("metadata") if isinstance(found, dict) else None
        if not isinstance(about, dict) or "format" not in about:
            raise ValueError("it was not recorded by socialconnect")
        if about["format"] != FORMAT:
            raise ValueError("it was recorded by a newer version of socialconnect")
        self.about = about
        return dict(found)


def check() -> None:
    """Raise a MissingPackage where vcrpy is not installed."""
    _needed("vcr.serialize")


def check_place(path: Path) -> None:
    """Raise a UsageError where nothing can be written, or where something stands that is no cassette."""
    home = next((parent for parent in path.absolute().parents if parent.exists()), Path("/"))
    if path.is_dir() or not home.is_dir() or not os.access(home, os.W_OK):
        raise UsageError(f"No cassette can be written to {path}.", cure="Give the path of a file in a folder of yours.")
    if path.exists() and not _begins_as_ours(path):
        raise UsageError(f"{path} is there already and is no cassette.", cure="Give another name.")


def save(path: Path, exchanges: Iterable[Exchange], about: Mapping[str, object]) -> None:
    """Write a cassette, whole or not at all; a UsageError where the place cannot be written to."""
    listed = list(exchanges)
    make = _needed("vcr.request").Request
    found = {
        "requests": [
            make(
                one.request.method,
                one.request.url,
                one.request.body,
                {**one.request.headers, **({ACCOUNT: one.account} if one.account else {})},
            )
            for one in listed
        ],
        "responses": [_written(one.response) for one in listed],
    }
    text: str = _needed("vcr.serialize").serialize(found, _Annotated(about))
    said = ", ".join(f"{name}: {value}" for name, value in about.items())
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(f"{_FIRST_LINE} ({said})\n{text}", "ascii", newline="\n")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        why = error.strerror
    else:
        return
    raise UsageError(
        f"The cassette could not be written to {path}: {why}.",
        cure="The recording is still in memory: save it elsewhere with recording.save('other.yaml').",
    )


def load(path: Path) -> tuple[list[Exchange], dict[str, object]]:
    """The exchanges of a cassette and what it says about itself; a UsageError where it cannot be read."""
    serializer = _Annotated()
    again = f"Record it: with socialconnect.record({path.name!r}): …"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise UsageError(f"There is no cassette at {path}.", cure=again) from None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise UsageError(f"The cassette {path} cannot be read: {why}.", cure=again) from None
    try:
        requests, responses, *_ = _needed("vcr.serialize").deserialize(text, serializer)
        exchanges = [_read(*pair) for pair in zip(requests, responses, strict=True)]
    except (ValueError, TypeError, KeyError, AttributeError, _needed("yaml").YAMLError) as error:
        # what a parser says may quote the file over many lines
        why = str(error).splitlines()[0] if isinstance(error, ValueError) else "it is damaged"
    else:
        return exchanges, serializer.about
    raise UsageError(f"{path} is no cassette that can be played: {why}.", cure=again)


def _written(response: Response) -> dict[str, object]:
    return {
        "status": {"code": response.status, "message": _REASONS.get(response.status, "")},
        "headers": {name: [value] for name, value in response.headers.items()},
        "body": {"string": response.body},
    }


def _read(request: Any, response: Mapping[str, Any]) -> Exchange:  # vcrpy has no types
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    account = headers.pop(ACCOUNT, "")
    answer = Response(
        int(response["status"]["code"]),
        {name.lower(): ", ".join(map(str, values)) for name, values in response["headers"].items()},
        bytes(response["body"]["string"]),
    )
    return Exchange(Request(request.method, request.uri, headers, request.body), account, answer)


def _begins_as_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_FIRST_LINE)) in (b"", _FIRST_LINE.encode())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", cure="Give another name.") from None


def _needed(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError:
        raise MissingPackage(
            "Recording and replaying need vcrpy, which is not installed.", cure="pip install 'socialconnect[record]'"
        ) from None
