"""What the main gateway tells, in whatever order and with whatever delay it comes."""

import asyncio

from bots.discord.voice.summons import Summons

STATE = {"channel_id": "10", "session_id": "s", "deaf": False}
SERVER = {"endpoint": "host:443", "token": "t"}


async def test_both_messages_make_a_place() -> None:
    summons = Summons(10)
    assert not summons.take_state(STATE)
    summons.take_server(SERVER)
    assert await summons.place() == ("s", "host:443", "t")
    assert not summons.renewed


async def test_the_second_message_of_a_move_may_come_a_moment_later() -> None:
    summons = Summons(10)
    summons.take_state(STATE)
    summons.take_server(SERVER)
    moved: list[bool] = []
    asyncio.get_running_loop().call_later(
        0.15, lambda: moved.append(summons.take_state({**STATE, "channel_id": "11"}))
    )
    assert await summons.place() == ("s", "host:443", "t")
    assert moved == [True]
    assert summons.channel == 11


async def test_no_answer_is_waited_for_ten_seconds() -> None:
    summons, loop = Summons(10), asyncio.get_running_loop()
    began = loop.time()
    assert await summons.place() is None
    assert round(loop.time() - began) == 10


async def test_a_server_that_is_gone_is_waited_for_longer() -> None:
    summons, loop = Summons(10), asyncio.get_running_loop()
    summons.take_state(STATE)
    summons.take_server({"endpoint": None, "token": "t"})
    loop.call_later(40, summons.take_server, SERVER)
    assert await summons.place() == ("s", "host:443", "t")


async def test_whoever_is_put_out_waits_for_nothing() -> None:
    summons, loop = Summons(10), asyncio.get_running_loop()
    loop.call_later(1, summons.take_state, {"channel_id": None})
    began = loop.time()
    assert await summons.place() is None
    assert loop.time() - began < 2
    assert summons.out


async def test_our_own_leaving_is_no_kick() -> None:
    summons = Summons(10)
    summons.leaving = True
    summons.take_state({"channel_id": None})
    assert not summons.out
    summons.take_state(STATE)
    summons.take_state({"channel_id": None})
    assert summons.out


async def test_a_close_is_explained_or_not() -> None:
    summons, loop = Summons(10), asyncio.get_running_loop()
    assert not await summons.word()
    loop.call_later(2, summons.take_server, SERVER)
    assert await summons.word()
