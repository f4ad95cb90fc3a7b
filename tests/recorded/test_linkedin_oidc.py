"""LinkedIn's userinfo, whose claims its recorded discovery lists, and what its errors mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape

import socialconnect as sc
from socialconnect.connectors.linkedin_oidc import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    Connect = Callable[..., sc.Client]

URL = "https://api.linkedin.com/v2/userinfo"
CLAIMS = {"sub": "782bbtaQ", "name": "Mia K", "given_name": "Mia", "family_name": "K", "email": "mia@example.com"}
PICTURE = "https://media.licdn-ei.com/dms/image/C5F03AQHqK8v7tB1HCQ/profile-displayphoto-shrink_100_100/0/"


def body(name: str) -> Any:
    return answer(200, shared("recorded", "linkedin_oidc", f"{name}.json").read_bytes()).json()


def opened(stage: Stage, connect: Connect, found: object, status: int = 200, **headers: str) -> sc.Client:
    stage.connect("user_1", "linkedin_oidc", scopes=["openid", "profile", "email"])
    stage.serve(answer(status, found, **headers), url=URL)
    return connect(max_wait=0)


def test_the_userinfo_is_where_the_discovery_says() -> None:
    """The address is the recorded one, and each claim about a member that LinkedIn supports is a column."""
    found = body("discovery")
    resource = connector.resource("profile")
    assert connector.origin + resource.path == found["userinfo_endpoint"]
    assert {*found["claims_supported"]} - {"iss", "aud", "iat", "exp"} == {one.name for one in resource.columns}
    assert {*resource.scopes, *resource.fuller} == {*found["scopes_supported"]}


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ({"country": "US", "language": "en"}, "en-US"),
        ({"language": "de"}, "de"),
        ("en-US", "en-US"),
        (None, None),
    ],
)
@pytest.mark.parametrize(("sent", "verified"), [(True, True), ("true", True), ("false", False), (None, None)])
def test_a_member(
    stage: Stage, connect: Connect, locale: object, text: str | None, sent: object, *, verified: bool | None
) -> None:
    """A locale is one text whichever way it comes, and so is what LinkedIn says of the address."""
    found = {**CLAIMS, "picture": PICTURE, "locale": locale, "email_verified": sent}
    frame = opened(stage, connect, found).linkedin_oidc.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    check(frame, [{**found, "locale": text, "email_verified": verified}])
    (seen,) = stage.asked("linkedin_oidc")
    assert "linkedin-version" not in seen.headers


def test_the_locale_of_the_legacy_profile(stage: Stage, connect: Connect) -> None:
    """The recorded old profile, which other apps get, is no member here; its locale is written as any."""
    found = body("legacy_v2_me")
    assert opened(stage, connect, found).linkedin_oidc.profile("user_1")["sub"].isna().all()
    stage.routes.clear()
    stage.serve(answer(200, {**CLAIMS, "locale": found["firstName"]["preferredLocale"]}), url=URL)
    assert connect().linkedin_oidc.profile("user_1")["locale"].tolist() == ["en-US"]


@pytest.mark.parametrize(
    ("status", "found", "expected"),
    [
        (
            401,
            {"message": "Empty oauth2_access_token", "serviceErrorCode": 401, "status": 401},
            sc.ReconnectNeeded,
        ),
        (
            403,
            {"message": "Not enough permissions to access: GET /userinfo", "serviceErrorCode": 100, "status": 403},
            sc.MissingScope,
        ),
        (403, {"message": "This application is blocked", "status": 403}, sc.AccessDenied),
        (429, {"message": "Resource level throttle limit for calls to this resource is reached."}, sc.RateLimited),
    ],
)
def test_errors(
    stage: Stage, connect: Connect, status: int, found: dict[str, Any], expected: type[sc.SocialConnectError]
) -> None:
    """Each error is what it means, in LinkedIn's words; a refusal has its id of the request."""
    client = opened(stage, connect, found, status, x_li_uuid="AAYv7")
    with pytest.raises(expected) as caught:
        client.frame("linkedin_oidc.profile", "user_1")
    assert type(caught.value) is expected
    assert found["message"] in str(caught.value)
    assert status == 429 or caught.value.trace_id == "AAYv7"


def test_every_recording_is_read() -> None:
    """No recorded body of LinkedIn's is left out of these tests."""
    shared("recorded", "linkedin_oidc")
    assert {path.stem for path in RECORDED.joinpath("linkedin_oidc").glob("*.json")} == {"discovery", "legacy_v2_me"}
