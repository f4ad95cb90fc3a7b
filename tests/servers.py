"""Real servers on this machine, for as long as a block lasts: PostgreSQL, and one that speaks S3.

Each belongs to a process that waits on a pipe from the tests, so that it ends with them however they end.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.request import Request, urlopen

import psycopg

HOST = "127.0.0.1"
DEBIAN = Path("/usr/lib/postgresql")  # a folder for each version; only the client's programs are on the PATH
ABSENT = "no PostgreSQL server here: Debian's package is called postgresql"
READY = "ready"
TRIES = 3  # somebody else may take the port that was free

_CLUSTER = f"""
set -e
trap 'cd / && rm -rf "$2"' EXIT
"$1/initdb" --pgdata="$2/data" --username=postgres --pwfile="$2/password" --auth=scram-sha-256 \
    --encoding=UTF8 --no-locale --no-sync >/dev/null
cat "$2/settings" >>"$2/data/postgresql.conf"
"$1/pg_ctl" start --wait --silent --pgdata="$2/data" --log="$2/log" || {{ cat "$2/log" >&2; exit 1; }}
echo {READY}
read -r _ || true
"$1/pg_ctl" stop --mode=fast --silent --pgdata="$2/data"
"""

# A server that lives elsewhere than in UTC shows what forgets a time zone; nothing has to survive a power cut.
_SETTINGS = f"""
listen_addresses = '{HOST}'
port = {{port}}
unix_socket_directories = '{{folder}}'
timezone = 'Asia/Kathmandu'
autovacuum = off
fsync = off
full_page_writes = off
synchronous_commit = off
"""

_S3 = f"""
import os
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("{HOST}", 0, verbose=False)
server.start()
print("{READY}", server.get_host_and_port()[1], flush=True)
sys.stdin.readline()
os._exit(0)  # there is nothing to save
"""


class PostgreSQL(NamedTuple):
    """A cluster that runs: its port, and its superuser's password."""

    port: int
    password: str

    def url(self, database="postgres", driver="+psycopg"):
        return f"postgresql{driver}://postgres:{self.password}@{HOST}:{self.port}/{database}"

    def _do(self, statement):
        with psycopg.connect(self.url(driver=""), autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def database(self):
        """SQLAlchemy's URL of an empty database, which goes afterwards whoever is still connected."""
        name = f"test_{secrets.token_hex(4)}"
        self._do(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self._do(f"DROP DATABASE {name} WITH (FORCE)")


class Bucket(NamedTuple):
    """A place on an S3 server: its URL, what fsspec needs to get there, and the same as a process's environment."""

    url: str
    options: dict[str, str]
    environment: dict[str, str]


class S3(NamedTuple):
    """A server that speaks S3 and takes any credentials, so that these are made up."""

    port: int
    key: str
    secret: str

    def bucket(self):
        """A new empty bucket; it goes with the server."""
        endpoint, name = f"http://{HOST}:{self.port}", f"test-{secrets.token_hex(4)}"
        with urlopen(Request(f"{endpoint}/{name}", method="PUT")):
            return Bucket(
                f"s3://{name}/",
                {"endpoint_url": endpoint, "key": self.key, "secret": self.secret},
                {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret},
            )


def programs():
    """The folder of the newest PostgreSQL server's programs, or None."""
    found = [folder for folder in DEBIAN.glob("*/bin") if (folder / "initdb").exists()]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name))
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@contextmanager
def postgresql(folder_of_programs):
    """A cluster of its own, started by those programs; it and its files are gone afterwards."""
    for left in reversed(range(TRIES)):
        password, port = secrets.token_hex(), _free_port()
        folder, owner = _home()
        (folder / "password").write_text(password)
        (folder / "settings").write_text(_SETTINGS.format(port=port, folder=folder))
        command = ("sh", "-c", _CLUSTER, "cluster", str(folder_of_programs), str(folder))
        with _until_left(command, cwd=folder, user=owner, env={"PATH": os.defpath, "LC_ALL": "C"}) as (ready, why):
            if ready:
                yield PostgreSQL(port, password)
                return
            if not left or "Address already in use" not in why:
                raise RuntimeError(f"PostgreSQL does not start: {why}")


@contextmanager
def s3():
    """A server that speaks S3, in a process of its own: what warns there, or takes memory, is not the tests'."""
    with _until_left((sys.executable, "-c", _S3)) as (ready, why):
        if not ready:
            raise RuntimeError(f"the S3 server does not start: {why}")
        yield S3(int(ready[1]), secrets.token_hex(8), secrets.token_hex())


@contextmanager
def _until_left(command, **options):
    """Give (the words of the line that says READY, what was complained of), and end the process afterwards."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "start_new_session": True}
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(command, stderr=complaints, **pipes, **options) as process,
    ):
        ready = process.stdout.readline().split()
        complaints.seek(0)
        try:
            yield ready, complaints.read()
        finally:
            if ready:
                process.stdin.write("\n")  # a fork of the tests may hold the pipe open: do not wait for its end


def _home():
    """A new folder, and who runs PostgreSQL in it, since it refuses root: Debian's user for that, else nobody."""
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    if os.geteuid():
        return folder, None
    for user in ("postgres", "nobody"):
        try:
            shutil.chown(folder, user)
        except LookupError:
            continue
        return folder, user
    raise RuntimeError("root may not run PostgreSQL, and there is nobody else")


def _free_port():
    with socket.create_server((HOST, 0)) as taken:
        return taken.getsockname()[1]
