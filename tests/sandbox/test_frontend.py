from urllib.parse import parse_qs, urlsplit

import pytest

from socialconnect.sandbox.refusals import Refused

CLERK = "clerk-fapi-2026-05-12.yml"
FRONTEND = "https://clerk.sandbox.example/v1"
PAGE = "https://accounts.sandbox.example/user"


@pytest.fixture
async def native(visitor, acting):
    """A program that is signed in as a user who has no GitHub account."""
    program = acting(visitor)
    await program.sign_in(lacking(visitor, "github"))
    return program


def lacking(visitor, provider):
    """The first user who has nothing at a provider."""
    return next(index for index in range(visitor.world.users) if provider not in visitor.world.situation(index))


def code_of(answer):
    """The status and the code of an error."""
    return answer.status_code, answer.json()["errors"][0]["code"]


def state_of(answer):
    """The state of the consent that an answer leads to."""
    url = answer.json()["response"]["verification"]["external_verification_redirect_url"]
    return parse_qs(urlsplit(url).query)["state"][0]


async def test_the_environment_is_as_specified(visitor, validator):
    """The environment and the Account Portal validate against Clerk's specification."""
    told = (await visitor.http.get(f"{FRONTEND}/environment")).json()
    social = told["user_settings"]["social"]
    schema = validator(CLERK, "Client.Environment")
    listed = schema.schema["components"]["schemas"]["UserSettings.Socials"]["properties"]
    for strategy in set(social) - set(listed):  # the specification lacks those that came after it
        validator(CLERK, "UserSettings.Social").validate(social.pop(strategy))
    schema.validate(told)
    assert told["display_config"]["user_profile_url"] == PAGE
    assert told["auth_config"]["native_settings"]["api_enabled"] is True
    portal = (await visitor.http.get(f"{FRONTEND}/account_portal")).json()
    validator(CLERK, "Client.AccountPortal").validate(portal)
    assert portal["enabled"] is True


async def test_a_ticket_signs_in(visitor, validator, acting):
    """A ticket gives a session of its user, and a client token that is a new one with each answer."""
    program = acting(visitor)
    answer = await program.sign_in(4)
    validator(CLERK, "Client.ClientWrappedSignIn").validate(answer.json())
    first = program.token
    assert (answer.json()["response"]["status"], bool(program.session)) == ("complete", True)
    me = await program.send("GET", "/me")
    validator(CLERK, "Client.ClientWrappedUser").validate(me.json())
    assert me.json()["response"]["id"] == visitor.world.user_id(4)
    assert program.token != first
    assert {first, program.token} <= visitor.sandbox.secrets()
    client = await program.send("GET", "/client")
    validator(CLERK, "Client.ClientWrappedClient").validate(client.json())
    assert client.json()["response"]["last_active_session_id"] == program.session


async def test_an_old_client_token_is_not_taken(native):
    """The token before the last is still taken, since an answer may get lost; an older one is nobody's."""
    await native.send("GET", "/me")
    oldest = native.token
    await native.send("GET", "/me")
    assert (await native.visitor.http.get(f"{FRONTEND}/me?_is_native=1", headers={"authorization": oldest})).is_success
    await native.send("GET", "/me")
    native.token = oldest
    assert code_of(await native.send("GET", "/me")) == (401, "authentication_invalid")


async def test_bearer_is_understood(native):
    """The client token may stand alone or behind the word Bearer."""
    native.token = f"Bearer {native.token}"
    assert (await native.send("GET", "/me")).status_code == 200


async def test_who_is_not_signed_in_is_told_so(visitor, validator, acting):
    """Without a session there is no user to act for, whatever is asked."""
    program = acting(visitor)
    for method, path in (
        ("GET", "/me"),
        ("POST", "/me/external_accounts"),
        ("PATCH", "/me/external_accounts/eac_x/reauthorize"),
        ("DELETE", "/me/external_accounts/eac_x"),
        ("POST", "/client/sessions/sess_x/end"),
    ):
        answer = await program.send(method, path)
        validator(CLERK, "ClerkErrors").validate(answer.json())
        assert code_of(answer) == (401, "authentication_invalid"), path
    assert (await program.send("GET", "/client")).json() == {"response": None, "client": None}


async def test_a_ticket_works_once(visitor, acting):
    """A ticket that was used, was revoked, has expired or never was is refused with the code that says so."""
    tickets, clock = visitor.sandbox.instance.tickets, visitor.sandbox.clock
    used, revoked = (tickets.create(1, 60, clock.now()) for _ in range(2))
    assert (await acting(visitor).redeem(used)).status_code == 200
    assert code_of(await acting(visitor).redeem(used)) == (400, "sign_in_token_already_used_code")
    tickets.revoke(revoked.id, clock.now())
    assert code_of(await acting(visitor).redeem(revoked)) == (400, "sign_in_token_revoked_code")
    form = {"strategy": "ticket", "ticket": "sandbox-ticket-of-nobody"}
    assert code_of(await acting(visitor).send("POST", "/client/sign_ins", form)) == (400, "ticket_invalid_code")


@pytest.mark.looptime
async def test_a_ticket_expires(visitor, pass_time, acting):
    """A ticket is good until its time is up."""
    tickets, clock = visitor.sandbox.instance.tickets, visitor.sandbox.clock
    tickets_made = [tickets.create(1, 60, clock.now()) for _ in range(2)]
    await pass_time(59)
    assert (await acting(visitor).redeem(tickets_made[0])).status_code == 200
    await pass_time(1)
    assert code_of(await acting(visitor).redeem(tickets_made[1])) == (400, "ticket_expired_code")


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({}, 422, "form_param_missing"),
        ({"strategy": "ticket"}, 422, "form_param_missing"),
        ({"strategy": "password", "identifier": "a@example.com"}, 422, "form_param_value_invalid"),
    ],
)
async def test_a_wrong_sign_in_is_refused(visitor, form, status, code, acting):
    """A sign-in without a ticket is not one."""
    assert code_of(await acting(visitor).send("POST", "/client/sign_ins", form)) == (status, code)


async def test_one_user_at_a_time(native, acting):
    """A client that somebody is signed in at takes no second ticket, and leaves it unused."""
    tickets, clock = native.visitor.sandbox.instance.tickets, native.visitor.sandbox.clock
    ticket = tickets.create(1, 60, clock.now())
    assert code_of(await native.redeem(ticket)) == (400, "session_exists")
    assert (await acting(native.visitor).redeem(ticket)).status_code == 200


async def test_an_account_is_connected(native, validator):
    """Creating one gives the address of its consent; once it is granted the account is verified and reads."""
    visitor = native.visitor
    answer = await native.create("oauth_github", additional_scope=["repo", "gist"])
    validator(CLERK, "Client.ClientWrappedExternalAccount").validate(answer.json())
    told = answer.json()["response"]
    consent = visitor.sandbox.consents.find(state_of(answer))
    assert (told["id"], told["verification"]["status"]) == (consent.eac, "unverified")
    assert consent.additional == ("repo", "gist")
    assert urlsplit(told["verification"]["external_verification_redirect_url"]).netloc == "consent.sandbox.example"
    onwards = visitor.sandbox.consents.grant(consent.state, now=visitor.sandbox.clock.now())
    back = await visitor.http.get(onwards)
    assert (back.status_code, back.headers["location"]) == (303, PAGE)
    account = visitor.world.find_account(consent.eac)
    assert (await visitor.tokens(account)).json()[0]["scopes"] == ["read:user", "user:email", "repo", "gist"]
    assert (await visitor.read(account, "https://api.github.com/user/repos")).status_code == 200


async def test_scopes_are_added_to_an_account(visitor, validator, acting):
    """Reauthorizing keeps the account verified, and the token has more scopes once its owner has consented."""
    account = visitor.first("github", "narrow")
    program = acting(visitor)
    await program.sign_in(account.user)
    answer = await program.reauthorize(account.eac, additional_scope="repo", oidc_prompt="consent")
    validator(CLERK, "Client.ClientWrappedExternalAccount").validate(answer.json())
    told = answer.json()["response"]
    assert (told["id"], told["verification"]["status"]) == (account.eac, "verified")
    consent = visitor.sandbox.consents.find(state_of(answer))
    assert (consent.renewing, consent.prompt) == (True, "consent")
    visitor.sandbox.consents.grant(consent.state, now=visitor.sandbox.clock.now())
    assert (await visitor.tokens(account)).json()[0]["scopes"] == ["read:user", "user:email", "repo"]


async def test_methods_can_be_said_in_the_query(visitor, acting):
    """Clerk's own library sends PATCH and DELETE as POST with `_method`."""
    account = visitor.first("github", "healthy")
    program = acting(visitor)
    await program.sign_in(account.user)
    path = f"/me/external_accounts/{account.eac}"
    answer = await program.send("POST", f"{path}/reauthorize", {"redirect_url": PAGE}, _method="PATCH")
    assert answer.status_code == 200
    assert (await program.send("POST", path, _method="DELETE")).status_code == 200
    assert visitor.world.find_account(account.eac) is None


async def test_users_remove_their_own_accounts(visitor, validator, acting):
    """A user's account goes; somebody else's stays, and so does an id of another kind."""
    account = visitor.first("google", "healthy")
    other = next(one for one in visitor.world.having("google", "healthy") if one.user != account.user)
    program = acting(visitor)
    await program.sign_in(account.user)
    for wrong in (other.eac, account.identification):
        answer = await program.send("DELETE", f"/me/external_accounts/{wrong}")
        assert code_of(answer) == (404, "external_account_not_found")
    answer = await program.send("DELETE", f"/me/external_accounts/{account.eac}")
    validator(CLERK, "Client.ClientWrappedDeletedObject").validate(answer.json())
    assert visitor.world.find_account(account.eac) is None
    assert visitor.world.find_account(other.eac) == other


async def test_google_is_like_the_others_here(visitor, acting):
    """What the Backend API lists by its identification, the Frontend API shows by its eac_ id."""
    account = visitor.first("google", "healthy")
    program = acting(visitor)
    await program.sign_in(account.user)
    row = (await program.send("GET", "/me")).json()["response"]
    shown = next(one for one in row["external_accounts"] if one["provider"] == "oauth_google")
    assert (shown["object"], shown["id"]) == ("external_account", account.eac)
    assert "private_metadata" not in row


async def test_a_session_ends(native, validator):
    """After its end nobody is signed in; a session that is not there cannot be ended."""
    path = f"/client/sessions/{native.session}/end"
    answer = await native.send("POST", path)
    validator(CLERK, "Client.ClientWrappedSession").validate(answer.json())
    assert answer.json()["response"]["status"] == "ended"
    assert answer.json()["client"]["sessions"] == []
    assert code_of(await native.send("GET", "/me")) == (401, "authentication_invalid")
    assert code_of(await native.send("POST", "/client/sessions/sess_nobody/end")) == (404, "resource_not_found")


async def test_another_session_is_not_taken(native):
    """A call names the session that it means; one of another client is nobody's."""
    answer = await native.send("GET", "/me", _clerk_session_id="sess_nobody")
    assert code_of(answer) == (401, "authentication_invalid")


async def test_what_cannot_be_connected(visitor, acting):
    """A provider that is off or unknown, an account that is there, no address, no strategy: each says its code."""
    account = visitor.first("github", "healthy")
    program = acting(visitor)
    await program.sign_in(account.user)
    assert code_of(await program.create("oauth_expressen")) == (400, "oauth_provider_not_enabled")
    assert code_of(await program.create("oauth_github")) == (400, "oauth_account_already_connected")
    assert code_of(await program.create("")) == (422, "form_param_missing")
    assert code_of(await program.create("oauth_github", url="")) == (422, "form_param_missing")
    assert code_of(await program.reauthorize(account.eac, url="")) == (422, "form_param_missing")
    assert code_of(await program.reauthorize("eac_nobody")) == (404, "external_account_not_found")


async def test_a_disabled_provider_is_not_connected(visit, acting):
    """What the instance no longer offers can be neither connected nor asked for more."""
    visitor = visit(disabled=("github",))
    account = visitor.first("github", "healthy")
    program = acting(visitor)
    await program.sign_in(account.user)
    assert code_of(await program.reauthorize(account.eac)) == (400, "oauth_provider_not_enabled")


@pytest.mark.parametrize(
    ("url", "status"),
    [
        (PAGE, 200),
        (f"{PAGE}?from=here", 200),
        ("http://127.0.0.1:8888/accounts.sandbox.example/user", 200),
        ("http://localhost:8888/lab", 400),
        ("https://accounts.sandbox.example.evil.example/user", 400),
        ("https://evil.example/?u=https://accounts.sandbox.example/user", 400),
        ("javascript:alert(1)", 400),
    ],
)
async def test_only_allowed_addresses_are_returned_to(native, url, status):
    """A production instance sends users back to the addresses on its list alone, however the sandbox is reached."""
    answer = await native.create("oauth_github", url=url)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["errors"][0]["code"] == "resource_missmatch"


@pytest.mark.looptime
async def test_an_old_session_must_be_verified_anew(visitor, pass_time, acting):
    """Ten minutes after signing in nothing is connected, renewed or removed any more; reading goes on."""
    native = acting(visitor)
    await native.sign_in(lacking(visitor, "github"))
    await pass_time(599)
    assert (await native.create("oauth_github")).status_code == 200
    await pass_time(1)
    assert code_of(await native.create("oauth_github")) == (403, "session_reverification_required")
    assert code_of(await native.reauthorize("eac_x")) == (403, "session_reverification_required")
    refused = await native.send("DELETE", "/me/external_accounts/eac_x")
    assert code_of(refused) == (403, "session_reverification_required")
    assert (await native.send("GET", "/me")).status_code == 200


async def test_origin_and_authorization_do_not_go_together(native, validator):
    """A call that is a browser's and a program's at once is refused."""
    answer = await native.send("GET", "/me", headers={"origin": "https://sandbox.example"})
    validator(CLERK, "ClerkErrors").validate(answer.json())
    assert code_of(answer) == (400, "origin_authorization_headers_conflict")


@pytest.mark.looptime
async def test_sign_ins_are_limited(visitor, pass_time, acting):
    """Five sign-ins in ten seconds are all, and Retry-After says when there will be more."""
    statuses = [(await acting(visitor).sign_in(1)).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    await pass_time(10)
    assert (await acting(visitor).sign_in(1)).status_code == 200


async def test_a_browser_has_a_cookie(visitor):
    """Without `_is_native` the client is told by its cookie, and Authorization counts for nothing."""
    ticket = visitor.sandbox.instance.tickets.create(2, 60, visitor.sandbox.clock.now())
    form = {"strategy": "ticket", "ticket": ticket.token}
    answer = await visitor.http.post(f"{FRONTEND}/client/sign_ins", data=form)
    assert "authorization" not in answer.headers
    cookie = answer.headers["set-cookie"].partition(";")[0]
    assert "HttpOnly" in answer.headers["set-cookie"]
    visitor.http.cookies.clear()
    assert (await visitor.http.get(f"{FRONTEND}/me", headers={"cookie": cookie})).status_code == 200
    token = cookie.partition("=")[2]
    assert (await visitor.http.get(f"{FRONTEND}/me", headers={"authorization": token})).status_code == 401


async def test_a_browser_may_return_anywhere(visitor):
    """The list of addresses is for programs: a browser's own page is not on it."""
    sessions, clock = visitor.sandbox.instance.sessions, visitor.sandbox.clock
    client = sessions.open(clock.now())
    sessions.sign_in(client, lacking(visitor, "github"), clock.now())
    answer = await visitor.http.post(
        f"{FRONTEND}/me/external_accounts",
        data={"strategy": "oauth_github", "redirect_url": "https://sandbox.example/settings"},
        headers={"cookie": f"__client={client.token}"},
    )
    assert answer.status_code == 200
    with pytest.raises(Refused) as refused:
        sessions.sign_in(client, 0, clock.now())
    assert refused.value.code == "session_exists"


async def test_a_browser_in_development_gets_a_token(visitor):
    """The token of a development browser is made anew each time, and is among the sandbox's secrets."""
    made = [(await visitor.http.post(f"{FRONTEND}/dev_browser")).json()["id"] for _ in range(2)]
    assert made[0] != made[1]
    assert {*made} <= visitor.sandbox.secrets()


async def test_a_callback_needs_a_decision(native):
    """Coming back from a provider without having decided, or with a state of nobody, leads nowhere."""
    consents = native.visitor.sandbox.consents
    state = state_of(await native.create("oauth_github"))
    url = f"{FRONTEND}/oauth_callback"
    for query in ({"state": state, "code": "guessed"}, {"state": "sandbox-state-of-nobody"}, {}):
        assert code_of(await native.visitor.http.get(url, params=query)) == (400, "authorization_invalid")
    assert consents.find(state).outcome == ""


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("access_denied", ("declined", "oauth_access_denied")),
        ("server_error", ("failed", "oauth_token_exchange_error")),
    ],
)
async def test_a_provider_can_send_back_an_error(native, error, outcome):
    """A provider's error ends the attempt, and the browser goes on all the same."""
    state = state_of(await native.create("oauth_github"))
    query = {"state": state, "error": error}
    answer = await native.visitor.http.get(f"{FRONTEND}/oauth_callback", params=query)
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    found = native.visitor.sandbox.consents.find(state)
    assert (found.outcome, found.error) == outcome


@pytest.mark.parametrize("path", ["/nothing", "/me/external_accounts", "/client/sign_ins/abc"])
async def test_nothing_else_is_there(native, path):
    """An address that the Frontend API does not have is 404."""
    assert code_of(await native.send("GET", path)) == (404, "resource_not_found")
