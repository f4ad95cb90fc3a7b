"""A run in words, for people."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from socialconnect.http.send import Sent
    from socialconnect.runs.outcomes import Outcome
    from socialconnect.tracing.trace import Trace

_MOST = 3  # accounts that are told one by one for each reason


def report(title: str, ended: Sequence[Outcome], trace: Trace, problems: str, *, requests: bool) -> str:
    """What came, what went wrong for whom with its cure, what scopes do not show, and what was sent."""
    lines = [title.strip("<>")]
    if problems:
        lines += ["", problems, *_troubles(ended)]
    lines += _narrowed(ended)
    lines += ["", *_traffic(trace)]
    if requests:
        lines += ["", *(_line(sent) for sent in trace.last)]
    return "\n".join(lines)


def _troubles(ended: Iterable[Outcome]) -> list[str]:
    groups: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in ended:
        if outcome.status not in ("ok", "empty"):
            groups[outcome.status, outcome.reason or ""].append(outcome)
    lines: list[str] = []
    for (status, reason), outcomes in sorted(groups.items(), key=lambda group: -len(group[1])):
        lines += ["", f"{status}, {reason}: {len(outcomes)}"]
        lines += [f"  {outcome.message} {outcome.cure or ''}".rstrip() for outcome in outcomes[:_MOST]]
        lines += [f"  and {len(outcomes) - _MOST} more: see outcomes"] if len(outcomes) > _MOST else []
    return lines


def _narrowed(ended: Iterable[Outcome]) -> list[str]:
    counts = Counter(outcome.narrowed for outcome in ended if outcome.narrowed)
    return [f"{count} accounts: {text}" for text, count in counts.most_common()]


def _traffic(trace: Trace) -> list[str]:
    """One line per host: how many requests, with which answers, how long they took and waited."""
    hosts: dict[str, list[Sent]] = defaultdict(list)
    for sent in trace.last:
        hosts[sent.host].append(sent)
    lines = [f"{trace.requests:,} requests, waited {trace.waited:.1f} s in all"]
    for host, each in sorted(hosts.items()):
        answers = Counter(sent.status for sent in each)
        listed = ", ".join(f"{count} x {status or 'no answer'}" for status, count in sorted(answers.items()))
        mean = sum(sent.seconds for sent in each) / len(each)
        size = sum(sent.size for sent in each)
        lines.append(f"  {host}: {listed}; {mean * 1000:.0f} ms each, {size / 1e6:,.1f} MB")
    return lines


def _line(sent: Sent) -> str:
    moment = datetime.fromtimestamp(sent.at, UTC).strftime("%H:%M:%S.%f")[:-3]
    left = "" if sent.left is None else f", {sent.left} left"
    why = f" ({sent.why})" if sent.why else ""
    return (
        f"{moment} {sent.method} {sent.host}{sent.path} for {sent.user_id or '-'}: {sent.status or 'no answer'} in "
        f"{sent.seconds * 1000:.0f} ms, waited {sent.waited:.1f} s{left}, {sent.then}{why}"
    )
