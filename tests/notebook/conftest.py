"""Comms without a kernel: what widgets would send is kept, and counted."""

import json

import pytest

import socialconnect as sc

comm = pytest.importorskip("comm")
ipywidgets = pytest.importorskip("ipywidgets")


class Wire:
    """The messages that a front end would get."""

    def __init__(self):
        self.messages = []

    @property
    def size(self):
        """Bytes of their contents."""
        return sum(len(json.dumps(data, ensure_ascii=False).encode()) for data in self.messages)

    @property
    def text(self):
        return json.dumps(self.messages, ensure_ascii=False)

    def clear(self):
        self.messages.clear()


@pytest.fixture
def wire(monkeypatch):
    kept = Wire()

    class Comm(comm.base_comm.BaseComm):
        def publish_msg(self, _, data=None, **__):
            kept.messages.append(data)

    monkeypatch.setattr(comm, "create_comm", Comm)
    return kept


@pytest.fixture(scope="session")
def small():
    """A world of two hundred users."""
    return sc.sandbox(users=200, seed=1)


@pytest.fixture(scope="session")
def large():
    """A world of ten thousand users."""
    return sc.sandbox(users=10_000, seed=1)


@pytest.fixture
def press():
    """`press(panel, "Add selected")`: what a click on that button does."""

    def click(panel, label):
        def buttons(widget):
            for child in getattr(widget, "children", ()):
                yield from buttons(child)
            if isinstance(widget, ipywidgets.Button):
                yield widget

        found = [one for one in buttons(panel.widget) if one.description == label]
        assert len(found) == 1, f"{label}: {[one.description for one in buttons(panel.widget)]}"
        found[0].click()

    return click
