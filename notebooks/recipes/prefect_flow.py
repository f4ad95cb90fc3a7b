"""Prefect 3: the job each night. job.toml is beside this file, the secret key in the environment."""

import json
import subprocess
from pathlib import Path

from prefect import flow, task

JOB = Path(__file__).with_name("job.toml")


@task(retries=3, retry_delay_seconds=600)
def export() -> tuple[int, str]:
    """The exit code and the report; what another try may mend is raised, so that it is tried."""
    command = ["socialconnect", "run", str(JOB), "--json", "--log-json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1, 2, 3, 4, 8):
        raise RuntimeError(f"It ended with {done.returncode}: the next try goes on with what is left.")
    return done.returncode, done.stdout


@flow(log_prints=True)
def exports() -> dict:
    """One night: what came, in figures."""
    code, told = export()
    if code in (1, 2, 3):
        raise RuntimeError("The job or the set-up must be mended: no other try would do.")
    report = json.loads(told)
    found = {name: report[name] for name in ("ending", "rows", "accounts", "reasons")}
    print(found)  # 4: some accounts need their owners. 8: ended by its deadline, the next run goes on
    return found


if __name__ == "__main__":
    exports.serve(name="nightly", cron="15 3 * * *")
