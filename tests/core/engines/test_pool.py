import asyncio

import pytest

from core.engines.pool import GROW, Pool
from core.errors import LineBusy
from tests.fakes.engine import Busy, ScriptedEngine, speak


async def test_who_comes_later_waits_in_turn() -> None:
    engine = ScriptedEngine(streams=2)
    pool = Pool(engine)
    order: list[int] = []

    async def use(number: int) -> None:
        async with pool.lend("en"):
            order.append(number)
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as tasks:
        for number in range(6):
            tasks.create_task(use(number))
        await asyncio.sleep(0.5)
        assert (pool.lent, pool.waiting, pool.full()) == (2, 4, True)
    assert order == list(range(6))
    assert engine.most == 2
    assert (pool.lent, pool.waiting, pool.full()) == (0, 0, False)


async def test_a_stream_that_could_not_be_opened_is_free_again() -> None:
    pool = Pool(ScriptedEngine(faults=[Busy()], streams=1))
    with pytest.raises(LineBusy):
        async with pool.lend("en"):
            pass
    async with pool.lend("en"):
        assert pool.lent == 1


async def test_giving_up_the_wait_takes_nobody_elses_turn() -> None:
    pool = Pool(ScriptedEngine(streams=1))
    async with asyncio.TaskGroup() as tasks:
        async with pool.lend("en"):

            async def use() -> None:
                async with pool.lend("en"):
                    pass

            first, second = tasks.create_task(use()), tasks.create_task(use())
            await asyncio.sleep(1)
            first.cancel()
        await second
    assert (pool.lent, pool.waiting) == (0, 0)


async def test_calls_take_turns_so_that_a_large_one_starves_no_small_one() -> None:
    pool = Pool(ScriptedEngine(streams=2))
    order: list[str] = []

    async def use(call: str) -> None:
        async with pool.lend("en", call=call):
            order.append(call)
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(20):
            tasks.create_task(use("large"))
        await asyncio.sleep(0.5)
        for call in ("one", "two", "one"):
            tasks.create_task(use(call))
    assert order[:2] == ["large", "large"]
    assert sorted(order[2:6]) == ["large", "one", "one", "two"] or order[2:6].count("large") <= 2
    assert order.index("one") <= 4
    assert order.index("two") <= 4


async def test_a_call_has_no_more_streams_than_its_share() -> None:
    pool = Pool(ScriptedEngine(streams=8), per_call=3)
    most = 0

    async def use(call: str) -> None:
        nonlocal most
        async with pool.lend("en", call=call):
            most = max(most, pool.lent)
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(9):
            tasks.create_task(use("large"))
        await asyncio.sleep(0.5)
        assert (pool.lent, pool.waiting) == (3, 6)
        assert pool.full("large")
        assert not pool.full("small")
        async with pool.lend("en", call="small"):
            assert pool.lent == 4
    assert most == 3


async def test_an_engine_elsewhere_that_is_busy_is_asked_for_no_more_than_it_gave_for_a_while() -> None:
    engine = ScriptedEngine([None, None, Busy()], streams=8)
    pool = Pool(engine, far=True)
    async with pool.lend("en"), pool.lend("en"):
        with pytest.raises(LineBusy):
            async with pool.lend("en"):
                pass
        assert (pool.limit, pool.full()) == (2, True)
        await asyncio.sleep(GROW + 0.1)
        assert (pool.limit, pool.full()) == (3, False)
        await asyncio.sleep(GROW * 10)
        assert pool.limit == 8


async def test_giving_up_in_the_moment_of_ones_turn_takes_no_stream_away() -> None:
    pool = Pool(ScriptedEngine(streams=1))

    async def use() -> None:
        async with pool.lend("en"):
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(use())
        await asyncio.sleep(0.1)
        second, third = tasks.create_task(use()), tasks.create_task(use())
        await asyncio.sleep(0.1)
        first.cancel()
        second.cancel()
        await third
    assert (pool.lent, pool.waiting) == (0, 0)


async def test_the_settled_sound_before_is_heard_again_where_an_engine_likes_to() -> None:
    pool = Pool(ScriptedEngine(lead=0.3))
    asked: list[float] = []

    def rewind(lead: float) -> float:
        asked.append(lead)
        return 0.2

    async with pool.lend("en", rewind) as loan:
        await loan.recognition.send(speak([7, 8]))
        await loan.recognition.finish()
        said = [h.text async for h in loan.recognition if h.final]
    assert asked == [0.3]
    assert said == ["w8"], "the middle of the first word lies in what was settled"


async def test_an_engine_that_was_busy_is_never_asked_for_more_streams_than_it_has() -> None:
    pool = Pool(ScriptedEngine([Busy()], streams=1), far=True)
    with pytest.raises(LineBusy):
        async with pool.lend("en"):
            pass
    await asyncio.sleep(GROW * 3)
    assert pool.limit == 1


async def test_words_of_long_ago_wait_until_nobody_waits_who_speaks_now() -> None:
    pool = Pool(ScriptedEngine(streams=1))
    order: list[str] = []

    async def use(name: str, *, interim: bool) -> None:
        async with pool.lend("en", call=name[0], interim=interim):
            order.append(name)
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as tasks:
        for name in ("a1", "a then", "b then", "a2", "b1"):
            tasks.create_task(use(name, interim="then" not in name))
        await asyncio.sleep(0.5)
        assert pool.waiting == 4
    assert order == ["a1", "a2", "b1", "a then", "b then"]


async def test_who_is_heard_late_makes_way_for_somebody_who_speaks_now() -> None:
    pool = Pool(ScriptedEngine(streams=1))
    async with asyncio.TaskGroup() as tasks, pool.lend("en", interim=False) as late:
        assert not late.stale()

        async def speak_now() -> None:
            async with pool.lend("en") as loan:
                assert not loan.stale()

        tasks.create_task(speak_now())
        await asyncio.sleep(1)
        assert late.stale()
