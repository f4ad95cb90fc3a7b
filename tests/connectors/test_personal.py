"""That a column which says a person is marked as personal, in every connector by the same line.

`Column` in reading/column.py says where the line is. What a name or a path says of a column is held against its mark
here; each exception has its reason.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import socialconnect as sc
from socialconnect import reference
from socialconnect.connectors import Connectors
from socialconnect.reading.profile import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from socialconnect.reading.declare import Column, Connector, Resource

FOUND = Connectors()
EVERY = [f"{connector.name}.{resource.name}" for connector in FOUND.values() for resource in connector.resources]

SAYS = frozenset(
    """
    email emails mail phone phones mobile login username nickname handle surname gravatar avatar picture photo photos
    image author authors creator owner owners user users person people member members actor assignee assignees
    reviewer reviewers requested lead reporter organizer attendees sender recipients mentions broadcaster committer
    contact given family first last display full birthday birthdays birth gender genders address addresses street city
    country location locale locales language timezone zoneinfo tz bio biography description title subject body text
    message summary snippet note comment caption topic purpose status_message job department file path folder website
    homepage namespace
    """.split()  # noqa: SIM905 - a list as a text reads best
)
"""Words in a column's name or path that say a person, or what a person wrote or keeps."""

HOLDS = frozenset(
    """
    name names firstname lastname dealname url uri link links href html payload properties files cells expression story
    number repo from to cc
    """.split()  # noqa: SIM905
)
"""Words for what may hold a person's name or text as well as a thing's: a column of any values is held to them too."""

IS_NOT = {
    # columns that have one reason: `provider.resource.column`, with * for any letters and (a|b) for a choice
    "*.language": "a programming language, or that of a stream: what a thing is in, not what somebody speaks",
    "*.milestone_title": "what people share: a milestone's name",
    "gitlab.*.milestone": "what people share: a milestone's name",
    "*.author_association": "a choice of few: what the author is to the repository",
    "*.owner_type": "a choice of few: person or organisation",
    "*.bot_owner_type": "a choice of few: person or workspace",
    "*.user_view_type": "a choice of few: public or private",
    "*.owner_user_view_type": "a choice of few: public or private",
    "*.merge_commit_*": "a setting: what a merge writes by itself",
    "*.squash_merge_commit_*": "a setting: what a merge writes by itself",
    **dict.fromkeys(
        (
            *("atlassian.projects.name", "bitbucket.repositories.name", "github.repos.name", "github.starred.name"),
            *("gitlab.projects.name", "linear.projects.name", "linear.issues.project", "vercel.projects.name"),
            *("vercel.projects.repo", "vercel.deployments.name", "linear.teams.name", "hubspot.owners.team"),
            *(
                "atlassian.projects.category",
                "xero.accounts.name",
                "linear.profile.organization",
            ),
            *("box.profile.enterprise_name", "dropbox.profile.team_name", "slack.profile.team_name", "*.labels"),
            *("slack.identity.url", "linear.profile.organization_key", "github.issues.type_name"),
        ),
        "what people share: its name",
    ),
    **dict.fromkeys(
        (
            *("spotify.*.track", "spotify.*.artist", "spotify.*.artists", "spotify.*.album", "spotify.top_*.name"),
            *("spotify.top_artists.url", "spotify.(playlist_items|top_*|recently_played|saved_tracks).uri"),
        ),
        "a work that is published",
    ),
    "bitbucket.*_branch": "what people share: a branch's name",
    "*.license_*": "a licence",
    "coinbase.accounts.currency_name": "a currency",
    "twitch.followed_streams.game_name": "a game",
    "google.files.web_view_link": "the file's id, which opens it to whoever may see it",
    "spotify.playlists.url": "the playlist's id",
    "gitlab.events.push_commit_(from|to)": "a commit's id",
    "notion.blocks.synced_from": "an id of a thing",
    "tiktok.videos.embed_link": "the video's id",
    "twitch.videos.url": "the video's id",
    "discord.guilds.icon_url": "a picture of what people share",
    "xero.invoices.number": "an id of a thing",
    "github.pulls.requested_teams": "what people share: a team's name",
    "hubspot.companies.(name|website|phone|city|country)": "a company is no person",
    "xero.organisation.(country|timezone)": "of a business; who a sole trader is stands in the names, which are marked",
    "atlassian.sites.avatar_url": "a picture of what people share",
    "spotify.playlists.image_url": "the covers of what is in it",
    "spotify.top_artists.image_url": "an artist's public works",
    "linear.teams.timezone": "of what people share",
    "hubspot.profile.data_hosting_location": "where HubSpot keeps it",
    "hubspot.contacts.hs_lead_status": "a choice of few",
    "xero.contacts.status": "a choice of few",
    "google.*.user_types": "a choice of few: what kind of account",
    "google.events.response_status": "a choice of few",
    "google.labels.message_list_visibility": "a choice of few",
    "gitlab.events.note_on": "a choice of few: what was commented on",
    "notion.comments.display_name_type": "a choice of few",
    "notion.blocks.link_id": "an id of a thing",
    "twitch.profile.broadcaster_type": "a choice of few: partner, affiliate or neither",
    "dropbox.profile.root_namespace_id": "an id of a thing: of a folder",
    "gitlab.projects.namespace_kind": "a choice of few: group or user",
    "dropbox.files.shared_folder_id": "an id of a thing",
    "microsoft.messages.parent_folder_id": "an id of a thing",
    "microsoft.drive_items.mime_type": "what kind of file",
    "microsoft.drive_items.quick_xor_hash": "a sum over a file's bytes",
    "coinbase.*_text": "an amount",
}

PEOPLE = frozenset(
    """
    apple.profile atlassian.profile bitbucket.profile bitbucket.emails box.profile coinbase.profile discord.profile
    discord.connections dropbox.profile facebook.profile github.profile github.emails gitlab.profile google.profile
    google.person google.contacts hubspot.profile hubspot.contacts hubspot.owners huggingface.profile line.profile
    linear.profile linkedin_oidc.profile microsoft.profile notion.users notion.me slack.profile slack.identity
    slack.users spotify.profile tiktok.profile twitch.profile twitch.followed_channels twitch.token vercel.profile
    vercel.user x.profile x.followers x.following xero.profile xero.contacts xero.users
    """.split()  # noqa: SIM905
)
"""Resources of which each row is one person, or one of a person's own addresses and accounts."""
LITTLE = {"account_id", "banner", "icon", "id", "node_id", "slug", "team", "time_zone", "uuid"}
"""Names that a person's column has in one place, and a thing's in another."""

NO_PERSON = {"team_id", "tenant_id", "portal_id", "type"}
"""Parts of their keys that say where a person is one, not who."""

ALSO = frozenset(
    """
    bitbucket.profile.account_id coinbase.transactions.network_hash discord.profile.discriminator github.profile.blog
    github.profile.hireable github.profile.ldap_dn github.pulls.auto_merge huggingface.models.id
    huggingface.datasets.id huggingface.spaces.id huggingface.spaces.subdomain microsoft.messages.categories
    notion.databases.data_sources notion.blocks.meeting_notes slack.users.tz_offset spotify.profile.account_id
    spotify.playlist_items.added_by tiktok.profile.union_id vercel.projects.account_id xero.profile.xero_userid
    google.person.org_current google.contacts.org_current
    """.split()  # noqa: SIM905
)
"""Columns that no word tells: ids of persons, what has their names in it, and what is of their own choice."""


def resource(name: str) -> tuple[Connector, Resource]:
    connector, found = FOUND.resource(name)
    return connector, connector.resource(found)


def words(*texts: str) -> set[str]:
    """The words in names and paths, without the conditions of a choice."""
    text = re.sub(r"\[\?[^\]]*\]", "", " ".join(texts))
    return {word.lower() for word in re.findall(r"[A-Za-z][a-z]*", text)}


def says_a_person(column: Column) -> bool:
    """Whether a column says a person: by a word, in a type that can hold more than a figure, a time or a truth."""
    said = words(column.name, column.path, column.fill, column.of_account)
    if column.dtype in ("string", "list", "json"):
        return bool(said & SAYS) or bool(words(column.name, column.path.rpartition(".")[2]) & HOLDS)
    few = column.dtype == "category" or (column.dtype == "Int64" and column.name.rpartition("_")[2] == "id")
    return few and bool(said & SAYS)


def exempt(place: str) -> list[str]:
    """The exceptions that hold for `provider.resource.column`."""
    return [one for one in IS_NOT if re.fullmatch(one.replace(".", r"\.").replace("*", ".*"), place)]


def unmarked(name: str) -> Iterator[str]:
    for column in resource(name)[1].columns:
        if says_a_person(column) and not column.personal:
            yield f"{name}.{column.name}"


@pytest.mark.parametrize("name", EVERY)
def test_what_says_a_person_is_marked(name: str) -> None:
    """A column whose name or path says a person, or what one wrote, is personal, or an exception with a reason."""
    assert [place for place in unmarked(name) if not exempt(place)] == []


def test_what_no_word_tells_is_marked() -> None:
    """Columns that are personal though neither name nor path says so stay marked."""
    places = {f"{name}.{column.name}": column for name in EVERY for column in resource(name)[1].columns}
    assert [place for place in sorted(ALSO) if not places[place].personal] == []


def test_every_exception_is_needed() -> None:
    """No exception stands without a column that it is for."""
    used = {one for name in EVERY for place in unmarked(name) for one in exempt(place)}
    assert set(IS_NOT) == used


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_who_a_row_is_about_is_marked(name: str) -> None:
    """Of a row that is a person, the key says who: it is personal, and so are the names."""
    found = resource(name)[1]
    names = {*found.key, *(one.name for one in found.columns if one.name in ("id", "name"))} - NO_PERSON
    assert names
    assert [one for one in sorted(names) if not found.column(one).personal] == []


@pytest.mark.parametrize("provider", sorted(FOUND))
def test_what_a_profile_is_made_of_is_marked(provider: str) -> None:
    """The columns out of which the common profile is made are personal, but for a verdict and a time."""
    connector = FOUND[provider]
    profile = connector.profile
    assert profile is not None
    found = connector.resource(profile.resource)
    parts = [
        part
        for field in FIELDS
        if field not in ("email_verified", "created_at")
        for part in getattr(profile, field).split()
    ]
    assert parts
    assert [part for part in parts if not found.column(part).personal] == []


@pytest.mark.parametrize("name", EVERY)
def test_what_a_row_has_of_its_parent_is_marked_alike(name: str) -> None:
    """The parent's value and what is carried of it are personal where they are so in the parent's own listing."""
    connector, found = resource(name)
    listing = connector.resource(found.parent.resource) if found.parent else None
    for column in found.columns:
        if column.of_parent and listing:
            assert column.personal == listing.column(column.of_parent).personal, column.name
    if found.parent and listing:
        assert found.parent.personal == listing.column(found.parent.column).personal


def test_one_name_is_marked_alike_everywhere() -> None:
    """What is personal in one connector is so under the same name in all others, but for names that say little."""
    marks: dict[str, set[bool]] = {}
    for name in EVERY:
        for column in resource(name)[1].columns:
            if column.dtype != "boolean" and not exempt(f"{name}.{column.name}"):
                marks.setdefault(column.name, set()).add(column.personal)
    assert {name for name, found in marks.items() if len(found) > 1} == LITTLE


@pytest.mark.parametrize("provider", sorted(FOUND))
def test_the_reference_tells_it(provider: str) -> None:
    """A connector's page says of as many columns that they are personal as there are, carried ones among them."""
    page = reference.page(FOUND[provider])
    for one in FOUND[provider].resources:
        part = page.split(f"\n## {provider}.{one.name}\n", 1)[1].split("\n## ", 1)[0]
        rows = [row for row in part.splitlines() if row.startswith("| `")]
        told = {row.split("`")[1] for row in rows if re.search(r"(; |, |\| )personal\b", row)}
        usual = [column for column in one.columns if not column.on_request]
        assert told == {column.name for column in usual if column.personal}


@pytest.mark.parametrize("name", EVERY)
def test_when_something_changed_is_nobodys(name: str) -> None:
    """The column that an export's state is kept of is never personal, nor any time."""
    found = resource(name)[1]
    assert [one.name for one in found.columns if one.personal and one.dtype == "datetime"] == []
    assert not found.changed or not found.column(found.changed).personal


def test_what_a_call_binds_of_a_person_is_marked() -> None:
    """The person's own id or name, which other requests need, is personal where it is read."""
    bound = {
        f"{connector.name}.{name}": connector.bind(name)[1] for connector in FOUND.values() for name in connector.binds
    }
    assert [place for place, column in bound.items() if not column.personal] == ["twitch.client_id"]


WHO = (
    "login",
    "owner_login",
    "user_login",
    "author_login",
    "author_email",
    "email",
    "creator_email",
    "organizer_email",
)


@pytest.fixture(scope="module")
def read() -> dict[str, pd.DataFrame]:
    """What five people of the sandbox have at the three providers that it plays by hand: every column there is."""
    client = sc.sandbox(users=12, seed=5)
    people = client.users()["user_id"].head(5).tolist()
    names = [name for name in EVERY if name.partition(".")[0] in ("github", "google", "notion")]
    return {
        name: client.read(
            name, people, columns=[one.name for one in resource(name)[1].columns], on_error="ignore", progress=False
        ).frame
        for name in names
    }


def test_nobody_is_told_by_what_is_not_marked(read: dict[str, pd.DataFrame]) -> None:
    """No login and no address of anybody stands in a column that is not personal, not even as a part of it."""
    told = {value for frame in read.values() for name in WHO if name in frame for value in frame[name].dropna()}
    assert len(told) > 20
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for name, frame in read.items():
        for column in resource(name)[1].columns:
            texts = frame[column.name].dropna().astype(str).unique() if column.name in frame else ()
            if any(one in text for text in texts for one in told):
                found[column.personal].add(f"{name}.{column.name}")
    assert found[False] == set()
    assert {"github.repos.full_name", "github.commits.html_url", "google.events.calendar"} <= found[True]
