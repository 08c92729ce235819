"""Nothing that the fake does makes losing a word inevitable: a client that replays what is not final, with a
lead, and takes words by their middle, gets every word once.

If this fails, the fake is unfair, and what it says about engines is worth nothing.
"""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import aiohttp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.deepgram import (
    BROKEN,
    KEY,
    UNKNOWN,
    Breaking,
    Clock,
    Close,
    Cut,
    Drain,
    Drop,
    FakeDeepgram,
    Finals,
    HalfOpen,
    Http,
    Late,
    Manner,
    Moment,
    NoPong,
    Opening,
    Refusing,
    Reset,
    Say,
    Script,
    Seconds,
    Silence,
    Stall,
    Style,
    Words,
    deepgram,
)
from tests.fakes.deepgram.client import ASKED
from tests.fakes.engine import speak

RATE = 16000
LEAD = 4800
PATIENCE = 4.0


class Stubborn:
    """Says all of `pcm` in real time, over as many connections as it takes. Positions are samples."""

    def __init__(self, fake: FakeDeepgram, pcm: bytes, flushes: list[int]) -> None:
        self.fake = fake
        self.pcm = pcm
        self.flushes = flushes
        self.began = asyncio.get_running_loop().time()
        self.committed = 0
        self.words: list[tuple[int, float]] = []

    async def run(self) -> None:
        headers = {"Authorization": f"Token {KEY}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            for _ in range(100):
                try:
                    url = f"{self.fake.ws}/v1/listen?{urlencode(ASKED)}"
                    async with asyncio.timeout(PATIENCE):
                        socket = await session.ws_connect(url, timeout=aiohttp.ClientWSTimeout(ws_close=0.1))
                    if await self.converse(socket):
                        return
                except (aiohttp.ClientError, TimeoutError):
                    await asyncio.sleep(0.2)
        raise AssertionError("it never ends")

    async def converse(self, socket: aiohttp.ClientWebSocketResponse) -> bool:
        """Says whether everything was said and settled."""
        base = max(0, self.committed - LEAD)
        try:
            async with asyncio.TaskGroup() as tasks:
                saying = tasks.create_task(self.say(socket, base))
                done = await self.listen(socket, base)
                saying.cancel()
        finally:
            await socket.close()
        return done

    async def say(self, socket: aiohttp.ClientWebSocketResponse, at: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            while at < len(self.pcm) // 2:
                heard = round((loop.time() - self.began) * RATE)
                if at + 320 > heard:
                    await asyncio.sleep(0.02)
                    continue
                await socket.send_bytes(self.pcm[at * 2 : (at + 320) * 2])
                if any(at <= flush < at + 320 for flush in self.flushes):
                    await socket.send_json({"type": "Finalize"})
                at += 320
            await socket.send_json({"type": "CloseStream"})
        except aiohttp.ClientConnectionResetError:
            return

    async def listen(self, socket: aiohttp.ClientWebSocketResponse, base: int) -> bool:
        while True:
            try:
                message = await socket.receive(timeout=PATIENCE)
            except TimeoutError:
                return False
            if message.type is not aiohttp.WSMsgType.TEXT:
                if message.type is aiohttp.WSMsgType.BINARY:
                    continue
                return False
            try:
                told = json.loads(message.data)
            except ValueError:
                continue
            if told["type"] == "Results" and told["is_final"]:
                self.settle(told, base)
            elif told["type"] == "Metadata" and self.committed >= len(self.pcm) // 2:
                return True

    def settle(self, final: dict[str, Any], base: int) -> None:
        for word in final["channel"]["alternatives"][0]["words"]:
            start = base / RATE + word["start"]
            middle = base / RATE + (word["start"] + word["end"]) / 2
            if middle >= self.committed / RATE:
                self.words.append((int(word["word"][1:]), start))
        end = base + round((final["start"] + final["duration"]) * RATE)
        self.committed = max(self.committed, end)


moments = st.one_of(
    st.just(Opening()),
    st.builds(Words, st.integers(1, 30)),
    st.builds(Seconds, st.floats(0, 12)),
    st.builds(Clock, st.floats(0, 12)),
    st.builds(Finals, st.integers(1, 4)),
    st.builds(Silence, st.floats(0.1, 0.9)),
    st.builds(Drain, st.booleans()),
)


def breaking(at: Moment) -> st.SearchStrategy[Breaking]:
    return st.one_of(
        st.just(Cut(at)),
        st.just(Reset(at)),
        st.builds(Close, st.sampled_from([1000, 1008, 1011]), st.just("why"), st.just(at)),
        st.builds(Stall, st.just(at), st.sampled_from([None, 2.0, 6.0])),
        st.just(HalfOpen(at)),
        st.just(NoPong(at)),
        st.builds(Late, st.floats(0, 6), st.just(at)),
        st.builds(Say, st.sampled_from([UNKNOWN, BROKEN, b"\x00"]), st.just(at)),
    )


statuses = st.sampled_from([429, 500, 503])
refusing: st.SearchStrategy[Refusing] = st.one_of(st.builds(Http, statuses), st.just(Drop()))
fault = moments.flatmap(breaking)
scripts: st.SearchStrategy[list[Script]] = st.lists(
    st.one_of(refusing, fault, st.tuples(fault, fault)), max_size=8
)
jitters = st.sampled_from([0.0, 0.06])
paces = st.sampled_from([None, 1.25])
flushes = st.lists(st.integers(0, 10 * RATE), max_size=4)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(scripts, st.booleans(), jitters, paces, st.integers(0, 3200), flushes)
async def test_who_replays_gets_every_word_once(
    script: list[Script], varied: bool, jitter: float, pace: float | None, offset: int, flushes: list[int]
) -> None:
    manner = Manner(varied=varied, style=Style(jitter=jitter), pace=pace)
    pcm = bytes(offset * 2) + speak(30) + speak([31], after=1.0) + speak(range(32, 42), pause=0.1)
    async with deepgram(script, manner=manner) as fake:
        client = Stubborn(fake, pcm, flushes)
        await client.run()
    assert [number for number, _ in client.words] == list(range(1, 42))
    for number, start in client.words:
        true = (number - 1) * 0.2 + (1.0 + 0.1 * (number - 32) if number > 31 else 0)
        assert abs(start - offset / RATE - true) < 0.1 + jitter
