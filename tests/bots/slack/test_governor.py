"""What captions of one workspace may send."""

import asyncio

from bots.slack import governor as module
from bots.slack.governor import POST, Governor
from bots.slack.pace import Rank


async def test_a_refusal_freezes_only_the_method_that_it_is_about() -> None:
    governor = Governor()
    governor.sent("chat.update", "a")
    governor.refused("chat.update", 30)
    assert governor.wait("chat.update", "b", Rank.FINAL) >= 30
    assert governor.wait("chat.appendStream", "b", Rank.FINAL) == 0
    assert governor.refusals == 1


async def test_posts_count_for_their_channel_and_for_the_workspace() -> None:
    governor = Governor()
    governor.sent(POST, "a", "C1")
    assert governor.wait(POST, "a", Rank.FINAL, "C1") > 1
    assert 0 < governor.wait(POST, "b", Rank.FINAL, "C2") < 0.3
    await asyncio.sleep(0.3)
    assert governor.wait(POST, "b", Rank.FINAL, "C2") == 0


async def test_workspaces_do_not_wait_for_each_other() -> None:
    one, other = Governor(), Governor()
    one.sent("chat.appendStream", "a")
    assert other.wait("chat.appendStream", "a", Rank.FINAL) == 0


async def test_something_is_left_for_cards_and_commands() -> None:
    governor, taken = Governor(), 0
    loop = asyncio.get_running_loop()
    end = loop.time() + 60
    while loop.time() < end:
        if (wait := governor.wait("chat.update", "a", Rank.FINAL)) > 0:
            await asyncio.sleep(wait)
            continue
        governor.sent("chat.update", "a")
        taken += 1
    assert taken == 40


async def test_channels_at_rest_are_forgotten() -> None:
    governor = Governor()
    for number in range(module.CHANNELS + 50):
        governor.wait(POST, "a", Rank.FINAL, f"C{number}")
    assert len(governor._lanes) <= module.CHANNELS
