"""vcrpy sees what is sent, so that an exchange can be kept and played again."""

from __future__ import annotations

import vcr

import socialconnect as sc
from socialconnect.sandbox import Sandbox, running

HIDDEN = [("authorization", "[secret]")]


def test_an_exchange_is_recorded_and_played_again(tmp_path):
    """With the sandbox gone, the cassette gives the same frame, and no secret stands in it."""
    cassette = tmp_path / "users.yaml"
    world = Sandbox(users=5)
    with running(world) as base:
        settings = sc.Settings.make(secret_key=world.secret_key, base_urls=world.base_urls(base))
        with vcr.use_cassette(str(cassette), filter_headers=HIDDEN), sc.Client(settings=settings) as client:
            recorded = client.users()
    with vcr.use_cassette(str(cassette), filter_headers=HIDDEN, record_mode="none"):
        played = sc.Client(settings=settings).users()
    assert len(played) == 5
    assert played.equals(recorded)
    assert world.secret_key not in cassette.read_text("utf-8")
