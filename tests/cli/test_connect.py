"""`connect` on a terminal, in a pipe and as events; a played visitor stands in for the browser."""

import json
import os
import subprocess
import sys
import webbrowser

import pytest
import segno

import socialconnect as sc
from socialconnect import embedded
from socialconnect.clerk import attempt as attempts
from socialconnect.cli import watching
from socialconnect.cli.connect import duration

LINK = "http://127.0.0.1:"


@pytest.fixture
def client(monkeypatch):
    """The client that `--sandbox` gives; the attempts look every hundredth of a second."""
    made = sc.sandbox(users=60)
    monkeypatch.setattr(embedded, "sandbox", lambda **_: made)
    monkeypatch.setattr(attempts, "EVERY", 0.01)
    yield made
    made.close()


@pytest.fixture
def browser(client, monkeypatch):
    """`browser(grant=…)`: from then on a visitor follows whatever link is opened."""

    def visit(user="", provider="", **how):
        def follow(url):
            client.sandbox.visitor().consent(url, user=user, provider=provider, **how)
            return True

        monkeypatch.setattr(webbrowser, "open", follow)

    return visit


@pytest.fixture
def terminal(monkeypatch):
    """Whatever the command writes to is a terminal."""
    for module in ("click.testing", "typer.testing"):  # wherever this typer has it
        if hasattr(sys.modules.get(module), "_NamedTextIOWrapper"):
            monkeypatch.setattr(f"{module}._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def without(client, provider):
    """A user who has nothing of a provider."""
    world = client.sandbox.world
    return next(
        world.user_id(index)
        for index in range(world.users)
        if all(one.provider != provider for one in world.accounts(index))
    )


def narrow(client):
    """A user whose GitHub account lacks scopes."""
    world = client.sandbox.world
    return world.user_id(next(iter(world.having("github", "narrow"))).user)


def tickets(client):
    return [one.status for one in client.sandbox.instance.tickets._all.values()]


def leaked(client, result):
    """Which of the world's secrets stand in what was written."""
    return [one for one in client.sandbox.secrets() if one in result.output or one in result.stderr]


def events(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_link_is_shown_and_the_end_told(run, client, browser):
    """The plain link goes to stdout, how it stands to stderr, and who was connected is the last line."""
    user = without(client, "notion")
    browser(user, "notion")
    result = run("connect", user, "notion", "--sandbox", "--open")
    assert result.exit_code == 0, result.stderr
    link, last = result.stdout.splitlines()
    assert link.startswith(LINK)
    assert last.startswith(f"{user} is connected to Notion")
    assert f"Have {user} open the link" in result.stderr
    assert len(client.notion.me(user)) == 1


def test_a_scope_that_is_missing_is_had_by_the_command(run, client, browser):
    """A pull lacks a scope; connect asks for it; the same pull has its rows."""
    user = narrow(client)
    before = run("pull", "github.orgs", user, "--sandbox", "--json")
    assert before.exit_code == 4
    assert "read:org" in before.stdout
    browser()
    connected = run("connect", user, "github", "--scopes", "read:org", "--sandbox", "--open")
    assert connected.exit_code == 0, connected.stderr
    assert not leaked(client, connected)
    assert run("pull", "github.orgs", user, "--sandbox", "--json").exit_code == 0


def test_declining_is_an_error_with_its_code(run, client, browser):
    """Who declines ends the command with 4, and with what to do."""
    user = without(client, "notion")
    browser(user, "notion", grant=False)
    result = run("connect", user, "notion", "--sandbox", "--open")
    assert result.exit_code == 4
    assert "declined to connect Notion. Ask why" in result.stderr


def test_the_time_is_up(run, client):
    """After --within it ends with 4, and a ticket that nobody used is revoked."""
    user = without(client, "notion")
    result = run("connect", user, "notion", "--sandbox", "--ticket", "--show-secret-link", "--within", "0.05s")
    assert result.exit_code == 4
    assert "in time" in result.stderr
    assert "__clerk_ticket=" in result.stdout
    assert "__clerk_ticket=" not in result.stderr
    assert tickets(client) == ["revoked"]


def test_what_is_there_already_needs_no_link(run, client):
    """A user who has it all is told so at once."""
    user = client.accounts().query("connected and provider == 'github'")["user_id"].iloc[0]
    result = run("connect", user, "github", "--sandbox")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 1)


@pytest.mark.parametrize("how", [["--ticket"], ["--flow", "native"], ["--scopes", "repo"]])
def test_a_secret_is_not_made_for_a_pipe(run, client, how):
    """Where no terminal can show a secret link, none is made."""
    for form in ([], ["--json"]):
        result = run("connect", without(client, "notion"), "notion", "--sandbox", *how, *form)
        assert result.exit_code == 2
        assert "--show-secret-link" in result.stderr + result.stdout
    assert tickets(client) == []


def test_a_secret_goes_to_the_browser_alone(run, client, browser):
    """With --open a secret link works without being written anywhere."""
    user = without(client, "notion")
    browser(provider="notion")
    result = run("connect", user, "notion", "--sandbox", "--ticket", "--open")
    assert result.exit_code == 0, result.stderr
    assert not leaked(client, result)
    assert "not written where no terminal is" in result.stderr


def test_events_need_no_secret_where_a_browser_opens_it(run, client, browser):
    """With --open and --json a secret link works and stands in no event."""
    browser(provider="notion")
    result = run("connect", without(client, "notion"), "notion", "--sandbox", "--ticket", "--open", "--json")
    assert result.exit_code == 0, result.stdout
    assert (events(result)[0]["secret"], events(result)[0]["link"]) == (True, None)
    assert not leaked(client, result)


def test_a_browser_that_does_not_open_is_told(run, client, monkeypatch):
    """Without a browser the link remains."""
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    result = run("connect", without(client, "notion"), "notion", "--sandbox", "--open", "--within", "0.05s")
    assert "No browser could be opened here." in result.stderr
    assert result.stdout.startswith(LINK)


def test_each_change_is_one_line_of_json(run, client, browser):
    """Events tell state, time left and link, and at last the account."""
    user = without(client, "notion")
    browser(user, "notion")
    result = run("connect", user, "notion", "--sandbox", "--open", "--json")
    told = events(result)
    assert result.exit_code == 0
    assert (told[0]["state"], told[-1]["state"]) == ("offered", "connected")
    assert len({one["state"] for one in told}) == len(told)
    assert told[0]["link"].startswith(LINK)
    assert (told[0]["secret"], 0 < told[0]["left"] <= 600) == (False, True)
    assert told[-1]["external_account_id"].startswith("eac_")
    assert told[-1]["link"] is None
    assert not result.stderr


def test_events_keep_secrets_unless_asked(run, client):
    """A secret link is in no event, but for --show-secret-link."""
    user = without(client, "notion")
    how = ["connect", user, "notion", "--sandbox", "--ticket", "--json", "--within", "0.05s", "--show-secret-link"]
    shown = events(run(*how))
    assert [one["state"] for one in shown] == ["offered", "expired"]
    assert "__clerk_ticket=" in shown[0]["link"]
    assert (shown[-1]["error"]["exit_code"], shown[-1]["link"]) == (4, None)


@pytest.mark.usefixtures("client")
def test_an_error_is_the_last_event(run):
    """What never began is one event with the error."""
    result = run("connect", "user_2abc", "notion", "--sandbox", "--json")
    (told,) = events(result)
    assert (result.exit_code, told["error"]["code"]) == (4, "user_not_found")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_an_interrupt_leaves_nothing_behind(run, client, monkeypatch, form):
    """Ctrl-C gives up: the ticket is revoked, and the code is a shell's own for it."""

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(webbrowser, "open", interrupted)
    result = run("connect", without(client, "notion"), "notion", "--sandbox", "--ticket", "--open", *form)
    assert result.exit_code == 130
    assert tickets(client) == ["revoked"]
    assert "cancelled" in (result.stdout if form else result.stderr)


def test_a_terminal_shows_a_line_with_the_time_left(run, client, terminal, monkeypatch):
    """On a terminal the state and the time left stand beneath the link; a secret link is shown there."""
    del terminal
    monkeypatch.setattr("socialconnect.cli.connect.TICK", 0.01)
    result = run("connect", without(client, "notion"), "notion", "--sandbox", "--ticket", "--within", "0.1s")
    assert result.exit_code == 4
    assert "__clerk_ticket=" in result.stdout
    assert "offered  0:00" in result.stderr
    assert "▄" not in result.output  # this machine's own address is of no use to another


def test_a_terminal_shows_a_code_for_another_machine(run, client, terminal):
    """A link that another machine can open is a QR code too, unless that is not wanted."""
    del terminal
    client.aio._browse = None
    how = ["connect", without(client, "notion"), "notion", "--sandbox", "--within", "0.05s"]
    assert "▄" in run(*how).stdout
    assert "▄" not in run(*how, "--no-qr").stdout


def test_the_code_is_the_link(monkeypatch):
    """The half blocks are the modules of the link's QR code, with a quiet edge; without segno there is none."""
    url = "https://accounts.example.com/user?a=1&b=2"
    lines = watching.qr_code(url)
    code = segno.make(url, error="l", micro=False)
    width = code.symbol_size(border=2)[0]
    dark = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}
    rows = [[dark[sign][half] for sign in line] for line in lines for half in (0, 1)][:width]
    assert rows == [list(map(int, row)) for row in code.matrix_iter(border=2)]
    assert watching.qr_code("http://localhost:8000/user") == []
    monkeypatch.setitem(sys.modules, "segno", None)
    assert watching.qr_code(url) == []


@pytest.mark.parametrize("text", ["", "ten", "5d", "-1", "1e3"])
def test_a_time_that_is_none_is_refused(run, text):
    """A time is a number with s, m or h."""
    with pytest.raises(sc.UsageError, match="no time"):
        duration(text)
    assert run("connect", "user_2abc", "notion", "--sandbox", f"--within={text}").exit_code == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals of this kind")
def test_a_real_terminal(tmp_path):
    """In a pseudo-terminal: link, live line, end; the cursor is put back."""
    code = "from socialconnect.clerk import attempt; attempt.EVERY = 0.02\nfrom socialconnect.cli import main; main()"
    user = without(sc.sandbox(users=20), "notion")
    command = [sys.executable, "-c", code, "connect", user, "notion", "--sandbox", "--users=20", "--within=0.3s"]
    outer, inner = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "160"}
    with subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, cwd=tmp_path, env=environment) as process:
        os.close(inner)
        seen = b""
        while chunk := _read(outer):
            seen += chunk
    os.close(outer)
    text = seen.decode()
    assert process.returncode == 4
    assert LINK in text
    assert "offered  0:00" in text
    assert "\x1b[?25h" in text
    assert text.rstrip().endswith("Connect again when the user is ready.")


def _read(outer):
    try:
        return os.read(outer, 4096)
    except OSError:  # Linux says so that nobody writes any more
        return b""
