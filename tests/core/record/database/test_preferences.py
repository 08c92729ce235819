"""What spaces are set up with is kept, on both databases alike."""

import asyncio

import pytest

from core.record.database.opening import open_store
from core.record.database.store import Store
from core.settings import Settings

pytestmark = pytest.mark.real_time


async def test_a_preference_comes_back_as_it_was_given(store: Store) -> None:
    given = {"where": "thread", "ids": ["1", 2, None], "on": True, "deep": {"ünïcode": "👍🏽"}}
    await store.prefer("discord:1", "setup", given)
    await store.prefer("discord:1", "left_out", ["42"])
    assert await store.preferences("discord:1") == {"setup": given, "left_out": ["42"]}


@pytest.mark.parametrize("value", [[], {}, "", 0, False])
async def test_what_is_empty_is_kept_as_well(store: Store, value: object) -> None:
    await store.prefer("a", "key", value)
    assert await store.preferences("a") == {"key": value}


async def test_the_newest_preference_counts(store: Store) -> None:
    for number in range(3):
        await store.prefer("a", "key", number)
    assert await store.preferences("a") == {"key": 2}


async def test_none_takes_a_preference_away(store: Store) -> None:
    await store.prefer("a", "key", 1)
    await store.prefer("a", "other", 2)
    await store.prefer("a", "key", None)
    await store.prefer("a", "never there", None)
    assert await store.preferences("a") == {"other": 2}


async def test_spaces_know_nothing_of_each_other(store: Store) -> None:
    await store.prefer("a", "key", 1)
    await store.prefer("b", "key", 2)
    assert await store.preferences("a") == {"key": 1}
    assert await store.preferences("c") == {}


async def test_all_spaces_whose_name_begins_alike_are_found(store: Store) -> None:
    for space in ("discord:1", "discord:2", "discordant", "slack:1", "disc%rd:3"):
        await store.prefer(space, "key", space)
    found = await store.all_preferences("discord:")
    assert found == {"discord:1": {"key": "discord:1"}, "discord:2": {"key": "discord:2"}}
    assert [*await store.all_preferences("disc%")] == ["disc%rd:3"]


async def test_a_preference_makes_no_space_of_calls(store: Store) -> None:
    await store.prefer("discord:1", "key", 1)
    assert await store.spaces() == []


async def test_two_who_set_the_same_at_once_do_not_disturb_each_other(store: Store) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(store.prefer("a", "key", number))
    assert (await store.preferences("a"))["key"] in range(8)


async def test_preferences_are_there_after_a_restart(record_settings: Settings) -> None:
    async with open_store(record_settings) as store:
        await store.prefer("a", "key", [1])
    async with open_store(record_settings) as store:
        assert await store.preferences("a") == {"key": [1]}


async def test_characters_that_no_database_takes_are_cleaned(store: Store) -> None:
    await store.prefer("a\0b", "k\0", 1)
    assert await store.preferences("a\0b") == {"k\ufffd": 1}


async def test_what_is_replaced_is_what_was_seen(store: Store) -> None:
    await store.prefer("a", "key", {"process": "dead", "n": 1})
    assert not await store.replace("a", "key", {"process": "other", "n": 1}, {"process": "me"})
    assert not await store.replace("a", "never there", {"process": "dead"}, {"process": "me"})
    assert await store.replace("a", "key", {"n": 1, "process": "dead"}, {"process": "me"})
    assert await store.preferences("a") == {"key": {"process": "me"}}
    assert await store.replace("a", "key", {"n": 1, "process": "dead"}, {"process": "me"}), "it was done"


async def test_of_many_who_replace_the_same_one_alone_does(store: Store) -> None:
    await store.prefer("a", "key", "dead")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(store.replace("a", "key", "dead", number)) for number in range(8)]
    (winner,) = (number for number, task in enumerate(tasks) if task.result())
    assert await store.preferences("a") == {"key": winner}
