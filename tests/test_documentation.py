"""Every public name is explained, by an example that runs."""

import inspect
import re
from pathlib import Path

import pytest

import socialconnect as sc

README = Path(__file__).parents[1] / "README.md"

WITHOUT_EXAMPLE = {
    # errors are raised, not called: their class says when, errors.py draws the tree
    **{
        name: "an error"
        for name in sc.__all__
        if isinstance(getattr(sc, name), type) and issubclass(getattr(sc, name), Exception)
    },
    # values of a declaration: reading/declare.py and each kind of paging show them in use, as text beside a sample
    **dict.fromkeys(
        ["AfterId", "BodyCursor", "Cursor", "GraphQL", "LinkHeader", "NextUrl", "NoPages", "Offset", "PageNumber"],
        "a kind of paging",
    ),
    **dict.fromkeys(["Column", "Connector", "ErrorRule", "Resource"], "a value of a declaration"),
    # what it does cannot be undone, so that every example after it would run differently
    "enable_nested_asyncio": "changes the whole process",
    # made by the client alone
    **dict.fromkeys(["BoundConnector", "BoundResource", "Outcome"], "made by a client"),
}
NAMES = [name for name in sc.__all__ if callable(getattr(sc, name))]


def methods(kind):
    return [
        (f"{kind.__name__}.{name}", one)
        for name, one in vars(kind).items()
        if not name.startswith("_") and (inspect.isfunction(one) or isinstance(one, (classmethod, property)))
    ]


def text_of(one):
    found = inspect.getdoc(one.__func__ if isinstance(one, classmethod) else one)
    assert found
    return found


def examples(name):
    """The example of a class or of one of its public methods, or of a function."""
    one = getattr(sc, name)
    yield text_of(one)
    if isinstance(one, type):
        yield from (text_of(method) for _, method in methods(one))


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_explained_by_an_example(name):
    """A public callable has words and an example, its own or a method's, or a reason why it has none."""
    shown = any(">>> " in text for text in examples(name))
    assert shown or name in WITHOUT_EXAMPLE, f"{name} has no example"


@pytest.mark.parametrize("name", sorted(set(WITHOUT_EXAMPLE) - {"SocialConnectError"}))
def test_no_exception_is_without_need(name):
    """Whoever gets an example leaves the list of exceptions."""
    assert ">>> " not in text_of(getattr(sc, name))


@pytest.mark.parametrize(("name", "method"), methods(sc.AsyncClient), ids=[name for name, _ in methods(sc.AsyncClient)])
def test_each_method_of_a_client_has_an_example(name, method):
    """Every method of the client says what it does and shows a call, save those that only close."""
    text = text_of(method)
    assert text[0].isupper()
    assert ">>> " in text or name == "AsyncClient.aclose"


@pytest.mark.parametrize("name", NAMES)
def test_a_docstring_begins_with_a_sentence(name):
    """The first line says what it is, and ends as a sentence does."""
    first = text_of(getattr(sc, name)).splitlines()[0]
    assert first.endswith((".", ":"))
    assert len(first) <= 120


@pytest.mark.parametrize(
    ("name", "method"),
    [
        pair
        for kind in (sc.AsyncClient, sc.Client, sc.Run, sc.Outcome, sc.Settings, sc.Secret)
        for pair in methods(kind)
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_public_method_is_explained(name, method):
    """No public method is without words."""
    assert len(text_of(method)) > 10, name


def test_the_readmes_blocks_are_python():
    """Each Python block of the README compiles and names only what is public; test_readme.py runs them."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL) if README.exists() else []
    if not blocks:
        pytest.skip("the README has no Python block")
    for block in blocks:
        compile(block, "README.md", "exec")
        assert set(re.findall(r"\bsc\.(\w+)", block)) <= set(sc.__all__)
