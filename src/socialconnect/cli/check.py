"""`check`: whether everything is in place, and the first step that mends what is not."""

import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from socialconnect.cli import show
from socialconnect.cli.common import Common
from socialconnect.errors import SocialConnectError

if TYPE_CHECKING:
    from socialconnect.client import Client

_PACKAGES = ("socialconnect", "pandas", "pyarrow", "httpx", "pyreqwest")
_EXTRAS = {
    "notebook": ("ipywidgets", "nest-asyncio2"),
    "sandbox": ("starlette", "uvicorn"),
    "export": ("fsspec", "sqlalchemy", "duckdb", "filelock"),
    "s3": ("s3fs",),
    "postgresql": ("psycopg",),
    "dask": ("dask", "distributed"),
    "telemetry": ("opentelemetry-api",),
    "keyring": ("keyring",),
    "qr": ("segno",),
}
_CLERK = "https://api.clerk.com"


@dataclass(slots=True)
class Check:
    """One thing that was looked at: whether it holds, what was found, and what mends it."""

    name: str
    ok: bool | None = None
    found: str = "not tried"
    cure: str = ""
    exit_code: int = 0


def check(common: Common) -> int:
    """Check the key, the Clerk instance and this installation, and say what to do about the first thing that fails."""
    checks = [Check(name) for name in ("key", "instance", "users", "providers", "limit", "transport")]
    _all(common, {one.name: one for one in checks})
    code = next((one.exit_code for one in checks if one.ok is False), 0)
    if common.json:
        facts = {"versions": _versions(), "extras": _extras(), "checks": [asdict(one) for one in checks]}
        show.json_document({"ok": not code, "exit_code": code, **facts})
    else:
        _draw(checks)
    return code


def _all(common: Common, checks: dict[str, Check]) -> None:
    """Go through them until one fails: what comes after it would fail for the same reason."""
    found: list[Client] = []

    def key() -> str:
        found.append(common.client())
        return "found; it is not shown here"

    if not _try(checks["key"], key):
        return
    with found[0] as client:
        steps: dict[str, Callable[[], str]] = {
            "transport": lambda: _transport(client),
            "limit": lambda: _limit(client),
            "instance": lambda: _instance(client),
            "users": lambda: f"{client.count():,}",
            "providers": lambda: _providers(client),
        }
        for name, step in steps.items():
            if not _try(checks[name], step):
                return


def _try(one: Check, step: Callable[[], str]) -> bool:
    try:
        one.found = step()
        one.ok = True
    except SocialConnectError as error:
        one.found, one.ok, one.cure, one.exit_code = error.message, False, error.cure, error.exit_code
    return bool(one.ok)


def _instance(client: "Client") -> str:
    instance = client.instance()
    return f"{instance.id or 'no id'}, {instance.environment_type or 'of no known kind'}"


def _providers(client: "Client") -> str:
    enabled = client.providers()
    readable = enabled.loc[enabled["connector"], "provider"].tolist()
    other = enabled.loc[~enabled["connector"], "provider"].tolist()
    if not len(enabled):
        return "none is enabled: turn one on in the Clerk Dashboard under SSO connections"
    without = f"; enabled, but without a connector: {', '.join(other)}" if other else ""
    return f"{', '.join(readable) or 'none that can be read'}{without}"


def _limit(client: "Client") -> str:
    from socialconnect.clerk.declare import clerk  # noqa: PLC0415 - too slow for --help

    set_to = client.settings.budgets.get(_CLERK)
    if set_to is not None:
        return f"{set_to}, as set"
    kept = clerk(production=client.settings.production, api_version=client.settings.clerk_api_version).budgets[0]
    return f"{kept.requests} requests in {kept.seconds:g} s, as Clerk allows this kind of key"


def _transport(client: "Client") -> str:
    from socialconnect.http.transport import Transport  # noqa: PLC0415 - too slow for --help

    if client.sandbox is not None:
        return "none: the embedded world is in this process"
    return Transport(client.settings).kind


def _versions() -> dict[str, str | None]:
    return {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}


def _extras() -> dict[str, bool]:
    return {extra: all(map(_version, packages)) for extra, packages in _EXTRAS.items()}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _draw(checks: list[Check]) -> None:
    marks = {True: "ok", False: "FAILED", None: "-"}
    for one in checks:
        show.say(f"{one.name:<10} {marks[one.ok]:<7} {one.found}")
    versions = ", ".join(f"{name} {number or 'not installed'}" for name, number in _versions().items())
    extras = ", ".join(f"{name} {'yes' if there else 'no'}" for name, there in _extras().items())
    show.say(f"{'versions':<18} {versions}")
    show.say(f"{'extras':<18} {extras}")
    failed = next((one for one in checks if one.ok is False), None)
    show.say()
    show.say(f"To mend {failed.name}: {failed.cure}" if failed else "Everything is in place.")
