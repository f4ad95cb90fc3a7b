"""`client.connect`: which way it goes and why, what it refuses, and that each of Clerk's refusals names its switch."""

import pytest
from tests.worlds import accounts_of, opened, user_of

import socialconnect as sc
from socialconnect.sandbox import Sandbox

pytestmark = pytest.mark.looptime


def without(world, provider):
    """A user who has nothing of a provider."""
    return next(
        world.world.user_id(index)
        for index in range(world.world.users)
        if all(one.provider != provider for one in world.world.accounts(index))
    )


def consents(world):
    """Every attempt at a provider that the sandbox has seen."""
    return list(world.consents._all.values())


def sessions(world):
    clients = {id(one): one for one in world.instance.sessions._clients.values()}
    return [session.status for client in clients.values() for session in client.sessions]


def tickets(world):
    return [one.status for one in world.instance.tickets._all.values()]


REFUSALS = [
    # fault, how it is called, the error, what its cure names, what became of the ticket
    ("clerk:native_disabled", {"flow": "native"}, sc.SetupError, "Native applications", []),
    ("clerk:native_disabled", {"scopes": "gist"}, sc.SetupError, "SSO connections", []),
    ("clerk:second_factor", {"flow": "native"}, sc.AccessDenied, "flow='portal'", ["accepted"]),
    ("clerk:reverification", {"flow": "native"}, sc.AccessDenied, "flow='portal'", ["accepted"]),
    ("clerk:redirect_refused", {"flow": "native"}, sc.SetupError, "allowlist for redirects", ["accepted"]),
    ("clerk:ticket_refused", {"flow": "native"}, sc.NotConnected, "connect again", ["revoked"]),
    ("clerk:portal_disabled", {}, sc.SetupError, "Account Portal", []),
    ("clerk:portal_disabled", {"ticket": True}, sc.SetupError, "flow='native'", []),
]


@pytest.mark.parametrize(("fault", "how", "error", "cure", "left"), REFUSALS)
async def test_each_refusal_names_its_switch(fault, how, error, cure, left):
    """What Clerk refuses is an error that says where to switch it, and neither ticket nor session is left."""
    async with opened(60, faults=[fault]) as (world, client):
        with pytest.raises(error) as caught:
            await client.connect(without(world, "notion"), "notion", **how)
        assert type(caught.value) is error
        assert cure in caught.value.cure
        assert tickets(world) == left
        assert "active" not in sessions(world)


async def test_the_portal_is_tried_where_only_programs_are_kept_out():
    """Without the Native API the hosted page goes on working, and without the page the program does."""
    async with opened(60, faults=["clerk:native_disabled"]) as (world, client):
        attempt = await client.connect(without(world, "notion"), "notion")
        assert attempt.flow == "portal"
        attempt.cancel()
    async with opened(60, faults=["clerk:portal_disabled"]) as (world, client):
        attempt = await client.connect(without(world, "notion"), "notion", flow="native")
        assert attempt.flow == "native"
        attempt.cancel()


async def test_a_user_is_there_and_a_provider_enabled_before_anything_is_made():
    """An unknown user and a provider that is off are errors before any ticket is made."""
    async with opened(60, disabled=["notion"]) as (world, client):
        with pytest.raises(sc.UserNotFound):
            await client.connect("user_2abc", "github", ticket=True)
        for name in ("notion", "acme", "oauth_acme"):
            with pytest.raises(sc.ProviderNotEnabled, match="not enabled"):
                await client.connect(without(world, "notion"), name, ticket=True)
        assert tickets(world) == []


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"flow": "widget"}, "no flow"),
        ({"within": 0}, "cannot last"),
        ({"within": 7200}, "cannot last"),
        ({"within": "10"}, "cannot last"),
        ({"scopes": [1]}, "1 is no scope"),
        ({"scopes": ""}, "'' is no scope"),
        ({"provider": None}, "no provider"),
        ({"provider": " "}, "no provider"),
        ({"provider": "notion.users"}, "is a resource"),
        ({"account": "eac_of_somebody_else"}, "has no Notion account"),
    ],
)
async def test_what_cannot_be_meant_is_refused(how, says):
    """A flow, a time or an account that there is not is a UsageError."""
    async with opened(60) as (world, client):
        with pytest.raises(sc.UsageError, match=says):
            await client.connect(without(world, "notion"), **{"provider": "notion", **how})


async def test_of_several_accounts_one_must_be_named():
    """Which one is to allow more is not guessed; the one that is named is asked."""
    async with opened(200) as (world, client):
        one = next(account for account in accounts_of(world, "github") if account.ordinal)
        user = world.world.user_id(one.user)
        with pytest.raises(sc.UsageError, match="2 GitHub accounts") as caught:
            await client.connect(user, "github", scopes="gist")
        assert one.eac in caught.value.cure
        attempt = await client.connect(user, "github", scopes="gist", account=one.eac)
        assert [each.eac for each in consents(world)] == [one.eac]
        attempt.cancel()


async def test_scopes_go_one_by_one_and_google_is_asked_for_its_consent_page():
    """Each scope is a field of its own; Google's consent page is asked for always, others' only for a dead token."""
    async with opened(200) as (world, client):
        wanted = ["https://www.googleapis.com/auth/tasks.readonly", "https://www.googleapis.com/auth/youtube.readonly"]
        attempts = [
            await client.connect(user_of(world, "google"), "google", scopes=wanted),
            await client.connect(user_of(world, "github", "narrow"), "github", scopes=["gist"]),
            await client.connect(user_of(world, "github", "revoked"), "github", again=True, flow="native"),
            await client.connect(without(world, "google"), "google", flow="native"),
        ]
        found = consents(world)
        assert [one.prompt for one in found] == ["consent", "", "consent", "consent"]
        assert found[0].additional == tuple(wanted)
        assert [one.renewing for one in found] == [True, True, True, False]
        assert {one.redirect_url for one in found} == {"https://accounts.sandbox.example/user"}
        for attempt in attempts:
            attempt.cancel()


async def test_the_notes_tell_what_bites():
    """Google's refresh token, a secret link and base scopes are told where they matter, and only there."""
    async with opened(200) as (world, client):
        plain = await client.connect(without(world, "notion"), "notion")
        secret = await client.connect(without(world, "notion"), "notion", ticket=True)
        dead = await client.connect(user_of(world, "google", "revoked"), "google", again=True)
        base = await client.connect(user_of(world, "github", "narrow"), "github", scopes="gist", flow="portal")
        assert plain.note == ""
        assert "give it to that user alone" in secret.note
        assert "flow='native'" in dead.note
        assert "base scopes" in base.note
        for attempt in (plain, secret, dead, base):
            attempt.cancel()


async def test_a_development_instance_says_what_shared_credentials_give():
    """On a development instance, asking for scopes tells that shared credentials give none beyond the base."""
    async with opened(60) as (world, client):
        whole = await (await client._clerk.frontend(lambda _: None)).environment(lambda _: None)
        development = {**vars(whole), "kind": "development"}

        class Frontend:
            portal = "https://accounts.sandbox.example"

            async def environment(self, _):
                return type(whole)(**development)

            async def hosted(self, _):
                return True

        client._clerk._frontend = Frontend()
        user = user_of(world, "github", "narrow")
        attempt = await client.connect(user, "github", scopes="gist", flow="portal")
        assert "shared credentials" in attempt.note
        attempt.cancel()


async def test_links_lead_to_where_the_settings_put_an_origin():
    """An origin that stands elsewhere is found there in the link too; the rest of the link stays."""
    elsewhere = {"https://accounts.sandbox.example": "http://127.0.0.1:9/accounts.sandbox.example"}
    async with opened(60) as (_, client):
        client.settings = client.settings.model_copy(update={"base_urls": elsewhere})
        assert client._addressed("https://accounts.sandbox.example/user").startswith("http://127.0.0.1:9/accounts")
        assert client._addressed("https://accounts.sandbox.example.evil/user").startswith("https://accounts.sandbox")


async def test_the_redirect_address_is_the_settings_own():
    """Where a setting names the address that the consent ends at, that one is sent; here the instance knows it not."""
    async with opened(60, settings={"redirect_url": "https://lab.example.com/done"}) as (world, client):
        with pytest.raises(sc.SetupError, match="redirect address"):
            await client.connect(without(world, "notion"), "notion", flow="native")


async def test_every_error_that_connecting_mends_leads_there():
    """NotConnected, MissingScope and ReconnectNeeded of a run connect for their user, with what each lacks."""
    async with opened(200) as (world, client):
        run = await client.read("github.orgs", on_error="ignore")
        kinds = {type(one): one for one in run.errors}
        for kind, lacks in ((sc.NotConnected, ()), (sc.ReconnectNeeded, ()), (sc.MissingScope, ("read:org",))):
            attempt = await kinds[kind].connect()
            assert (attempt.user_id, attempt.provider, attempt.scopes) == (kinds[kind].user_id, "github", lacks)
            assert not attempt.ended
            attempt.cancel()
        assert tickets(world)


async def test_other_errors_say_that_connecting_is_no_cure():
    """A user who is not there is not mended by connecting, nor is an error that has lost its client."""
    async with opened(20) as (_, client):
        with pytest.raises(sc.UserNotFound) as caught:
            await client.frame("github.profile", "user_2abc")
        with pytest.raises(sc.UsageError, match="does not mend"):
            caught.value.connect()
    with pytest.raises(sc.UsageError, match="no client"):
        sc.NotConnected("…", user_id="user_1", provider="github").connect()


async def test_a_read_that_lacks_a_scope_is_mended_by_its_own_error():
    """A read fails for a missing scope, its error connects, the user consents, and the same read succeeds."""
    async with opened(60) as (world, client):
        user = user_of(world, "github", "narrow")
        with pytest.raises(sc.MissingScope) as caught:
            await client.frame("github.orgs", user)
        attempt = await caught.value.connect()
        assert (attempt.flow, attempt.scopes) == ("native", ("read:org",))
        world.visitor().consent(attempt.link)
        await attempt.finished()
        frame = await client.frame("github.orgs", user)
        assert set(frame["user_id"]) <= {user}


def test_the_same_with_a_client_that_blocks():
    """The errors of a Client connect without being awaited."""
    world = Sandbox(users=60)
    settings = sc.Settings.make(secret_key=world.secret_key, base_urls={})
    with sc.Client(settings=settings, application=world.app) as client:
        with pytest.raises(sc.NotConnected) as caught:
            client.notion.me(without(world, "notion"))
        attempt = caught.value.connect(ticket=True)
        assert attempt.link.secret
        attempt.cancel()
        with pytest.raises(sc.NotConnected, match="cancelled"):
            attempt.wait()
    assert tickets(world) == ["revoked"]


def test_a_connector_is_found_by_clerks_name_for_its_provider():
    """LinkedIn is linkedin_oidc at Clerk: scopes are compared by the connector's rules under either name."""
    connector = sc.Connector(
        "work",
        "https://api.work.example",
        [sc.Resource("me", "/me", columns=sc.columns("string", "id"))],
        strategy="oauth_custom_work",
        scope_aliases={"mail": "https://work.example/mail"},
    )
    with sc.sandbox(users=5, connectors=[connector]) as client:
        for name in ("work", "custom_work", "oauth_custom_work"):
            aim = client.aio._aim("user_1", name, ("mail",), "", again=False)
            assert (aim.provider, aim.strategy, aim.title) == ("custom_work", "oauth_custom_work", "Work")
            assert aim.lacking(["https://work.example/mail"]) == ()
        assert client.aio._aim("user_1", "acme", ("a", "b"), "", again=False).lacking(["b"]) == ("a",)
