"""The error tree, cut by what the caller should do next."""

import copy
import pickle
import re
from datetime import UTC, datetime

import pytest

from socialconnect import errors
from socialconnect.errors import (
    EmptySelection,
    MissingPackage,
    MissingScope,
    RateLimited,
    SocialConnectError,
    UnknownName,
    UsageError,
)

ALL = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, SocialConnectError)]
BRANCHES = [each for each in ALL if each.__bases__[0] is SocialConnectError]


def drawn():
    """(name, parent's name, what is said of it) for each line of the picture in the module's docstring."""
    path, found = [], []
    for line in errors.__doc__.splitlines():
        match = re.match(r"    ((?:[│ ]   )*)((?:├──|└──) )?(\w+) *(.*)$", line)
        if match:
            indent, branch, name, said = match.groups()
            depth = len(indent) // 4 + bool(branch)
            path[depth:] = [name]
            found.append((name, path[depth - 1] if depth else None, said))
    return found


def test_the_picture_is_the_tree():
    """The tree drawn at the top of the file is the tree of the classes, in their order and with nothing left out."""
    assert [(name, parent) for name, parent, _ in drawn()] == [
        (each.__name__, None if each is SocialConnectError else each.__bases__[0].__name__) for each in ALL
    ]


def test_the_picture_tells_each_exit_code():
    """Each branch's exit code in the picture is the one that the class has."""
    told = {name: int(match[1]) for name, _, said in drawn() if (match := re.search(r"exit (\d+)", said))}
    assert told == {each.__name__: each.exit_code for each in BRANCHES}


def test_exit_codes_tell_the_branches_apart():
    """A script learns from the exit code alone what it should do, in every leaf of a branch."""
    codes = [each.exit_code for each in [SocialConnectError, *BRANCHES]]
    assert len(set(codes)) == len(codes)
    assert 0 not in codes
    for each in ALL:
        branch = next((base for base in BRANCHES if issubclass(each, base)), SocialConnectError)
        assert each.exit_code == branch.exit_code


def test_codes_are_unique():
    """Each class has its own code in lower case, for programs to tell errors apart."""
    codes = [each.code for each in ALL]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)


def test_three_levels_at_most():
    """The tree is flat enough to be remembered."""
    assert all(sum(issubclass(base, SocialConnectError) for base in each.__mro__) <= 3 for each in ALL)


@pytest.mark.parametrize("kind", ALL)
def test_an_error_says_what_happened_and_what_to_do(kind):
    """The text is the message and the cure; the repr names the class."""
    error = kind("It broke.", cure="Mend it.")
    assert str(error) == "It broke. Mend it."
    assert repr(error) == f"{kind.__name__}('It broke. Mend it.')"
    assert str(kind("It broke.")) == "It broke."
    assert (error.message, error.cure) == ("It broke.", "Mend it.")


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("through", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy])
def test_an_error_survives_its_process(kind, through):
    """Pickled or copied, an error keeps its class, message, cure and context."""
    error = kind("It broke.", cure="Mend it.", user_id="user_1", provider="github", required=("repo",), retry_after=3)
    twin = through(error)
    assert type(twin) is kind
    assert (twin.message, twin.cure, twin.context, twin.args) == (error.message, error.cure, error.context, error.args)
    assert str(twin) == str(error)


def test_context_can_be_asked_for_by_name():
    """What is known of the place of an error is an attribute; what is not known is None."""
    error = SocialConnectError(
        "x", user_id="user_1", provider="github", resource="github.repos", status=404, trace_id="t1", other=None
    )
    assert (error.user_id, error.provider, error.resource) == ("user_1", "github", "github.repos")
    assert (error.status, error.trace_id) == (404, "t1")
    assert "other" not in error.context
    bare = SocialConnectError("x", user_id="", status="404")
    assert (bare.user_id, bare.provider, bare.resource, bare.status, bare.trace_id) == (None,) * 5


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (UsageError, ValueError),
        (EmptySelection, ValueError),
        (UnknownName, ValueError),
        (UnknownName, AttributeError),
        (UnknownName, KeyError),
        (MissingPackage, ImportError),
    ],
)
def test_python_knows_the_error_too(kind, builtin):
    """Code that has never heard of this package catches the error under Python's own name."""
    with pytest.raises(builtin) as caught:
        raise kind("It broke.", cure="Mend it.")
    assert str(caught.value) == "It broke. Mend it."


def test_an_unknown_attribute_is_one():
    """`hasattr` and `getattr` with a default take an UnknownName for a missing attribute."""

    class Rooms:
        def __getattr__(self, name):
            raise UnknownName(f"There is no {name}.")

    assert not hasattr(Rooms(), "attic")
    assert getattr(Rooms(), "attic", 7) == 7


def test_a_missing_scope_tells_both_sides():
    """Required and granted scopes are tuples of text, empty where nothing is known."""
    error = MissingScope("x", required=["repo"], granted=("gist", "user"))
    assert (error.required, error.granted) == (("repo",), ("gist", "user"))
    bare = MissingScope("x", required="repo")
    assert (bare.required, bare.granted) == ((), ())


def test_a_rate_limit_tells_when_to_come_back():
    """The wait in seconds and the moment in UTC are there for whoever wants to plan."""
    error = RateLimited("x", retry_after=90, until=1_800_000_000.5)
    assert error.retry_after == 90.0
    assert error.until == datetime(2027, 1, 15, 8, 0, 0, 500000, UTC)
    assert (RateLimited("x").retry_after, RateLimited("x").until) == (0.0, None)
