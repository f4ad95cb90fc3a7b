"""Pages come in any order and leave in theirs."""

from hypothesis import given
from hypothesis import strategies as st

from socialconnect import columns
from socialconnect.frames import Table
from socialconnect.reading.typed import Page
from socialconnect.runs.order import InOrder


def page(*values):
    return Page((list(values),), len(values))


def make():
    table = Table(columns("Int64", "id"), lead=())
    return table, InOrder(table)


@st.composite
def _arrivals(draw):
    """Places with so many pages each, and an order in which pages and ends come: an end after its pages."""
    sizes = draw(st.lists(st.integers(0, 4), min_size=1, max_size=6))
    events = [(place, number) for place, size in enumerate(sizes) for number in range(size)]
    shuffled = list(draw(st.permutations(events)))
    for place in draw(st.permutations(range(len(sizes)))):
        last = max((at for at, event in enumerate(shuffled) if event[0] == place), default=-1)
        shuffled.insert(draw(st.integers(last + 1, len(shuffled))), (place, None))
    return sizes, shuffled


@given(_arrivals())
def test_rows_leave_in_order_whatever_comes_first(arrivals):
    """Pages of many places, in any order, end as if they had come one after another."""
    sizes, events = arrivals
    table, order = make()
    for place, number in events:
        if number is None:
            order.done(place)
        else:
            order.page(place, number, page(place * 100 + number))
    expected = [place * 100 + number for place, size in enumerate(sizes) for number in range(size)]
    assert table.frame()["id"].tolist() == expected


def test_rows_leave_as_soon_as_they_can():
    """A page whose predecessors are all there does not wait for the end of its place."""
    table, order = make()
    order.page(0, 1, page(1))
    assert table.rows == 0
    order.page(0, 0, page(0))
    assert table.rows == 2
    order.page(1, 0, page(10))
    assert table.rows == 2
    order.done(0)
    assert table.rows == 3


def test_a_gap_does_not_keep_what_follows():
    """Where a page never came, the later ones of that place are kept all the same."""
    table, order = make()
    order.page(0, 0, page(0))
    order.page(0, 3, page(3))
    order.page(0, 2, page(2))
    order.page(1, 0, page(10))
    order.done(0)
    order.done(1)
    assert table.frame()["id"].tolist() == [0, 2, 3, 10]
