import pytest

from socialconnect.sandbox import Sandbox

CLERK = "clerk-bapi-subset.yml"
BACKEND = "https://api.clerk.com/v1"


def keyed(visitor):
    """The headers of the application itself."""
    return {"authorization": f"Bearer {visitor.sandbox.secret_key}"}


async def ticket(visitor, user=0, **told):
    """A new ticket, as Clerk answers."""
    body = {"user_id": visitor.world.user_id(user), **told}
    return await visitor.http.post(f"{BACKEND}/sign_in_tokens", json=body, headers=keyed(visitor))


async def revoke(visitor, identity):
    """Clerk's answer to revoking a ticket."""
    return await visitor.http.post(f"{BACKEND}/sign_in_tokens/{identity}/revoke", headers=keyed(visitor))


async def disconnect(visitor, account, identity=None):
    """Clerk's answer to removing an account."""
    path = f"/users/{visitor.world.user_id(account.user)}/external_accounts/{identity or account.eac}"
    return await visitor.http.delete(f"{BACKEND}{path}", headers=keyed(visitor))


def code_of(answer):
    """The status and the code of an error."""
    return answer.status_code, answer.json()["errors"][0]["code"]


async def test_a_ticket_is_made_as_specified(visitor, validator):
    """A sign-in token has a token, an address that signs in with it, and is pending."""
    answer = await ticket(visitor, 3, expires_in_seconds=600)
    body = answer.json()
    validator(CLERK, "SignInToken").validate(body)
    assert (answer.status_code, body["status"], body["user_id"]) == (200, "pending", visitor.world.user_id(3))
    assert body["url"] == f"https://accounts.sandbox.example/sign-in?__clerk_ticket={body['token']}"
    assert body["token"] in visitor.sandbox.secrets()


@pytest.mark.parametrize(
    ("told", "status", "code"),
    [
        ({"user_id": ""}, 422, "form_param_missing"),
        ({"user_id": "user_nobody"}, 404, "resource_not_found"),
        ({"expires_in_seconds": 0}, 422, "form_param_value_invalid"),
        ({"expires_in_seconds": "soon"}, 422, "form_param_type_invalid"),
        ({"expires_in_seconds": True}, 422, "form_param_type_invalid"),
    ],
)
async def test_a_wrong_ticket_is_not_made(visitor, validator, told, status, code):
    """Nobody, or no time at all, is refused with Clerk's code."""
    answer = await ticket(visitor, **told)
    validator(CLERK, "ClerkErrors").validate(answer.json())
    assert code_of(answer) == (status, code)


async def test_a_ticket_is_revoked_once(visitor, validator):
    """A revoked ticket is shown without its token and cannot be revoked again; nor can one that never was."""
    made = (await ticket(visitor)).json()
    revoked = await revoke(visitor, made["id"])
    validator(CLERK, "SignInToken").validate(revoked.json())
    assert (revoked.json()["status"], "token" in revoked.json()) == ("revoked", False)
    assert code_of(await revoke(visitor, made["id"])) == (400, "sign_in_token_cannot_be_revoked_code")
    assert code_of(await revoke(visitor, "sit_nobody")) == (404, "resource_not_found")


@pytest.mark.parametrize("provider", ["github", "google", "notion"])
async def test_a_removed_account_is_gone(visitor, validator, provider):
    """Clerk no longer lists it or has tokens of it, and the provider refuses the token that it had."""
    account = visitor.first(provider, "healthy")
    token = await visitor.token(account)
    answer = await disconnect(visitor, account)
    validator(CLERK, "DeletedObject").validate(answer.json())
    assert answer.json() == {"object": "external_account", "id": account.eac, "deleted": True}
    row = (await visitor.clerk(f"/users/{visitor.world.user_id(account.user)}")).json()
    assert account.eac not in str(row["external_accounts"])
    assert account.eac not in (await visitor.tokens(account)).text
    url = {"github": "https://api.github.com/user", "notion": "https://api.notion.com/v1/users"}
    address = url.get(provider, "https://www.googleapis.com/oauth2/v2/userinfo")
    assert (await visitor.get(address, token)).status_code == 401
    assert code_of(await disconnect(visitor, account)) == (404, "external_account_not_found")


async def test_only_the_canonical_id_removes(visitor):
    """The idn_ id under which a Google account is listed is not found, and neither is another user's account."""
    account = visitor.first("google", "healthy")
    assert code_of(await disconnect(visitor, account, account.identification)) == (404, "external_account_not_found")
    other = next(one for one in visitor.world.having("google", "healthy") if one.user != account.user)
    assert code_of(await disconnect(visitor, account, other.eac)) == (404, "external_account_not_found")
    assert visitor.world.find_account(account.eac) == account


async def test_the_last_way_in_is_kept(visitor):
    """A user without a password keeps the one account left to sign in with; attempts do not count."""
    world = visitor.world
    user = next(index for index in range(7, 200, 10) if len(world.accounts(index)) > 1)
    accounts = [one for one in world.accounts(user) if one.situation != "unverified"]
    for account in accounts[1:]:
        assert (await disconnect(visitor, account)).status_code == 200
    lacking = next(name for name in world.providers if name not in world.situation(user))
    attempt = visitor.sandbox.consents.begin(user, lacking, now=visitor.sandbox.clock.now())
    assert code_of(await disconnect(visitor, accounts[0])) == (400, "last_required_identification_deletion_failed")
    assert world.find_account(accounts[0].eac) == accounts[0]
    assert (await disconnect(visitor, world.find_account(attempt.eac))).status_code == 200


async def test_settings_are_as_specified(visitor, validator):
    """The addresses that programs may use, and the keys of session tokens."""
    urls = (await visitor.clerk("/redirect_urls")).json()
    for one in urls:
        validator(CLERK, "RedirectURL").validate(one)
    assert "https://accounts.sandbox.example/user" in [one["url"] for one in urls]
    keys = (await visitor.clerk("/jwks")).json()
    assert (len(keys["keys"]), keys["keys"][0]["kty"]) == (1, "RSA")


async def test_the_backend_wants_its_key(visitor):
    """Nothing is written without the secret key."""
    answer = await visitor.http.post(f"{BACKEND}/sign_in_tokens", json={"user_id": visitor.world.user_id(0)})
    assert code_of(answer) == (401, "authentication_invalid")
    account = visitor.first("github", "healthy")
    path = f"/users/{visitor.world.user_id(account.user)}/external_accounts/{account.eac}"
    assert (await visitor.http.delete(f"{BACKEND}{path}")).status_code == 401
    assert visitor.world.find_account(account.eac) == account


def test_tickets_depend_on_the_seed():
    """The same seed makes the same tickets in the same order, another seed others."""
    first, again, other = (Sandbox(users=5, seed=seed).instance.tickets for seed in (1, 1, 2))
    made = [[desk.create(0, 60, 1_795_294_800.0).token for _ in range(2)] for desk in (first, again, other)]
    assert made[0] == made[1]
    assert not {*made[0]} & {*made[2]}
