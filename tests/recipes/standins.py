"""What the recipes take from Airflow, Prefect and Dagster, as far as they use it, for where those are not installed.

Each decorator keeps what it was given, and the function is called as the real one calls it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType


class Decorated:
    """A function with what its decorator was given; calling it calls the function."""

    def __init__(self, function, given):
        self.function = self.fn = function
        self.given = given

    def __call__(self):
        return self.function()


def decorator(function=None, **given):
    """`@asset` and `@task(retries=3)` alike."""
    if function is not None:
        return Decorated(function, given)
    return lambda function: Decorated(function, given)


class Planned(Decorated):
    """A task of Airflow's: calling it within a DAG runs nothing."""

    def __call__(self):
        """What stands for its result."""


def planned(**given):
    """`@task(retries=3)` of Airflow."""
    return lambda function: Planned(function, given)


class AirflowException(Exception):
    """Ends a try; there may be another."""


class AirflowFailException(AirflowException):
    """Ends the task: there is no other try."""


class AirflowSkipException(AirflowException):
    """Ends the task, and what comes after it is left out."""


class Failure(Exception):
    """Ends an asset's try."""

    def __init__(self, description, *, allow_retries):
        super().__init__(description)
        self.description = description
        self.allow_retries = allow_retries


class RetryRequested(Exception):
    """Asks for another try."""

    def __init__(self, *, max_retries, seconds_to_wait):
        super().__init__()
        self.max_retries = max_retries
        self.seconds_to_wait = seconds_to_wait


@dataclass
class MaterializeResult:
    """What came of an asset."""

    metadata: dict[str, object]


@dataclass
class ScheduleDefinition:
    """When."""

    name: str
    target: list[object]
    cron_schedule: str


@dataclass
class Definitions:
    """What a code location has."""

    assets: list[object]
    schedules: list[ScheduleDefinition] = field(default_factory=list)


def module(name, **names):
    """A module with these names."""
    found = ModuleType(name)
    vars(found).update(names)
    return found


MODULES = {
    "airflow_dag": [
        module("airflow", __path__=[]),
        module("airflow.sdk", __path__=[], dag=decorator, task=planned),
        module(
            "airflow.sdk.exceptions",
            AirflowException=AirflowException,
            AirflowFailException=AirflowFailException,
            AirflowSkipException=AirflowSkipException,
        ),
    ],
    "prefect_flow": [module("prefect", flow=decorator, task=decorator)],
    "dagster_assets": [
        module(
            "dagster",
            asset=decorator,
            Definitions=Definitions,
            Failure=Failure,
            MaterializeResult=MaterializeResult,
            RetryRequested=RetryRequested,
            ScheduleDefinition=ScheduleDefinition,
        )
    ],
}
