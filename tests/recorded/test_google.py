"""Google's userinfo, as passport-google-oauth2 keeps it, through the whole client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.recorded.cassettes import answer, quoted, shared
from tests.recorded.rows import check, check_shape

from socialconnect.connectors.google import connector

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.recorded.server import Stage

    import socialconnect as sc

    Connect = Callable[..., sc.Client]

USERINFO = "https://www.googleapis.com/oauth2/v2/userinfo"
BODIES = ("userinfo", "userinfo-no-picture", "userinfo-with-profile", "userinfo-with-profile-email")


def body(name: str) -> bytes:
    return shared("recorded", "google", "passport-google-oauth2", f"{name}.json").read_bytes()


@pytest.mark.parametrize("name", BODIES)
def test_profile_in_the_other_shape(stage: Stage, connect: Connect, name: str) -> None:
    """OpenID's names for the same things fill what they share with the declared ones; the rest is NA."""
    stage.connect("user_1", "google", scopes=["openid"])
    recorded = answer(200, body(name))
    stage.serve(recorded, url=USERINFO)
    frame = connect().google.profile("user_1")
    check_shape(frame, connector.resource("profile"))
    check(frame, [recorded.json()])
    assert frame["id"].isna().all()


@pytest.mark.parametrize("name", BODIES)
def test_profile(stage: Stage, connect: Connect, name: str) -> None:
    """The same bodies under the names of version 2 fill every column; 21 digits stay a text."""
    stage.connect("user_1", "google", scopes=["email", "profile"])
    record: dict[str, Any] = answer(200, body(name)).json()
    renamed = {{"sub": "id", "email_verified": "verified_email"}.get(key, key): value for key, value in record.items()}
    stage.serve(answer(200, renamed), url=USERINFO)
    frame = connect().google.profile("user_1")
    check(frame, [renamed])
    assert frame["id"].tolist() == ["1" * 21]


def test_email_alone(stage: Stage, connect: Connect) -> None:
    """A token with the e-mail scope alone gives a row without names."""
    stage.connect("user_1", "google", scopes=["email"])
    recorded = quoted("google", "Roku-GooglePhotos")
    stage.serve(recorded, url=USERINFO)
    frame = connect().google.profile("user_1")
    check(frame, [recorded.json()])
    assert frame["email"].notna().all()
    assert frame["name"].isna().all()
