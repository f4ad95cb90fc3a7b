"""Errors in a real kernel: ours as cause and cure under the user's lines, a bug with everything there is."""

from __future__ import annotations

import re

import pytest
from tests.kernels import notebook

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module", name="notebook")
def _notebook(tmp_path_factory):
    with notebook(tmp_path_factory.mktemp("kernel")) as front:
        assert front.run("import socialconnect as sc\nclient = sc.sandbox(users=20)").traceback == ""
        yield front


def told(cell):
    return re.sub(r"\x1b\[[0-9;]*m", "", cell.traceback)


def test_an_error_of_ours(notebook):
    """It shows the user's own frames, says how many others there are, then cause, cure and link."""
    cell = notebook.run("""
        def mine():
            return client.github.repos("user_2nobody")

        mine()
    """)
    text = told(cell)
    assert cell.error == "UserNotFound"
    assert '----> 2     return client.github.repos("user_2nobody")' in text
    assert re.search(r"\[… \d+ frames of socialconnect; %xmode Verbose shows them\]", text)
    assert ".py" not in text
    lines = text.splitlines()
    assert lines[-2:] == [
        "UserNotFound: This Clerk instance has no user user_2nobody.",
        "Check the id, and that the key is of the right instance: development and production share no users.",
    ]


def test_the_link(notebook):
    """Where there is more to read, the last line is an address."""
    text = told(notebook.run("raise sc.MissingKey('No key.', cure='Set it.')"))
    assert text.splitlines()[-3:] == ["MissingKey: No key.", "Set it.", sc_link()]


def sc_link():
    from socialconnect.errors import MissingKey  # noqa: PLC0415 - beside its use

    return MissingKey.link


def test_no_secret_in_it(notebook):
    """A secret that a message holds is masked."""
    text = told(
        notebook.run("kept = sc.Secret('correct-horse-battery'); raise sc.UsageError(f'it is {kept.reveal()}')")
    )
    assert "UsageError: it is [secret]" in text


def test_a_bug_is_shown_whole(notebook):
    """An error that is not ours keeps every frame, ours among them."""
    cell = notebook.run("client.read('github.repos', watch=lambda outcome: 1 / 0)")
    assert cell.error == "ZeroDivisionError"
    assert "reader.py" in told(cell)


def test_verbose_shows_everything(notebook):
    """%xmode Verbose folds nothing."""
    text = told(notebook.run("%xmode Verbose\nclient.github.repos('user_2nobody')"))
    assert "async_client.py" in text
    assert "UserNotFound: This Clerk instance has no user" in text
