"""`providers`, `diagnose` and `disconnect`."""

import json
import sys

import pytest

import socialconnect as sc
from socialconnect import embedded

WORLD = ["--sandbox", "--users", "60"]


@pytest.fixture
def client(monkeypatch):
    """The client that `--sandbox` gives, so that one command sees what another has done."""
    made = sc.sandbox(users=60)
    monkeypatch.setattr(embedded, "sandbox", lambda **_: made)
    yield made
    made.close()


@pytest.fixture
def keyboard(monkeypatch):
    """Somebody sits there and can be asked."""
    for module in ("click.testing", "typer.testing"):  # wherever this typer has it
        if hasattr(sys.modules.get(module), "_NamedTextIOWrapper"):
            monkeypatch.setattr(f"{module}._NamedTextIOWrapper.isatty", lambda _: True, raising=False)


def having(client, provider, situation="healthy"):
    world = client.sandbox.world
    for account in world.having(provider, situation):
        if world.situation(account.user)[provider] == (situation,):
            return world.user_id(account.user)
    raise LookupError(situation)


def accounts(client, user, provider):
    frame = client.accounts([user])
    return frame[frame["provider"] == provider]["external_account_id"].tolist()


def test_providers_are_listed(run, client):
    """The table has each enabled provider; with a user what they have and can connect."""
    shown = run("providers", *WORLD)
    assert shown.exit_code == 0
    assert "GitHub" in shown.stdout
    assert "can_connect" not in shown.stdout
    user = having(client, "github")
    document = json.loads(run("providers", user, *WORLD, "--json").stdout)
    github = next(one for one in document["providers"] if one["provider"] == "github")
    assert (github["connected"], github["can_connect"], github["enabled"]) == (1, False, True)
    assert document["count"] == len(document["providers"])
    assert run("providers", "user_2abc", *WORLD).exit_code == 4


def test_a_sound_connection_exits_with_0(run, client):
    """The table of checks, as wide as the screen, and code 0."""
    result = run("diagnose", having(client, "github"), "github", *WORLD)
    assert result.exit_code == 0, result.stdout
    assert "works." in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_what_fails_exits_with_its_code(run, client):
    """The first failing line is marked, with its cure; the code is its error's."""
    user = having(client, "google", "unrefreshable")
    result = run("diagnose", user, "google", *WORLD)
    assert result.exit_code == 4
    assert [line.split()[1] for line in result.stdout.splitlines() if line.startswith(">")] == ["token"]
    assert "To mend it:" in result.stdout
    document = json.loads(run("diagnose", user, "google", *WORLD, "--json").stdout)
    assert (document["ok"], document["exit_code"], document["first"]) == (False, 4, "token")
    token = next(one for one in document["steps"] if one["check"] == "token")
    assert (token["state"], token["code"]) == ("failed", "reconnect_needed")
    assert all(note["source"].startswith("https://") for note in token["notes"])


def test_a_setup_that_fails_exits_with_3(run):
    """A provider that is not enabled is the instance's matter; a missing key comes before everything."""
    user = sc.sandbox(users=60).users()["user_id"].iloc[0]
    assert run("diagnose", user, "gitub", *WORLD).exit_code == 3
    assert run("diagnose", user, "github").exit_code == 3


def test_nothing_is_removed_where_nobody_can_be_asked(run, client):
    """In a pipe, disconnecting wants --yes; the error says what it would take."""
    user = having(client, "github")
    (account,) = accounts(client, user, "github")
    for form in ([], ["--json"]):
        result = run("disconnect", user, "github", *WORLD, *form)
        assert result.exit_code == 2
        assert account in result.stderr
        assert "add --yes" in result.stderr
    assert accounts(client, user, "github") == [account]


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 0), ("n\n", 1, 1), ("\n", 1, 1)])
def test_somebody_is_asked(run, client, keyboard, answer, code, left):
    """At a keyboard the question names the account, and only a yes removes it."""
    del keyboard
    user = having(client, "github")
    result = run("disconnect", user, "github", *WORLD, stdin=answer)
    assert result.exit_code == code
    assert "This would take the GitHub account" in result.stderr
    assert len(accounts(client, user, "github")) == left


def test_yes_removes_it_and_tells_what_remains(run, client):
    """With --yes it goes at once; stdout tells what remains, stderr what is not done at the provider."""
    user = having(client, "github")
    result = run("disconnect", user, "github", *WORLD, "--yes")
    assert result.exit_code == 0
    assert f"was taken from {user}. Still connected:" in result.stdout
    assert "not documented" in result.stderr
    assert run("disconnect", user, "github", *WORLD, "--yes").exit_code == 4


def test_a_removal_as_json(run, client):
    """The document names the account that went, and those that remain."""
    user = having(client, "google")
    (account,) = accounts(client, user, "google")
    document = json.loads(run("disconnect", user, "google", *WORLD, "--yes", "--json").stdout)
    assert (document["external_account_id"], document["provider"]) == (account, "google")
    assert "Google" not in {one["provider"] for one in document["remaining"]}
