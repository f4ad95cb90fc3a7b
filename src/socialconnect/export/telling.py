"""The report of an export in words, as a cell shows it, and as one JSON document.

The document has these keys, of which no meaning changes while its `format` is 1; others may come to be added:

`format`, `socialconnect` (the version), `id`, `to` (without any password), `mode`, `resumed`, `started_at`, `ended_at`
(UTC, ISO 8601), `seconds`, `ending` (`finished`, `troubled`, `deadline`, `stopped`), `exit_code`, `complete`, `error`
(null, or what ended it: `code`, `message`, `cure`), `accounts` (how many ended how: `ok`, `empty`, `partial`,
`skipped`, `failed`), `reasons` (why accounts were not read whole), `rows`, `requests`, `bytes`, `waited` (seconds, all
waits together), `throttled` (answers 429), `hosts` and `statuses` (requests by host, and by HTTP status; 0 is no
answer), `first_error`, `last_error`, and `resources`, a list of: `resource`, `accounts`, `reasons`, `rows`, `earlier`
(accounts that an earlier part of the run had read), `drift` (values that were not as declared, by column),
`first_error`, `last_error`, `troubled` (accounts that were not read whole: `user_id`, `external_account_id`, `status`,
`reason`, `message`, `cure`, `rows`) and `troubled_left_out`, how many more there are than are listed.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Any

from socialconnect import __version__
from socialconnect.markup import block, element, table
from socialconnect.secret import scrub

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from socialconnect.export.report import ExportReport, Tally
    from socialconnect.runs.outcomes import Outcome

FORMAT = 1
STATUSES = ("ok", "empty", "partial", "skipped", "failed")
_SETUP = {2, 3}  # exit codes of what stands in the way of a whole resource
_NAMED = 3  # users named for each reason
_RESOURCES = 8  # resources that have a line of their own,
_TITLED = 3  # and that are named in the title
_REASONS = 5  # reasons that are told with their cures
_HOSTS = 4  # hosts named of those that were asked
_PASSWORD = re.compile(r"(://[^:/@\s]*):.*@")
_SECRETS = re.compile(r"([?&][^=&]*(?:password|passwd|pwd|secret|token|key)[^=&]*=)[^&]*", re.IGNORECASE)
_ENDINGS = {
    "finished": "finished",
    "troubled": "finished, and another try may mend accounts",
    "deadline": "ended by its deadline",
    "stopped": "stopped before its end",
}


def shown(to: str) -> str:
    """A target as it may be shown: without the password that its address may hold.

    >>> shown("postgresql://ada:engine@db.example.com/exports")
    'postgresql://ada:***@db.example.com/exports'
    """
    return scrub(_SECRETS.sub(r"\1***", _PASSWORD.sub(r"\1:***@", to)))


def document(report: ExportReport, exit_code: int | None = None) -> dict[str, object]:
    """The report for programs; `exit_code` where the command ends with another than the report's own."""
    cause = report.cause
    error = {"code": cause.code, "message": cause.message, "cure": cause.cure} if cause else None
    if error is None and report.error:
        error = {"code": "stopped", "message": report.error, "cure": ""}
    found = {
        "format": FORMAT,
        "socialconnect": __version__,
        "id": report.id,
        "to": shown(report.to),
        "mode": report.mode,
        "resumed": report.resumed,
        "started_at": _moment(report.started_at),
        "ended_at": _moment(report.ended_at),
        "seconds": _seconds(report),
        "ending": report.ending,
        "exit_code": report.exit_code if exit_code is None else exit_code,
        "complete": report.complete,
        "error": error,
        "accounts": _counts(report.accounts),
        "reasons": dict(report.reasons.most_common()),
        "rows": report.rows,
        "requests": report.traffic.requests,
        "bytes": report.traffic.bytes,
        "waited": round(report.traffic.waited, 3),
        "throttled": report.traffic.throttled,
        "hosts": dict(report.traffic.hosts.most_common()),
        "statuses": {str(status): count for status, count in sorted(report.traffic.statuses.items())},
        "first_error": _first(tally.first_error for tally in report.resources),
        "last_error": _first(tally.last_error for tally in reversed(report.resources)),
        "resources": [_resource(tally) for tally in report.resources],
    }
    return {name: _scrubbed(value) for name, value in found.items()}


def headline(report: ExportReport) -> str:
    """What it was and how it ended, in one line."""
    names = [tally.resource for tally in report.resources]
    more = f" and {len(names) - _TITLED} more" if len(names) > _TITLED else ""
    told = f"{', '.join(names[:_TITLED])}{more}" if names else "nothing"
    resumed = " (gone on with)" if report.resumed else ""
    return scrub(f"{told} to {shown(report.to)}: {_ENDINGS[report.ending]}{resumed}, {lasting(_seconds(report))}")


def text(report: ExportReport) -> str:
    """The report in words, on one screen: what came, what went wrong and what mends it, and what was sent."""
    return scrub("\n".join([f"Export of {headline(report)}.", *_grid(_cells(report)), *_said(report)]))


def html(report: ExportReport) -> str:
    """What a cell shows."""
    head, *rows = _cells(report)
    first = element("div", f"Export of {headline(report)}.")
    lines = (element("div", line) for line in _said(report))
    return str(block(first, table(head, rows, figures=range(1, len(head))), *lines))


def lasting(seconds: float) -> str:
    """How long something took.

    >>> lasting(4.21), lasting(250), lasting(9000)
    ('4.2 s', '4 min 10 s', '2 h 30 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, left = divmod(minutes, 60)
    return f"{hours} h {left} min" if hours else f"{minutes} min {rest} s"


def _cells(report: ExportReport) -> list[tuple[str, ...]]:
    """The table of the resources: rows, and accounts by how they ended; of many, the last ones together."""
    named = [status for status in STATUSES if status == "ok" or report.accounts[status]]
    listed = report.resources if len(report.resources) <= _RESOURCES else report.resources[: _RESOURCES - 1]
    rows = [_line(tally.resource, [tally], named) for tally in listed]
    others = report.resources[len(listed) :]
    return [("resource", "rows", *named), *rows, *([_line(f"{len(others)} others", others, named)] if others else [])]


def _line(name: str, tallies: Iterable[Tally], named: Iterable[str]) -> tuple[str, ...]:
    """What came of some resources together."""
    each = list(tallies)
    counts = (sum(tally.accounts[status] for tally in each) for status in named)
    return (name, f"{sum(tally.rows for tally in each):,}", *(f"{count:,}" for count in counts))


def _said(report: ExportReport) -> list[str]:
    """What is to be said below the table."""
    off = [
        f"{tally.resource} was not read: {tally.last_error}"
        for tally in report.resources
        if tally.codes.keys() & _SETUP and not tally.troubled
    ]
    if report.ending == "finished" and not report.accounts and not off:
        providers = sorted({tally.resource.partition(".")[0] for tally in report.resources})
        return [f"Nobody has connected {' or '.join(providers)}, so there is nothing to read.", _sent(report)]
    quiet = "Nothing has changed, so no rows were written." if report.complete and not report.rows else ""
    earlier = sum(tally.earlier for tally in report.resources)
    return list(
        filter(
            None,
            [
                quiet,
                f"{earlier:,} of these accounts had been read before it was gone on with." if earlier else "",
                *off,
                *_troubles(report),
                *_drift(report.resources),
                _sent(report),
                *_errors(report),
            ],
        )
    )


def _troubles(report: ExportReport) -> list[str]:
    """Why accounts were not read whole: how many, who, and what mends it."""
    known: dict[str, list[Outcome]] = {}
    for tally in report.resources:
        for outcome in tally.troubled:
            known.setdefault(outcome.reason or outcome.status, []).append(outcome)
    lines: list[str] = []
    for reason, count in report.reasons.most_common(_REASONS):
        outcomes = known.get(reason, [])
        users = list(dict.fromkeys(one.user_id or "the listing of users" for one in outcomes))
        more = ", …" if count > _NAMED and len(users) >= _NAMED else ""
        lines.append(f"  {count:,} {reason}{': ' if users else ''}{', '.join(users[:_NAMED])}{more}")
        if outcomes:
            lines.append(f"    the first: {outcomes[0].message or ''} {outcomes[0].cure or ''}".rstrip())
    if len(report.reasons) > _REASONS:
        others = len(report.reasons) - _REASONS
        lines.append(f"  and {others} other reason{'' if others == 1 else 's'}")
    total = sum(report.reasons.values())
    return [f"{total:,} accounts were not read whole:", *lines] if total > 1 else lines


def _drift(tallies: Iterable[Tally]) -> list[str]:
    found = [
        f"{tally.resource}.{name} ({count:,})" for tally in tallies for name, count in tally.drift.most_common(_NAMED)
    ]
    return [f"Values that are not as declared became NA: {', '.join(found)}."] if found else []


def _sent(report: ExportReport) -> str:
    traffic = report.traffic
    named = [f"{host} {count:,}" for host, count in traffic.hosts.most_common(_HOSTS)]
    more = [f"{len(traffic.hosts) - _HOSTS} more hosts"] if len(traffic.hosts) > _HOSTS else []
    hosts = f" ({', '.join([*named, *more])})" if named else ""
    parts = [
        f"{traffic.requests:,} requests{hosts}",
        f"{traffic.bytes / 1e6:,.1f} MB",
        f"waits add up to {lasting(traffic.waited)}" if traffic.waited >= 1 else "no waits",
        f"{traffic.throttled:,} answers 429" if traffic.throttled else "",
    ]
    return f"{', '.join(filter(None, parts))}."


def _errors(report: ExportReport) -> list[str]:
    return [f"It ended with: {report.cause or report.error}"] if report.cause or report.error else []


def _resource(tally: Tally) -> dict[str, object]:
    return {
        "resource": tally.resource,
        "accounts": _counts(tally.accounts),
        "reasons": dict(tally.reasons.most_common()),
        "rows": tally.rows,
        "earlier": tally.earlier,
        "drift": dict(tally.drift.most_common()),
        "first_error": tally.first_error,
        "last_error": tally.last_error,
        "troubled": [_outcome(one) for one in tally.troubled],
        "troubled_left_out": sum(tally.reasons.values()) - len(tally.troubled),
    }


def _outcome(one: Outcome) -> dict[str, object]:
    return {
        "user_id": one.user_id,
        "external_account_id": one.external_account_id,
        "status": one.status,
        "reason": one.reason,
        "message": one.message,
        "cure": one.cure,
        "rows": one.rows,
    }


def _counts(accounts: Counter[str]) -> dict[str, int]:
    return {status: accounts[status] for status in STATUSES}


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")


def _seconds(report: ExportReport) -> float:
    return round((report.ended_at - report.started_at).total_seconds(), 3)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _scrubbed(value: Any) -> Any:  # JSON, as deep as it goes
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {scrub(str(name)): _scrubbed(each) for name, each in value.items()}
    return [_scrubbed(each) for each in value] if isinstance(value, list) else value


def _grid(rows: Sequence[Sequence[str]]) -> list[str]:
    """Cells under each other, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(f"{cell:{'>' if place else '<'}{widths[place]}}" for place, cell in enumerate(row)).rstrip()
        for row in rows
    ]
