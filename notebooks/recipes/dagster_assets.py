"""Dagster: the export as an asset. job.toml is beside this file, the secret key in the environment."""

import json
import subprocess
from pathlib import Path

from dagster import Definitions, Failure, MaterializeResult, RetryRequested, ScheduleDefinition, asset

JOB = Path(__file__).with_name("job.toml")


@asset
def exports() -> MaterializeResult:
    """What the users of our application have connected."""
    command = ["socialconnect", "run", str(JOB), "--json", "--log-json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode in (1, 2, 3):
        raise Failure("The job or the set-up must be mended: no other try would do.", allow_retries=False)
    if done.returncode == 8:
        raise Failure("Its deadline ended it: the next run goes on.", allow_retries=False)
    if done.returncode not in (0, 4):  # 4: some accounts need their owners, all others are there
        raise RetryRequested(max_retries=3, seconds_to_wait=600)
    report = json.loads(done.stdout)
    return MaterializeResult(metadata={name: report[name] for name in ("rows", "accounts", "reasons")})


definitions = Definitions(
    assets=[exports],
    schedules=[ScheduleDefinition(name="nightly", target=[exports], cron_schedule="15 3 * * *")],
)
