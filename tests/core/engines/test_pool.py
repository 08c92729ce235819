import asyncio

import pytest

from core.engines.pool import Pool
from core.errors import LineBusy
from tests.fakes.engine import Busy, ScriptedEngine


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
        assert (pool.lent, pool.waiting, pool.full) == (2, 4, True)
    assert order == list(range(6))
    assert engine.most == 2
    assert (pool.lent, pool.waiting, pool.full) == (0, 0, False)


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
