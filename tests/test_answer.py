"""What comes of a request that a caller wrote: its records, a frame with dtypes told by the values, its text."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import socialconnect as sc
from socialconnect.anywhere.answer import Answer
from socialconnect.reading.messages import Response


def made(*bodies, headers=None, at=None):
    """An answer of these bodies."""
    pages = tuple(Response(200, headers or {}, json.dumps(body).encode()) for body in bodies)
    return Answer("GET /x", "acme", "user_1", "eac_1", pages, at)


def test_dtypes_are_told_by_the_values():
    """Each column has the one dtype that all its values fit, and nothing is lost."""
    rows = [
        {"user_id": "U1", "n": 1, "f": 1, "b": True, "at": "2026-05-01T10:00:00Z", "tags": ["a"], "o": {"k": 1}},
        {"n": None, "f": 1.5, "b": None, "at": "2026-05-01T12:00:00.123+02:00", "tags": [], "m": "x", "big": 2**70},
        {
            "n": 3,
            "day": "2026-05-01",
            "naive": "2026-05-01T10:00:00",
            "m": 7,
            "mixed": True,
            "odd": "2026-13-41T10:00Z",
        },
        {"mixed": "no", "day": "", "none": None, "external_account_id": 5},
    ]
    frame = made(rows).to_frame()
    dtypes = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert list(dtypes)[:3] == ["user_id", "external_account_id", "acme_user_id"]
    assert dtypes["acme_external_account_id"] == dtypes["n"] == "Int64"
    assert (dtypes["f"], dtypes["b"], dtypes["at"]) == ("Float64", "boolean", "datetime64[us, UTC]")
    texts = ("o", "m", "big", "day", "naive", "mixed", "odd", "none")
    assert all(isinstance(frame[name].dtype, pd.StringDtype) for name in texts)
    assert frame["tags"].tolist()[:2] == [["a"], []]
    assert frame["at"].tolist()[1] == pd.Timestamp("2026-05-01T10:00:00.123Z")
    assert frame["o"].iloc[0] == '{"k":1}'
    assert frame["mixed"].tolist()[2:] == ["true", '"no"']
    assert frame["m"].tolist()[1:3] == ["x", "7"]
    assert frame["big"].iloc[1] == str(2**70)
    assert frame["odd"].iloc[2] == "2026-13-41T10:00Z"
    assert frame["user_id"].tolist() == ["user_1"] * 4


def test_a_frame_survives(tmp_path):
    """It can be written to Parquet and read again with what it says of itself, also without rows."""
    for body in ([{"a": 1, "at": "2026-05-01T10:00:00Z"}], []):
        frame = made(body).to_frame()
        frame.to_parquet(tmp_path / "rows.parquet")
        again = pd.read_parquet(tmp_path / "rows.parquet")
        assert again.attrs == frame.attrs
        assert again.shape == frame.shape
        assert again.attrs["resource"] == "GET /x"


@pytest.mark.parametrize(
    ("bodies", "at", "count"),
    [
        ([[{"a": 1}, {"a": 2}]], None, 2),
        ([{"results": [{"a": 1}], "tags": ["x"]}], None, 1),
        ([{"login": "ada", "topics": []}], None, 1),
        ([{"data": {"a": 1}}], "data", 1),
        ([{"members": [{"a": 1}]}, {"members": [{"a": 1}]}, {}], None, 2),
        ([{"items": [{"a": 1}]}, {"items": None}], None, 1),
        ([{"a.b": [{"a": 1}]}, {"a.b": [{"a": 1}]}], None, 2),
        ([{"results": [{"a": 1}]}], "", 1),
        ([["x", "y"]], None, 2),
        ([None], None, 0),
        ([{"data": {"nodes": [{"a": 1}] * 3}}], "data.nodes", 3),
    ],
)
def test_records_are_found_where_they_stand(bodies, at, count):
    """Where the caller says; else where lists usually stand; else the body is the record."""
    assert len(made(*bodies, at=at).records) == count


def test_records_that_cannot_be_found_are_asked_for():
    """Where pages have two lists, the caller must say which is meant."""
    with pytest.raises(sc.UsageError, match="records="):
        made({"a": [{}], "b": [{}]}, {"a": [{}], "b": [{}]}).records  # noqa: B018 - it is the reading that fails


def test_what_is_no_json_is_told_and_kept():
    """A body of another kind is an error of `json`, and stands in `text` as it came; nothing is None."""
    answer = Answer("GET /x", "acme", "user_1", None, (Response(200, {"content-type": "text/csv"}, b"a,b\n\xff"),))
    with pytest.raises(sc.MalformedResponse, match="text/csv"):
        answer.json()
    assert answer.text == "a,b\n\ufffd"
    assert answer.content == b"a,b\n\xff"
    assert Answer("GET /x", "acme", "user_1", None, (Response(204),)).json() is None
    with pytest.raises(sc.UsageError, match="no page"):
        answer.json(1)
