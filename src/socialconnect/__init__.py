"""From the accounts your Clerk users connected to typed pandas DataFrames.

    import socialconnect as sc

    client = sc.Client()            # CLERK_SECRET_KEY from the environment; sc.sandbox() needs none
    client.users()                  # one row per user
    client.github.repos()           # one row per repository of everybody who has connected GitHub

Importing does nothing: each name is loaded when it is first used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from socialconnect import plot
    from socialconnect.anywhere.answer import Answer
    from socialconnect.async_client import AsyncClient
    from socialconnect.bound import BoundConnector, BoundResource
    from socialconnect.clerk.attempt import Attempt
    from socialconnect.clerk.ways import Link
    from socialconnect.client import Client
    from socialconnect.embedded import sandbox
    from socialconnect.errors import (
        AccessDenied,
        AccountError,
        DamagedState,
        EmptySelection,
        ForeignOrigin,
        InvalidKey,
        MalformedResponse,
        MissingKey,
        MissingPackage,
        MissingScope,
        NotConnected,
        NotFound,
        NotRecorded,
        PagingLoop,
        ProtocolError,
        ProviderNotEnabled,
        RateLimited,
        ReconnectNeeded,
        RequestRefused,
        SchemaChanged,
        SetupError,
        SocialConnectError,
        TargetBusy,
        TargetError,
        TryAgainLater,
        Unavailable,
        UnknownName,
        UsageError,
        UserNotFound,
    )
    from socialconnect.export.exports import read_export
    from socialconnect.export.job import Job, Wanted
    from socialconnect.export.report import ExportReport
    from socialconnect.http.recording import record
    from socialconnect.http.replaying import replay
    from socialconnect.login import login, logout, whoami
    from socialconnect.notebook.providers import ProviderPicker
    from socialconnect.notebook.resources import ResourcePicker
    from socialconnect.notebook.users import UserPicker
    from socialconnect.portal import enable_nested_asyncio
    from socialconnect.reading.decide import ErrorRule, Manners
    from socialconnect.reading.declare import (
        Asks,
        Budget,
        Column,
        Connector,
        Gone,
        Param,
        Parent,
        Profile,
        Resource,
        Sync,
        columns,
    )
    from socialconnect.reading.paginate import (
        AfterId,
        BodyCursor,
        Cursor,
        GraphQL,
        LinkHeader,
        NextUrl,
        NoPages,
        Offset,
        PageNumber,
    )
    from socialconnect.runs.outcomes import Outcome
    from socialconnect.runs.plan import Plan
    from socialconnect.runs.run import Run
    from socialconnect.runs.tell import PartialWarning
    from socialconnect.sandbox.faults import Fault
    from socialconnect.secret import Secret
    from socialconnect.settings import Settings
    from socialconnect.standing.diagnosis import Diagnosis
    from socialconnect.standing.removed import Disconnected
    from socialconnect.tracing.block import trace
    from socialconnect.tracing.trace import Trace

__all__ = [
    "AccessDenied",
    "AccountError",
    "AfterId",
    "Answer",
    "Asks",
    "AsyncClient",
    "Attempt",
    "BodyCursor",
    "BoundConnector",
    "BoundResource",
    "Budget",
    "Client",
    "Column",
    "Connector",
    "Cursor",
    "DamagedState",
    "Diagnosis",
    "Disconnected",
    "EmptySelection",
    "ErrorRule",
    "ExportReport",
    "Fault",
    "ForeignOrigin",
    "Gone",
    "GraphQL",
    "InvalidKey",
    "Job",
    "Link",
    "LinkHeader",
    "MalformedResponse",
    "Manners",
    "MissingKey",
    "MissingPackage",
    "MissingScope",
    "NextUrl",
    "NoPages",
    "NotConnected",
    "NotFound",
    "NotRecorded",
    "Offset",
    "Outcome",
    "PageNumber",
    "PagingLoop",
    "Param",
    "Parent",
    "PartialWarning",
    "Plan",
    "Profile",
    "ProtocolError",
    "ProviderNotEnabled",
    "ProviderPicker",
    "RateLimited",
    "ReconnectNeeded",
    "RequestRefused",
    "Resource",
    "ResourcePicker",
    "Run",
    "SchemaChanged",
    "Secret",
    "Settings",
    "SetupError",
    "SocialConnectError",
    "Sync",
    "TargetBusy",
    "TargetError",
    "Trace",
    "TryAgainLater",
    "Unavailable",
    "UnknownName",
    "UsageError",
    "UserNotFound",
    "UserPicker",
    "Wanted",
    "__version__",
    "columns",
    "enable_nested_asyncio",
    "login",
    "logout",
    "plot",
    "read_export",
    "record",
    "replay",
    "sandbox",
    "trace",
    "whoami",
]

_HOMES = {
    "anywhere.answer": "Answer",
    "async_client": "AsyncClient",
    "bound": "BoundConnector BoundResource",
    "clerk.attempt": "Attempt",
    "clerk.ways": "Link",
    "client": "Client",
    "embedded": "sandbox",
    "errors": "AccessDenied AccountError DamagedState EmptySelection ForeignOrigin InvalidKey MalformedResponse "
    "MissingKey MissingPackage MissingScope NotConnected NotFound NotRecorded PagingLoop ProtocolError "
    "ProviderNotEnabled RateLimited ReconnectNeeded RequestRefused SchemaChanged SetupError "
    "SocialConnectError TargetBusy TargetError TryAgainLater Unavailable UnknownName UsageError UserNotFound",
    "export.exports": "read_export",
    "export.job": "Job Wanted",
    "export.report": "ExportReport",
    "http.recording": "record",
    "http.replaying": "replay",
    "login": "login logout whoami",
    "notebook.providers": "ProviderPicker",
    "notebook.resources": "ResourcePicker",
    "notebook.users": "UserPicker",
    "portal": "enable_nested_asyncio",
    "reading.decide": "ErrorRule Manners",
    "reading.declare": "Asks Budget Column Connector Gone Param Parent Profile Resource Sync columns",
    "reading.paginate": "AfterId BodyCursor Cursor GraphQL LinkHeader NextUrl NoPages Offset PageNumber",
    "runs.outcomes": "Outcome",
    "runs.plan": "Plan",
    "runs.run": "Run",
    "runs.tell": "PartialWarning",
    "sandbox.faults": "Fault",
    "secret": "Secret",
    "settings": "Settings",
    "standing.diagnosis": "Diagnosis",
    "standing.removed": "Disconnected",
    "tracing.block": "trace",
    "tracing.trace": "Trace",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if name == "plot":  # a room of its own: importing it puts it in its place
        return import_module("socialconnect.plot")
    if name not in _HOME:
        raise AttributeError(f"module 'socialconnect' has no attribute {name!r}")
    value = getattr(import_module(f"socialconnect.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__]


class _Package(ModuleType):
    """Keeps `sandbox` the function: importing anything of the subpackage would put that in its place."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return import_module, (self.__name__,)  # a cell's function that names it is sent to other processes


sys.modules[__name__].__class__ = _Package
