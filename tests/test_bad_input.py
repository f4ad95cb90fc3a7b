"""Whatever is written wrong is answered by one sentence that says what to write instead."""

import pandas as pd
import pytest

import socialconnect as sc


@pytest.fixture(scope="module")
def client():
    return sc.sandbox(users=20)


def told(caught, *words):
    """The error is one short text that holds these words."""
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 420, text
    assert not [word for word in words if word not in text], text
    assert text.endswith((".", "?", "'")), text
    assert caught.value.cure


USER = "user_3MQlnhU6sIULlmxx49lTYXUsIwQ"
CALLS = [
    ("a provider that is not", lambda c: c.githb, sc.UnknownName, ["provider 'githb'", "Did you mean 'github'"]),
    ("a key that is not", lambda c: c["githb"], sc.UnknownName, ["Did you mean 'github'"]),
    ("nothing like it", lambda c: c.zzzzzz, sc.UnknownName, ["There is: ", ", github, "]),
    ("a resource that is not", lambda c: c.github.repo, sc.UnknownName, ["of github", "Did you mean 'repos'"]),
    ("a resource by its name", lambda c: c.read("github.repo"), sc.UnknownName, ["Did you mean 'repos'"]),
    ("a provider by its name", lambda c: c.read("githb.repos"), sc.UnknownName, ["Did you mean 'github'"]),
    ("no resource", lambda c: c.read("github"), sc.UsageError, ["names no resource", "github.repos"]),
    ("a parameter", lambda c: c.github.repos(USER, visiblity="all"), sc.UnknownName, ["Did you mean 'visibility'"]),
    ("no parameters", lambda c: c.google.profile(USER, sort="asc"), sc.UnknownName, ["parameter 'sort'", "none"]),
    ("a filter", lambda c: c.users(bannd=True), sc.UnknownName, ["parameter 'bannd'", "Did you mean 'banned'"]),
    ("a filter's type", lambda c: c.users(banned="yes"), sc.UsageError, ["banned='yes'", "Pass"]),
    (
        "a filter's number",
        lambda c: c.users(created_at_after="2026"),
        sc.UsageError,
        ["created_at_after", "a whole number"],
    ),
    ("a choice", lambda c: c.github.repos(USER, sort="size"), sc.UsageError, ["sort='size'", "'pushed'"]),
    (
        "two that exclude each other",
        lambda c: c.github.repos(USER, type="owner", affiliation="owner"),
        sc.UsageError,
        ["type and affiliation exclude each other", "Leave out"],
    ),
    (
        "a column",
        lambda c: c.github.repos(USER, columns=["nam"]),
        sc.UnknownName,
        ["column 'nam'", "Did you mean 'name'"],
    ),
    ("a column of users", lambda c: c.users(columns=["emial"]), sc.UnknownName, ["Did you mean 'email'"]),
    ("columns as a text", lambda c: c.github.repos(USER, columns="name"), sc.UsageError, ["columns=['name']"]),
    ("columns of users as a text", lambda c: c.users(columns="email"), sc.UsageError, ["columns=['email']"]),
    ("on_error", lambda c: c.read("github.repos", on_error="log"), sc.UsageError, ["'warn', 'raise' or 'ignore'"]),
    ("nobody", lambda c: c.github.repos([]), sc.EmptySelection, ["no user was chosen", "everybody"]),
    ("no rows", lambda c: c.github.repos(c.users().head(0)), sc.EmptySelection, ["no user was chosen"]),
    ("nobody's accounts", lambda c: c.accounts([]), sc.EmptySelection, ["no user was chosen"]),
    ("a number", lambda c: c.github.repos(3), sc.UsageError, ["int", "'user_2abc'"]),
    ("a number in a list", lambda c: c.github.repos([USER, 3]), sc.UsageError, ["not as int", "'user_2abc'"]),
    ("a dict", lambda c: c.github.repos({"user_id": USER}), sc.UsageError, ["dict", "users() frame"]),
    ("bytes", lambda c: c.github.repos(USER.encode()), sc.UsageError, ["bytes", "'user_2abc'"]),
    (
        "a frame of something else",
        lambda c: c.github.repos(pd.DataFrame({"id": [1]})),
        sc.UsageError,
        ["user_id column"],
    ),
    ("an address", lambda c: c.github.repos("ada@example.com"), sc.UsageError, ["ada@example.com", "users(query="]),
    ("a name in a list", lambda c: c.github.repos(["ada"]), sc.UsageError, ["'ada'", "begin with user_"]),
    ("an empty text", lambda c: c.github.repos(""), sc.UsageError, ["'' is not a Clerk user id"]),
    ("a missing id", lambda c: c.github.repos([None]), sc.UsageError, ["NoneType"]),
    ("a path in an id", lambda c: c.github.repos("user_../instance"), sc.UsageError, ["is not a Clerk user id"]),
    (
        "a user who is not",
        lambda c: c.github.repos("user_2nobody"),
        sc.UserNotFound,
        ["no user user_2nobody", "instance"],
    ),
    ("a user without it", lambda c: c.google.profile(_without(c, "google")), sc.NotConnected, ["not connected", "Ask"]),
    ("a token of nobody", lambda c: c.token("user_2nobody", "github"), sc.UserNotFound, ["Check the id"]),
    ("a token of another", lambda c: c.token(USER, "acme"), sc.ProviderNotEnabled, ["acme is not enabled"]),
    ("a token by address", lambda c: c.token("a@b.example", "github"), sc.UsageError, ["is not a Clerk user id"]),
    ("a connector by name", lambda _: sc.sandbox(users=1, connectors=["acme"]), sc.UsageError, ["str", "Connector("]),
    ("too many users", lambda _: sc.sandbox(users=0), sc.UsageError, ["0 users", "1 to 100,000"]),
    ("a fault", lambda _: sc.sandbox(users=1, faults=["github:trottled"]), sc.UsageError, ["'throttled'"]),
    ("a publishable key", lambda _: sc.Client("pk_whatever"), sc.InvalidKey, ["publishable key", "Dashboard"]),
    ("a key with a blank", lambda _: sc.Client("what ever"), sc.InvalidKey, ["blank", "Dashboard"]),
    (
        "an address that is not safe",
        lambda _: sc.Client("key", base_urls={"https://api.github.com": "http://example.com"}),
        sc.UsageError,
        ["base_urls", "https://"],
    ),
]


def _without(client, provider):
    users = client.users()
    return users[users["providers"].map(lambda names: not names or f"oauth_{provider}" not in names)]["user_id"].iloc[0]


@pytest.mark.parametrize(("call", "error", "words"), [case[1:] for case in CALLS], ids=[case[0] for case in CALLS])
def test_a_wrong_call_says_what_to_write(client, call, error, words):
    """Each wrong call ends with its own kind of error, in one sentence that names the fix."""
    with pytest.raises(error) as caught:
        call(client)
    assert type(caught.value) is error
    told(caught, *words)


def test_nothing_is_sent_for_a_wrong_call():
    """What can be known to be wrong is refused before any request."""
    client = sc.sandbox(users=20)
    for call in (
        lambda: client.github.repos(visiblity="all"),
        lambda: client.github.repos([]),
        lambda: client.github.repos(columns=["nam"]),
        lambda: client.read("github.repo"),
        lambda: client.read("github.repos", on_error="log"),
        lambda: client.users(bannd=True),
    ):
        with pytest.raises(sc.UsageError):
            call()
    assert len(client.sandbox.requests) == 0


def test_no_key_says_where_to_put_one(monkeypatch, tmp_path):
    """Without a key anywhere, the error names the variable, the argument and the sandbox."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLERK_SECRET_KEY", raising=False)
    monkeypatch.setattr("socialconnect.settings._from_keyring", lambda: None)
    with pytest.raises(sc.MissingKey) as caught:
        sc.Client()
    told(caught, "CLERK_SECRET_KEY", "Client(secret_key=", "sc.sandbox()")


def test_a_wrong_key_says_where_the_right_one_is():
    """A key that Clerk refuses is an InvalidKey that names the Dashboard."""
    world = sc.sandbox(users=3).sandbox
    client = sc.Client("sandbox-another-key", application=world.app)
    for call in (client.users, client.accounts, client.github.repos, client.instance, client.count):
        with pytest.raises(sc.InvalidKey) as caught:
            call()
        told(caught, "Clerk does not accept the secret key", "Dashboard")


@pytest.mark.parametrize("form", [list, tuple, set, iter, pd.Series, pd.Index, "".join], ids=lambda form: form.__name__)
def test_every_kind_of_list_will_do(client, form):
    """An id, a list, a tuple, a set, an iterator, a series or an index of ids all name users."""
    users = client.google.profile(on_error="ignore")["user_id"].tolist()[:1]
    assert client.google.profile(form(users))["user_id"].tolist() == users


def test_an_iterator_serves_several_resources(client):
    """Ids that can be gone through once are read for each of several resources."""
    users = client.google.profile(on_error="ignore")["user_id"].tolist()[:2]
    runs = client.read_all(["google.profile", "github.profile"], iter(users), on_error="ignore")
    assert [run.outcomes["user_id"].drop_duplicates().tolist() for run in runs.values()] == [users, users]


def test_a_name_that_is_not_there_is_a_key_and_an_attribute_error(client):
    """`client["githb"]` and `client.githb` also raise what Python's own containers do."""
    with pytest.raises(KeyError):
        client["githb"]
    with pytest.raises(AttributeError):
        client.githb  # noqa: B018 - that it raises is what is tried
    assert not hasattr(client, "githb")
    assert getattr(client, "githb", None) is None
