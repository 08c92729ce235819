import asyncio

import pytest

from core.audio.frame import Frame, Speaker
from core.captions.board import Board
from core.captions.caption import Caption
from core.engines.pool import Pool
from core.errors import UserError
from core.metrics import Metrics
from core.switchboard import Switchboard
from tests.core.captions.test_publisher import Wall
from tests.fakes.engine import ScriptedEngine, speak

ANN = Speaker("a", "Ann")


def switchboard(calls: int = 5, drain: float = 5.0) -> Switchboard:
    return Switchboard(Pool(ScriptedEngine()), calls=calls, drain=drain, metrics=Metrics())


async def test_leaving_lets_every_call_say_its_last_words() -> None:
    boards = [Board() for _ in range(3)]
    async with switchboard() as calls:
        for number, board in enumerate(boards):
            session = calls.start(str(number), board, began=0, language="en")
            session.hear(Frame(ANN, 0, speak([100, 101])))
        await asyncio.sleep(0.05)
    for board in boards:
        assert [entry.text for entry in board.entries if isinstance(entry, Caption)] == ["w100 w101"]


async def test_a_bug_ends_its_own_call_and_no_other() -> None:
    class Broken(Wall):
        async def show(self, board: Board) -> None:
            raise ZeroDivisionError

    bad, good = Board(), Board()
    ended: list[str] = []
    async with switchboard() as calls:
        calls.start("bad", bad, began=0, language="en", outlets=[Broken()], ended=lambda: ended.append("bad"))
        session = calls.start("good", good, began=0, language="en")
        await asyncio.sleep(1)
        assert ended == ["bad"]
        assert calls.find("bad") is None
        assert "fault" in bad.notices["bug"]
        assert calls.find("good") is session
        session.hear(Frame(ANN, 0, speak([100])))
    assert good.count == 1


async def test_no_more_calls_than_allowed_and_none_while_stopping() -> None:
    async with switchboard(calls=1) as calls:
        session = calls.start("one", Board(), began=0, language="en")
        with pytest.raises(UserError, match="all it takes"):
            calls.start("two", Board(), began=0, language="en")
        session.close()
        await asyncio.sleep(1)
        calls.start("two", Board(), began=0, language="en")
        calls.drain()
        with pytest.raises(UserError, match="stopping"):
            calls.start("three", Board(), began=0, language="en")


async def test_two_calls_of_one_name_are_a_bug() -> None:
    async with switchboard() as calls:
        calls.start("one", Board(), began=0, language="en")
        with pytest.raises(ValueError, match="runs already"):
            calls.start("one", Board(), began=0, language="en")


async def test_an_error_outside_ends_the_calls_at_once() -> None:
    async def fail() -> None:
        async with switchboard(drain=1000.0) as calls:
            calls.start("one", Board(), began=0, language="en")
            await asyncio.sleep(1)
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup):
        await fail()
    assert asyncio.get_running_loop().time() < 1100
