"""pipecat's DeepgramSTTService as a client of the benchmark: run in an environment of its own, by `lines.py`.

    python pipecat_client.py PLAN.json

Prints for each stream of the plan when its first sample was sent, and every transcript with the time at which
it came (the machine's monotonic clock).
"""

import asyncio
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from loguru import logger  # type: ignore[import-not-found]  # only in the environment of its own
from pipecat.frames.frames import (  # type: ignore[import-not-found]  # the same
    EndFrame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
)
from pipecat.pipeline.pipeline import Pipeline  # type: ignore[import-not-found]  # the same
from pipecat.pipeline.worker import PipelineParams, PipelineWorker  # type: ignore[import-not-found]  # the same
from pipecat.processors.frame_processor import FrameProcessor  # type: ignore[import-not-found]  # the same
from pipecat.services.deepgram.stt import DeepgramSTTService  # type: ignore[import-not-found]  # the same
from pipecat.workers.runner import WorkerRunner  # type: ignore[import-not-found]  # the same

RATE = 16_000
STEP = 0.02
"""Seconds of a frame."""

PATIENCE = 15.0
"""Seconds after the last sample for the last words."""


class Noting(FrameProcessor):  # type: ignore[misc]  # what it inherits is only there in that environment
    """The end of the pipeline: it notes what was transcribed."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__()
        self._told = told

    async def process_frame(self, frame: Any, direction: Any) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, TranscriptionFrame | InterimTranscriptionFrame):
            words = frame.result.channel.alternatives[0].words
            start = words[0].start if words else frame.result.start
            final = isinstance(frame, TranscriptionFrame)
            self._told["shown"].append((asyncio.get_running_loop().time(), final, frame.text, start))
        await self.push_frame(frame, direction)


@cache
def sound(path: str) -> bytes:
    """What is said: s16le, 16 kHz. Streams that say the same share it."""
    return Path(path).read_bytes()


async def hear(plan: dict[str, Any], which: int) -> dict[str, Any]:
    """One stream, from its first frame to its last transcript."""
    loop = asyncio.get_running_loop()
    pcm = sound(plan["pcm"][which % len(plan["pcm"])])
    told: dict[str, Any] = {"began": 0.0, "shown": [], "gave_up": None}
    await asyncio.sleep(which * plan["apart"])
    service = DeepgramSTTService(
        api_key=plan["key"],
        base_url=plan["urls"][which % len(plan["urls"])],
        settings=DeepgramSTTService.Settings(model="nova-3", language="en", interim_results=True),
    )
    worker = PipelineWorker(
        Pipeline([service, Noting(told)]),
        params=PipelineParams(audio_in_sample_rate=RATE),
        idle_timeout_secs=None,
        enable_rtvi=False,
    )
    ready = asyncio.Event()

    @worker.event_handler("on_pipeline_started")  # type: ignore[untyped-decorator]  # the same
    async def started(_worker: Any, _frame: Any) -> None:
        ready.set()

    async def talk() -> None:
        size = round(RATE * STEP) * 2
        await ready.wait()
        told["began"] = loop.time()
        for number in range(len(pcm) // size):
            await asyncio.sleep(max(0.0, told["began"] + (number + 1) * STEP - loop.time()))
            piece = pcm[number * size : (number + 1) * size]
            await worker.queue_frame(InputAudioRawFrame(audio=piece, sample_rate=RATE, num_channels=1))
        await worker.queue_frame(EndFrame())

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    try:
        async with asyncio.timeout(len(pcm) / RATE / 2 + PATIENCE), asyncio.TaskGroup() as both:
            both.create_task(talk())
            both.create_task(runner.run())
    except TimeoutError:
        told["gave_up"] = "never ended"
    return told


async def main(plan: dict[str, Any]) -> None:
    async with asyncio.TaskGroup() as streams:
        hearing = [streams.create_task(hear(plan, which)) for which in range(plan["streams"])]
    print(json.dumps([one.result() for one in hearing]))


if __name__ == "__main__":
    logger.remove()
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
