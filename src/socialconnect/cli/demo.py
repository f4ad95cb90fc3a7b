"""`demo`: the whole way from users to tables, on the embedded world, for people to watch."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from socialconnect import __version__
from socialconnect.cli import show
from socialconnect.cli.common import Common
from socialconnect.cli.pull import reasons, statuses, work
from socialconnect.errors import SocialConnectError

if TYPE_CHECKING:
    import pandas as pd

    from socialconnect.client import Client
    from socialconnect.runs.run import Run

_SHOWN = {
    "github.repos": ("user_id", "full_name", "language", "stargazers_count", "pushed_at"),
    "notion.users": ("user_id", "type", "bot_workspace_name", "name"),
    "google.profile": ("user_id", "name", "email", "verified_email"),
}
_STATUSES = ("ok", "empty", "partial", "skipped", "failed")
_HEAD = 4
_INDENT = 18
_ID = 13  # of a user's id: enough to tell them apart on a screen


@dataclass(slots=True)
class Flow:
    """One user's way: what they connected, what Clerk hands out for it, what was asked and what came."""

    user_id: str
    accounts: list[str] = field(default_factory=list)
    token: str = ""
    scopes: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    rows: int = 0
    row: dict[str, object] = field(default_factory=dict)


def demo(common: Common) -> int:
    """Show the whole way on an embedded world: no account, no network, and some accounts with trouble on purpose.

    It ends with 0 although some accounts cannot be read: that is what it shows.
    """
    with common.embedded()[0] as client:
        began = monotonic()
        count = client.count()
        runs = [_read(client, resource) for resource in _SHOWN]
        flow = _flow(client, runs[0][0])
    seconds = monotonic() - began
    if common.json:
        show.json_document(_document(count, common.seed or 0, runs, flow))
    else:
        _title(count, common.seed or 0)
        _draw_flow(flow)
        _draw_frames(runs)
        _draw_outcomes([run for run, _ in runs])
        _draw_next(count, seconds)
    return 0


def _read(client: "Client", resource: str) -> tuple["Run", float]:
    began = monotonic()
    run = client.read(resource, on_error="ignore")
    return run, monotonic() - began


def _flow(client: "Client", run: "Run") -> Flow | None:
    """The way of the first user who could be read; None where nobody could, as some faults have it."""
    provider = run.resource.partition(".")[0]
    user_id = next((outcome.user_id for outcome in run.ended if outcome.status == "ok"), None)
    if user_id is None:
        return None
    flow = Flow(user_id)
    try:
        accounts = client.accounts(user_id)
        account_id = accounts.loc[accounts["provider"] == provider, "external_account_id"].iloc[0]
        token = client.token(user_id, provider, account=account_id)
        one = client.read(run.resource, user_id, on_error="ignore")
    except SocialConnectError:  # a fault that was asked for met this very request
        return None
    flow.accounts = [
        f"{name} ({key})" for name, key in accounts[["provider", "external_account_id"]].to_numpy().tolist()
    ]
    flow.token, flow.scopes = repr(token.token), list(token.scopes or ())
    sent = one.trace.frame()[["method", "host", "path", "status"]].astype(str).to_numpy().tolist()
    flow.requests = [f"{method} {host} {path}: {status}" for method, host, path, status in sent]
    flow.rows = len(one.frame)
    flow.row = next(iter(show.records(one.frame[list(_SHOWN[run.resource])].head(1))), {})
    return flow


def _title(users: int, seed: int) -> None:
    show.say(f"socialconnect {__version__}: many users, one call, one typed table", style="bold")
    show.say(f"An embedded world of {users:,} users (seed {seed}): no account, no network, nobody real.")
    show.say()


def _draw_flow(flow: Flow | None) -> None:
    show.say("1. ONE USER: from a Clerk id to a row", style="bold")
    show.say()
    if flow is None:
        show.say("   Nobody's GitHub account could be read in this world.")
        show.say()
        return
    lines = [
        ("user", [flow.user_id]),
        ("connected", flow.accounts),
        ("Clerk's token", [f"{flow.token}: held, sent to GitHub only, never shown"]),
        ("its scopes", [", ".join(flow.scopes) or "none that are known"]),
        ("asked", flow.requests),
        ("came back", [f"{flow.rows:,} rows, the first:"]),
        ("", [f"{name} = {value}" for name, value in flow.row.items() if name != "user_id"]),
    ]
    for name, values in lines:
        for place, value in enumerate(values):
            show.wrapped(value, begin="" if place else f"   {name}", indent=_INDENT)
    show.say()


def _draw_frames(runs: "list[tuple[Run, float]]") -> None:
    show.say(f"2. EVERYBODY: one call each, one table each (here, a row of the first {_HEAD} users)", style="bold")
    for run, seconds in runs:
        show.say()
        show.say(f"   client.{run.resource}()", style="cyan")
        show.say()
        if run.frame.empty:
            show.say("   No rows.")
        else:
            names = list(_SHOWN[run.resource])
            show.frame_table(_short(_head(run)), rows=_HEAD, first=names, indent=3)
        show.say()
        size = f"{len(run.frame):,} rows x {len(run.frame.columns)} columns"
        show.wrapped(f"{size} from {len(run.ended):,} accounts: {work(run, seconds)}.", begin="   ", indent=3)
        show.wrapped(f"dtypes: {dtypes(run.frame)}", begin="   ", indent=3)
    show.say()


def _head(run: "Run") -> "pd.DataFrame":
    """One row of each of the first users."""
    return run.frame[list(_SHOWN[run.resource])].drop_duplicates("user_id").head(_HEAD)


def _short(frame: "pd.DataFrame") -> "pd.DataFrame":
    return frame.assign(user_id=[f"{user_id[:_ID]}…" for user_id in frame["user_id"]])


def dtypes(frame: "pd.DataFrame") -> str:
    """How many columns a frame has of each dtype, the most frequent first."""
    counts = Counter("list" if str(dtype) == "object" else str(dtype) for dtype in frame.dtypes)
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


def _draw_outcomes(runs: "list[Run]") -> None:
    providers = [run.resource.partition(".")[0] for run in runs]
    show.say("3. HOW IT ENDED, for each account: no trouble is hidden, none stops the others", style="bold")
    show.say()
    by_status = [statuses(run) for run in runs]
    rows = [(status, *(str(counts[status]) for counts in by_status)) for status in _STATUSES]
    why: dict[str, dict[str, int]] = defaultdict(dict)
    cures: dict[str, str] = {}
    for provider, run in zip(providers, runs, strict=True):
        for reason, outcomes in reasons(run):
            why[reason][provider] = len(outcomes)
            cures.setdefault(reason, outcomes[0].cure or outcomes[0].message or "")
    rows += [(f"  {reason}", *(str(found.get(name, 0)) for name in providers)) for reason, found in why.items()]
    show.table(("accounts", *providers), rows, right=providers, indent=3)
    show.say()
    for reason, cure in cures.items():
        show.wrapped(cure, begin=f"   {reason}:", indent=21)
    show.say()


def _draw_next(users: int, seconds: float) -> None:
    show.wrapped(f"All of this took {seconds:.1f} s. Some accounts have trouble on purpose, as they do in real life.")
    show.say()
    show.say("NEXT", style="bold")
    show.say("   The same in Python:")
    show.say("      import socialconnect as sc", style="cyan")
    show.say(f"      client = sc.sandbox(users={users})  # sc.Client() is for your own users", style="cyan")
    show.say("      client.github.repos()", style="cyan")
    show.say("   In a shell:")
    show.say("      socialconnect pull github.repos --sandbox --output repos.csv", style="cyan")
    show.say("   With your own users, put CLERK_SECRET_KEY in the environment or a .env file:")
    show.say("      socialconnect check", style="cyan")


def _document(users: int, seed: int, runs: "list[tuple[Run, float]]", flow: Flow | None) -> dict[str, object]:
    return {
        "users": users,
        "seed": seed,
        "one_user": None if flow is None else {name: getattr(flow, name) for name in Flow.__slots__},
        "resources": [_resource(run, seconds) for run, seconds in runs],
    }


def _resource(run: "Run", seconds: float) -> dict[str, object]:
    return {
        "resource": run.resource,
        "rows": len(run.frame),
        "columns": len(run.frame.columns),
        "dtypes": {str(name): str(dtype) for name, dtype in run.frame.dtypes.items()},
        "accounts": dict(statuses(run)),
        "reasons": [{"reason": why, "accounts": len(found), "cure": found[0].cure} for why, found in reasons(run)],
        "requests": run.trace.requests,
        "waited": round(run.trace.waited, 3),
        "seconds": round(seconds, 3),
        "head": show.records(_head(run)),
    }
