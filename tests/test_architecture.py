"""Arrows go one way, the HTTP library stays in one file, importing does nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import socialconnect

ROOT = Path(socialconnect.__file__).parent
PACKAGE = "socialconnect"
LAYERS = (
    # the house, from the ground up: a room may import its own layer's other files only where they are in one room
    ("errors",),
    ("secret",),
    ("markup", "vault"),
    ("settings", "progress", "telemetry"),
    ("reading",),
    ("frames", "reference"),  # beside reading: records become frames in clerk (users, accounts) and in runs
    ("expand",),
    ("connectors", "http"),
    ("clerk", "tracing"),
    ("runs",),
    ("anywhere", "bound", "export", "plan", "plot", "profiles"),
    ("portal",),
    ("linking",),
    ("standing",),
    ("async_client",),
    ("client",),
    ("dask", "embedded", "login"),
    ("notebook", "cli"),
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
ANYWHERE = {"__version__"}  # the package's own name for itself
ON_DEMAND = {
    # what only a notebook has is loaded by those below it where one is there, or where somebody asks for it
    "clerk": {"notebook.offered"},
    "errors": {"notebook.failure"},
    "login": {"notebook.keyboard"},
    "portal": {"notebook.nested"},
    "progress": {"notebook.line"},
}
SANDBOX = {"cli", "embedded", "notebook"}  # who may use the embedded world


def _files():
    return sorted(path for path in ROOT.rglob("*.py"))


def _parts(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def _room(path):
    return next(iter(_parts(path)), "")


def _imports(path, *, running=True):
    """(module, name) of every import that runs, wherever in the file it stands; without those for type checkers."""
    tree = ast.parse(path.read_text("utf-8"))
    skipped = set()
    for node in ast.walk(tree):
        if running and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            skipped.update(map(id, ast.walk(node)))
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by a relative name"
            for alias in node.names:
                yield node.module, alias.name


def _ours(path, *, running=True):
    """The files of ours that a file imports, as dotted names below the package."""
    for module, name in _imports(path, running=running):
        if module == PACKAGE:
            yield name
        elif module.startswith(f"{PACKAGE}."):
            dotted = f"{module}.{name}".removeprefix(f"{PACKAGE}.")
            file = ROOT / Path(*dotted.split("."))
            yield dotted if file.with_suffix(".py").exists() or file.is_dir() else dotted.rpartition(".")[0]


IDS = {"argvalues": _files(), "ids": lambda path: ".".join(_parts(path)) or "__init__"}


@pytest.mark.parametrize("path", **IDS)
def test_arrows_go_one_way(path):
    """A file imports only what lies below its room, or in it."""
    room = _room(path)
    if room in ("", "__main__", "sandbox"):
        return  # the front door loads by name; the sandbox has a rule of its own
    assert room in LEVEL, f"say in this test where {room} lies"
    for dotted in _ours(path):
        target = dotted.partition(".")[0]
        if target in ANYWHERE or target == room or (target == "sandbox" and room in SANDBOX):
            continue
        if dotted in ON_DEMAND.get(room, ()):
            continue
        assert target in LEVEL, f"{path.name} imports {dotted}"
        assert LEVEL[target] < LEVEL[room], f"{room} must not import {dotted}"


@pytest.mark.parametrize("path", [path for path in _files() if _room(path) == "sandbox"], ids=lambda path: path.stem)
def test_the_sandbox_knows_no_notebook(path):
    """The embedded world may use everything but what only people at a keyboard need."""
    assert not {dotted.partition(".")[0] for dotted in _ours(path)} & {"notebook", "cli", "client"}


@pytest.mark.parametrize(
    "path", [path for path in (ROOT / "connectors").glob("*.py") if path.stem != "__init__"], ids=lambda path: path.stem
)
def test_a_connector_is_facts_only(path):
    """A connector can neither open a socket nor see a secret: it imports the words of declarations alone."""
    words = ("declare", "paginate", "decide", "further", "references", "tree", "variants")
    own = {dotted for dotted in _ours(path, running=False) if dotted.startswith(f"connectors._{path.stem}_")}
    assert set(_ours(path, running=False)) - own <= {f"reading.{word}" for word in words}
    foreign = {module for module, _ in _imports(path, running=False) if not module.startswith(PACKAGE)}
    assert foreign <= {"__future__", "typing", "collections.abc", "datetime"}


def test_no_circle():
    """No file imports itself by way of others."""
    graph = {".".join(_parts(path)): set(_ours(path)) for path in _files() if _parts(path)}
    done, under_way = set(), []

    def visit(name):
        if name in done or name not in graph:
            return
        assert name not in under_way, " -> ".join([*under_way, name])
        under_way.append(name)
        for target in sorted(graph[name]):
            visit(target)
        under_way.pop()
        done.add(name)

    for name in sorted(graph):
        visit(name)
    assert len(done) == len(graph)


ALONE = {
    "httpx": {"http/transport.py"},
    "pyreqwest": {"http/transport.py"},
    "requests": set(),
    "aiohttp": set(),
    "starlette": {"sandbox/app.py"},
    "keyring": set(),
    "matplotlib": {"plot/canvas.py"},
    "hishel": {"http/kept.py"},
    "sqlite3": {"export/files/folded.py", "http/cache.py", "http/kept.py"},
    "opentelemetry": {"telemetry/counters.py", "telemetry/emitting.py"},
}


@pytest.mark.parametrize("library", ALONE)
def test_a_library_stays_in_its_file(library):
    """The HTTP library and the sandbox's web framework are imported in one file each."""
    users = {
        path.relative_to(ROOT).as_posix()
        for path in _files()
        if any(module.partition(".")[0] == library for module, _ in _imports(path))
    }
    assert users == ALONE[library]


@pytest.mark.parametrize("library", ["IPython", "ipywidgets", "nest_asyncio", "nest_asyncio2", "traitlets"])
def test_notebook_libraries_stay_in_the_notebook(library):
    """Only the files of `notebook/` import what a notebook brings."""
    users = {_room(path) for path in _files() if library in {module.partition(".")[0] for module, _ in _imports(path)}}
    assert users <= {"notebook"}


@pytest.mark.parametrize(
    "path", [path for path in _files() if _room(path) not in ("cli", "notebook", "progress")], ids=IDS["ids"]
)
def test_nothing_else_prints(path):
    """Only the command, the notebook and the progress of what lasts write to the screen."""
    calls = [node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    assert "print" not in {call.id for call in calls if isinstance(call, ast.Name)}
    assert not [call for call in calls if isinstance(call, ast.Attribute) and ast.unparse(call).startswith("sys.std")]


@pytest.mark.parametrize("path", **IDS)
def test_files_stay_short(path):
    """A file that has grown over 400 lines has become two things."""
    assert len(path.read_text("utf-8").splitlines()) <= 400


WATCH = """
import logging, socket, sys
before = set(sys.modules)
def refuse(event, args):
    if event.startswith("socket.") or (event == "open" and "w" in str(args[1])):
        raise AssertionError(event)
sys.addaudithook(refuse)
import socialconnect
loaded = set(sys.modules) - before
heavy = "pandas pyarrow numpy httpx pyreqwest pydantic msgspec ipywidgets IPython asyncio rich typer starlette".split()
print(sorted(loaded & set(heavy)), len([name for name in loaded if name.startswith("socialconnect")]), len(loaded))
handlers = [one for one in logging.root.manager.loggerDict.values() if getattr(one, "handlers", None)]
print(logging.root.handlers + handlers)
"""


def test_importing_does_nothing():
    """`import socialconnect` opens nothing, adds no log handler and loads nothing heavy."""
    done = subprocess.run([sys.executable, "-B", "-c", WATCH], capture_output=True, text=True, check=True)
    (heavy, ours, everything), handlers = done.stdout.splitlines()[0].rsplit(" ", 2), done.stdout.splitlines()[1]
    assert heavy == "[]"
    assert int(ours) == 1
    assert int(everything) < 15
    assert handlers == "[]"


def test_importing_is_quick():
    """`import socialconnect` takes less than 50 ms, beyond httpx and pydantic; the best of three, on a busy machine."""
    code = """
import httpx, pydantic
from time import perf_counter
began = perf_counter()
import socialconnect
print(perf_counter() - began)
"""
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(3)]
    assert min(float(done.stdout) for done in runs) < 0.05


def test_a_client_opens_nothing_by_itself():
    """Making a client starts no thread and opens no socket: the first call does."""
    code = """
import socket, sys, threading
import socialconnect as sc
client = sc.sandbox(users=2)
def refuse(event, args):
    if event.startswith("socket.connect"):
        raise AssertionError(event)
sys.addaudithook(refuse)
print(threading.active_count(), "IPython" in sys.modules, "ipywidgets" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False", "False"]
