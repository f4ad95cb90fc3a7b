import pytest

V2 = "https://www.googleapis.com/oauth2/v2/userinfo"
OIDC = "https://openidconnect.googleapis.com/v1/userinfo"
TYPES = {"string": str, "boolean": bool}


async def test_profiles_are_as_specified(visitor, discovery):
    """Every property is one of Google's, of its type, and the id is the account's."""
    known = discovery("google-oauth2-v2.json")["schemas"]["Userinfo"]["properties"]
    for situation in ("healthy", "large", "narrow"):
        for account in visitor.world.having("google", situation):
            row = (await visitor.read(account, V2)).json()
            assert row["id"] == account.provider_user_id
            assert len(row["id"]) == 21
            assert row.get("email", account.email) == account.email
            for name, value in row.items():
                assert isinstance(value, TYPES[known[name]["type"]])


async def test_scopes_decide_what_is_told(visitor):
    """A healthy account has name and address; a narrow one lacks the name; some narrow ones the address too."""
    row = (await visitor.read(visitor.first("google", "healthy"), V2)).json()
    assert {"id", "email", "verified_email", "name", "picture"} <= set(row)
    rows = [(await visitor.read(account, V2)).json() for account in visitor.world.having("google", "narrow")]
    assert not any("name" in row for row in rows)
    assert {"email" in row for row in rows} == {True, False}


async def test_both_dialects_say_the_same(visitor):
    """OpenID Connect's userinfo is the same profile under other names; the alias is the same address."""
    account = visitor.first("google", "healthy")
    row, claims = (await visitor.read(account, V2)).json(), (await visitor.read(account, OIDC)).json()
    assert (claims["sub"], claims["email_verified"]) == (row["id"], row["verified_email"])
    assert (await visitor.read(account, "https://www.googleapis.com/userinfo/v2/me")).json() == row


async def test_a_missing_scope_is_challenged(visitor):
    """A token without any of the scopes is refused with those that would do."""
    answer = await visitor.read(visitor.first("google", "underscoped"), V2)
    assert (answer.status_code, answer.json()["error"]["status"]) == (403, "PERMISSION_DENIED")
    assert 'error="insufficient_scope", scope="openid ' in answer.headers["www-authenticate"]
    assert answer.json()["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


@pytest.mark.parametrize("url", [V2, OIDC])
async def test_a_dead_token_is_refused(visitor, url):
    """A revoked token, and none at all, are refused in the words of the address."""
    dead = await visitor.read(visitor.first("google", "revoked"), url)
    none = await visitor.http.get(url)
    assert (dead.status_code, none.status_code) == (401, 401)
    assert 'error="invalid_token"' in dead.headers["www-authenticate"]
    error = dead.json()["error"]
    assert error == "invalid_request" if url == OIDC else error["status"] == "UNAUTHENTICATED"


async def test_nothing_else_is_there(visitor):
    """An address that Google does not have is 404."""
    answer = await visitor.read(visitor.first("google", "healthy"), "https://www.googleapis.com/oauth2/v9/userinfo")
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")
