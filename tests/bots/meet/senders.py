"""WHIP clients for tests, FFmpeg's own and aiortc, and a scripted room for them."""

import asyncio
import sys
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import aiohttp
import av
from aiohttp import web
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from yarl import URL

from bots.meet.ice import adapt
from bots.meet.voice import NotFound, Taken, Unwelcome
from bots.meet.whip import Whip
from core.audio.frame import RATE
from core.metrics import Metrics
from core.settings import Settings
from tests.core.audio.tones import tone

LOOPBACK = ("127.0.0.1",)


class Line:
    """A `Voice` that remembers."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, bytes]] = []
        self.gaps: list[tuple[float, float]] = []
        self.quiet: list[bool] = []
        self.gone = 0
        self.over = False

    def hear(self, pcm: bytes, at: float) -> None:
        assert not self.gone
        self.heard.append((at, pcm))

    def lost(self, start: float, end: float) -> None:
        assert not self.gone
        self.gaps.append((start, end))

    def silent(self, quiet: bool) -> None:
        assert not self.gone
        self.quiet.append(quiet)

    def left(self) -> None:
        self.gone += 1

    @property
    def pcm(self) -> bytes:
        return b"".join(pcm for _, pcm in self.heard)

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / RATE


class House:
    """`Doors` with one room, `room`, into which `token` lets one person at a time."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def admit(self, room: str, token: str) -> Line:
        if room != "room":
            raise NotFound("There is no such room.")
        if token != "token":
            raise Unwelcome("This token opens nothing here.")
        if self.lines and not self.lines[-1].gone:
            raise Taken("Ann shares sound from somewhere else already.")
        line = Line()
        self.lines.append(line)
        return line


@asynccontextmanager
async def serving(
    house: House, *, silence: float = 5.0, **settings: object
) -> AsyncIterator[tuple[str, Whip]]:
    """The endpoint on a free port of loopback: yields the address of the room, and the Whip."""
    async with Whip(
        house, Settings.model_validate(settings), Metrics(), addresses=LOOPBACK, silence=silence
    ) as whip:
        app = web.Application()
        app.add_routes(whip.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, lingering_time=0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/whip/room", whip
        finally:
            await runner.cleanup()


async def until(true: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until it is true; the time is only a limit."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for comes from outside, without events
            await asyncio.sleep(0.01)


class ToneTrack(MediaStreamTrack):
    """A sine of 440 Hz, paced as a microphone paces it."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._pcm = tone(1.0)
        self._sent = 0
        self._began: float | None = None

    async def recv(self) -> av.AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        loop = asyncio.get_running_loop()
        if self._began is None:
            self._began = loop.time()
        await asyncio.sleep(max(0.0, self._began + self._sent / 48_000 - loop.time()))
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        start = 2 * self._sent % len(self._pcm)
        frame.planes[0].update(self._pcm[start : start + 1920])
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._sent, Fraction(1, 48_000)
        self._sent += 960
        return frame


class Client:
    """aiortc as a WHIP client."""

    def __init__(self, http: aiohttp.ClientSession, address: str) -> None:
        self.http = http
        self.address = address
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.session = ""
        self.answer = ""
        self.etag = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": "Bearer token"}

    async def offer(self) -> str:
        """An offer of a tone, with every candidate in it."""
        self.peer.addTransceiver(ToneTrack(), "sendonly")
        description = await self.peer.createOffer()
        adapt(self.peer, LOOPBACK)
        await self.peer.setLocalDescription(description)
        return self.peer.localDescription.sdp

    async def post(self, offer: str) -> aiohttp.ClientResponse:
        return await self.http.post(
            self.address, data=offer, headers={**self.headers, "Content-Type": "application/sdp"}
        )

    async def connect(self, offer: str | None = None) -> None:
        response = await self.post(offer or await self.offer())
        assert response.status == 201, await response.text()
        self.session = str(response.url.join(URL(response.headers["Location"])))
        self.etag = response.headers["ETag"]
        self.answer = await response.text()
        await self.peer.setRemoteDescription(RTCSessionDescription(self.answer, "answer"))

    async def delete(self) -> int:
        async with self.http.delete(self.session, headers=self.headers) as response:
            return response.status


@asynccontextmanager
async def client(address: str) -> AsyncIterator[Client]:
    """A client that is closed at the end, whatever happens."""
    async with aiohttp.ClientSession() as http:
        sender = Client(http, address)
        try:
            yield sender
        finally:
            await sender.peer.close()


async def ffmpeg(
    address: str, sound: Path, folder: Path, *, token: str = "token", active: bool = False
) -> int:
    """Send a file of sound with FFmpeg's own WHIP client, in real time. Returns its exit status.

    In a process of its own, because it holds Python's lock while it waits for an answer.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bots.meet.ffmpeg_whip"),
        *(address, str(sound), str(folder), token, "active" if active else "passive"),
        cwd=Path(__file__).parents[3],
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def write_tone(path: Path, seconds: float) -> Path:
    """A recording of a tone."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(tone(seconds))
    return path
