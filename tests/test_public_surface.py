"""What people can write: the names, their homes, what completion offers and what repr shows."""

import ast
import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import socialconnect as sc

NAMES = """
AccessDenied AccountError AfterId Answer Asks AsyncClient Attempt BodyCursor BoundConnector BoundResource Budget
Client Column Connector Cursor DamagedState Diagnosis Disconnected EmptySelection ErrorRule ExportReport Fault
ForeignOrigin Gone GraphQL InvalidKey Job Link LinkHeader MalformedResponse Manners MissingKey MissingPackage
MissingScope NextUrl NoPages NotConnected NotFound NotRecorded Offset Outcome PageNumber PagingLoop Param Parent
PartialWarning Plan Profile ProtocolError ProviderNotEnabled ProviderPicker RateLimited ReconnectNeeded
RequestRefused Resource ResourcePicker Run SchemaChanged Secret Settings SetupError SocialConnectError Sync
TargetBusy TargetError Trace TryAgainLater Unavailable UnknownName UsageError UserNotFound UserPicker Wanted
__version__ columns enable_nested_asyncio login logout plot read_export record replay sandbox trace whoami
""".split()  # noqa: SIM905 - a list as a text reads best
PROBES = (
    "_repr_latex_",
    "_repr_mimebundle_",
    "_ipython_display_",
    "_ipython_canary_method_should_not_exist_",
    "_repr_png_",
    "__wrapped__",
    "__deepcopy__",
    "__array__",
)


@pytest.fixture(scope="module")
def client():
    return sc.sandbox(users=20)


def test_the_names_are_pinned():
    """What `from socialconnect import …` can name changes only on purpose, and is sorted."""
    assert sc.__all__ == NAMES == sorted(sc.__all__)
    assert dir(sc) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there(name):
    """Each public name resolves, and to what carries that name."""
    value = getattr(sc, name)
    assert getattr(value, "__name__", name).rpartition(".")[2] == name


def test_what_a_type_checker_sees_is_what_there_is():
    """The names imported for type checkers are those that are loaded on first use, out of the same modules."""
    tree = ast.parse(Path(sc.__file__).read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: f"{node.module}".removeprefix("socialconnect.")
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {**sc._HOME, "plot": "socialconnect"}  # a module has no other home
    assert {*seen, "__version__"} == set(sc.__all__)


def test_an_unknown_name_is_an_attribute_error():
    """A name that is not public is said to be missing as Python says it."""
    with pytest.raises(AttributeError, match="no attribute 'Clinet'"):
        sc.Clinet  # noqa: B018 - that it raises is what is tried


@pytest.mark.parametrize(
    "first", ["sc.Fault", "import socialconnect.sandbox", "from socialconnect.sandbox import Sandbox", "sc.sandbox"]
)
def test_sandbox_stays_the_function(first):
    """Whatever of the sandbox's package is imported first, `sc.sandbox` makes a client."""
    code = f"import socialconnect as sc; {first}; print(sc.sandbox(users=1).sandbox)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Sandbox(users=1, seed=0)"


def _methods(kind):
    members = ((name, getattr(kind, name)) for name in dir(kind) if not name.startswith("_"))
    return {name: one for name, one in members if inspect.isfunction(one)}


def test_both_clients_have_the_same_methods():
    """Each method of the client to await is there to call, with the same parameters and words."""
    awaited, called = _methods(sc.AsyncClient), _methods(sc.Client)
    awaited["close"] = awaited.pop("aclose")
    # what a client does for the caller at the keyboard has no counterpart to await
    assert set(awaited) <= set(called)
    for name, method in awaited.items():
        assert inspect.signature(method) == inspect.signature(called[name]), name
        assert method.__doc__ == called[name].__doc__
        assert inspect.iscoroutinefunction(method), name
        assert not inspect.iscoroutinefunction(called[name])
    assert inspect.signature(sc.Client) == inspect.signature(sc.AsyncClient)


@pytest.mark.parametrize("make", [lambda c: c, lambda c: c.aio])
def test_completion_offers_the_connectors(client, make):
    """Tab completion knows every connector and every method, and no name twice."""
    names = dir(make(client))
    assert {"github", "google", "notion", "users", "accounts", "read"} <= set(names)
    assert len(names) == len(set(names))


def test_completion_offers_the_resources(client):
    """Tab completion knows the resources, as attributes and as keys."""
    names = sorted(one.name for one in client.connectors["github"].resources)
    assert dir(client.github) == sorted(client.github._ipython_key_completions_()) == names
    assert {"github", "google", "notion"} <= set(client._ipython_key_completions_())
    assert client["github"]["repos"] is client.github.repos


@pytest.mark.parametrize("name", PROBES)
@pytest.mark.parametrize("make", [lambda c: c, lambda c: c.aio, lambda c: c.github, lambda c: c.github.repos])
def test_probes_find_nothing(client, make, name):
    """What notebooks and copiers ask any object for is not taken for a provider or a resource."""
    assert not hasattr(make(client), name)


def test_a_resource_is_documented_by_its_columns(client):
    """`client.github.repos?` tells parameters, every column with its dtype, scopes and the vendor's page."""
    text = client.github.repos.__doc__
    for column in client.connectors["github"].resource("repos").columns:
        assert column.name in text
    for words in ("datetime64[us, UTC]", "visibility", "one of all, public, private", "Source: https://docs.github"):
        assert words in text
    assert "repos" in client.github.__doc__


def test_a_resource_has_a_signature(client):
    """The signature names the resource's own parameters, so that completion in a call knows them."""
    signature = inspect.signature(client.github.repos)
    assert [*signature.parameters][:5] == ["users", "columns", "raw", "on_error", "watch"]
    assert {"visibility", "affiliation", "since"} <= set(signature.parameters)


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda c: c, "<Client: "),
        (lambda c: c.aio, "<AsyncClient: "),
        (lambda c: c.github, "<GitHub: repos, profile, "),
        (lambda c: c.google.profile, "<google.profile(users=None, *, columns=None"),
        (lambda c: c.read("google.profile", on_error="ignore"), "<Run google.profile: "),
    ],
)
def test_reprs_are_one_short_line(client, make, shown):
    """What a cell ends with shows what it is, on one line."""
    text = repr(make(client))
    assert text.startswith(shown)
    assert "\n" not in text
    assert len(text) < 200


def test_the_package_can_be_sent_to_another_process():
    """A function that names the package by its short name is pickled with it, as the same package."""
    assert pickle.loads(pickle.dumps(sc)) is sc
