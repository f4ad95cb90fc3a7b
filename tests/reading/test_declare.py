"""What a connector may say, and what is refused as it is declared."""

import json

import pytest

from socialconnect.errors import UnknownName, UsageError
from socialconnect.reading.declare import Budget, Column, Connector, Param, Resource, columns, unknown
from socialconnect.reading.messages import Request

ORIGIN = "https://api.acme.example"
PARAMS = (
    Param("state", choices=("open", "closed")),
    Param("limit", kind=int, to="per_page"),
    Param("draft", kind=bool),
    Param("labels", many=True),
    Param("states", choices=("a", "b"), many=True, repeat=True, to="state[]"),
    Param("since", excludes=("until",)),
    Param("until"),
)


def resource(name="projects", path="/v1/projects", *, fields=None, **facts):
    return Resource(name, path, columns("string", "id name") if fields is None else fields, **facts)


def connector(name="acme", origin=ORIGIN, **facts):
    return Connector(name, origin, **{"resources": (resource(),)} | facts)


def ask(arguments, **facts):
    return resource(params=PARAMS, **facts).request(ORIGIN, {"accept": "application/json"}, arguments)


# Columns


def test_a_columns_path_is_its_name_by_default():
    """A column stands where its name says unless it says otherwise."""
    assert Column("id", "string").path == "id"
    assert Column("login", "string", "owner.login").path == "owner.login"


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Column("", "string"), "needs a name"),
        (lambda: Column("id", "str"), "has the dtype 'str'. Use one of string, Int64"),
        (lambda: Column("tag", "string", "account_type..tag"), "Column 'tag': the path 'account_type..tag' is not"),
        (lambda: Column("tag", "string", ".tag"), "not well formed at character 1"),
        (lambda: columns("string", "id", under="owner["), "Column 'owner\\[_id'"),
    ],
)
def test_a_wrong_column_is_refused(make, match):
    """No name, an unknown dtype and a slip in a path are found when the module is imported."""
    with pytest.raises(UsageError, match=match):
        make()


def test_several_columns_at_once():
    """One line declares several columns of one dtype, each with what was said of all."""
    made = columns("datetime", "created updated", form="ms", on_request=True, personal=True)
    assert [(c.name, c.dtype, c.path, c.form, c.on_request, c.personal) for c in made] == [
        ("created", "datetime", "created", "ms", True, True),
        ("updated", "datetime", "updated", "ms", True, True),
    ]


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"under": "owner"}, "owner_login"),
        ({"under": "a.b"}, "a_b_login"),
        ({"under": "owner", "prefix": "o_"}, "o_login"),
        ({"under": "owner", "prefix": ""}, "login"),
        ({"prefix": "my_"}, "my_login"),
    ],
)
def test_nested_columns_are_named_after_where_they_stand(facts, name):
    """Keys under an object are joined by `_`, or begin with another prefix; the path is theirs alone."""
    (column,) = columns("string", "login", **facts)
    under = facts.get("under")
    assert (column.name, column.path) == (name, f"{under}.login" if under else "login")


# Parameters


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        ({}, ()),
        ({"state": None}, ()),
        ({"state": "open"}, (("state", "open"),)),
        ({"limit": 5}, (("per_page", "5"),)),
        ({"draft": True}, (("draft", "true"),)),
        ({"draft": False}, (("draft", "false"),)),
        ({"labels": "bug"}, (("labels", "bug"),)),
        ({"labels": ["bug", "ui"]}, (("labels", "bug,ui"),)),
        ({"labels": "bug, ui"}, (("labels", "bug,ui"),)),
        ({"states": ("a", "b")}, (("state[]", "a"), ("state[]", "b"))),
        ({"states": "a,b"}, (("state[]", "a"), ("state[]", "b"))),
        ({"since": "2026-01-01T00:00:00+00:00"}, (("since", "2026-01-01T00:00:00+00:00"),)),
    ],
)
def test_arguments_go_into_the_query(arguments, query):
    """Each argument stands in the query under the provider's name, as the provider writes such values."""
    assert ask(arguments).query == query


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"state": "opne"}, "state='opne' is not possible. Pass 'open' or 'closed'."),
        ({"state": ["open"]}, "is not possible"),
        ({"limit": "5"}, "limit='5' is not possible. Pass a whole number."),
        ({"limit": True}, "limit=True is not possible"),
        ({"draft": 1}, "draft=1 is not possible"),
        ({"labels": [1]}, "labels=1 is not possible"),
        ({"states": ["a", "c"]}, "states='c' is not possible"),
        ({"since": "a", "until": "b"}, "since and until exclude each other"),
        ({"until": "b", "since": "a"}, "since and until exclude each other"),
    ],
)
def test_a_wrong_argument_is_refused_before_any_call(arguments, match):
    """A value that cannot be says so, and what can, instead of going out."""
    with pytest.raises(UsageError, match=match):
        ask(arguments)


def test_a_misspelt_parameter_names_the_nearest():
    """A parameter that the resource does not have is an UnknownName with what was probably meant."""
    with pytest.raises(UnknownName, match=r"no parameter 'sate' of projects. Did you mean 'state'\?"):
        ask({"sate": "open"})


# Resources


def test_the_first_request():
    """A request is the origin, the path, the fixed query, and all headers, the resource's own last."""
    made = resource(query={"limit": 100}, headers={"x-version": "2"}).request(
        f"{ORIGIN}/", {"accept": "json", "x-version": "1"}, {}
    )
    assert made == Request("GET", f"{ORIGIN}/v1/projects?limit=100", {"accept": "json", "x-version": "2"})


def test_an_argument_replaces_a_fixed_value():
    """What the caller asks for wins over the declared default."""
    assert ask({"limit": 5}, query={"per_page": 100, "sort": "id"}).query == (("per_page", "5"), ("sort", "id"))


def test_a_whole_url_stays_where_it_is():
    """A resource at another of the connector's origins is asked for there."""
    assert resource(path="https://id.acme.example/userinfo").request(ORIGIN, {}, {}).url == (
        "https://id.acme.example/userinfo"
    )


def test_a_post_sends_json():
    """A declared JSON body goes out as such; without one there is neither body nor content type."""
    made = resource(method="POST", json={"path": ""}).request(ORIGIN, {}, {})
    assert (made.method, json.loads(made.body)) == ("POST", {"path": ""})
    assert made.headers == {"content-type": "application/json"}
    bare = resource(method="POST").request(ORIGIN, {}, {})
    assert (bare.body, bare.headers) == (None, {})


@pytest.mark.parametrize("name", ["Repos", "my-repos", "2fa", "", "class", "répos", "_x"])
def test_a_name_that_cannot_be_an_attribute_is_refused(name):
    """Resources and connectors become attributes of a client, so their names must be able to."""
    with pytest.raises(UsageError, match="cannot name a resource"):
        resource(name)
    with pytest.raises(UsageError, match="cannot name a connector"):
        connector(name)


@pytest.mark.parametrize(
    ("facts", "match"),
    [
        ({"fields": ()}, "has no columns"),
        ({"fields": columns("string", "id id name")}, "declares id twice"),
        ({"fields": columns("string", "user_id")}, "cannot be called 'user_id'"),
        ({"fields": columns("string", "id external_account_id")}, "cannot be called 'external_account_id'"),
        ({"key": ("uuid",)}, "key 'uuid' of 'projects' is not one of its columns"),
    ],
)
def test_a_resource_that_contradicts_itself_is_refused(facts, match):
    """No columns, one twice, one that every frame has, a key that is none: such a resource cannot be declared."""
    with pytest.raises(UsageError, match=match):
        resource(**facts)


def test_choosing_columns():
    """By default all but those on request come; named ones come alone, once, in the order asked for."""
    made = resource(fields=[*columns("string", "id name"), Column("bio", "string", on_request=True)])

    def names(*args, **kwargs):
        return [column.name for column in made.select(*args, **kwargs)]

    assert names(None) == ["id", "name"]
    assert names(None, include=("bio",)) == ["id", "name", "bio"]
    assert names(["bio", "id", "bio"]) == ["bio", "id"]
    assert names(["user_id", "name"]) == ["name"]
    assert names([]) == []


def test_choosing_a_column_that_is_not_there():
    """An unknown column names the nearest; one text instead of a list is not taken for its letters."""
    with pytest.raises(UnknownName, match=r"no column 'nmae' of projects. Did you mean 'name'"):
        resource().select(["nmae"])
    with pytest.raises(UsageError, match=r"columns=\['id'\]"):
        resource().select("id")


# Budgets


@pytest.mark.parametrize(
    ("text", "requests", "seconds"),
    [
        ("1000/10s", 1000, 10),
        ("60/min", 60, 60),
        ("5000/h", 5000, 3600),
        (" 5 / 2min ", 5, 120),
        ("1/s", 1, 1),
        ("3/0.5s", 3, 0.5),
        ("3/.5s", 3, 0.5),
    ],
)
def test_a_budget_as_people_write_it(text, requests, seconds):
    """Count, length and unit of a budget are read from one short text."""
    assert Budget.parse(text) == Budget(requests, seconds, "host")
    assert Budget.parse(text, per="token").per == "token"


@pytest.mark.parametrize(
    "text", ["", "1000", "1000/", "/s", "x/s", "-1/s", "10/day", "1.5/s", "0/s", "10/0s", "10/s/s"]
)
def test_a_budget_that_cannot_be_is_refused(text):
    """A budget that allows nothing, or that cannot be read, is a UsageError."""
    with pytest.raises(UsageError):
        Budget.parse(text)


# Connectors


def test_what_a_connector_need_not_say():
    """Title, strategy and the list of origins follow from name and origin."""
    made = connector("acme_corp", origins=("https://files.acme.example", ORIGIN))
    assert (made.title, made.strategy) == ("Acme Corp", "oauth_acme_corp")
    assert made.origins == (ORIGIN, "https://files.acme.example")
    said = connector(title="ACME", strategy="oauth_custom_acme")
    assert (said.title, said.strategy) == ("ACME", "oauth_custom_acme")


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "api.acme.example",
        "ftp://api.acme.example",
        "https://",
        "https://api.acme.example/v1",
        "https://me@api.acme.example",
    ],
)
def test_an_origin_is_scheme_and_host(origin):
    """A token's home is named exactly: no path, no user, no other scheme."""
    with pytest.raises(UsageError, match="is not an origin"):
        connector(origin=origin)
    with pytest.raises(UsageError, match="is not an origin"):
        connector(origins=(origin,))


def test_a_resource_by_name():
    """A resource is found by name, and a slip names the nearest."""
    made = connector()
    assert made.resource("projects") is made.resources[0]
    with pytest.raises(UnknownName, match=r"no resource 'project' of acme. Did you mean 'projects'") as caught:
        made.resource("project")
    assert caught.value.context["near"] == ["projects"]


@pytest.mark.parametrize(
    ("known", "cure"),
    [
        (["repos", "issues"], "There is: issues, repos."),
        ([], "There is none."),
        ([f"name{number:02}" for number in range(40)], ", name29, …."),
    ],
)
def test_an_unknown_name_far_from_all_lists_some(known, cure):
    """Without a near name the error shows what there is, and not without end."""
    error = unknown("resource", "zzz", known)
    assert str(error).startswith("There is no resource 'zzz'. ")
    assert str(error).endswith(cure)
