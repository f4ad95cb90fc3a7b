import pytest

from socialconnect.connectors import Connectors
from socialconnect.errors import UsageError
from socialconnect.sandbox import Sandbox, World
from socialconnect.sandbox.world import CORE, Offered

PROVIDERS = ("github", "notion", "google")


def test_a_user_depends_on_seed_and_index_alone():
    """The same seed gives the same people and accounts, whatever is asked first."""
    forwards, backwards = World(50, seed=3), World(50, seed=3)
    early = [(forwards.person(index), forwards.accounts(index)) for index in range(50)]
    late = [(backwards.person(index), backwards.accounts(index)) for index in reversed(range(50))]
    assert early == late[::-1]


def test_the_size_of_a_world_does_not_change_its_people():
    """A user is the same among ten and among thousands."""
    assert World(10, seed=3).accounts(9) == World(50_000, seed=3).accounts(9)


def test_another_seed_is_another_world():
    """No user id of one seed is known to another."""
    first, second = World(20, seed=1), World(20, seed=2)
    assert all(second.find_user(first.user_id(index)) is None for index in range(20))


def test_ids_lead_back_to_their_owner():
    """Each user id and account id is read back to what it was made of."""
    world = World(3000, seed=5)
    for index in range(0, 3000, 97):
        assert world.find_user(world.user_id(index)) == index
        assert all(world.find_account(account.eac) is account for account in world.accounts(index))


@pytest.mark.parametrize(
    "wrong", ["", "user_", "user_2abc", "x", "user_" + "0" * 27, "user_" + "z" * 27, "user_" + "é" * 27]
)
def test_an_id_of_nobody_leads_nowhere(wrong):
    """Text that is not one of the world's ids finds no user and no account."""
    world = World(10)
    assert world.find_user(wrong) is None
    assert world.find_account(wrong.replace("user_", "eac_")) is None


def test_a_changed_id_leads_nowhere():
    """An id with one other letter is not taken for its neighbour."""
    world = World(10)
    user_id = world.user_id(4)
    for place in range(5, len(user_id)):
        changed = user_id[:place] + ("a" if user_id[place] != "a" else "b") + user_id[place + 1 :]
        assert world.find_user(changed) is None


def test_a_large_world_is_not_built():
    """A hundred thousand users are not made before they are asked for, and then one by one."""
    world = Sandbox(users=100_000).world
    assert world.person.cache_info().currsize == 0
    assert world.find_user(world.user_id(99_999)) == 99_999
    assert len(world.accounts(99_999)) >= 0
    assert world.person.cache_info().currsize == 1


def test_later_users_registered_earlier():
    """Registration times fall strictly with the index, so that their order is the listing's."""
    world = World(1000, seed=7)
    times = [world.created_at(index) for index in range(1000)]
    assert times == sorted(set(times), reverse=True)


@pytest.mark.parametrize("seed", [0, 1, 2, 11])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_situation_occurs_in_200_users(provider, seed):
    """The default world has each situation at each provider, and most accounts are healthy."""
    world = World(200, seed)
    fates = [fate for index in range(200) for fate in world.situation(index).get(provider, ())]
    assert set(fates) == {
        "healthy",
        "revoked",
        "stale",
        "unrefreshable",
        "underscoped",
        "narrow",
        "unconsented",
        "refused",
        "untokened",
        "unverified",
        "empty",
        "large",
    }
    assert fates.count("healthy") > len(fates) / 2
    connected = sum(provider in world.situation(index) for index in range(200)) / 200
    assert connected == {"github": 0.75, "notion": 0.6, "google": 0.7}[provider]


def test_accounts_are_told_apart():
    """Ids, usernames and provider ids are each account's own."""
    world = World(500)
    accounts = [account for index in range(500) for account in world.accounts(index)]
    assert len({account.eac for account in accounts}) == len(accounts)
    assert len({account.identification for account in accounts}) == len(accounts)
    assert len({(account.provider, account.provider_user_id) for account in accounts}) == len(accounts)
    assert len({(account.provider, account.mark) for account in accounts}) == len(accounts)


def test_a_further_provider_changes_nothing_of_the_others():
    """Accounts keep their ids and situations when a connector is added."""
    plain, more = World(50), World(50, providers=(Offered("acme"), *CORE))
    for index in range(50):
        assert plain.accounts(index) == tuple(one for one in more.accounts(index) if one.provider != "acme")


@pytest.mark.parametrize("users", [0, -1, 100_001])
def test_an_impossible_size_is_refused(users):
    """A world has from one to a hundred thousand users."""
    with pytest.raises(UsageError, match="not possible"):
        World(users)


@pytest.mark.parametrize("seed", range(12))
def test_a_provider_s_accounts_are_not_all_in_one_place(seed):
    """Of any sixty users who registered one after the other, some have connected each provider, and some have not."""
    names = list(Connectors())
    world = World(200, seed, [Offered(name) for name in names])
    for name in names:
        held = [any(one.provider == name for one in world.accounts(index)) for index in range(200)]
        assert all(0 < sum(held[start : start + 60]) < 60 for start in range(140)), name
