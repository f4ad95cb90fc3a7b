"""Where each setting comes from, and what is refused."""

import copy
import json
import pickle
import sys
import traceback
from types import ModuleType

import pytest
from pydantic import SecretStr, ValidationError

from socialconnect import settings as module
from socialconnect import vault
from socialconnect.errors import InvalidKey, MissingKey, UsageError
from socialconnect.settings import KEY, Settings, check_address, is_loopback, places

FIELDS = [*Settings.model_fields]


class KeyringError(Exception):
    pass


class SecretNotFoundError(Exception):
    pass


class NotebookAccessError(Exception):
    pass


class TimeoutException(Exception):
    pass


def give(value):
    def get(*_):
        if isinstance(value, type):
            raise value
        return value

    return get


@pytest.fixture
def keyring(monkeypatch):
    """Put a value, or an error, into a system keyring that is not this machine's."""

    def put(value):
        fake, errors = ModuleType("keyring"), ModuleType("keyring.errors")
        fake.get_password, fake.errors, errors.KeyringError = give(value), errors, KeyringError
        monkeypatch.setitem(sys.modules, "keyring", fake)
        monkeypatch.setitem(sys.modules, "keyring.errors", errors)

    return put


@pytest.fixture
def colab(monkeypatch):
    """Pretend to run in Colab, with a value or an error in its secrets."""

    def put(value):
        package, userdata = ModuleType("google.colab"), ModuleType("google.colab.userdata")
        for kind in (SecretNotFoundError, NotebookAccessError, TimeoutException):
            setattr(userdata, kind.__name__, kind)
        userdata.get, package.userdata = give(value), userdata
        monkeypatch.setitem(sys.modules, "google", ModuleType("google"))
        monkeypatch.setitem(sys.modules, "google.colab", package)
        monkeypatch.setitem(sys.modules, "google.colab.userdata", userdata)

    return put


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path, keyring):
    """Each test begins in an empty directory, without variables and with an empty keyring."""
    for name in (KEY, "SECRET_KEY", *(f"SOCIALCONNECT_{field.upper()}" for field in FIELDS)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    monkeypatch.setattr(vault, "_process", None)
    monkeypatch.setattr(vault, "_colab", None)
    keyring(None)


# Where the key comes from


def test_the_places_of_the_key_in_their_order(monkeypatch, tmp_path, keyring, colab):
    """Argument, login, environment, .env, keyring, Colab: whichever of them come first that have a key gives it."""
    assert [*places()] == []
    colab("key-colab")
    assert Settings.make().key().reveal() == "key-colab"
    keyring("key-keyring")
    assert Settings.make().key().reveal() == "key-keyring"
    (tmp_path / ".env").write_text(f"OTHER=1\n{KEY}=key-dotenv\n")
    assert Settings.make().key().reveal() == "key-dotenv"
    monkeypatch.setenv(KEY, "key-environment")
    assert Settings.make().key().reveal() == "key-environment"
    vault.remember(SecretStr("key-process"))
    assert Settings.make().key().reveal() == "key-process"
    assert Settings.make(secret_key="key-argument").key().reveal() == "key-argument"
    found = {place: key.get_secret_value() for place, key in places()}
    assert list(found) == ["process", "environment", "dotenv", "keyring", "colab"]
    assert {place: f"key-{place}" for place in found} == found


def test_the_keyring_is_asked_only_when_it_must(keyring):
    """A key that was found elsewhere does not make the keyring ask for its password."""
    keyring(AssertionError)
    assert Settings.make(secret_key="key-argument").key().reveal() == "key-argument"


@pytest.mark.parametrize("value", [None, "", KeyringError])
def test_a_keyring_without_a_key_or_backend_is_no_error(keyring, colab, value):
    """A container has no keyring: then the next place is asked."""
    keyring(value)
    colab("key-colab")
    assert Settings.make().key().reveal() == "key-colab"


def test_no_keyring_package_is_no_error(monkeypatch):
    """The keyring is an extra; without it there is simply no key there."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert Settings.make().secret_key is None


@pytest.mark.parametrize("value", [SecretNotFoundError, NotebookAccessError, TimeoutException, None])
def test_colab_without_the_secret_is_no_error(colab, value):
    """A secret that is not there, not shared with the notebook, or asked for outside the page is no key."""
    colab(value)
    with pytest.raises(MissingKey):
        Settings.make().key()


@pytest.mark.parametrize("name", ["SECRET_KEY", "secret_key"])
def test_another_programs_secret_key_is_not_taken(monkeypatch, tmp_path, name):
    """SECRET_KEY is what web frameworks sign sessions with: it must never go to Clerk."""
    monkeypatch.setenv(name, "key-of-django")
    (tmp_path / ".env").write_text(f"{name}=key-of-flask\n")
    assert Settings.make().secret_key is None


def test_an_empty_variable_is_none(monkeypatch, tmp_path):
    """A CI secret that is not set arrives as an empty variable, which hides no other place."""
    (tmp_path / ".env").write_text(f"{KEY}=key-dotenv\n")
    monkeypatch.setenv(KEY, "")
    monkeypatch.setenv("SOCIALCONNECT_MAX_WAIT", "")
    settings = Settings.make()
    assert settings.key().reveal() == "key-dotenv"
    assert settings.max_wait == 300


def test_none_as_an_argument_is_not_given(monkeypatch):
    """An argument left at None lets the other places speak."""
    monkeypatch.setenv(KEY, "key-environment")
    assert Settings.make(secret_key=None, max_wait=None).key().reveal() == "key-environment"


# Whether it is a key


def test_no_key_says_where_to_put_one():
    """Without a key the error names the variable and the way without an account."""
    with pytest.raises(MissingKey) as caught:
        Settings.make().key()
    assert KEY in str(caught.value)
    assert "sc.sandbox()" in str(caught.value)
    assert "secret_key=" in str(caught.value)


def test_blanks_around_a_key_are_nothing():
    """A key copied with its line's end is taken; one of blanks alone is none."""
    assert Settings.make(secret_key=" key-of-mine\n").key().reveal() == "key-of-mine"
    with pytest.raises(MissingKey):
        Settings.make(secret_key="  \n").key()


@pytest.mark.parametrize(
    ("key", "match"),
    [
        ("pk_test_Y2xlcms", "publishable key"),
        (" pk_live_Y2xlcms", "publishable key"),
        ("sk_test_abc def", "a blank"),
        ("sk_test_abc\ndef", "a blank"),
        ("sk_test_abc…def", "no key has"),
        ("sk_test_abc\x00def", "no key has"),
    ],
)
def test_what_cannot_be_a_key_is_refused_before_any_call(key, match):
    """A publishable key or one that was cut or pasted wrongly is an InvalidKey that does not show it."""
    with pytest.raises(InvalidKey, match=match) as caught:
        Settings.make(secret_key=key).key()
    assert "Dashboard" in str(caught.value)
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "production"), [("sk_live_abc", True), (" sk_live_abc", True), ("sk_test_abc", False), (None, False)]
)
def test_production_is_known_by_the_key(key, production):
    """A live key means the production instance's limits."""
    assert Settings.make(secret_key=key).production is production


# The key is never shown


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        lambda s: f"{s}",
        lambda s: repr(vars(s)),
        lambda s: s.model_dump_json(),
        lambda s: repr(s.model_dump()),
        lambda s: repr(list(s)),
        lambda s: repr(copy.deepcopy(s)),
        lambda s: repr(s.key()),
        lambda s: s._repr_html_(),
    ],
)
def test_settings_can_be_shown_without_the_keys(show):
    """However settings are turned into text, neither the secret key nor the one for hashing is in it."""
    assert "hush-hush" not in show(Settings.make(secret_key="hush-hush", hash_key="hush-hush-too"))


def test_settings_cannot_be_pickled():
    """A pickle of the settings would carry the key to wherever it goes."""
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Settings.make(secret_key="hush-hush"))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"secret_key": "hush-hush", "max_wait": -1}, UsageError),
        ({"secret_key": ["hush-hush"]}, UsageError),
        ({"secret_key": "pk_hush-hush"}, InvalidKey),
        ({"secret_key": "hush-hush hush"}, InvalidKey),
    ],
)
def test_no_error_shows_the_key(values, kind):
    """Neither an error's text nor this package's frames, printed with their locals, show the key."""

    def attempt(given=values):
        try:
            Settings.make(**given).key()
        except kind as error:
            return error
        return None

    error = attempt()
    assert isinstance(error, kind)
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [frame for frame in shown.stack if frame.filename == module.__file__]
    assert ours
    assert "hush-hush" not in f"{error} {[frame.locals for frame in ours]}"
    assert error.__context__ is None


# Other values


def test_defaults():
    """Without anything given, the settings are these."""
    settings = Settings.make()
    assert (settings.secret_key, settings.base_urls, settings.budgets) == (None, {}, {})
    assert (settings.max_wait, settings.timeout, settings.attempts, settings.concurrency) == (300.0, 60.0, 5, 80)
    assert (settings.transport, settings.engine, settings.progress) == ("auto", "thread", None)


def _plain(value):
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def test_every_setting_can_be_a_variable(monkeypatch):
    """Each name but the key's is SOCIALCONNECT_<NAME> in the environment, maps as JSON."""
    given = {
        "base_urls": {"https://api.github.com": "https://github.example/api/v3"},
        "budgets": {"https://api.clerk.com": "1000/10s"},
        "clerk_api_version": "2026-01-01",
        "api_versions": {"notion": "2022-06-28"},
        "redirect_url": "https://app.example/back",
        "cache": "answers.db",
        "max_wait": 7.5,
        "timeout": 3.0,
        "attempts": 2,
        "concurrency": 9,
        "transport": "httpx",
        "engine": "nested",
        "progress": False,
        "hash_key": SecretStr("a" * 32),
    }
    for name, value in given.items():
        monkeypatch.setenv(
            f"SOCIALCONNECT_{name.upper()}", json.dumps(value) if isinstance(value, dict) else _plain(value)
        )
    assert Settings.make().model_dump(exclude={"secret_key"}) == given
    assert set(given) | {"secret_key"} == set(FIELDS)


def test_an_argument_wins_over_the_environment(monkeypatch, tmp_path):
    """The order of the places holds for every setting."""
    (tmp_path / ".env").write_text("SOCIALCONNECT_ATTEMPTS=2\nSOCIALCONNECT_TIMEOUT=2\nSOCIALCONNECT_MAX_WAIT=2\n")
    monkeypatch.setenv("SOCIALCONNECT_TIMEOUT", "3")
    monkeypatch.setenv("SOCIALCONNECT_MAX_WAIT", "3")
    settings = Settings.make(max_wait=4)
    assert (settings.attempts, settings.timeout, settings.max_wait) == (2, 3.0, 4.0)


def test_the_least_and_the_most():
    """The bounds themselves are allowed: no wait at all, one try, one request or a hundred at once."""
    low = Settings.make(max_wait=0, timeout=0.5, attempts=1, concurrency=1)
    assert (low.max_wait, low.timeout, low.attempts, low.concurrency) == (0, 0.5, 1, 1)
    assert Settings.make(concurrency=100).concurrency == 100


def test_settings_are_frozen():
    """What a client was made with does not change under it."""
    with pytest.raises(ValidationError):
        Settings.make().max_wait = 1


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"max_wait": -1}, ["max_wait"]),
        ({"timeout": 0}, ["timeout"]),
        ({"timeout": -0.5}, ["timeout"]),
        ({"concurrency": 0}, ["concurrency"]),
        ({"attempts": 0}, ["attempts"]),
        ({"concurrency": 101}, ["concurrency"]),
        ({"transport": "requests"}, ["transport", "'httpx'"]),
        ({"max_wait": "soon", "attempts": 0}, ["max_wait", "attempts"]),
        ({"base_urls": {"https://a.example": "http://b.example"}}, ["base_urls['https://a.example']", "https://…"]),
    ],
)
def test_wrong_values_are_one_sentence(values, named):
    """All that is wrong stands in one UsageError, each by its name."""
    with pytest.raises(UsageError) as caught:
        Settings.make(**values)
    text = str(caught.value)
    assert all(name in text for name in named)
    assert text.endswith("Mend the argument or the variable.")
    assert "\n" not in text
    assert "Value error" not in text
    assert ".." not in text


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_variable_that_is_not_json_is_a_usage_error(monkeypatch, tmp_path, where):
    """A map that cannot be read names its variable, wherever it stands."""
    if where == "environment":
        monkeypatch.setenv("SOCIALCONNECT_BASE_URLS", "https://a.example=https://b.example")
    else:
        (tmp_path / ".env").write_text("SOCIALCONNECT_BASE_URLS=https://a.example\n")
    with pytest.raises(UsageError, match="base_urls"):
        Settings.make()


def test_a_file_in_another_encoding_is_a_usage_error(tmp_path):
    """A .env that a Windows shell wrote in UTF-16 is said to be unreadable, and not shown."""
    (tmp_path / ".env").write_bytes(f"{KEY}=hush-hush\n".encode("utf-16"))
    with pytest.raises(UsageError, match="utf-8") as caught:
        Settings.make()
    assert "hush" not in str(caught.value)


# Addresses


def test_base_urls_lose_their_last_slash():
    """An origin is found whether or not it was written with a slash."""
    settings = Settings.make(base_urls={"https://api.github.com/": "https://github.example/api/v3/"})
    assert settings.base_urls == {"https://api.github.com": "https://github.example/api/v3"}


@pytest.mark.parametrize(
    "address",
    [
        "https://github.example",
        "https://github.example:8443/api/v3",
        "HTTPS://github.example",
        "http://127.0.0.1:8000",
        "http://127.9.9.9",
        "http://localhost:8000/x",
        "http://LOCALHOST",
        "http://[::1]:8000",
    ],
)
def test_where_a_token_may_go(address):
    """Https anywhere, http on this machine alone."""
    check_address(address, "base_urls")
    assert Settings.make(base_urls={"https://a.example": address}).base_urls == {"https://a.example": address}


@pytest.mark.parametrize(
    "address",
    [
        "",
        "github.example",
        "//github.example",
        "http://github.example",
        "http://localhost.github.example",
        "http://127.0.0.1.github.example",
        "http://127.1",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://[::2]",
        "http://[fe80::1]",
        "http://[::1",
        "https://",
        "https://:443",
        "https://user@github.example",
        "https://user:pass@github.example",
        "https://@github.example",
        "http://user@localhost",
        "http://localhost@github.example",
        "https://github.example\\@evil.example",
        "ftp://github.example",
        "file:///etc/passwd",
        "ws://localhost",
    ],
)
def test_where_a_token_may_not_go(address):
    """Plain http to other hosts, addresses with a user and other schemes are refused, and say so."""
    with pytest.raises(UsageError, match="that is it is not an address that a token may be sent to"):
        check_address(address, "that is it")
    with pytest.raises(UsageError, match="base_urls"):
        Settings.make(base_urls={"https://a.example": address})


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("", False),
        ("127.0.0.1.x", False),
        ("192.168.0.1", False),
    ],
)
def test_this_machine(host, here):
    """Only names and numbers that cannot be another machine are this one."""
    assert is_loopback(host) is here
