"""For `preflight` and `--dry-run`: what an export will meet, before it begins."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from socialconnect.clerk.strategy import provider_of
from socialconnect.cli import show
from socialconnect.cli.selection import Selection, selected
from socialconnect.errors import SocialConnectError, UsageError

if TYPE_CHECKING:
    from socialconnect.cli.carrying import Order
    from socialconnect.client import Client
    from socialconnect.export.job import Job
    from socialconnect.export.preflight import Outlook, Standing
    from socialconnect.runs.plan import Plan

_FORMAT = 1
_SHOWN = 8  # kinds of accounts that will not be read
_MARKS = {True: "ok", False: "FAILED", None: "mind"}
_ENDED = {
    "running": "was broken off",
    "deadline": "was ended by its deadline",
    "stopped": "stopped before its end",
    "troubled": "could not read everybody",
}


def dry_run(order: "Order") -> int:
    """Tell what the order would do; the target is not touched. The exit code is what the export's is likely to be."""
    selection = selected(order.sheet.users)
    with order.common.client() as client:
        job = order.job(client, selection)
        found = _outlook(client, job, tokens=False)
    code = found.exit_code(job.deadline)
    if order.common.json:
        show.json_document({**_document(job, selection, found), "exit_code": code})
        return code
    show.say(f"Dry run of the export of {_title(job, selection)}.")
    _tell(job, found)
    show.say("Nothing was written, and the target was not looked at.")
    return code


def look_ahead(order: "Order", *, tokens: bool) -> int:
    """Tell what stands in the way of the order, and what it takes; the exit code is the one that is to be expected."""
    selection = selected(order.sheet.users)
    with order.common.client() as client:
        job = order.job(client, selection)
        target = _standing(client, job)
        off, unknown = _off(client, job)
        found = _outlook(client, job, tokens=tokens)
    code = _code(job, found, target, off)
    if order.common.json:
        document = _document(job, selection, found) | {"target": target.document(), "not_enabled": off}
        show.json_document({**document, "tokens_checked": tokens, "exit_code": code})
        return code
    show.say(f"Preflight of the export of {_title(job, selection)}.")
    for name, ok, said in (
        _target(target),
        _waiting(job, target, order.again),
        _providers(off, unknown),
        _accounts(found, tokens=tokens),
        _time(job, found),
    ):
        if said:
            show.wrapped(said, begin=f"{name:<10} {_MARKS[ok]}", indent=19)
    _tell(job, found)
    return code


def _outlook(client: "Client", job: "Job", *, tokens: bool) -> "Outlook":
    from socialconnect.export.preflight import outlook  # noqa: PLC0415 - too slow for --help

    users = list(job.users) if job.users is not None else None
    plain = [one for one in job.resources if one.columns is None and not one.raw and not one.arguments]
    plans: list[Plan[Any]] = []
    if plain:  # side by side, so that the users are listed once
        plans.append(client.plan([one.name for one in plain], users, tokens=tokens))
    for one in job.resources:
        if one not in plain:
            how: dict[str, Any] = {**one.arguments}
            plans.append(client.plan(one.name, users, columns=one.columns, raw=one.raw, tokens=tokens, **how))
    usual = client.settings.concurrency
    by_id = job.users is not None and not job.chosen_by
    return outlook(plans, named=by_id, width=min(job.concurrency or usual, usual) / usual)


def _standing(client: "Client", job: "Job") -> "Standing":
    from socialconnect.export.preflight import standing  # noqa: PLC0415 - too slow for --help
    from socialconnect.export.report import Traffic  # noqa: PLC0415 - as above

    parts = client.aio._parts(job, Traffic())  # noqa: SLF001 - what the export itself would hand to the target
    return standing(job, [part.dataset for part in parts])


def _off(client: "Client", job: "Job") -> tuple[list[str], str]:
    """The providers of a job that the instance does not offer, or why nobody can say."""
    connectors = {one.name: client.connectors.resource(one.name)[0] for one in job.resources}
    try:
        offered = client.providers()
    except SocialConnectError as error:
        return [], error.message
    enabled = set(offered.loc[offered["enabled"], "provider"])
    return sorted({one.title for one in connectors.values() if provider_of(one.strategy) not in enabled}), ""


def _code(job: "Job", found: "Outlook", target: "Standing", off: list[str]) -> int:
    if target.error is not None:
        return target.error.exit_code
    if job.resume and target.differs:
        return UsageError.exit_code
    return 3 if off else found.exit_code(job.deadline)


def _target(target: "Standing") -> tuple[str, bool | None, str]:
    if target.error is not None:
        return "target", False, str(target.error)
    last = target.last
    if last is None:
        return "target", True, "It can be written to; nothing was exported there yet."
    return "target", True, f"It can be written to, and holds the export of {_moment(last.started_at)}."


def _waiting(job: "Job", target: "Standing", again: str) -> tuple[str, bool | None, str]:
    last = target.last
    if last is None or last.status == "finished":
        return "resume", True, "Nothing waits to be gone on with." if target.error is None else ""
    ended = f"The export of {_moment(last.started_at)} {_ENDED.get(last.status, last.status)}"
    if target.differs:
        return "resume", False if job.resume else None, f"{ended}, but it was another job: --resume is refused."
    if not target.goes_on:
        return "resume", True, f"{ended}, too long ago for --resume to go on with it: it would begin anew."
    if job.resume:
        return "resume", True, f"{ended}, and will be gone on with."
    return "resume", None, f"{ended}. To go on with it: {again}. Without, what it had not finished begins anew."


def _providers(off: list[str], unknown: str) -> tuple[str, bool | None, str]:
    if unknown:
        return "providers", None, f"Nobody can say which are enabled: {unknown}"
    if off:
        are = "are" if len(off) > 1 else "is"
        return "providers", False, f"{', '.join(off)} {are} not enabled in the Clerk Dashboard (SSO connections)."
    return "providers", True, "All are enabled."


def _accounts(found: "Outlook", *, tokens: bool) -> tuple[str, bool | None, str]:
    left = sum(one.accounts for one in found.skipped)
    if not found.accounts and not left:
        return "accounts", None, "Nobody has connected them: there is nothing to read."
    looked = "Clerk has a live token of each." if tokens else "--check-tokens asks Clerk which tokens are dead."
    if left:
        return "accounts", None, f"{found.accounts:,} can be read, {left:,} cannot, as told below. {looked}"
    return "accounts", True, f"All {found.accounts:,} can be read, as far as is known. {looked}"


def _time(job: "Job", found: "Outlook") -> tuple[str, bool | None, str]:
    from socialconnect.export.telling import lasting  # noqa: PLC0415 - too slow for --help

    needed = f"About {lasting(found.seconds)}"
    if job.deadline is None:
        return "time", True, f"{needed}, without a deadline."
    times = found.runs(job.deadline)
    if times == 1:
        return "time", True, f"{needed} of the {lasting(job.deadline.total_seconds())} until its deadline."
    return "time", None, f"{needed}: its deadline ends it, so that it takes {times:,} runs, each with --resume."


def _tell(job: "Job", found: "Outlook") -> None:
    """What will be called, what comes of it, and who is left out."""
    from socialconnect.export.telling import lasting  # noqa: PLC0415 - too slow for --help

    rows = [
        (call.host, f"{call.requests:,}", call.limit or "none known", lasting(call.seconds))
        for call in found.hosts
        if call.requests
    ]
    if rows:
        show.say()
        show.table(["host", "requests", "limit", "at least"], rows, right=["requests", "at least"])
        show.say()
    most = "At most" if job.incremental else "About"
    show.say(
        f"{most} {found.rows:,} rows of {found.accounts:,} accounts, {found.size / 1e6:,.1f} MB before they are "
        f"compressed; {lasting(found.seconds)}. Memory stays flat, at some 400 MB."
    )
    for one in found.skipped[:_SHOWN]:
        show.say(f"  {one.accounts:,} {one.state} in {one.resource}: {one.cure}".rstrip(": "))
    if len(found.skipped) > _SHOWN:
        show.say(f"  and {sum(one.accounts for one in found.skipped[_SHOWN:]):,} more: --json has them.")


def _document(job: "Job", selection: Selection, found: "Outlook") -> dict[str, object]:
    from socialconnect.export.telling import shown  # noqa: PLC0415 - too slow for --help

    return {
        "format": _FORMAT,
        "resources": [one.name for one in job.resources],
        "users": selection.told,
        "to": shown(job.to),
        "mode": job.mode,
        "incremental": job.incremental,
        "accounts": found.accounts,
        "requests": found.requests,
        "rows": found.rows,
        "bytes": found.size,
        "seconds": round(found.seconds, 1),
        "deadline": job.deadline.total_seconds() if job.deadline is not None else None,
        "runs": found.runs(job.deadline),
        "states": dict(found.states),
        "skipped": [one._asdict() for one in found.skipped],
        "hosts": [asdict(call) for call in found.hosts],
        "basis": found.basis,
    }


def _title(job: "Job", selection: Selection) -> str:
    from socialconnect.export.telling import shown  # noqa: PLC0415 - too slow for --help

    how = ", ".join([job.mode, *(["incremental"] if job.incremental else []), *(["resume"] if job.resume else [])])
    names = ", ".join(one.name for one in job.resources)
    return f"{names} of {selection.told} to {shown(job.to)} ({how})"


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
