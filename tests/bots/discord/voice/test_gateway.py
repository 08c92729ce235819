"""One websocket: how it is closed, and what its end means."""

import asyncio

import aiohttp
import pytest

from bots.discord.voice.closing import After, Ended
from bots.discord.voice.gateway import Gateway, Over
from bots.discord.voice.messages import Resumed


class Websocket:
    """As much of aiohttp's as is used: frames that come, and a note of what is done."""

    def __init__(self, *frames: tuple[aiohttp.WSMsgType, object], broken: bool = False) -> None:
        self.frames = list(frames)
        self.broken = broken
        self.sent: list[str | bytes] = []
        self.closed_with: int | None = None
        self.close_code: int | None = None

    async def receive(self) -> aiohttp.WSMessage:
        kind, data = self.frames.pop(0)
        return aiohttp.WSMessage(kind, data, None)

    async def send_str(self, frame: str) -> None:
        if self.broken:
            raise aiohttp.ClientConnectionResetError
        self.sent.append(frame)

    async def send_bytes(self, frame: bytes) -> None:
        self.sent.append(frame)

    async def close(self, *, code: int) -> None:
        self.closed_with = code
        if self.broken:
            await asyncio.Event().wait()


def gateway(websocket: Websocket, sequence: int = -1) -> Gateway:
    return Gateway(websocket, sequence)  # type: ignore[arg-type]  # it is as good as one


@pytest.mark.parametrize(("keep", "code"), [(True, 4000), (False, 1000)])
async def test_a_session_to_be_resumed_is_not_closed_as_over(keep: bool, code: int) -> None:
    websocket = Websocket()
    await gateway(websocket).close(keep=keep)
    assert websocket.closed_with == code


async def test_a_close_that_is_not_answered_is_not_waited_for() -> None:
    websocket = Websocket(broken=True)
    async with asyncio.timeout(5):
        await gateway(websocket).close(keep=False)


async def test_the_sequence_goes_on_from_where_it_was() -> None:
    websocket = Websocket(
        (aiohttp.WSMsgType.TEXT, '{"op":9,"d":null}'),
        (aiohttp.WSMsgType.TEXT, "nothing"),
        (aiohttp.WSMsgType.BINARY, b"\x00\x07\x19key"),
    )
    line = gateway(websocket, 41)
    assert await line.receive() == Resumed()
    assert line.sequence == 41
    assert await line.receive() is None
    assert line.unreadable == 1
    await line.receive()
    assert line.sequence == 7


@pytest.mark.parametrize(
    ("kind", "code", "ended"),
    [
        (aiohttp.WSMsgType.CLOSE, 4014, Ended(After.WAIT, 4014)),
        (aiohttp.WSMsgType.CLOSE, None, Ended(After.RESUME, 1006)),
        (aiohttp.WSMsgType.CLOSED, None, Ended(After.RESUME, 1006)),
        (aiohttp.WSMsgType.ERROR, None, Ended(After.RESUME, 1006)),
    ],
)
async def test_the_end_says_what_follows(kind: aiohttp.WSMsgType, code: int | None, ended: Ended) -> None:
    with pytest.raises(Over) as over:
        await gateway(Websocket((kind, code))).receive()
    assert over.value.ended == ended


async def test_a_broken_line_is_one_to_resume() -> None:
    with pytest.raises(Over) as over:
        await gateway(Websocket(broken=True)).send("{}")
    assert over.value.ended.after is After.RESUME


async def test_heartbeats_that_nobody_answers_end_it() -> None:
    websocket = Websocket()
    with pytest.raises(Over) as over:
        await gateway(websocket, 9).beat(13.75)
    assert over.value.ended.after is After.RESUME
    assert len(websocket.sent) == 2
    assert '"seq_ack":9' in str(websocket.sent[0])


@pytest.mark.parametrize("failure", [aiohttp.ClientError(), OSError(), TimeoutError()])
async def test_a_server_that_cannot_be_reached_is_no_exception_of_somebody_elses(failure: Exception) -> None:
    async def connect(_url: str) -> aiohttp.ClientWebSocketResponse:
        raise failure

    with pytest.raises(Over) as over:
        await Gateway.open(connect, "host:443")
    assert over.value.ended.after is After.UNREACHABLE


async def test_the_endpoint_is_used_as_it_was_given() -> None:
    asked: list[str] = []

    async def connect(url: str) -> aiohttp.ClientWebSocketResponse:
        asked.append(url)
        raise OSError

    with pytest.raises(Over):
        await Gateway.open(connect, "c-fra01.discord.media:2053")
    assert asked == ["wss://c-fra01.discord.media:2053/?v=8"]
