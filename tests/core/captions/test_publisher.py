import asyncio
from itertools import pairwise

import pytest

from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption
from core.captions.publisher import FAREWELL, Publisher
from core.errors import OutletBusy, OutletError, OutletGone

ANN = Speaker("a", "Ann")


class Wall:
    """An outlet that remembers what it showed and when, and fails as it is told."""

    def __init__(
        self, pace: float = 1.0, slow: float = 0.0, failures: dict[int, OutletError] | None = None
    ) -> None:
        self.pace = pace
        self.slow = slow
        self.failures = failures or {}
        self.shows: list[tuple[float, str]] = []
        self.asked = 0

    async def show(self, board: Board) -> None:
        self.asked += 1
        now = asyncio.get_running_loop().time()
        text = " ".join(entry.text for entry in board.entries if isinstance(entry, Caption))
        if (failure := self.failures.get(self.asked)) is not None:
            raise failure
        await asyncio.sleep(self.slow)
        self.shows.append((now, text))


async def say(board: Board, words: int, every: float) -> None:
    for n in range(words):
        await asyncio.sleep(every)
        board.show(Caption(ANN, n, n + 1, f"w{n}", final=True))


async def test_a_place_is_shown_the_newest_truth_and_never_more_often_than_its_pace() -> None:
    board, wall = Board(), Wall(pace=1.0)
    publisher = Publisher(board, wall)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publisher.run())
        await say(board, 100, 0.1)
        publisher.close()
    moments = [at for at, _ in wall.shows]
    # The last show may come sooner: it is the goodbye.
    assert all(later - sooner >= 1.0 for sooner, later in pairwise(moments[:-1]))
    assert len(wall.shows) <= 13
    assert wall.shows[-1][1].split() == [f"w{n}" for n in range(100)]


async def test_the_last_words_are_shown_although_a_show_was_under_way_at_the_end() -> None:
    board, wall = Board(), Wall(pace=0.1, slow=5.0)
    publisher = Publisher(board, wall)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publisher.run())
        await asyncio.sleep(1.0)
        board.show(Caption(ANN, 0, 1, "last", final=True))
        publisher.close()
    assert wall.shows[-1][1] == "last"


async def test_a_busy_place_is_left_alone_as_long_as_it_asks() -> None:
    board, wall = Board(), Wall(pace=0.1, failures={1: OutletBusy(7.0)})
    publisher = Publisher(board, wall)
    begin = asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publisher.run())
        await asyncio.sleep(1)
        board.show(Caption(ANN, 0, 1, "word", final=True))
        await asyncio.sleep(20)
        publisher.close()
    assert wall.shows[0] == (begin + 7.0, "word")


async def test_a_place_that_is_gone_ends_its_publisher_and_nothing_else() -> None:
    board, wall = Board(), Wall(failures={2: OutletGone("deleted")})
    publisher = Publisher(board, wall)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(publisher.run())
        await asyncio.sleep(5)
        board.touch()
        await asyncio.sleep(5)
        assert running.done()
    board.touch()


async def test_without_a_change_nothing_is_shown_again() -> None:
    board, wall = Board(), Wall()
    publisher = Publisher(board, wall)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publisher.run())
        await asyncio.sleep(1000)
        assert wall.asked == 1
        publisher.close()


async def test_a_bug_in_an_outlet_is_loud() -> None:
    class Broken(Wall):
        async def show(self, board: Board) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Publisher(Board(), Broken()).run()


async def test_a_place_that_stays_busy_at_the_end_is_given_up_after_some_seconds() -> None:
    board, wall = Board(), Wall(pace=0.1, failures={n: OutletBusy(2.0) for n in range(1, 99)})
    publisher = Publisher(board, wall)
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publisher.run())
        await asyncio.sleep(7)
        begin = loop.time()
        publisher.close()
    assert 0 < loop.time() - begin <= FAREWELL
    assert not wall.shows


async def test_a_place_that_was_busy_is_tried_once_more_at_the_end() -> None:
    board, wall = Board(), Wall(pace=0.1, failures={1: OutletBusy(600.0)})
    publisher = Publisher(board, wall)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publisher.run())
        await asyncio.sleep(1)
        board.show(Caption(ANN, 0, 1, "last", final=True))
        publisher.close()
    assert wall.shows[-1][1] == "last"
