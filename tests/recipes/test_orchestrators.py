"""Airflow, Prefect and Dagster: what each file does with how the command ends; with the real package where it is."""

from __future__ import annotations

import importlib.util
import sys
from importlib.util import find_spec

import pytest
from tests.recipes import standins

NAMES = ["airflow_dag", "prefect_flow", "dagster_assets"]
FIGURES = {"rows": 7, "accounts": {"ok": 2}, "reasons": {}}


@pytest.fixture
def recipe(place, monkeypatch):
    """`recipe("prefect_flow")`: the file, imported from the place where somebody has put it."""
    monkeypatch.setenv("AIRFLOW_HOME", str(place.folder / "airflow"))

    def load(name):
        modules = standins.MODULES[name]
        if find_spec(modules[0].__name__) is None:
            for module in modules:
                monkeypatch.setitem(sys.modules, module.__name__, module)
        spec = importlib.util.spec_from_file_location(name, place.folder / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def night(module):
    """What one try of the file's task gives or raises, as figures."""
    match module.__name__:
        case "airflow_dag":
            return module.export.function()
        case "prefect_flow":
            return module.exports.fn()
        case _:
            return module.exports().metadata


def alone(module):
    """Have Prefect's flow call its task without Prefect's engine, which would ask a server."""
    if module.__name__ == "prefect_flow":
        module.export = module.export.fn
    return module


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("code", [0, 4])
def test_an_ordinary_night_gives_its_figures(recipe, place, name, code):
    """0 and 4 end well; the figures of the report are handed on, and no user's id among them."""
    place.play(code)
    found = night(alone(recipe(name)))
    assert {figure: found[figure] for figure in FIGURES} == FIGURES
    assert set(found) <= {*FIGURES, "ending"}
    assert place.calls == [f"run {place.folder}/job.toml --json --log-json"]


def test_they_export(recipe, place):
    """The command that all of them call exports, as it stands, and its report is what they read."""
    place.world()
    found = night(alone(recipe("prefect_flow")))
    assert found["ending"] == "finished"
    assert found["rows"] > 0
    assert place.exported == {"github.repos", "google.profile"}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1, "AirflowFailException"),
        (2, "AirflowFailException"),
        (3, "AirflowFailException"),
        (5, "AirflowException"),
        (6, "AirflowException"),
        (143, "AirflowException"),
        (8, "AirflowSkipException"),
    ],
)
def test_airflow_fails_tries_again_or_skips(recipe, place, code, kind):
    """What another try may mend ends the try, what none does the task; after a deadline what follows is skipped."""
    place.play(code)
    module = recipe("airflow_dag")
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its type is what is asked below
        night(module)
    assert type(caught.value).__name__ == kind


@pytest.mark.parametrize("code", [5, 6, 143])
def test_prefect_tries_again_what_may_mend_itself(recipe, place, code):
    """What another try may mend is raised by the task, which has tries left."""
    place.play(code)
    with pytest.raises(RuntimeError, match="the next try goes on"):
        recipe("prefect_flow").export.fn()


@pytest.mark.parametrize("code", [1, 2, 3])
def test_prefect_fails_at_once_where_no_try_mends_it(recipe, place, code):
    """What no other try mends is raised by the flow, which has none."""
    place.play(code)
    module = recipe("prefect_flow")
    assert module.export.fn()[0] == code
    place.play(code)
    with pytest.raises(RuntimeError, match="must be mended"):
        night(alone(module))


def test_prefect_ends_well_after_a_deadline(recipe, place):
    """What the deadline left is the next run's."""
    place.play(8)
    assert night(alone(recipe("prefect_flow")))["rows"] == FIGURES["rows"]


@pytest.mark.parametrize("code", [5, 6, 143])
def test_dagster_tries_again_what_may_mend_itself(recipe, place, code):
    """What another try may mend asks for one, ten minutes later, three times at most."""
    place.play(code)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - as above
        night(recipe("dagster_assets"))
    assert type(caught.value).__name__ == "RetryRequested"
    assert (caught.value.max_retries, caught.value.seconds_to_wait) == (3, 600)


@pytest.mark.parametrize("code", [1, 2, 3, 8])
def test_dagster_fails_at_once_where_no_try_mends_it(recipe, place, code):
    """What no other try mends, or the next night goes on with, fails without another."""
    place.play(code)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - as above
        night(recipe("dagster_assets"))
    assert type(caught.value).__name__ == "Failure"
    assert caught.value.allow_retries is False


def test_dagster_is_told_when(recipe):
    """The asset and its schedule are what a code location finds."""
    module = recipe("dagster_assets")
    (schedule,) = module.definitions.schedules
    assert (schedule.name, schedule.cron_schedule) == ("nightly", "15 3 * * *")
    assert module.definitions.assets == [module.exports]
