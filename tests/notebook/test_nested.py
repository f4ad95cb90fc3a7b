"""Which package may let asyncio run from within itself, where nothing may, and scripts by each engine.

What patches asyncio does so for the whole process, so each of these has one of its own.
"""

import subprocess
import sys
from textwrap import dedent

import pytest

import socialconnect as sc
from socialconnect.notebook import nested

HEAD = """
import asyncio, sys
import socialconnect as sc
client = sc.sandbox(users=3)
"""


def script(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", HEAD + dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": "/nowhere", **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture
def choose(monkeypatch):
    """`choose(nest_asyncio2=…, ipykernel=…)`: the package taken with these versions installed, or what is said."""

    def choose(*, patched=None, python=(3, 12, 1), **versions):
        numbers = {name: tuple(map(int, text.split("."))) for name, text in versions.items()}
        monkeypatch.setattr(nested, "_version", lambda package: numbers.get(package, ()))
        monkeypatch.setattr(sys, "version_info", python)
        monkeypatch.setitem(sys.modules, "ipykernel", sys) if "ipykernel" in versions else monkeypatch.delitem(
            sys.modules, "ipykernel", raising=False
        )
        for name in {None: (), "nest_asyncio": ("_nest_patched",)}.get(patched, ("_nest_patched", "_nest_asyncio2")):
            monkeypatch.setattr(nested.asyncio, name, True, raising=False)
        return nested._package.__wrapped__()

    return choose


@pytest.mark.parametrize(
    ("versions", "package"),
    [
        ({"nest_asyncio2": "1.7.4", "nest_asyncio": "1.6.0", "ipykernel": "7.4.0"}, "nest_asyncio2"),
        ({"nest_asyncio2": "1.7.3", "ipykernel": "7.4.0", "python": (3, 14, 0)}, "nest_asyncio2"),
        ({"nest_asyncio2": "1.7.1", "ipykernel": "6.31.0"}, "nest_asyncio2"),
        ({"nest_asyncio2": "1.7.1"}, "nest_asyncio2"),
        ({"nest_asyncio": "1.6.0", "ipykernel": "6.31.0"}, "nest_asyncio"),
        ({"nest_asyncio": "1.6.0"}, "nest_asyncio"),
        ({"nest_asyncio2": "1.7.2", "nest_asyncio": "1.6.0", "python": (3, 14, 0)}, "nest_asyncio2"),
        ({"patched": "nest_asyncio", "nest_asyncio": "1.6.0", "ipykernel": "6.31.0"}, "nest_asyncio"),
        ({"patched": "nest_asyncio2", "nest_asyncio2": "1.7.4", "ipykernel": "7.4.0"}, "nest_asyncio2"),
    ],
)
def test_the_sound_one_is_taken(choose, versions, package):
    """The maintained successor is taken where it is sound, nest_asyncio itself only where it does no harm."""
    assert choose(**versions) == package


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ({"nest_asyncio": "1.6.0", "ipykernel": "7.0.0"}, "lose the cells"),
        ({"nest_asyncio2": "1.7.2", "nest_asyncio": "1.6.0", "ipykernel": "7.4.0"}, "lose the cells"),
        ({"nest_asyncio": "1.6.0", "python": (3, 14, 0)}, "stops timeouts"),
        (
            {"patched": "nest_asyncio", "nest_asyncio": "1.6.0", "nest_asyncio2": "1.7.4", "ipykernel": "7.4.0"},
            "already",
        ),
        ({"patched": "nest_asyncio2", "nest_asyncio2": "1.7.2", "ipykernel": "7.4.0"}, r"before 1\.7\.3"),
        ({}, "Neither"),
    ],
)
def test_what_would_do_harm_is_refused(choose, versions, said):
    """Where cells or timeouts would be lost without a word, it says so and what to install."""
    with pytest.raises(sc.SetupError, match=said) as refused:
        choose(**versions)
    assert "pip install 'nest-asyncio2>=1.7.3'" in refused.value.cure


def test_importing_patches_nothing():
    """Neither importing nor using a client touches asyncio, nor loads what could."""
    assert script("""
        from socialconnect.notebook import nested
        client.users()
        print(hasattr(asyncio, "_nest_patched"), {"nest_asyncio", "nest_asyncio2"} & {*sys.modules} or "none")
    """) == ["False", "none"]


@pytest.mark.parametrize("engine", ["thread", "nested"])
def test_script(engine):
    """One script runs by each engine: calls before, within and after its own loop, and awaited ones beside them."""
    assert script(
        """
        async def main():
            one, two = len(client.users()), asyncio.create_task(client.aio.users())
            return one, len(await two), len(client.users())

        print(client.engine, len(client.users()), *asyncio.run(main()), len(client.users()))
        """,
        SOCIALCONNECT_ENGINE=engine,
    ) == [engine, "3", "3", "3", "3", "3"]


@pytest.mark.parametrize("engine", ["thread", "nested"])
def test_uvloop(engine):
    """A call within uvloop runs on the background loop; asked to nest there, it says that this cannot be."""
    pytest.importorskip("uvloop")
    said = script(
        """
        import uvloop

        async def main():
            print(len(await client.aio.users()))
            try:
                print(len(client.users()))
            except sc.UsageError as error:
                print(error)

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main())
        """,
        SOCIALCONNECT_ENGINE=engine,
    )
    assert said[0] == "3"
    assert " ".join(said[1:]).startswith("A loop of uvloop cannot run") if engine == "nested" else said[1:] == ["3"]


def test_a_patched_process_is_looked_at():
    """In a kernel whose user has applied nest_asyncio 1.6.0, nesting is refused, and the calls themselves go on."""
    pytest.importorskip("nest_asyncio")
    assert script("""
        import ipykernel, nest_asyncio

        async def main():
            nest_asyncio.apply()
            try:
                sc.enable_nested_asyncio()
            except sc.SetupError as error:
                print(str(error).split(",")[0], len(client.users()))

        asyncio.run(main())
    """) == ["nest_asyncio", "3"]


def test_a_cancelled_caller_cancels_the_call():
    """Ctrl-C in a script with a loop of its own, which only cancels the task that waits, ends a nested call."""
    assert script(
        """
        import os, signal
        from socialconnect import portal

        async def forever():
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                print("cancelled")
                raise

        async def main():
            portal.run(forever(), "nested")

        try:
            asyncio.run(main())
        except KeyboardInterrupt:
            print("interrupted")
        """
    ) == ["cancelled", "interrupted"]


def test_a_callback_may_call_again():
    """With the nested engine, code that a call runs may itself call; the background loop's may not."""
    assert script(
        """
        async def main():
            seen = []
            client.read("github.profile", on_error="ignore", watch=lambda one: seen.append(client.count()))
            print(*{*seen})

        asyncio.run(main())
        """,
        SOCIALCONNECT_ENGINE="nested",
    ) == ["3"]
