"""Paths: where a value stands in a record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialconnect.reading.paths import Each, Index, Key, Where, first, keys_only, look, parse, walk

RECORD = {
    "id": 7,
    "owner": {"login": "octo", "plan": None},
    "labels": [{"name": "bug"}, {"name": None}, {"colour": "red"}, {"name": "ui"}],
    "names": [{"displayName": "Ada"}, {"displayName": "Countess"}],
    "emails": [{"id": "e1", "address": "a@x.example"}, {"id": "e2", "address": "b@x.example"}],
    "primary_id": "e2",
    "groups": [{"members": ["u1", "u2"]}, {"members": []}, {"members": ["u3"]}],
    "@odata.nextLink": "https://graph.example/next",
    "account_type": {".tag": "pro"},
    "https://slack.com/team_id": "T1",
    "a|b": "bar",
    "zero": 0,
    "no": False,
    "blank": "",
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "id", ""]), inner, max_size=4)
    ),
    max_leaves=12,
)
PATHS = st.lists(
    st.sampled_from(["a", "b", "id", "'a.b'", "[]", "[0]", "[-1]", "[id=b]", "|", ".", "'", "[", "]", "=", " "]),
    max_size=8,
).map("".join)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", 7),
        ("owner.login", "octo"),
        ("labels[].name", ["bug", "ui"]),
        ("groups[].members[]", [["u1", "u2"], [], ["u3"]]),
        ("names[0].displayName", "Ada"),
        ("names[-1].displayName", "Countess"),
        ("emails[id=primary_id].address", "b@x.example"),
        ("owner.plan|owner.login", "octo"),
        ("nothing|owner.nothing|id", 7),
        ("'@odata.nextLink'", "https://graph.example/next"),
        ("account_type.'.tag'", "pro"),
        ("'https://slack.com/team_id'", "T1"),
        ("'a|b'|id", "bar"),
        ("nothing|'a|b'", "bar"),
    ],
)
def test_every_form_finds_its_value(path, value):
    """Each form of path that the module shows leads to the value it describes."""
    assert look(RECORD, path) == value


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "owner.nothing",
        "id.login",
        "owner.plan.name",
        "names[2].displayName",
        "names[-3].displayName",
        "owner[0]",
        "emails[id=nothing].address",
        "emails[id=id].address",
        "owner[id=primary_id]",
        "id[id=primary_id]",
        "labels[id=nothing].name",
    ],
)
def test_what_is_not_there_is_none(path):
    """A path that leads nowhere gives None instead of an error."""
    assert look(RECORD, path) is None


@pytest.mark.parametrize(("path", "value"), [("zero|id", 0), ("no|id", False), ("blank|id", "")])
def test_only_null_makes_way_for_the_next_alternative(path, value):
    """Zero, false and the empty text are values: only null or absence lets the next alternative speak."""
    assert look(RECORD, path) == value
    assert type(look(RECORD, path)) is type(value)


@pytest.mark.parametrize("path", ["", "."])
def test_the_record_itself(path):
    """The empty path and the lone dot are the record itself."""
    assert look(RECORD, path) is RECORD


def test_a_lone_dot_can_be_parsed():
    """A column may ask for the whole record."""
    assert parse(".") == ((),)
    assert walk(RECORD, ()) is RECORD


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a..b",
        ".tag",
        "a.",
        "a|",
        "|a",
        "a||b",
        "'open",
        "''",
        "a'b'",
        "a[x]",
        "a[1",
        "a]",
        "[0]a",
        "a.[0]",
        "a[=b]",
    ],
)
def test_a_path_that_is_not_well_formed_is_refused(path):
    """A slip in a path is a ValueError when it is declared, not a column of blanks when it is read."""
    with pytest.raises(ValueError, match="not well formed at character"):
        parse(path)


def test_the_steps_of_each_form():
    """A path becomes the steps that were written, alternatives side by side."""
    assert parse("a[].'b.c'[-2]|d[id=e]") == (
        (Key("a"), Each(), Key("b.c"), Index(-2)),
        (Key("d"), Where("id", "e")),
    )


def test_keys_only():
    """Only a path of nothing but keys can be decoded as nested structures."""
    assert keys_only(parse("a.b")[0]) == ("a", "b")
    assert keys_only(parse("a[0].b")[0]) is None
    assert keys_only(()) == ()


def test_a_sibling_is_looked_up_in_the_whole_record():
    """The value to compare with stands at the record's top, however deep the list is."""
    record = {"main": 2, "profile": {"emails": [{"id": 1, "a": "x"}, {"id": 2, "a": "y"}], "main": 1}}
    assert look(record, "profile.emails[id=main].a") == "y"


@given(st.text(max_size=30) | PATHS)
def test_any_text_is_a_path_or_a_value_error(text):
    """Whatever is written as a path, parsing ends in steps or in a ValueError."""
    try:
        alternatives = parse(text)
    except ValueError:
        return
    assert all(step is not None for path in alternatives for step in path)
    assert text == "." or any(alternatives)


@given(JSON, PATHS)
def test_any_record_can_be_walked(record, text):
    """Whatever a provider sends, a well formed path leads to a value or to None."""
    try:
        alternatives = parse(text)
    except ValueError:
        return
    value = first(record, alternatives)
    assert value is None or any(walk(record, path) is not None for path in alternatives)


@given(st.lists(st.text(st.characters(exclude_characters="'"), min_size=1, max_size=6), min_size=1, max_size=4))
def test_quoted_keys_may_hold_anything(names):
    """A quoted key reads back as it was written, whatever signs it holds."""
    path = ".".join(f"'{name}'" for name in names)
    assert keys_only(parse(path)[0]) == tuple(names)


PERSON = {
    "names": [
        {"n": "contact", "metadata": {"source": {"type": "CONTACT"}}},
        {"n": "profile", "metadata": {"sourcePrimary": True, "source": {"type": "PROFILE"}}},
        {"n": "primary", "metadata": {"primary": True}},
    ],
    "headers": [{"name": "To", "value": "a"}, {"name": "SUBJECT", "value": "b"}, {"name": "to", "value": "c"}],
    "type": "todo",
    "todo": {"text": "do it"},
    "done": {"text": "done"},
    "parent": {"type": "page_id", "page_id": "p1"},
    "fields": {"Name": {"type": "title", "v": 1}, "Price": {"type": "number", "v": 2}},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("names[?metadata.primary].n", "primary"),
        ("names[?metadata.sourcePrimary&metadata.source.type=PROFILE].n", "profile"),
        ("names[?metadata.sourcePrimary&metadata.source.type=CONTACT].n", None),
        ("names[?metadata.nothing,metadata.source.type=contact,*].n", "contact"),
        ("names[?metadata.nothing,*].n", "contact"),
        ("names[?metadata.nothing].n", None),
        ("headers[?name=subject].value", "b"),
        ("headers[?name=To].value", "a"),
        ("headers[?name=cc].value", None),
        ("<type>.text", "do it"),
        ("parent.<type>", "p1"),
        ("<parent.type>", None),
        ("<nothing>.text", None),
        ("fields[?type=number].v", 2),
        ("names[?metadata.nothing].n|<type>.text", "do it"),
    ],
)
def test_an_element_by_what_it_says_and_a_key_by_its_sibling(path, value):
    """Conditions are tried in their order, each on every element; a key may be named by the record itself."""
    assert look(PERSON, path) == value


def test_a_condition_holds_for_what_is_there():
    """No value and False do not meet a bare condition; 0 and an empty text do."""
    for value, met in ((None, False), (False, False), (0, True), ("", True), (True, True)):
        assert (look({"a": [{"b": value, "c": 1}]}, "a[?b].c") == 1) is met


def test_a_text_stands_for_itself_among_objects():
    """Where a list holds texts beside objects with a name, both give a text."""
    assert look({"labels": ["plain", {"name": "object"}, {"other": 1}]}, "labels[].name") == ["plain", "object"]


@pytest.mark.parametrize("path", ["<>", "a<b", "<a", "a[?]", "a[?b]c"])
def test_a_slip_in_the_new_steps_is_found(path):
    """A condition or a name that is not well formed is refused as it is written."""
    with pytest.raises(ValueError, match="not well formed"):
        parse(path)
