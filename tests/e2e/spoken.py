"""Spokenly as people run it, as a process of its own, and recorded speech to say to it."""

import asyncio
import os
import re
import signal
import sys
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from core.audio.frame import RATE, WIDTH
from core.audio.media import read
from core.engines.models import folder
from tests.bots.meet.house import Visitor

ROOT = Path(__file__).parent.parent.parent

TRIED = "Ever tried. Ever failed. No matter."
"""What `tried()` says, in 4.4 s: engines hear it in real time here."""


BEST_OF_TIMES = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, "
    "it was the age of foolishness, it was the epoch of belief,"
)
"""What `best_of_times()` says, in 12 s."""

TOLERANCE = 0.35
"""Share of words that the engine may get wrong here: whether sound arrives whole is what is tested."""


def recording(name: str) -> Path:
    """A recording that the model's package carries."""
    place = folder("moonshine_voice")
    assert place is not None
    return place / "assets" / name


async def tried() -> bytes:
    """The beginning of a recording, up to a pause: mono 16 kHz s16le."""
    return await _beginning("beckett.wav", 4.4)


async def best_of_times() -> bytes:
    """The beginning of another: mono 16 kHz s16le."""
    return await _beginning("two_cities.wav", 12.0)


async def _beginning(name: str, seconds: float) -> bytes:
    sound = await asyncio.to_thread(lambda: b"".join(read(recording(name))))
    return sound[: round(seconds * RATE) * WIDTH]


def wav(path: Path, sound: bytes) -> Path:
    """Writes a WAV file for a browser's microphone."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(sound)
    return path


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def missed(said: str, heard: str) -> float:
    """Word error rate: how many words must be changed, of those that were said."""
    one, other = words(said), words(heard)
    row = list(range(len(other) + 1))
    for i, word in enumerate(one, 1):
        row, above = [i], row
        for j, seen in enumerate(other, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (word != seen)))
    return row[-1] / len(one)


class Server(Visitor):
    """A running Spokenly."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, client: aiohttp.ClientSession) -> None:
        super().__init__(client, url)
        self.process = process
        self.said = ""
        """Everything that it printed, when it has ended."""

    async def stop(self) -> int:
        """As `docker stop` or Ctrl-C would. The exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()


@asynccontextmanager
async def spokenly(**settings: str) -> AsyncIterator[Server]:
    """`spokenly run` on a free port; stopped at the end if the test has not done it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SPOKENLY_")}
    environment |= {"SPOKENLY_PORT": "0"} | {
        f"SPOKENLY_{key.upper()}": value for key, value in settings.items()
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bots",
        "run",
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            line = (await process.stdout.readline()).decode()
        found = re.search(r"https?://\S+", line)
        assert found, line + (await process.stdout.read()).decode()
        async with aiohttp.ClientSession() as client:
            server = Server(process, found[0], client)
            yield server
        if process.returncode is None:
            assert await server.stop() == 0
        server.said = line + (await process.stdout.read()).decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
