"""The secret key is typed once and unseen, checked before it is kept, kept in nothing that shows it, and forgotten."""

from __future__ import annotations

import getpass
import io
import json
import os
import sys
import traceback
from importlib import import_module
from types import ModuleType

import pytest
from keyring import errors
from keyring.backends import fail, null
from keyring.errors import KeyringError
from rich.console import Console
from rich.traceback import Traceback

import socialconnect as sc
from socialconnect import settings, vault
from socialconnect.sandbox import Sandbox, running

login_module = import_module("socialconnect.login")
SEED = 41
KEY = Sandbox(users=1, seed=SEED).secret_key
OTHER = "hush-hush-of-another"


class SecretNotFoundError(Exception):
    pass


class NotebookAccessError(Exception):
    pass


class TimeoutException(Exception):
    pass


class Memory:
    """A backend that keeps passwords in memory."""

    def __init__(self, priority=5.0):
        self.priority = priority
        self.kept = {}
        self.refusal = None

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        if self.refusal is not None:
            raise self.refusal
        self.kept[service, username] = password

    def delete_password(self, service, username):
        if self.refusal is not None:
            raise self.refusal
        del self.kept[service, username]

    @property
    def key(self):
        return self.kept.get(("socialconnect", "CLERK_SECRET_KEY"))


class Chain:
    """Several backends that are tried in turn."""

    priority = 10

    def __init__(self, *backends):
        self.backends = backends

    def get_password(self, service, username):
        return next((one.kept[service, username] for one in self.backends if one.kept), None)


@pytest.fixture(scope="module")
def served():
    """A world on a port of this machine, for clients that find their key themselves."""
    world = Sandbox(users=3, seed=SEED)
    with running(world) as base:
        yield json.dumps(world.base_urls(base))


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch, tmp_path, served, install):
    """Each test begins on the served world without any key, keyring, Colab or keyboard."""
    for name in list(os.environ):
        if name.startswith(("SOCIALCONNECT_", "CLERK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SOCIALCONNECT_BASE_URLS", served)
    monkeypatch.setenv("SOCIALCONNECT_ATTEMPTS", "1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(vault, "_process", None)
    monkeypatch.setattr(vault, "_colab", None)
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    install(None)


@pytest.fixture
def install(monkeypatch):
    """Put a backend into a keyring that is not this machine's; None is a machine without the package."""

    def put(backend):
        if backend is None:
            monkeypatch.setitem(sys.modules, "keyring", None)
            return None
        keyring = ModuleType("keyring")
        keyring.get_keyring, keyring.get_password, keyring.errors = lambda: backend, backend.get_password, errors
        monkeypatch.setitem(sys.modules, "keyring", keyring)
        monkeypatch.setitem(sys.modules, "keyring.errors", errors)
        return backend

    return put


@pytest.fixture
def memory(install):
    """A keyring in memory."""
    return install(Memory())


@pytest.fixture
def types(monkeypatch):
    """Somebody at the keyboard, who types this key and answers this to questions; what was asked is listed."""

    def put(key, answer=None):
        asked = []

        def typed(prompt):
            asked.append(prompt)
            if isinstance(key, type):
                raise key
            return key

        def answered(question):
            asked.append(question)
            if isinstance(answer, type):
                raise answer
            assert answer is not None, "nothing was to be asked"
            return answer

        monkeypatch.setattr(getpass, "getpass", typed)
        monkeypatch.setattr("builtins.input", answered)
        return asked

    return put


@pytest.fixture
def colab(monkeypatch):
    """Pretend to run in Colab, with a value or an error in its secrets; how often it was asked is counted."""

    def put(value):
        package, userdata = ModuleType("google.colab"), ModuleType("google.colab.userdata")
        asked = []

        def get(name):
            asked.append(name)
            if isinstance(value, type):
                raise value
            return value

        for kind in (SecretNotFoundError, NotebookAccessError, TimeoutException):
            setattr(userdata, kind.__name__, kind)
        userdata.get, package.userdata = get, userdata
        monkeypatch.setitem(sys.modules, "google", ModuleType("google"))
        monkeypatch.setitem(sys.modules, "google.colab", package)
        monkeypatch.setitem(sys.modules, "google.colab.userdata", userdata)
        return asked

    return put


def nothing_kept():
    return vault.remembered() is None and [*settings.places()] == []


# One line, then Client() works


def test_one_line_then_a_client_works(types, capfd):
    """After a key was typed, a client finds it; what is told names the instance, and shows the key nowhere."""
    asked = types(KEY)
    done = sc.login()
    with sc.Client() as client:
        assert len(client.users()) == 3
    out, err = capfd.readouterr()
    assert len(asked) == 1
    assert "not shown" in asked[0]
    assert out.startswith("Clerk accepts the key: Sandbox, production instance ins_")
    assert "CLERK_SECRET_KEY in the environment" in out
    assert (done.application, done.kind, done.place) == ("Sandbox", "production", "process")
    assert done.instance.startswith("ins_")
    assert KEY not in f"{out}{err}{asked}{done!r}{done}{done._repr_html_()}{done.notes}{vars(vault)}"


def test_a_key_can_be_given(memory, capfd):
    """A key out of a variable is checked and kept in memory; nobody is asked or told anything, no keyring is used."""
    done = sc.login(f" {KEY}\n")
    assert done.place == "process"
    assert memory.kept == {}
    assert len(sc.Client().users()) == 3
    assert capfd.readouterr() == ("", "")


def test_what_was_logged_in_with_comes_before_the_environment(monkeypatch):
    """Somebody chose it here and now; that new processes take the variable first is said."""
    monkeypatch.setenv("CLERK_SECRET_KEY", OTHER)
    done = sc.login(KEY)
    assert "CLERK_SECRET_KEY in the environment holds another key, which a new process takes first." in done.notes
    assert len(sc.Client().users()) == 3
    monkeypatch.setenv("CLERK_SECRET_KEY", KEY)
    assert not any("another" in note for note in sc.login(KEY).notes)


@pytest.mark.parametrize("place", ["environment", "dotenv", "keyring", "process", "colab"])
def test_a_key_that_is_there_is_not_asked_for(monkeypatch, tmp_path, memory, colab, place):
    """A notebook that begins with login() runs where nobody can type, wherever the key is."""
    if place == "environment":
        monkeypatch.setenv("CLERK_SECRET_KEY", KEY)
    elif place == "dotenv":
        (tmp_path / ".env").write_text(f"CLERK_SECRET_KEY={KEY}\n")
    elif place == "keyring":
        memory.set_password("socialconnect", "CLERK_SECRET_KEY", KEY)
    elif place == "colab":
        colab(KEY)
    else:
        sc.login(KEY)
    assert sc.login().place == sc.whoami().place == place


def test_force_asks_all_the_same(monkeypatch, types):
    """Another instance's key can be typed although one is there."""
    monkeypatch.setenv("CLERK_SECRET_KEY", KEY)
    asked = types(KEY)
    sc.login(force=True)
    assert len(asked) == 1
    assert sc.whoami().place == "process"


def test_a_key_that_is_there_and_refused_is_asked_for_anew(monkeypatch, types):
    """Where the key that is found is dead, whoever is there is told and asked; where nobody is, that is the error."""
    monkeypatch.setenv("CLERK_SECRET_KEY", OTHER)
    with pytest.raises(sc.InvalidKey, match="It came from CLERK_SECRET_KEY in the environment"):
        sc.login()
    asked = types(KEY)
    assert sc.login().place == "process"
    assert "It came from CLERK_SECRET_KEY in the environment" in asked[0]


@pytest.mark.parametrize("beside", [None, KEY])
def test_a_variable_of_blanks_is_no_key(monkeypatch, memory, types, beside):
    """A variable that holds nothing but blanks is not taken for a key; it is asked for, as a client finds none."""
    monkeypatch.setenv("CLERK_SECRET_KEY", "  ")
    memory.kept["socialconnect", "CLERK_SECRET_KEY"] = beside
    assert [place for place, _ in settings.places()] == ["keyring"] * bool(beside)
    with pytest.raises(sc.MissingKey):
        sc.whoami()
    types(KEY, "n")
    assert sc.login().place == "process"
    assert sc.whoami().place == "process"


# Wrong keys


@pytest.mark.parametrize(
    ("key", "kind", "said"),
    [
        (OTHER, sc.InvalidKey, "does not accept"),
        ("pk_test_Y2xlcms", sc.InvalidKey, "publishable key"),
        ("hush hush", sc.InvalidKey, "a blank"),
        ("", sc.MissingKey, "No secret key was given"),
        ("  \n", sc.MissingKey, "No secret key was given"),
    ],
)
@pytest.mark.parametrize("typed", [True, False])
def test_a_wrong_key_is_kept_nowhere(memory, types, key, kind, said, typed):
    """What Clerk does not accept, or cannot be a key, is an error before anything is kept or asked."""
    types(key if typed else None)
    with pytest.raises(kind, match=said):
        sc.login(None if typed else key, store=True)
    assert nothing_kept()
    assert memory.kept == {}


@pytest.mark.parametrize("key", [b"hush-hush", 7, ["hush-hush"]])
def test_what_is_no_text_is_no_key(key):
    """A key of another type is a UsageError that does not show it."""
    with pytest.raises(sc.UsageError, match="given as text") as caught:
        sc.login(key)
    assert "hush" not in str(caught.value)


def test_nothing_is_kept_where_clerk_cannot_be_reached(monkeypatch, memory):
    """A key that could not be checked is not kept, and is not called wrong."""
    monkeypatch.setenv("SOCIALCONNECT_BASE_URLS", '{"https://api.clerk.com": "http://127.0.0.1:9"}')
    with pytest.raises(sc.Unavailable):
        sc.login(KEY, store=True)
    assert nothing_kept()
    assert memory.kept == {}


def test_the_name_is_only_pleasant_to_have(monkeypatch, served):
    """Where the Frontend API does not answer, the instance is told without the application's name."""
    homes = {**json.loads(served), "https://clerk.sandbox.example": "http://127.0.0.1:9"}
    monkeypatch.setenv("SOCIALCONNECT_BASE_URLS", json.dumps(homes))
    done = sc.login(KEY)
    assert done.application == ""
    assert str(done).startswith("an application, production instance ins_")


# The keyring


@pytest.mark.parametrize("answer", ["y", " YES ", "n", "", EOFError])
def test_whoever_typed_it_is_asked_for_the_keyring(memory, types, answer, capsys):
    """Yes keeps the key for later processes; anything else does not."""
    asked = types(KEY, answer)
    done = sc.login()
    kept = answer in ("y", " YES ")
    assert "the system keyring" in asked[1]
    assert (memory.key == KEY) is kept
    assert done.place == ("keyring" if kept else "process")
    assert ("The key is kept in the system keyring." in capsys.readouterr().out) is kept


@pytest.mark.parametrize("store", [True, False])
def test_store_decides_without_a_question(memory, types, store):
    """With `store` nobody is asked."""
    types(KEY)
    sc.login(store=store)
    assert (memory.key == KEY) is store


@pytest.mark.usefixtures("memory")
def test_the_keyring_serves_later_processes(monkeypatch):
    """What was stored is found by a process that never logged in."""
    sc.login(KEY, store=True)
    monkeypatch.setattr(vault, "_process", None)
    assert sc.whoami().place == "keyring"


def test_a_key_that_was_found_can_be_stored(memory, monkeypatch):
    """`store=True` moves the variable's key to the keyring, without asking for it."""
    monkeypatch.setenv("CLERK_SECRET_KEY", KEY)
    assert sc.login(store=True).place == "keyring"
    assert memory.key == KEY


@pytest.mark.parametrize("trouble", [KeyringError, ImportError, AttributeError, OSError, RuntimeError])
def test_a_broken_keyring_hides_no_other_place(memory, monkeypatch, trouble):
    """A keyring that is locked, or configured for a backend that is not there, is one without a key."""

    def broken(*_):
        raise trouble

    monkeypatch.setattr(sys.modules["keyring"], "get_password", broken)
    assert memory.kept == {}
    with pytest.raises(sc.MissingKey):
        sc.Client()


def test_one_key_is_kept(memory):
    """The last login's key takes the place of the one before, and that is said."""
    memory.set_password("socialconnect", "CLERK_SECRET_KEY", OTHER)
    done = sc.login(KEY, store=True)
    assert len(memory.kept) == 1
    assert memory.key == KEY
    assert "in place of another" in done.notes[0]
    assert "in place of another" not in sc.login(KEY, store=True).notes[0]


def _kind(module, name="Keyring", priority=5.0):
    return type(name, (Memory,), {"__module__": module})(priority)


@pytest.mark.parametrize(
    "make",
    [
        lambda: None,
        fail.Keyring,
        null.Keyring,
        lambda: _kind("keyring.backends.null"),
        lambda: _kind("keyrings.alt.file", "PlaintextKeyring"),
        lambda: _kind("keyrings.alt.Gnome"),
        lambda: _kind("acme.files", "PlainTextFile"),
        lambda: _kind("acme.files", "File", 0.5),
        lambda: Chain(_kind("keyrings.alt.file", "PlaintextKeyring"), null.Keyring()),
    ],
    ids=["package", "fail", "null", "named null", "plain file", "alt", "plain by name", "not recommended", "chain"],
)
def test_a_file_in_the_clear_is_no_keyring(install, types, make):
    """Where nothing would keep a key safe, nobody is asked to keep it there, and the environment is named instead."""
    backend = install(make())
    asked = types(KEY)
    with pytest.raises(sc.SetupError, match="Set CLERK_SECRET_KEY in the environment"):
        sc.login(store=True)
    assert asked == []  # what cannot be kept need not be typed
    done = sc.login()
    assert done.place == "process"
    assert "CLERK_SECRET_KEY in the environment" in done.notes[0]
    assert not any(getattr(one, "kept", None) for one in getattr(backend, "backends", [backend]))


def test_the_first_safe_backend_of_several_keeps_it(install):
    """Of a chain of backends the first that keeps a key safe is given it, whatever stands before."""
    plain, good = _kind("keyrings.alt.file", "PlaintextKeyring"), Memory()
    install(Chain(plain, good))
    sc.login(KEY, store=True)
    assert (plain.key, good.key) == (None, KEY)
    plain.set_password("socialconnect", "CLERK_SECRET_KEY", OTHER)
    assert sc.logout() == ["process", "keyring"]
    assert (plain.key, good.key) == (None, None)


@pytest.mark.parametrize("refusal", [KeyringError("locked"), RuntimeError(f"no room for {KEY}"), None])
def test_a_keyring_that_fails_is_told(memory, types, refusal, monkeypatch):
    """A backend that refuses, or gives back something else, is an error where it was told to keep the key."""
    memory.refusal = refusal
    if refusal is None:
        monkeypatch.setattr(memory, "set_password", lambda *_: None)
    with pytest.raises(sc.SetupError, match="could not be kept in the system keyring") as caught:
        sc.login(KEY, store=True)
    assert KEY not in str(caught.value)
    assert nothing_kept()
    types(KEY, "y")
    done = sc.login()
    assert done.place == "process"
    assert "could not be kept" in done.notes[0]


@pytest.mark.usefixtures("memory")
def test_a_keyring_that_cannot_be_opened_is_none(types, monkeypatch):
    """A configured backend that is not installed does not stop a login that needs none."""

    def fail():
        raise ModuleNotFoundError("No module named 'acme_keyring'")

    types(KEY)
    monkeypatch.setattr(sys.modules["keyring"], "get_keyring", fail)
    assert sc.login().place == "process"
    with pytest.raises(sc.SetupError, match="acme_keyring"):
        sc.login(KEY, store=True)


# Forgetting


def test_logout_forgets_in_the_process_and_in_the_keyring(memory):
    """Afterwards no client finds a key; a second time there is nothing to forget."""
    sc.login(KEY, store=True)
    assert sc.logout() == ["process", "keyring"]
    assert memory.kept == {}
    assert nothing_kept()
    with pytest.raises(sc.MissingKey, match=r"sc\.login\(\)"):
        sc.Client()
    assert sc.logout() == []


def test_logout_leaves_what_others_wrote(monkeypatch, tmp_path):
    """The environment and a .env file are not this package's to change, and whoami says that there is still a key."""
    monkeypatch.setenv("CLERK_SECRET_KEY", KEY)
    (tmp_path / ".env").write_text(f"CLERK_SECRET_KEY={KEY}\n")
    assert sc.logout() == []
    assert sc.whoami().place == "environment"
    assert (tmp_path / ".env").read_text() == f"CLERK_SECRET_KEY={KEY}\n"


@pytest.mark.parametrize("backend", [None, fail.Keyring(), null.Keyring()])
def test_logout_without_a_keyring_is_no_error(install, backend):
    """A machine without a keyring has no key in it."""
    install(backend)
    assert sc.logout() == []


def test_a_keyring_that_does_not_let_go_is_told(memory):
    """A key that stays in the keyring is not said to be gone; in this process it is."""
    sc.login(KEY, store=True)
    memory.refusal = KeyringError("locked")
    with pytest.raises(sc.SetupError, match="could not be taken out"):
        sc.logout()
    assert vault.remembered() is None


# Who am I


def test_whoami_tells_where_a_clients_key_came_from(monkeypatch):
    """An argument, the environment, the embedded world: each client has its own answer, and none shows the key."""
    monkeypatch.setenv("CLERK_SECRET_KEY", KEY)
    assert sc.whoami(sc.Client()).place == "environment"
    monkeypatch.setenv("CLERK_SECRET_KEY", OTHER)
    assert sc.whoami(sc.Client(KEY)).place == "argument"
    assert sc.whoami(sc.sandbox(users=1)).place == "sandbox"
    assert KEY not in repr(sc.whoami(sc.Client(KEY)))


def test_whoami_without_a_key_says_how_to_log_in():
    """Without a key there is nobody to be."""
    with pytest.raises(sc.MissingKey, match=r"sc\.login\(\)"):
        sc.whoami()


def test_a_kind_that_clerk_does_not_tell_is_told_by_the_key():
    """An instance without an id or a kind has still words."""
    assert str(login_module.Login("", "")) == "an application, instance of no known kind"


def test_markup_in_a_name_is_text():
    """The application's name is its owner's: in a cell it is shown, not obeyed."""
    shown = login_module.Login("ins_1", "development", "<script>x</script>")._repr_html_()
    assert "<script" not in shown
    assert "&lt;script" in shown


# Colab


def test_colabs_secret_is_asked_for_once(colab):
    """Each asking may wait for a click, so clients share one answer; a login asks anew."""
    asked = colab(KEY)
    for _ in range(3):
        sc.Client()
    assert asked == ["CLERK_SECRET_KEY"]
    assert sc.login().place == "colab"
    assert len(asked) == 2


@pytest.mark.parametrize("missing", [SecretNotFoundError, NotebookAccessError, TimeoutException, None])
def test_on_colab_it_is_said_where_to_click(colab, types, missing):
    """No program can write Colab's secrets: what is typed is kept for the session, and the way to keep it is told."""
    asked = colab(missing)
    types(KEY)
    done = sc.login()
    assert len(asked) == 1
    assert done.place == "process"
    assert "the key at the left edge" in done.notes[0]
    with pytest.raises(sc.SetupError, match="left edge"):
        sc.login(KEY, store=True)


# Where nobody can type


@pytest.mark.parametrize("trouble", [EOFError, NotImplementedError, OSError, getpass.GetPassWarning])
def test_where_nobody_can_type_the_way_for_scripts_is_said(types, trouble):
    """nbconvert, papermill, cron: each fails in its way, and each is the same error with the one-line cure."""
    types(trouble)
    with pytest.raises(sc.MissingKey, match="export CLERK_SECRET_KEY=") as caught:
        sc.login()
    assert isinstance(caught.value, sc.SetupError)


@pytest.mark.parametrize("stdin", [None, io.StringIO(f"{KEY}\n")])
def test_a_pipe_is_no_keyboard(monkeypatch, stdin):
    """Without a terminal Python's getpass is not even tried: it would read the pipe, or stop a job in background."""

    def never(_):
        raise AssertionError("it was tried")

    never.__module__ = "getpass"
    monkeypatch.setattr(getpass, "getpass", never)
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(sc.MissingKey, match="Nobody can be asked"):
        sc.login()
    assert nothing_kept()


def test_a_terminal_that_would_show_the_key_is_none(monkeypatch):
    """Where Python cannot turn the echo off it warns and goes on; here that is the end."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(f"{KEY}\n"))
    monkeypatch.setattr(getpass, "getpass", getpass.fallback_getpass)
    with pytest.raises(sc.MissingKey, match="would show what is typed"):
        sc.login()


# Interrupts and tracebacks


def test_an_interrupt_at_the_prompt_keeps_nothing(memory, types):
    """Ctrl-C while typing, or at the question, is an interrupt and nothing else."""
    types(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        sc.login()
    types(KEY, KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        sc.login()
    assert nothing_kept()
    assert memory.kept == {}


def shown(attempt):
    """The error that an attempt ends with, as tools that show all locals print it; and what it was raised from."""
    try:
        attempt()
    except BaseException as error:  # noqa: BLE001 - whatever ends it
        plain = traceback.TracebackException.from_exception(error, capture_locals=True)
        drawn = Console(file=io.StringIO(), width=400)
        whole = {"show_locals": True, "locals_max_length": None, "locals_max_string": None}
        drawn.print(Traceback.from_exception(type(error), error, error.__traceback__, **whole))
        return error, "".join(plain.format()) + drawn.file.getvalue()
    raise AssertionError("it was to fail")


@pytest.mark.parametrize("trouble", ["refused", "publishable", "blank", "keyring", "interrupt", "unreachable"])
def test_no_traceback_holds_the_key(memory, types, monkeypatch, trouble):
    """However a login fails, the traceback with all locals shown, this package's and others', holds no key."""
    key = {"refused": OTHER, "publishable": "pk_test_Y2xlcms", "blank": f"{OTHER} {OTHER}"}.get(trouble, KEY)
    types(key, KeyboardInterrupt)
    if trouble == "keyring":
        memory.refusal = KeyringError(f"cannot take {key}")
    if trouble == "unreachable":
        monkeypatch.setenv("SOCIALCONNECT_BASE_URLS", '{"https://api.clerk.com": "http://127.0.0.1:9"}')
    store = None if trouble == "interrupt" else True
    error, told = shown(lambda: sc.login(store=store))
    assert "login.py" in told
    assert "locals" in told
    assert key not in told
    assert key not in repr(error)
    assert error.__context__ is None


@pytest.mark.usefixtures("memory")
def test_no_traceback_holds_a_key_that_was_given():
    """The argument is gone from the locals before anything can fail."""
    given = [OTHER]
    error, told = shown(lambda: sc.login(given.pop()))
    assert isinstance(error, sc.InvalidKey)
    assert OTHER not in told


# In a kernel


@pytest.fixture
def front(tmp_path, served):
    """A kernel and its front end, which can answer what a cell asks."""
    kernels = pytest.importorskip("tests.kernels", reason="no kernel here")
    nowhere = "keyring.backends.null.Keyring"
    with kernels.notebook(
        tmp_path, SOCIALCONNECT_BASE_URLS=served, SOCIALCONNECT_ATTEMPTS="1", PYTHON_KEYRING_BACKEND=nowhere
    ) as front:
        yield front


@pytest.mark.kernel
def test_a_cell_asks_the_front_end(front):
    """In a notebook the front end's own hidden input takes the key; nothing that the kernel publishes holds it."""
    request = front.send("import socialconnect as sc\nsc.login()")
    asked = front.client.get_stdin_msg(timeout=20)["content"]
    front.client.input(KEY)
    published = json.dumps([content for _, content in front.messages(request)], default=str)
    assert asked["password"] is True
    assert "Clerk accepts the key: Sandbox, production instance" in published
    assert "key from login() in this process" in published
    assert KEY not in published
    cell = front.run("print(len(sc.Client().users()), sc.whoami().place)\n%whos\n%history -n")
    assert cell.printed[:2] == ["3", "process"]
    assert KEY not in " ".join(cell.printed)


@pytest.mark.kernel
def test_an_interrupted_cell_keeps_nothing(front):
    """The kernel's Interrupt at the prompt ends the cell, and no key is there afterwards."""
    request = front.send("import socialconnect as sc\nsc.login()")
    front.client.get_stdin_msg(timeout=20)
    front.kernel.interrupt_kernel()
    assert front.result(request).error == "KeyboardInterrupt"
    assert front.run("sc.Client()").error == "MissingKey"


@pytest.mark.kernel
def test_a_notebook_that_nobody_watches_says_what_to_do(tmp_path, monkeypatch):
    """nbclient, so nbconvert and papermill too, cannot be typed into: the cell says the way for scripts, and with the
    key in the environment the same notebook runs; what is saved holds no key, also where getpass gave it."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    v4 = nbformat.v4
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    (tmp_path / "key.txt").write_text(KEY)
    patched = "import getpass\ngetpass.getpass = lambda prompt: open('key.txt').read()\n"

    def saved(source):
        book = v4.new_notebook(cells=[v4.new_code_cell(f"import socialconnect as sc\n{source}sc.login()")])
        nbclient.NotebookClient(
            book, timeout=60, allow_errors=True, resources={"metadata": {"path": tmp_path}}
        ).execute()
        return nbformat.writes(book)

    nobody, typed = saved(""), saved(patched)
    monkeypatch.setenv("CLERK_SECRET_KEY", KEY)
    found = saved("")
    assert "export CLERK_SECRET_KEY=" in nobody
    assert "Clerk accepts the key: Sandbox" in typed
    assert "key from CLERK_SECRET_KEY in the environment" in found
    assert KEY not in f"{nobody}{typed}{found}"
