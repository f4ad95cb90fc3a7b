"""`ResourcePicker`: inputs made from declarations, and what they stand for."""

from datetime import date

import ipywidgets as widgets
import pytest

import socialconnect as sc
from socialconnect.notebook.inputs import Input
from socialconnect.notebook.parts import Kit
from socialconnect.notebook.resources import Choice


def _made(**how):
    return Input(sc.Param("it", **how), Kit())


@pytest.mark.parametrize(
    ("how", "kind", "entered", "value"),
    [
        ({}, widgets.Text, " main ", "main"),
        ({"kind": int, "least": 1}, widgets.Text, "12", 12),
        ({"kind": bool}, widgets.Dropdown, False, False),
        ({"choices": ("all", "public")}, widgets.Dropdown, "public", "public"),
        ({"choices": ("a", "b", "c"), "many": True}, widgets.SelectMultiple, ("a", "c"), ["a", "c"]),
        ({"many": True}, widgets.Text, "a/b, c/d,", ["a/b", "c/d"]),
        ({"kind": int, "many": True}, widgets.Text, "1, 2", [1, 2]),
        ({"kind": dict}, widgets.Textarea, '{"a": [1]}', {"a": [1]}),
    ],
)
def test_each_kind_of_parameter_has_its_input(how, kind, entered, value):
    """The declaration chooses the input; what is entered becomes a value of the declared kind, and back."""
    one = _made(**how)
    assert type(one.widget) is kind
    assert one.value is None
    one.widget.value = entered
    assert one.value == value
    assert type(one.value) is type(value)
    again = _made(**how)
    again.value = value
    assert again.value == value
    again.value = None
    assert again.value is None


def test_a_moment_is_a_date_to_pick(small):
    """A datetime is picked as a date, and stands for an ISO text, which the code can show."""
    picker = sc.ResourcePicker(small, resource="github.repos")
    since = picker._inputs["since"]
    assert type(since.widget) is widgets.DatePicker
    since.widget.value = date(2026, 5, 1)
    assert picker.arguments == {"since": "2026-05-01"}
    picker.arguments = {"since": "2026-06-02T10:00:00Z"}
    assert since.widget.value == date(2026, 6, 2)


@pytest.mark.parametrize(
    ("how", "entered"),
    [
        ({"kind": int}, "many"),
        ({"kind": int, "most": 5}, "6"),
        ({"kind": dict}, "{"),
        ({"pattern": r"\w+/\w+"}, "no slash"),
    ],
)
def test_what_a_parameter_does_not_allow_is_refused(how, entered):
    """What cannot be meant is a UsageError with the cure, before anything is sent."""
    one = _made(**how)
    one.widget.value = entered
    with pytest.raises(sc.UsageError) as caught:
        _ = one.value
    assert caught.value.cure


def test_every_declared_parameter_has_an_input(small):
    """All resources of all connectors can be chosen, and each shows its columns and parameters."""
    picker = sc.ResourcePicker(small)
    for name, connector in small.connectors.items():
        for resource in connector.resources:
            picker.resource = f"{name}.{resource.name}"
            assert [*picker._inputs] == [param.name for param in resource.arguments]
            assert [value for _, value in picker._columns.options] == [column.name for column in resource.columns]
            assert picker._columns.value == tuple(column.name for column in resource.select(None))
            assert picker.choice == Choice(picker.resource)
            assert picker._status.value == ""


def test_parameters_that_exclude_each_other_are_told(small):
    """What the parameters do not allow together stands below them at once, and goes when it is mended."""
    picker = sc.ResourcePicker(small, resource="github.repos")
    picker._inputs["visibility"].widget.value = "public"
    picker._inputs["type"].widget.value = "owner"
    assert "exclude each other" in picker._status.value
    with pytest.raises(sc.UsageError, match="exclude"):
        _ = picker.choice
    picker._inputs["type"].widget.value = ""
    assert picker._status.value == ""
    assert picker.arguments == {"visibility": "public"}


def test_columns_on_request_are_marked_and_left_out(small, press):
    """Columns that come only on request say so; *All* takes them too, *Default* leaves them out again."""
    picker = sc.ResourcePicker(small, resource="github.repos")
    frame = picker.frame.set_index("column")
    asked = frame.index[frame["on_request"]]
    assert len(asked)
    assert not frame.loc[asked, "chosen"].any()
    labels = {value: label for label, value in picker._columns.options}
    assert all("on request" in labels[name] for name in asked)
    press(picker, "All")
    assert picker.frame["chosen"].all()
    assert set(asked) <= set(picker.columns)
    press(picker, "Default")
    assert picker.columns is None
    picker._columns.value = ()
    assert "No column is chosen.</b> Choose some" in picker._status.value


def test_a_choice_reads_what_it_says(small):
    """Columns and arguments of a choice are taken by `read` as they are."""
    picker = sc.ResourcePicker(
        small, "github", resource="github.repos", columns=["name", "private"], arguments={"visibility": "public"}
    )
    choice = picker.choice
    run = small.read(choice.resource, columns=choice.columns, on_error="ignore", **choice.arguments)
    assert [*run.frame.columns] == ["user_id", "external_account_id", "name", "private"]
    assert len(run.frame)
    assert not run.frame["private"].any()


def test_unknown_names_are_refused(small):
    """A provider, resource, column or parameter that there is not raises with the nearest."""
    with pytest.raises(sc.UnknownName, match="github"):
        sc.ResourcePicker(small, "gihub")
    with pytest.raises(sc.UnknownName, match="repos"):
        sc.ResourcePicker(small, resource="github.repo")
    picker = sc.ResourcePicker(small, resource="github.repos")
    with pytest.raises(sc.UnknownName, match="name"):
        picker.columns = ["nam"]
    with pytest.raises(sc.UnknownName, match="visibility"):
        picker.arguments = {"visibilty": "public"}


def test_every_change_is_told_once(small):
    """Who watches learns of each change: one for a resource, a parameter, a set of arguments."""
    picker = sc.ResourcePicker(small, resource="github.repos")
    seen = []
    picker.watch(lambda: seen.append(picker.resource))
    picker.arguments = {"visibility": "public", "sort": "pushed"}
    picker._inputs["direction"].widget.value = "asc"
    picker.resource = "google.profile"
    assert seen == ["github.repos", "github.repos", "google.profile"]


def test_declarations_are_shown_as_text():
    """What a connector says of itself cannot bring markup into the panel."""
    odd = sc.Connector(
        "odd",
        "https://odd.example",
        [sc.Resource("things", "/t", sc.columns("string", "id"), doc="<b>1</b>", source="javascript:alert(1)")],
        title="<i>Odd</i>",
    )
    picker = sc.ResourcePicker(sc.sandbox(users=1, connectors=[odd]), "odd")
    assert "&lt;b&gt;1&lt;/b&gt;" in picker._about.value
    assert "<b>" not in picker._about.value
    assert "javascript" not in picker._about.value
    assert "odd.things" in str(picker)
