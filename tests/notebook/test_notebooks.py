"""The notebooks: committed stripped, run as Run All runs them, on the sandbox and on an instance, without a secret."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from tests.kernels import notebook

from socialconnect.sandbox import Sandbox, running
from socialconnect.settings import KEY

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("matplotlib")

HOME = Path(__file__).parents[2] / "notebooks"
PATHS = sorted(HOME.glob("*.ipynb"))
EACH = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
WATCHED = """
    import socket
    from socialconnect import secret

    _seen, _kept = set(), secret.Secret.__init__

    def _init(self, value):
        _seen.add(value)
        _kept(self, value)

    def _refuse(*_, **__):
        raise AssertionError("something wanted to reach a network")

    secret.Secret.__init__ = _init
    socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = _refuse
"""
CHECKED = {
    # what a notebook says of its world, asked of what it made
    "01_quickstart": "assert len(run.frame) and len(pages)",
    "02_oauth_token_flow": """
        assert attempt.state == "connected" and len(people)
        assert [step.status for step in refresh.steps] == [200, 401, 200, 200]
        assert [secret for secret in client.sandbox.secrets() if secret in shown] == [] != shown
    """,
    "03_many_users": """
        assert "malformed_response" in set(failed["reason"])
        assert "malformed_response" not in set(run.outcomes["reason"].dropna())
        assert len(recorded) and replayed.equals(recorded)
        assert len(table) == 200 and len(table.dropna()) > 20
    """,
    "04_scheduled_export": """
        assert len(repos) > 2_000 and report.ending == "finished"
        assert len(later) > len(repos) and later["_deleted_at"].notna().sum() == 1
        assert cut_short.exit_code == 8 and "full_name" not in kept
    """,
    "05_your_own_connector": """
        assert set(run.outcomes["provider"]) == {"acme"}
        assert run.frame["project_name"].notna().any()
        assert len(linked) == len(run.outcomes)
    """,
}
ON_AN_INSTANCE = re.compile(r"^client = sc\.sandbox\(.*\)  # on your own instance: (.*)$", re.MULTILINE)


def read(path):
    return json.loads(path.read_text("utf-8"))


def cells(path, kind="code"):
    """The sources of its cells of one kind."""
    return ["".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == kind]


def run(sources, names):
    """Execute cells in this process, as far as they do not need a kernel."""
    names.setdefault("display", lambda *_: None)
    for source in sources:
        exec(compile(source, "cell", "exec"), names)
    return names


def text(content):
    """What a message carries, as a saved notebook would hold it."""
    return json.dumps(content, ensure_ascii=False, default=str)


@EACH
def test_it_is_committed_stripped(path):
    """No output, no count and no metadata but the kernel's are in the file, and it is a valid notebook."""
    document = read(path)
    nbformat.validate(nbformat.from_dict(document))
    assert sorted(document["metadata"]) == ["kernelspec", "language_info"]
    assert document["metadata"]["kernelspec"]["name"] == "python3"
    assert document["metadata"]["language_info"] == {"name": "python"}
    for cell in document["cells"]:
        assert cell["metadata"] == {}, cell["id"]
        assert cell.get("outputs", []) == [], cell["id"]
        assert cell.get("execution_count") is None, cell["id"]


@EACH
def test_every_link_leads_somewhere(path):
    """What a notebook links to is there: other notebooks, reference pages, its own headings."""
    prose = "\n".join(cells(path, "markdown"))
    headings = {line.lstrip("# ").replace(" ", "-") for line in prose.splitlines() if line.startswith("#")}
    links = re.findall(r"\]\(((?!https?:)[^)]+)\)", prose)
    assert links
    for link in links:
        file, _, anchor = link.partition("#")
        assert not file or (HOME / file).is_file(), link
        assert not anchor or unquote(anchor) in headings, link


@pytest.mark.kernel
@EACH
def test_run_all_runs_it_and_shows_no_secret(path, tmp_path):
    """Its cells, queued as Run All queues them, raise nothing, reach no network, and show no key and no token."""
    only_python = {"SOCIALCONNECT_TRANSPORT": "httpx"}  # whose sockets can be watched
    with notebook(tmp_path, **only_python) as front:
        assert front.run(WATCHED).traceback == ""
        requests = [front.send(source) for source in cells(path)]
        last = front.send("import json; print(json.dumps(sorted(_seen)).replace(' ', ''))")
        shown = {}
        for number, request in enumerate(requests, 1):
            messages = [one for one in front.messages(request) if one[0] != "execute_input"]
            errors = [content["traceback"] for kind, content in messages if kind == "error"]
            assert not errors, f"cell {number}: " + "\n".join(errors[0])
            shown[number] = "\n".join(text(content) for _, content in messages)
        secrets = json.loads(front.result(last).printed[0])
        assert front.run(CHECKED[path.stem]).traceback == ""
    assert len(secrets) > 10, "nothing was read"
    leaks = {number for number, output in shown.items() for secret in secrets if secret in output}
    assert not leaks, f"cells {sorted(leaks)} show a secret"
    assert sum(map(len, shown.values())) > 10_000, "nothing was shown"


@pytest.mark.parametrize(
    "path",
    # users who are played, and what changes on demand, are the sandbox's alone
    [path for path in PATHS if path.stem not in ("02_oauth_token_flow", "04_scheduled_export")],
    ids=lambda path: path.stem,
)
@pytest.mark.filterwarnings("ignore::socialconnect.PartialWarning")
def test_the_same_lines_run_on_an_instance(path, tmp_path, monkeypatch):
    """With the line that its comment names in the sandbox's place it runs on another world, over HTTP."""
    monkeypatch.chdir(tmp_path)
    sources = cells(path)
    given = [run(sources, {})["acme"]] if any("acme =" in source for source in sources) else []
    world = Sandbox(users=40, seed=5, connectors=given)
    changed = [ON_AN_INSTANCE.sub(r"client = \1", source) for source in sources]
    assert changed != sources
    assert "sandbox" not in "".join(changed)
    with running(world) as base:
        monkeypatch.setenv(KEY, world.secret_key)
        monkeypatch.setenv("SOCIALCONNECT_BASE_URLS", json.dumps(world.base_urls(base)))
        monkeypatch.setenv("SOCIALCONNECT_BUDGETS", '{"https://api.clerk.com": "1000/10s"}')  # a production instance
        names = run(changed, {})
        assert names["client"].sandbox is None
        assert names["client"].count() == 40


@pytest.mark.filterwarnings("ignore::socialconnect.PartialWarning")
def test_five_cells_lead_to_a_joined_frame():
    """The newcomer's path: after the fifth cell of the first notebook there are repositories with their owners."""
    joined = run(cells(PATHS[0])[:5], {})["joined"]
    assert len(joined) > 100
    assert {"user_id", "full_name", "name"} <= set(joined.columns)
    assert joined[["user_id", "full_name"]].notna().all(axis=None)
