"""The library's log as JSON lines on stderr, for whoever collects the logs of a machine.

Each line is one object: `time` (UTC, ISO 8601), `level`, `logger`, `message`, then the record's own fields where it has
them: user_id, provider, resource, status, rows, requests, waited and the like; `error` is a traceback, as text. Nothing
secret is in it.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from math import isfinite
from typing import Literal

from socialconnect.secret import scrub

Level = Literal["debug", "info", "warning", "error"]

_NAME = "socialconnect"
_WARNINGS = "py.warnings"
_OWN = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}  # what every record has


class JsonLines(logging.Formatter):
    """One JSON object for each record, in ASCII, so that any terminal, pipe or collector takes it."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        at = datetime.fromtimestamp(record.created, UTC)
        told: dict[str, object] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        fields = {name: value for name, value in vars(record).items() if name not in _OWN and name not in told}
        told |= {name: value for name, value in fields.items() if value not in (None, "", ())}
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps({name: _plain(value) for name, value in told.items()})


@contextmanager
def log_as_json(level: Level = "info") -> Iterator[None]:
    """Within the block, write what the library logs, from `level` on, and warnings, to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    handler.setLevel(level.upper())
    logger, warned = logging.getLogger(_NAME), logging.getLogger(_WARNINGS)
    before = logger.level
    logger.setLevel(level.upper())
    for one in (logger, warned):
        one.addHandler(handler)
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        for one in (logger, warned):
            one.removeHandler(handler)
        logger.setLevel(before)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - logging would print the arguments, secrets and all, beside the lines
        return str(record.msg)


def _plain(value: object) -> str | int | float | bool | None:
    """A value as JSON has it; no text leaves with a secret in it."""
    if isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value)):
        return round(value, 6) if isinstance(value, float) else value
    return scrub(str(value))
