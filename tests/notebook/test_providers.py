"""`ProviderPicker`: what it counts, whom it follows, what it says."""

import asyncio

import pandas as pd
import pytest

import socialconnect as sc
from socialconnect.notebook import providers as room
from socialconnect.notebook.states import states


def _row(picker, provider):
    return picker.frame.set_index("provider").loc[provider]


def _expected(client, resource, ids=None):
    """Users by the best state that coverage gives any of their accounts."""
    frame = client.coverage(resource, ids)
    readable = set(frame.loc[frame["state"] == "readable", "user_id"])
    lacking = set(frame.loc[frame["state"] == "missing_scope", "user_id"]) - readable
    return len(readable), len(lacking), frame["user_id"].nunique() - len(readable) - len(lacking)


@pytest.mark.parametrize("resource", ["github.repos", "google.profile", "notion.users"])
def test_the_counts_are_those_of_coverage(small, resource):
    """Judged for a resource, the counts over everybody are what coverage says user by user."""
    picker = sc.ProviderPicker(small)
    picker.judge([resource])
    row = _row(picker, resource.partition(".")[0])
    assert (row["connected"], row["needs_scope"], row["not_connected"]) == _expected(small, resource)
    assert row["users"] == 200


def test_the_counts_follow_a_user_picker(small):
    """The counts are over the users who are chosen, and over everybody while nobody is."""
    users = sc.UserPicker(small)
    picker = sc.ProviderPicker(small, users)
    assert _row(picker, "github")["users"] == 200
    ids = small.users()["user_id"].tolist()[:12]
    users.add(ids)
    picker.judge(["github.repos"])
    row = _row(picker, "github")
    assert row["users"] == 12
    assert (row["connected"], row["needs_scope"], row["not_connected"]) == _expected(small, "github.repos", ids)
    assert "Of 12 users" in picker._status.value


def test_expired_is_unknown_until_tokens_are_checked(small, press):
    """Only *Check tokens* knows the expired: as many as coverage with tokens finds."""
    picker = sc.ProviderPicker(small)
    assert picker.frame["expired"].isna().all()
    press(picker, "Check tokens")
    frame = small.coverage("notion.users", tokens=True)
    dead = set(frame.loc[frame["state"] == "token_dead", "user_id"])
    alive = set(frame.loc[frame["state"].isin(["readable", "missing_scope"]), "user_id"])
    assert _row(picker, "notion")["expired"] == len(dead - alive) > 0
    assert "expired" in str(picker)


def test_the_check_can_be_stopped(small, press, monkeypatch):
    """While tokens are asked for, the same button stops that."""
    picker = sc.ProviderPicker(small)
    picker.open()
    picker.wait()

    async def never(*_):
        await asyncio.Event().wait()

    monkeypatch.setattr(picker, "_dead", never)
    press(picker, "Check tokens")
    press(picker, "Stop checking")
    assert picker.wait(20)
    assert "Stopped." in picker._status.value
    assert picker._check.description == "Check tokens"


def test_many_users_are_not_counted_unasked(small, press, monkeypatch):
    """Above the bound nobody is counted until somebody presses the button; providers can be chosen all the same."""
    monkeypatch.setattr(room, "_UNASKED", 199)
    picker = sc.ProviderPicker(small)
    assert picker.frame.empty
    assert "200 users: to count their connections takes a while" in picker._status.value
    assert not picker._boxes["github"].disabled
    press(picker, "Count connections")
    assert _row(picker, "github")["users"] == 200


def test_what_nobody_connected_cannot_be_chosen(small):
    """A provider that none of the users has is disabled and named as such, one not enabled likewise."""
    accounts = small.accounts()
    have = accounts.query("connected").groupby("user_id")["provider"].agg(set)
    one = next(user_id for user_id, providers in have.items() if "notion" not in providers)
    picker = sc.ProviderPicker(small, one)
    picker.open()
    picker.wait()
    assert picker._boxes["notion"].disabled
    assert "Notion" in picker._rest.value
    off = sc.ProviderPicker(sc.sandbox(users=20, disabled=["notion"]))
    off.open()
    off.wait()
    assert off._boxes["notion"].disabled
    assert "Not enabled in this Clerk instance: Notion." in off._rest.value


def test_choosing_is_told_and_can_be_set(small):
    """A tick is told to who watches; `providers` gives and takes the names, and refuses unknown ones."""
    picker = sc.ProviderPicker(small, providers=["google"])
    seen = []
    picker.watch(lambda: seen.append(picker.providers))
    picker._boxes["github"].value = True
    assert seen == [("github", "google")]
    picker.providers = ["notion"]
    assert repr(picker) == "<ProviderPicker: notion>"
    with pytest.raises(sc.UnknownName, match="github"):
        picker.providers = ["gihub"]


def test_words_stand_beside_the_colours(small):
    """Every count is said in words; the bar is for the eye alone."""
    picker = sc.ProviderPicker(small)
    picker.open()
    picker.wait()
    told = picker._told["google"].value
    row = _row(picker, "google")
    assert f"{row['connected']} connected" in told
    assert f"{row['not_connected']} not connected" in told
    assert 'aria-hidden="true"' in told


def test_a_failure_is_said_and_can_be_tried_again(small, press, monkeypatch):
    """Where Clerk cannot be asked, the line says so with the cure, and a button tries again."""

    async def fail(*_):
        raise sc.Unavailable("Clerk cannot be reached.", cure="Look at the network.")

    picker = sc.ProviderPicker(small)
    with monkeypatch.context() as patch:
        patch.setattr(small.aio, "accounts", fail)
        picker.open()
        picker.wait()
        assert "Clerk cannot be reached.</b> Look at the network." in picker._status.value
    press(picker, "Count connections")
    assert _row(picker, "github")["users"] == 200


def test_counting_goes_on_without_the_list_of_enabled(small, monkeypatch):
    """Where Clerk's Frontend API cannot say what is enabled, everything counts as enabled and is counted."""

    async def fail(*_):
        raise sc.SetupError("The Clerk instance has no domain with a Frontend API.", cure="Add one.")

    monkeypatch.setattr(small.aio, "providers", fail)
    picker = sc.ProviderPicker(small)
    assert _row(picker, "github")["connected"] > 0
    assert not picker._boxes["github"].disabled


def test_the_best_account_counts(small):
    """A user with two accounts is counted once, by the better."""
    rows = [("u1", "eac_1", True, ["openid"]), ("u1", "eac_2", True, ["nothing"])]
    rows += [("u4", "eac_5", True, ["nothing"]), ("u4", "eac_6", True, ["openid"])]
    rows += [("u2", "eac_3", True, ["nothing"]), ("u3", "eac_4", False, ["openid"])]
    accounts = pd.DataFrame(rows, columns=["user_id", "external_account_id", "connected", "scopes"])
    accounts["provider"] = "google"
    dead = {("google", "eac_3")}
    frame = states(accounts, small.connectors, 5, dead, {"google": "profile"}).set_index("provider")
    assert frame.loc["google"].tolist() == [5, 2, 0, 1, 2]


def test_one_readable_resource_is_a_connection(small):
    """Where no resource is named, a token that can read any of the provider's is good for something."""
    rows = [("u1", "eac_1", True, "google", ["openid"]), ("u2", "eac_2", True, "google", ["nothing"])]
    accounts = pd.DataFrame(rows, columns=["user_id", "external_account_id", "connected", "provider", "scopes"])
    frame = states(accounts, small.connectors, 2).set_index("provider")
    assert frame.loc["google", ["connected", "needs_scope"]].tolist() == [1, 1]
