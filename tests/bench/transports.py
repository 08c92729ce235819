"""What the page's WebSocket costs without an engine, and whether an hour stays flat in memory.

    python -m tests.bench.transports [--quick]

The server is a process of its own with an engine that hears nothing; the speakers send in real time from
this one. (What WebRTC costs is in tests/bench/loss.py.) The hour is one of five people on the virtual
clock, with an engine that writes numbered words.
"""

import argparse
import asyncio
import gc
import json
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import psutil

from bots.app import spokenly
from core.audio.frame import RATE, WIDTH, Frame
from core.captions.board import Board
from core.engines.hearing import alone
from core.engines.pool import Pool
from core.engines.protocol import Hypothesis
from core.metrics import Metrics
from core.session import Session
from core.settings import Settings
from tests.bench.machine import machine
from tests.bench.speech import silence
from tests.bots.meet.house import STEP, Visitor
from tests.clock import VirtualLoop
from tests.core.test_session import people
from tests.fakes.engine import ScriptedEngine, speak

MOST = 150
"""Speakers at once."""


class Deaf:
    """Takes audio, settles it every ten seconds, and hears nothing."""

    name = "Nobody"
    languages = None
    lead = 0.0
    streams = 10_000

    @asynccontextmanager
    async def recognize(
        self, language: str, vocabulary: Sequence[str] = (), *, interim: bool = True, known: float = 0.0
    ) -> AsyncIterator["DeafRecognition"]:
        yield DeafRecognition()


class Nowhere:
    """An outlet that reads the board and keeps nothing."""

    pace = 1.0

    async def show(self, board: Board) -> None:
        board.since(board.count - 10)


class DeafRecognition:
    def __init__(self) -> None:
        self.heard = 0.0
        self.over = asyncio.Event()

    async def send(self, pcm: bytes) -> None:
        self.heard += len(pcm) / WIDTH / RATE

    async def flush(self) -> None: ...

    async def finish(self) -> None:
        self.over.set()

    async def __aiter__(self) -> AsyncIterator[Hypothesis]:
        while not self.over.is_set():
            try:
                async with asyncio.timeout(10):
                    await self.over.wait()
            except TimeoutError:
                yield Hypothesis(0, self.heard, "", final=True)
        yield Hypothesis(0, self.heard, "", final=True)


async def serve() -> None:
    """The server's process: until its standard input closes."""
    settings = Settings(
        _env_file=None, port=0, speakers=1000, people=1000, rooms_per_minute=1000, host="127.0.0.1"
    )
    async with spokenly(settings, alone(Deaf()), Metrics()) as running:
        room = running.rooms.open()
        tokens = [room.join(f"P{number}").token for number in range(MOST)]
        print(json.dumps([running.address, room.name, tokens]), flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def speakers(counts: Sequence[int], seconds: float) -> None:
    """One row for each number of speakers: CPU of the server's process, and its memory."""
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.transports",
        "--serve",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert server.stdout is not None
    assert server.stdin is not None
    url, room, tokens = json.loads(await server.stdout.readline())
    process = psutil.Process(server.pid)
    print("  speakers  % of a core  per speaker  speakers per core   MiB  KiB per speaker")
    empty = process.memory_info().rss
    async with aiohttp.ClientSession() as client:
        for count in counts:
            visitor = Visitor(client, url)
            pcm = silence(seconds + 4 + count * 0.06)

            async def one(token: str, visitor: Visitor = visitor, pcm: bytes = pcm) -> None:
                loop = asyncio.get_running_loop()
                async with visitor.microphone(room, token) as microphone:
                    start = loop.time()
                    size = STEP * WIDTH
                    for number in range(len(pcm) // size):
                        await asyncio.sleep(max(0.0, start + (number + 1) * STEP / RATE - loop.time()))
                        await microphone.frame(number, pcm[number * size : (number + 1) * size])
                    await microphone.say("bye")

            async with asyncio.TaskGroup() as tasks:
                for token in tokens[:count]:
                    tasks.create_task(one(token))
                    await asyncio.sleep(0.06)  # the server counts requests of one address
                await asyncio.sleep(2)
                before = process.cpu_times()
                await asyncio.sleep(seconds)
                after = process.cpu_times()
                memory = process.memory_info().rss
            share = (after.user + after.system - before.user - before.system) / seconds
            print(
                f"  {count:>8}  {share * 100:>11.1f}  {share * 100 / count:>10.2f}%  {count / share:>17.0f}"
                f"  {memory / 2**20:>4.0f}  {(memory - empty) / 1024 / count:>15.0f}",
                flush=True,
            )
    server.stdin.close()
    await server.wait()


async def hour(minutes: int) -> None:
    """Five people and a reader on the virtual clock; memory every ten minutes of theirs."""
    dice = random.Random(5)
    loop = asyncio.get_running_loop()
    board = Board()
    session = Session(
        board,
        Pool(ScriptedEngine()),
        began=loop.time(),
        language="en",
        metrics=Metrics(),
        outlets=[Nowhere()],
    )
    process = psutil.Process()
    everybody = people(5)

    async def talk(number: int) -> None:
        speaker = everybody[number]
        word = 100
        while session.now < minutes * 60:
            pcm = speak(range(word, word + dice.randint(1, 25)))
            word = 100 if word > 30_000 else word + 25
            for n in range(0, len(pcm), 3200):
                session.hear(Frame(speaker, session.now, pcm[n : n + 3200]))
                await asyncio.sleep(0.1)
            await asyncio.sleep(dice.choice([1.0, 4.0, 15.0]))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(session.run())
        talking = [tasks.create_task(talk(number)) for number in range(5)]
        rows = []
        for _ in range(minutes // 10):
            await asyncio.sleep(600)
            gc.collect()
            rows.append(f"{process.memory_info().rss / 2**20:.1f}")
        for one in talking:
            await one
        session.close()
    print(f"  MiB after each ten minutes: {', '.join(rows)}; captions: {board.count}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer speakers")
    options.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.serve:
        asyncio.run(serve())
        return
    print(f"The page's WebSocket, engine left out. {machine()}")
    asyncio.run(speakers((20,) if chosen.quick else (50, 100, MOST), 10.0))
    print("An hour of five people (virtual clock):")
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(hour(60))


if __name__ == "__main__":
    main()
