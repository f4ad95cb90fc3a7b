"""Exports in processes of their own, which are killed: by `kill -9`, before a step that is told or at any moment.

    python tests/export/lab.py sqlite:///x.db --users 2000 --kills 20 --seed 1

A process that has imported everything forks one for each export, so that a test can afford many. Each serves the
sandbox itself: the same seed gives the same world.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

import socialconnect as sc
from socialconnect.errors import SocialConnectError
from socialconnect.export import batch, exporter
from socialconnect.export.exports import read_export
from socialconnect.export.files import FileSink
from socialconnect.export.files.store import Store
from socialconnect.export.tables.database import Database
from socialconnect.export.tables.duck import DuckDB
from socialconnect.export.tables.postgresql import PostgreSQL
from socialconnect.export.tables.sink import TableSink
from socialconnect.export.tables.sqlite import SQLite
from socialconnect.sandbox import Sandbox
from socialconnect.settings import Settings

RESOURCES = ("github.repos", "github.emails", "google.events")


@dataclass(frozen=True)
class Asked:
    """One export. `kill` is the step before which it is killed, of those that `Steps` counts: in all, or in its end.

    Or it is killed `after` so many seconds. A commit follows every `every` seconds, or `most` values.
    """

    to: str
    users: int = 40
    seed: int = 3
    resources: tuple[str, ...] = RESOURCES
    mode: str = "merge"
    incremental: bool = False
    resume: bool = True
    chosen: tuple[str, ...] | None = None
    faults: tuple[str, ...] = ()
    every: float = 1e6
    most: int = 1_000
    concurrency: int = 4
    kill: int | None = None
    kill_end: int | None = None
    after: float | None = None
    environment: dict[str, str] = field(default_factory=dict)


class Steps:
    """Counts what a sink does to its target, and kills this process before one of those steps."""

    def __init__(self, kill, kill_end):
        self.names = []
        self._kill = kill
        self._kill_end = kill_end

    @property
    def end(self):
        """How many steps of the end were taken, -1 before it."""
        return len(self.names) - 1 - self.names.index("finish") if "finish" in self.names else -1

    def take(self, name):
        """One more step."""
        if len(self.names) == self._kill or (self._kill_end is not None and self.end == self._kill_end):
            os.kill(os.getpid(), signal.SIGKILL)
        self.names.append(name)

    def watch(self, kind, *names):
        """Count the calls of a class's methods, as far as it has them itself; a context once more at its end."""
        for name in names:
            if name in vars(kind):
                setattr(kind, name, self._counted(name, vars(kind)[name]))

    def _counted(self, name, method):
        if name in ("transaction", "writing"):

            @contextmanager
            def within(*args, **how):
                with method(*args, **how) as given:
                    yield given
                    self.take(f"{name} ends")

            return within

        def called(*args, **how):
            self.take(name)
            return method(*args, **how)

        return called


def export(asked):
    """Carry out one export in this process, which may not outlive it: what came of it, for the one who asked."""
    os.environ.update(asked.environment)
    exporter._EVERY = asked.every
    batch._MOST = asked.most
    steps = Steps(asked.kill, asked.kill_end)
    watched(steps)
    client = world(asked)
    began = time.perf_counter()
    report = client.export(
        list(asked.resources),
        asked.to,
        None if asked.chosen is None else list(asked.chosen),
        mode=asked.mode,
        format=form(asked.to),
        incremental=asked.incremental,
        resume=asked.resume,
        concurrency=asked.concurrency,
        progress=False,
    )
    return {
        "steps": len(steps.names),
        "end": steps.end,
        "names": steps.names,
        "commits": steps.names.count("commit"),
        "ending": report.ending,
        "exit": report.exit_code,
        "resumed": report.resumed,
        "accounts": {one.resource: sum(one.accounts.values()) for one in report.resources},
        "rows": {one.resource: one.rows for one in report.resources},
        "seconds": round(time.perf_counter() - began, 2),
    }


def form(to):
    """The format of a target's files, where its name says which."""
    name = to.rstrip("/").rpartition("/")[2]
    return name if name in ("csv", "jsonl") else ""


def world(asked):
    """A client on the embedded world that paces itself to no limit, as the world has none."""
    sandbox = Sandbox(users=asked.users, seed=asked.seed, faults=asked.faults, limits=False)
    budgets = {"https://api.clerk.com": "1000000/s"}
    return sc.Client(
        settings=Settings.make(secret_key=sandbox.secret_key, budgets=budgets, base_urls={}), application=sandbox.app
    )


def watched(steps):
    """Have the steps of every kind of sink counted."""
    for kind in (FileSink, TableSink):
        steps.watch(kind, "commit", "begin", "finish")
    steps.watch(Store, "put", "writing", "move", "remove")
    for kind in (Database, SQLite, DuckDB, PostgreSQL):
        steps.watch(kind, "execute", "load", "transaction")


# -- the process that forks the others


class Lab:
    """A process that forks one for each export: `run` gives what came of it, None where it was killed."""

    def __init__(self):
        command = (sys.executable, "-W", "ignore", __file__, "--serve")
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def begin(self, asked):
        """Ask for an export, whose answer `answer` waits for."""
        self._process.stdin.write(json.dumps(asdict(asked)) + "\n")
        self._process.stdin.flush()

    def answer(self):
        """What came of the export that was begun first."""
        found = json.loads(self._process.stdout.readline())
        if found["status"] == -signal.SIGKILL:
            return None
        if "error" in found:
            raise AssertionError(found["error"])
        return found["answer"]

    def run(self, asked):
        """Carry out one export."""
        self.begin(asked)
        return self.answer()

    def close(self):
        """Let it end."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def serve():
    """Fork for each line that comes."""
    for line in sys.stdin:
        told = json.loads(line)
        tuples = {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
        found = _apart(Asked(**{**told, **tuples}))
        for name in found.pop("modules", ()):  # so that the next ones need not
            with suppress(ImportError):
                import_module(name)
        say(json.dumps(found))


def say(line):
    """Write a line to whoever waits for it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _apart(asked):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            before = set(sys.modules)
            found = {"answer": export(asked), "modules": [name for name in sys.modules if name not in before]}
        except BaseException as error:  # noqa: BLE001 - whatever it is, the one who asked is told
            found = {"error": f"{type(error).__name__}: {error}"}
        with os.fdopen(writing, "w") as told:
            json.dump(found, told)
        os._exit(0)
    os.close(writing)
    if asked.after is not None and not select.select([reading], [], [], asked.after)[0]:
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading) as told:
        said = told.read()
    _, status = os.waitpid(child, 0)
    return {"status": os.waitstatus_to_exitcode(status), **(json.loads(said) if said else {})}


# -- what came of it


def held(to, resource, environment=None):
    """What readers see of a resource, in an order of its own, without when it was read but for whether it is gone."""
    os.environ.update(environment or {})
    frame = read_export(to, resource, format=form(to))
    frame["_deleted_at"] = frame["_deleted_at"].notna()
    frame = frame.drop(columns=["_run_id", "_read_at"])
    order = pd.util.hash_pandas_object(frame.astype(str), index=False).sort_values(kind="stable").index
    return frame.loc[order].reset_index(drop=True)


# -- the long version, by hand


def places(folder):
    """A target of each kind, in a folder."""
    Path(folder).mkdir(exist_ok=True)
    return {
        "sqlite": f"sqlite:///{folder}/x.db",
        "duckdb": f"duckdb:///{folder}/x.duckdb",
        "parquet": f"{folder}/parquet/",
        "csv": f"{folder}/csv/",
        "jsonl": f"{folder}/jsonl/",
    }


def trial(lab, whole, asked, moments):
    """Kill an export at moments, one after another, then go on to its end.

    Returns how often it was killed (it may have ended before), and what is wrong with what came of it, "" for nothing.
    """
    struck = sum(lab.run(replace(asked, **moment)) is None for moment in moments)
    report = lab.run(asked)
    if report["ending"] != "finished":
        return struck, f"it ended as {report['ending']}"
    wrong = [name for name in asked.resources if not held(asked.to, name).equals(whole[name])]
    return struck, "" if not wrong else f"{', '.join(wrong)} differ"


def main():
    """Kill an export of many users at random moments, each time going on until it finished, and compare."""
    asking = argparse.ArgumentParser(description=main.__doc__)
    asking.add_argument("kind", choices=["sqlite", "duckdb", "parquet", "csv", "jsonl", "postgresql", "s3"])
    asking.add_argument("--users", type=int, default=2000)
    asking.add_argument("--kills", type=int, default=20)
    asking.add_argument("--in-a-row", type=int, default=3, help="every fourth export is killed so many times")
    asking.add_argument("--seed", type=int, default=1)
    asking.add_argument("--mode", default="merge")
    asking.add_argument("--every", type=float, default=0.2)
    given = asking.parse_args()
    dice = random.Random(given.seed)
    lab = Lab()
    bad = 0
    with targets(given.kind) as target:
        to, environment = target()
        base = Asked(
            to,
            given.users,
            mode=given.mode,
            every=given.every,
            most=batch._MOST,
            concurrency=32,
            environment=environment,
        )
        report = lab.run(base)
        whole = {name: held(to, name, environment) for name in base.resources}
        names = report.pop("names")
        say(f"undisturbed: {report}, {dict(Counter(names))}")
        assert report["ending"] == "finished", report
        for number in range(given.kills):
            to, environment = target()
            if number % 5 == 4:  # while what was read is published
                moments = [{"kill_end": dice.randrange(report["end"])}]
            else:
                times = given.in_a_row if number % 4 == 3 else 1
                moments = [{"after": round(dice.uniform(0.1, report["seconds"] / times), 3)} for _ in range(times)]
            began = time.perf_counter()
            try:
                struck, verdict = trial(lab, whole, replace(base, to=to, environment=environment), moments)
            except (AssertionError, SocialConnectError) as error:
                struck, verdict = 0, f"{type(error).__name__}: {error}"
            bad += bool(verdict)
            took = f"{time.perf_counter() - began:.1f} s, killed {struck} times"
            say(f"{number:2} {moments} {took}: {verdict or 'the same'}")
    lab.close()
    return 1 if bad else 0


@contextmanager
def targets(kind):
    """A function that gives a new target of a kind each time, and what its process needs in its environment."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    servers = import_module("tests.servers")

    with ExitStack() as stack:
        if kind == "postgresql":
            cluster = stack.enter_context(servers.postgresql(servers.programs()))
            yield lambda: (stack.enter_context(cluster.database()), {})
        elif kind == "s3":
            server = stack.enter_context(servers.s3())

            def bucket():
                found = server.bucket()
                return found.url + "exports/", found.environment

            yield bucket
        else:
            folders = (stack.enter_context(TemporaryDirectory()) for _ in iter(int, 1))
            yield lambda: (places(next(folders))[kind], {})


if __name__ == "__main__":
    sys.exit(serve() if "--serve" in sys.argv else main())
