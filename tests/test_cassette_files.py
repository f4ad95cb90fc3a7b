"""The cassettes of this repository: they play, they say where they are from, and no secret stands in them.

`pytest tests/test_cassette_files.py --record-cassettes` records them again: see cassettes/README.md.
"""

from __future__ import annotations

import json
import re

import vcr
import yaml
from tests.conftest import CASSETTES, WORLD
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer

import socialconnect as sc
from socialconnect.http.scrubbing import shape_in
from socialconnect.sandbox import Sandbox

# the sandbox's own tokens and keys, as tokens.py and Sandbox make them
OF_THE_SANDBOX = re.compile(r"sandbox\.\w+\.eac_|sandbox-secret-key")


def files():
    """Every file under cassettes/: asked for when it is needed, since a test before may have recorded it."""
    return sorted(path for path in CASSETTES.rglob("*") if path.is_file())


def tapes():
    return [path for path in files() if path.suffix == ".yaml"]


def reader(client, provider):
    """The first user of whom a provider can be read."""
    accounts = client.accounts()
    return accounts[(accounts["provider"] == provider) & accounts["connected"]]["user_id"].iloc[0]


def bodies(name, path):
    """The records in the answers to one path of a cassette, as plain vcrpy reads it."""
    requests, responses, *_ = FilesystemPersister.load_cassette(CASSETTES / f"{name}.yaml", yamlserializer)
    for request, response in zip(requests, responses, strict=True):
        if request.path == path and response["status"]["code"] == 200:
            yield json.loads(response["body"]["string"])


def test_users(cassette):
    """Clerk's users and accounts out of the cassette are those that its bodies hold."""
    found = cassette("clerk_users", lambda client: (client.users(), client.accounts(), client.count()))
    users, accounts, count = found
    rows = [row for page in bodies("clerk_users", "/v1/users") for row in page]
    listed = {row["id"]: row for row in rows}
    assert list(users["user_id"]) == list(listed)
    assert count == len(listed) > 2
    assert len(accounts) == sum(len(row["external_accounts"]) for row in listed.values())
    assert list(users["first_name"].fillna("")) == [row["first_name"] or "" for row in listed.values()]


def test_github(cassette):
    """A user's profile and repositories are those that GitHub's bodies hold."""

    def analysis(client):
        user = reader(client, "github")
        return client.github.profile(user), client.github.repos(user)

    profile, repos = cassette("github_repos", analysis)
    assert list(profile["login"]) == [row["login"] for row in bodies("github_repos", "/user")]
    listed = [row for page in bodies("github_repos", "/user/repos") for row in page]
    assert list(repos["full_name"]) == [row["full_name"] for row in listed]
    assert list(repos["owner_login"]) == [row["owner"]["login"] for row in listed]
    assert len(repos) > 2


def test_notion(cassette):
    """The people of a user's workspace are those that Notion's bodies hold."""
    people = cassette("notion_users", lambda client: client.notion.users(reader(client, "notion")))
    listed = [row for page in bodies("notion_users", "/v1/users") if "results" in page for row in page["results"]]
    assert list(people["id"]) == [row["id"] for row in listed]
    assert len(people) > 2


def test_google(cassette):
    """A user's profile is the one that Google's body holds."""
    profile = cassette("google_profile", lambda client: client.google.profile(reader(client, "google")))
    (body,) = bodies("google_profile", "/oauth2/v2/userinfo")
    assert list(profile["email"]) == [body["email"]]


def secrets_in(text):
    """What of a text looks like a secret, whose ever it is."""
    return shape_in(text) or OF_THE_SANDBOX.search(text.replace("\\", ""))


def test_no_secret_stands_in_them():
    """Neither as it is written nor as it is read does a file hold anything token-shaped, or of the sandbox's."""
    assert {"clerk_users", "github_repos", "notion_users", "google_profile"} <= {path.stem for path in tapes()}
    for path in files():
        text = path.read_text("utf-8")
        assert not secrets_in(text), path.name
        assert path.suffix == ".yaml" or path.name == "README.md", path.name


def test_no_secret_is_read_out_of_them():
    """YAML folds lines, so each text is looked at as its reader sees it; sensitive headers are gone."""
    for path in tapes():
        for one in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)["interactions"]:
            assert not secrets_in(json.dumps(one, default=lambda value: value.decode("latin-1"))), path.name
            assert "authorization" not in one["request"]["headers"]
            assert "set-cookie" not in one["response"]["headers"]


def test_what_is_looked_for_is_what_the_sandbox_has():
    """The pattern of the sandbox's secrets finds them: tokens of every provider, and the key."""
    world = Sandbox(**WORLD)
    client = sc.sandbox(**WORLD)
    accounts = client.accounts()
    shown = 0
    for user, provider in accounts[accounts["connected"]][["user_id", "provider"]].itertuples(index=False):
        try:
            token = client.token(user, provider)
        except sc.SocialConnectError:
            continue
        assert OF_THE_SANDBOX.search(token.token.reveal())
        shown += 1
    assert shown > 3
    assert OF_THE_SANDBOX.search(world.secret_key)


def test_they_say_where_they_are_from():
    """Each cassette says, to people and to programs, whether the sandbox or a live instance answered, and is small."""
    for path in tapes():
        text = path.read_text("utf-8")
        about = yaml.load(text, yaml.CSafeLoader)["metadata"]
        assert about["recorded_from"] in ("sandbox", "live"), path.name
        assert f"recorded_from: {about['recorded_from']}" in text.splitlines()[0], path.name
        assert about["complete"] is True, path.name
        assert path.stat().st_size < 100_000, path.name


def test_vcrpy_plays_it():
    """Whoever knows vcrpy only can use the same file: it plays the users to httpx."""
    with vcr.use_cassette(str(CASSETTES / "clerk_users.yaml"), record_mode="none", allow_playback_repeats=True):
        client = sc.Client("any-key-will-do")
        users = client.users()
        client.close()
    assert len(users) > 2
