"""Carries out a job for a command: who, the export itself, the report for people and for programs, the exit code."""

import asyncio
import json
import logging
import sys
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from socialconnect.cli import show
from socialconnect.cli.common import INTERRUPTED, Common
from socialconnect.cli.files import replaced
from socialconnect.cli.log import log_as_json
from socialconnect.cli.selection import Selection, selected
from socialconnect.cli.stopping import Stopping, stopping
from socialconnect.errors import SocialConnectError, UsageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from socialconnect.client import Client
    from socialconnect.export.job import Job
    from socialconnect.export.jobfile import Sheet
    from socialconnect.export.report import ExportReport

_log = logging.getLogger("socialconnect.export")
_SETUP = 3
_OWNERS = 4


@dataclass(frozen=True)
class Order:
    """A job to carry out: what is written down, how it is told, and the command that would go on with it."""

    common: Common
    sheet: "Sheet"
    again: str
    log_json: bool = False

    def job(self, client: "Client", selection: Selection) -> "Job":
        """The job itself, for the users that there are now."""
        return self.sheet.job(selection.find(client), selection.text if selection.filters else "")

    @property
    def silent(self) -> bool:
        """Whether nothing is told to people: not even how far it is."""
        return self.common.quiet or self.common.json or self.log_json


def carried(order: Order) -> int:
    """Carry the order out and tell what came of it; the exit code."""
    telling = _Telling(order)
    selection = selected(order.sheet.users)
    with order.common.client() as client, _logging(order):
        telling.wanted = client.settings.progress is True
        with stopping() as signals:
            try:
                report = _exported(order, client, selection, signals)
            except SocialConnectError as error:
                code = telling.ended(telling.broken_off(error), error.exit_code)
                if order.common.debug or not (order.common.json or order.log_json):
                    raise
                return code
            except (KeyboardInterrupt, asyncio.CancelledError) as error:
                code = signals.code or INTERRUPTED
                why = "It was interrupted." if code == INTERRUPTED else "It was told to end (SIGTERM)."
                return telling.ended(telling.broken_off(error, why), code)
            except Exception as error:
                telling.ended(telling.broken_off(error, f"{type(error).__name__}: {error}"), 1)
                raise
        return telling.ended(report, report.exit_code)


def _exported(order: Order, client: "Client", selection: Selection, signals: Stopping) -> "ExportReport":
    job = order.job(client, selection)
    return signals.carry_out(client.aio.export(job, progress=False if order.silent else None))


def _logging(order: Order) -> "AbstractContextManager[None]":
    return log_as_json() if order.log_json else nullcontext()


class _Telling:
    """Tells what came of an order: in the report's file, on stdout for programs, on stderr for people.

    Raises a UsageError where the file cannot be.
    """

    def __init__(self, order: Order) -> None:
        self._order = order
        self._began = datetime.now(UTC)
        self.wanted = False
        """Whether people are told also where nobody looks and all is well."""
        self._path = Path(order.sheet.report).expanduser().resolve() if order.sheet.report else None
        if self._path is not None and (self._path.is_dir() or not self._path.parent.is_dir()):
            what = "is a folder" if self._path.is_dir() else "is in a folder that does not exist"
            raise UsageError(f"The report {order.sheet.report} {what}.", cure="Name a file in a folder that exists.")

    def broken_off(self, error: BaseException, why: str = "") -> "ExportReport":
        """How far it came until the error, which is told as `why` where it is none of ours."""
        from socialconnect.export.report import ExportReport, Tally, Traffic, report_of  # noqa: PLC0415 - needs Arrow

        sheet = self._order.sheet
        report = report_of(error) or ExportReport(
            "",
            sheet.to,
            sheet.mode,
            self._began,
            datetime.now(UTC),
            "stopped",
            tuple(Tally(one.name) for one in sheet.wanted),
            Traffic(),
        )
        cause = error if isinstance(error, SocialConnectError) else None
        return replace(report, ending="stopped", error=why or str(error), cause=cause)

    def ended(self, report: "ExportReport", code: int) -> int:
        """Tell it everywhere; the exit code, which is another where the report cannot be written."""
        from socialconnect.export import telling  # noqa: PLC0415 - as above

        document = telling.document(report, code)
        code = self._write(document, code)
        if self._order.common.json:
            show.json_document(document)
        if self._order.log_json:
            _record(report, document, code)
        elif not self._order.silent and (code or self.wanted or sys.stderr.isatty()):
            self._tell(report, code)
        elif self._order.common.json and report.cause is not None:
            show.note(f"error: {report.cause}")
        return code

    def _tell(self, report: "ExportReport", code: int) -> None:
        if report.ending == "stopped" and not report.accounts:
            if report.cause is None:  # an error of ours is told by whoever catches it
                show.note(f"{report.error} Nothing had been read.")
            return
        show.note(str(replace(report, error="", cause=None)) if report.cause else str(report), lines=True)
        if step := _next(report, code, self._order.again):
            show.note(step)

    def _write(self, document: dict[str, object], code: int) -> int:
        if self._path is None:
            return code
        try:
            replaced(self._path, f"{json.dumps(document, indent=2)}\n".encode())
        except OSError as error:
            show.note(f"error: The report {self._path} cannot be written: {error.strerror or error}.")
            return code if code not in (0, _OWNERS) else _SETUP
        return code


def _record(report: "ExportReport", document: dict[str, object], code: int) -> None:
    """The last line of a log: how it ended, in figures."""
    facts = {name: document[name] for name in ("rows", "requests", "bytes", "waited", "throttled", "seconds")}
    counts = {f"accounts_{name}": count for name, count in report.accounts.items()}
    level = logging.INFO if code == 0 else logging.WARNING if code == _OWNERS else logging.ERROR
    said = f"Export of {report!r}".replace("<ExportReport ", "").rstrip(">")
    why = f". {report.cause or report.error}" if report.cause or report.error else ""
    _log.log(level, "%s%s", said, why, extra={"run_id": report.id, "exit_code": code, **facts, **counts})


def _next(report: "ExportReport", code: int, again: str) -> str:
    """What to do now."""
    if code > 128 or report.ending == "deadline":
        return f"What was read is kept. Go on with: {again}"
    if code in (5, 6):
        return f"What was read is kept. Another try may mend the rest: {again}"
    if code == _SETUP:
        return f"Mend what stands in its way, then: {again}"
    if code == _OWNERS:
        names = ",".join(tally.resource for tally in report.resources if tally.codes[_OWNERS])
        return f"All others are there. Who needs to do what: socialconnect coverage {names} --tokens"
    return ""
