"""Spokenly as a client of the benchmark, in a process of its own like the others.

    python -m tests.bench.peers.spokenly_client PLAN.json

Each stream is a whole call of one speaker. The stand-in is scripted and tells what it hears 0.3 s later;
with `"stand_in": false` in the plan it does not know the language, so nobody stands in.
"""

import asyncio
import json
import logging
import sys
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from core.audio.frame import RATE, WIDTH, Frame, Speaker
from core.captions.board import Board
from core.captions.caption import Caption
from core.engines.deepgram.engine import Deepgram
from core.engines.deepgram.options import DeepgramOptions
from core.engines.failover import Failover
from core.engines.pool import Lender, Pool
from core.metrics import Metrics
from core.session import Session
from tests.fakes.engine import ScriptedEngine

STEP = 0.02
"""Seconds of a frame."""


class Watch:
    """Notes what a reader of the board sees, and when."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._count = 0
        self._loop = asyncio.get_running_loop()
        self.shown: list[tuple[float, bool, str, float]] = []
        board.watch(self._look)

    def _look(self) -> None:
        now = self._loop.time()
        for entry in self._board.since(self._count):
            if isinstance(entry, Caption):
                self.shown.append((now, True, entry.text, entry.start))
        self._count = self._board.count
        for partial in self._board.partials.values():
            seen = (False, partial.text, partial.start)
            if not self.shown or self.shown[-1][1:] != seen:
                self.shown.append((now, *seen))


@cache
def sound(path: str) -> bytes:
    """What is said: s16le, 16 kHz. Streams that say the same share it."""
    return Path(path).read_bytes()


async def hear(plan: dict[str, Any], which: int, lender: Lender) -> dict[str, Any]:
    """One call, from its first frame to its last word."""
    loop = asyncio.get_running_loop()
    pcm = sound(plan["pcm"][which % len(plan["pcm"])])
    await asyncio.sleep(which * plan["apart"])
    board, began = Board(), loop.time()
    watch = Watch(board)
    language = "en" if plan["stand_in"] else "tr"
    session = Session(board, lender, began=began, language=language, metrics=Metrics(), name=f"call {which}")
    speaker = Speaker("one", "One")
    size = round(RATE * STEP) * WIDTH
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(session.run())
        for number in range(len(pcm) // size):
            await asyncio.sleep(max(0.0, began + (number + 1) * STEP - loop.time()))
            session.hear(Frame(speaker, number * STEP, pcm[number * size : (number + 1) * size]))
        session.close()
    return {"began": began, "shown": watch.shown, "gave_up": None}


async def main(plan: dict[str, Any]) -> None:
    languages = None if plan["stand_in"] else frozenset({"en"})
    async with AsyncExitStack() as engines:
        lenders = []
        for url in plan["urls"]:
            options = DeepgramOptions(url=url.replace("http", "ws", 1), multilingual=False)
            far = await engines.enter_async_context(Deepgram(SecretStr(plan["key"]), options))
            near = ScriptedEngine(name="Near", languages=languages, lag=0.3, streams=1000)
            lenders.append(Failover(Pool(far, far=True), Pool(near)))
        async with asyncio.TaskGroup() as streams:
            hearing = [
                streams.create_task(hear(plan, which, lenders[which % len(lenders)]))
                for which in range(plan["streams"])
            ]
    print(json.dumps([one.result() for one in hearing]))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
