"""Airflow 3: the job each night. job.toml is beside this file, the secret key in the workers' environment."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import dag, task  # Airflow 2: airflow.decorators
from airflow.sdk.exceptions import (  # Airflow 2: airflow.exceptions
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
)

JOB = Path(__file__).with_name("job.toml")


@task(retries=3, retry_delay=timedelta(minutes=10))
def export() -> dict:
    """What came, in figures; the log has the rest."""
    command = ["socialconnect", "run", str(JOB), "--json", "--log-json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode in (1, 2, 3):
        raise AirflowFailException("The job or the set-up must be mended: no other try would do.")
    if done.returncode == 8:
        raise AirflowSkipException("Its deadline ended it: the next run goes on.")
    if done.returncode not in (0, 4):  # 4: some accounts need their owners, all others are there
        raise AirflowException(f"It ended with {done.returncode}: the next try goes on with what is left.")
    report = json.loads(done.stdout)
    return {name: report[name] for name in ("rows", "accounts", "reasons")}


@dag(schedule="15 3 * * *", start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False, max_active_runs=1)
def exports() -> None:
    """One night."""
    export()


exports()
