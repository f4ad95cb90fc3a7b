"""From JSON objects in a frame to typed columns: names, dtypes, what collides, and what nobody has."""

import json

import pandas as pd
import pytest

import socialconnect as sc
from socialconnect.connectors.notion import connector
from socialconnect.expand import expand
from socialconnect.frames import Table
from socialconnect.reading.typed import Page

ROWS = connector.resource("rows")
ID, TEXT = ROWS.column("id"), ROWS.column("properties")


def of(kind, value, identity="x"):
    return {"id": identity, "type": kind, kind: value}


def title(text):
    return of("title", [{"plain_text": text}], "title")


def frame_of(*rows, columns=(ID, TEXT)):
    """A frame as a read makes it before its properties become columns."""
    table = Table(columns)
    texts = [None if row is None else json.dumps(row) for row in rows]
    table.append(Page(([f"p{number}" for number in range(len(rows))], texts), len(rows)), ("user_1", "eac_1"))
    return table.frame()


def expanded(*rows, names=None):
    return expand(frame_of(*rows), ROWS, names)[0]


def dtypes(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items() if name not in ("user_id", "external_account_id")}


DAY = {"start": "2026-05-01", "end": None, "time_zone": None}


def test_columns_stand_where_the_objects_stood():
    """Each property is a column of its type's dtype, in place of the JSON; the others stay as they were."""
    frame = expanded({"Name": title("a"), "Age": of("number", 3), "Due": of("date", DAY)}, {"Name": title("b")})
    assert dtypes(frame) == {
        "id": "string",
        "Name": "string",
        "Age": "Float64",
        "Due": "datetime64[us, UTC]",
        "Due_end": "datetime64[us, UTC]",
        "Due_time_zone": "string",
        "Due_is_date": "boolean",
    }
    assert frame["Name"].tolist() == ["a", "b"]
    assert frame["Due"].tolist() == [pd.Timestamp("2026-05-01", tz="UTC"), pd.NaT]
    assert frame["Age"].isna().tolist() == [False, True]
    assert frame["id"].tolist() == ["p0", "p1"]


def test_the_frame_says_which_property_a_column_is():
    """Ids outlast names: they stand beside the columns, plain enough for Parquet."""
    frame = expanded({"Due": of("date", DAY, "a%3A")}, {"Due": of("date", DAY, "b")}, {"N": of("number", 1, "n")})
    assert frame.attrs["properties"]["N"] == {"name": "N", "type": "number", "ids": ["n"]}
    assert frame.attrs["properties"]["Due_end"] == {"name": "Due", "type": "date", "ids": ["a%3A", "b"]}
    assert json.loads(json.dumps(frame.attrs)) == frame.attrs


def test_types_of_one_dtype_share_a_column():
    """A title here and a text there make one column of texts."""
    frame = expanded({"Name": title("a")}, {"Name": of("rich_text", [{"plain_text": "b"}])}, {"Name": of("url", "c")})
    assert frame["Name"].tolist() == ["a", "b", "c"]
    assert frame.attrs["properties"]["Name"]["type"] == "title or rich_text or url"


def test_types_of_different_dtypes_have_columns_of_their_own():
    """Where one name means a number here and a day there, each column says its type, whichever came first."""
    number, day = {"When": of("number", 1)}, {"When": of("date", DAY)}
    for rows in ((number, day), (day, number)):
        frame = expanded(*rows)
        assert {"When (number)", "When (date)", "When_end"} <= set(frame.columns)
        assert "When" not in frame
        assert frame["When (number)"].notna().sum() == frame["When (date)"].notna().sum() == 1


def test_a_type_without_values_gives_way():
    """A formula that is empty as a text and else a number is one column of numbers."""
    texts = of("formula", {"type": "string", "string": None})
    frame = expanded({"F": texts}, {"F": of("formula", {"type": "number", "number": 2})})
    assert dtypes(frame) == {"id": "string", "F": "Float64"}
    assert dtypes(expanded({"F": texts}, {"F": texts})) == {"id": "string", "F": "string"}
    nothing = of("rollup", {"type": "array", "array": []})
    frame = expanded({"R": nothing}, {"R": of("rollup", {"type": "number", "number": 2})})
    assert dtypes(frame) == {"id": "string", "R": "Float64"}


@pytest.mark.parametrize("name", ["id", "url", "created_time", "user_id", "external_account_id", "raw", "properties"])
def test_a_name_that_is_taken_has_its_type(name):
    """A property cannot take the place of one of the row's own columns."""
    frame = expanded({name: of("number", 7)})
    assert frame[f"{name} (number)"].tolist() == [7.0]
    assert frame.columns.is_unique
    assert frame["id"].tolist() == ["p0"]


def test_odd_names_stay_apart():
    """Names that run into those of others, or are none, still give each property a column of its own."""
    frame = expanded(
        {"Due": of("date", DAY), "Due_end": of("number", 1), "": of("number", 2), "Due_end (number)": of("number", 3)}
    )
    assert frame.columns.is_unique
    assert sorted(frame.select_dtypes("Float64").iloc[0]) == [1, 2, 3]
    assert frame["(number)"].tolist() == [2]
    assert frame["Due"].notna().all()


def test_a_column_has_the_name_of_its_property_alone():
    """Dots, bars and line ends in a name mean nothing."""
    frame = expanded({"a.b|c[0]\n'": of("number", 1)})
    assert frame["a.b|c[0]\n'"].tolist() == [1]


ROW = {"Name": title("a"), "Due": of("date", DAY), "url": of("url", "u")}


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (["Name", "id"], ["Name", "id"]),
        (["id", "Due"], ["id", "Due"]),
        (["Due_end", "id", "Name"], ["Due_end", "id", "Name"]),
        (["url (url)"], ["url (url)", "id"]),
        (["properties", "id"], ["properties", "id"]),
        (["properties", "Name"], ["properties", "Name", "id"]),
        (["Name", "Name", "id", "user_id"], ["Name", "id"]),
    ],
)
def test_columns_are_chosen_by_property(names, columns):
    """The columns that are named come first, in that order."""
    frame = expanded(ROW, names=names)
    assert list(frame.columns) == ["user_id", "external_account_id", *columns]


def test_a_name_that_nothing_has_is_refused():
    """The nearest name is told, and which there are."""
    with pytest.raises(sc.UnknownName, match="There is no column 'Nome' of rows") as refused:
        expanded(ROW, names=["id", "Nome"])
    assert "Did you mean 'Name'?" in str(refused.value)


def test_a_property_of_several_types_is_chosen_whole():
    """Where no column has the property's bare name, it stands for all of its columns."""
    frame = expand(frame_of({"When": of("number", 1)}, {"When": of("date", DAY)}), ROWS, ["When", "id"])[0]
    wanted = ["When (number)", "When (date)", "When_end", "When_time_zone", "When_is_date"]
    assert list(frame.columns)[2:] == [*wanted, "id"]


def test_no_rows_can_gainsay_a_name():
    """Without rows nobody knows the properties: those that were named are there, as texts."""
    assert dtypes(expanded()) == {"id": "string"}
    assert dtypes(expanded(names=["id", "Name"])) == {"id": "string", "Name": "string"}
    assert dtypes(expanded(None, names=["id", "Name"])) == {"id": "string", "Name": "string"}


def test_rows_without_a_property_have_none_of_it():
    """Rows of several data sources share a frame: a list that is empty is not one that is not there."""
    frame = expanded({"Tags": of("multi_select", [])}, {"Name": title("b")}, None)
    assert frame["Tags"].tolist() == [[], None, None]
    assert frame["Name"].isna().tolist() == [True, False, True]


def test_odd_values_are_counted():
    """A value that is not of its type is missing, and the drift says at which property."""
    frame, drift = expand(frame_of({"Age": of("number", {})}, {"Age": of("number", 2)}), ROWS)
    assert frame["Age"].isna().tolist() == [True, False]
    assert drift == {"Age": 1}


def test_other_resources_stay_as_they_are():
    """A resource whose columns are declared has nothing to expand, nor a selection without properties."""
    frame = frame_of({"Name": title("a")})
    assert expand(frame, connector.resource("pages"))[0] is frame
    assert expand(frame[["id"]], ROWS, ["id"])[0].columns.tolist() == ["id"]


def test_a_selection_brings_the_objects_that_it_needs():
    """Names that no column has make the read bring the properties; declared ones alone do not."""
    assert [column.name for column in ROWS.select(["id", "Name", "Due"])] == ["id", "properties"]
    assert [column.name for column in ROWS.select(["id", "title"])] == ["id", "title"]
    with pytest.raises(sc.UnknownName):
        connector.resource("pages").select(["id", "Name"])
