"""A custom OpenID Connect provider: the recorded discovery document, and the userinfo of three such services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.recorded import server
from tests.recorded.cassettes import RECORDED, answer, shared
from tests.recorded.rows import check, check_shape
from tests.recorded.server import KEY

import socialconnect as sc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.recorded.server import Stage

OKTA = "https://dev-000000.oktapreview.com"
DISCOVERY = f"{OKTA}/oauth2/.well-known/openid-configuration"


def body(name: str) -> Any:
    return answer(200, shared("recorded", "oidc", f"{name}.json").read_bytes()).json()


@pytest.fixture
def client(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[sc.Client]:
    """A client that knows the provider from its recorded discovery document."""
    monkeypatch.setitem(server.ORIGINS, "okta", OKTA)
    stage.connect("user_1", "custom_acme")
    stage.serve(answer(200, body("okta_discovery")), url=DISCOVERY)
    with sc.Client(KEY, base_urls=stage.base_urls) as found:
        found.custom("custom_acme", discovery=DISCOVERY)
        yield found


def test_the_description_is_asked_for_without_a_token(stage: Stage, client: sc.Client) -> None:
    """The recorded document makes a connector; whoever asks for it shows nobody's token."""
    assert client.connectors["custom_acme"].resource("profile").path == body("okta_discovery")["userinfo_endpoint"]
    (seen,) = stage.asked("okta")
    assert (seen.path, seen.token) == ("/oauth2/.well-known/openid-configuration", "")


@pytest.mark.parametrize("name", ["okta", "auth0", "cognito"])
def test_userinfo(stage: Stage, client: sc.Client, name: str) -> None:
    """Each recorded userinfo is one row: numbers are texts where claims are, what was not told is NA."""
    found = body(f"{name}_userinfo")
    stage.serve(answer(200, found), url=f"{OKTA}/oauth2/v1/userinfo")
    frame = client.frame("custom_acme.profile", "user_1")
    check_shape(frame, client.connectors["custom_acme"].resource("profile"))
    told = {**found, "sub": str(found["sub"]) if "sub" in found else None, "middle_name": found.get("middle_name")}
    if "updated_at" in found:
        told["updated_at"] = str(pd.Timestamp(found["updated_at"], unit="s", tz="UTC"))
    check(frame, [told])
    assert stage.asked("okta")[-1].token == "token-of-user_1-custom_acme"


def test_what_is_beyond_the_standard_is_in_raw(stage: Stage, client: sc.Client) -> None:
    """Claims of the provider's own come with `raw=True`, as they were sent."""
    stage.serve(answer(200, body("cognito_userinfo")), url=f"{OKTA}/oauth2/v1/userinfo")
    frame = client.frame("custom_acme.profile", "user_1", raw=True)
    assert frame["raw"].tolist() == ['{"username":"cognito.account.ABCDE1234"}']


def test_every_recording_is_read() -> None:
    """No recorded body of such a provider is left out of these tests."""
    shared("recorded", "oidc")
    names = {path.stem for path in RECORDED.joinpath("oidc").glob("*.json")}
    assert names == {"okta_discovery", "okta_userinfo", "auth0_userinfo", "cognito_userinfo"}
