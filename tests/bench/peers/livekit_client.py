"""livekit-plugins-deepgram as a client of the benchmark: run in an environment of its own, by `lines.py`.

    python livekit_client.py PLAN.json

Prints for each stream of the plan when its first sample was sent, and every transcript with the time at which
it came (the machine's monotonic clock).
"""

import asyncio
import contextlib
import json
import logging
import sys
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
from livekit import rtc  # type: ignore[import-not-found]  # only in the environment of its own
from livekit.agents import APIError  # type: ignore[import-not-found]  # the same
from livekit.agents.stt import SpeechEventType  # type: ignore[import-not-found]  # the same
from livekit.plugins import deepgram  # type: ignore[import-not-found]  # the same

RATE = 16_000
STEP = 0.02
"""Seconds of a frame."""

PATIENCE = 15.0
"""Seconds after the last sample for the last words."""


@cache
def sound(path: str) -> bytes:
    """What is said: s16le, 16 kHz. Streams that say the same share it."""
    return Path(path).read_bytes()


async def hear(plan: dict[str, Any], which: int, session: aiohttp.ClientSession) -> dict[str, Any]:
    """One stream, from its first frame to its last transcript."""
    loop = asyncio.get_running_loop()
    pcm = sound(plan["pcm"][which % len(plan["pcm"])])
    stt = deepgram.STT(
        model="nova-3",
        language="en-US",
        api_key=plan["key"],
        base_url=f"{plan['urls'][which % len(plan['urls'])]}/v1/listen",
        http_session=session,
    )
    told: dict[str, Any] = {"began": 0.0, "shown": [], "gave_up": None}
    await asyncio.sleep(which * plan["apart"])
    stream = stt.stream()

    async def talk() -> None:
        size = round(RATE * STEP) * 2
        told["began"] = loop.time()
        for number in range(len(pcm) // size):
            await asyncio.sleep(max(0.0, told["began"] + (number + 1) * STEP - loop.time()))
            if told["gave_up"]:
                return
            piece = pcm[number * size : (number + 1) * size]
            stream.push_frame(rtc.AudioFrame(piece, RATE, 1, len(piece) // 2))
        stream.end_input()

    async def listen() -> None:
        try:
            async for event in stream:
                if event.type in (SpeechEventType.INTERIM_TRANSCRIPT, SpeechEventType.FINAL_TRANSCRIPT):
                    said = event.alternatives[0]
                    final = event.type == SpeechEventType.FINAL_TRANSCRIPT
                    told["shown"].append((loop.time(), final, said.text, said.start_time))
        except APIError as error:
            told["gave_up"] = type(error).__name__

    try:
        async with asyncio.timeout(len(pcm) / RATE / 2 + PATIENCE), asyncio.TaskGroup() as both:
            both.create_task(talk())
            both.create_task(listen())
    except TimeoutError:
        told["gave_up"] = "never ended"
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await stream.aclose()
    return told


async def main(plan: dict[str, Any]) -> None:
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as streams:
        hearing = [streams.create_task(hear(plan, which, session)) for which in range(plan["streams"])]
    print(json.dumps([one.result() for one in hearing]))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
