"""The socket for sound, against another one on loopback."""

import asyncio
import socket

import pytest

from bots.discord.voice import packets
from bots.discord.voice.udp import Datagrams, Unreachable
from tests.fakes.discord.voice.rtp import answer


class Server:
    """Answers IP discovery, and sends whatever it is told to."""

    def __init__(self, *, deaf: int = 0) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.deaf = deaf
        self.client: tuple[str, int] | None = None
        asyncio.get_running_loop().add_reader(self.socket, self._read)

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def _read(self) -> None:
        data, self.client = self.socket.recvfrom(2048)
        reply = answer(data, self.client)
        if self.deaf:
            self.deaf -= 1
        elif reply:
            self.socket.sendto(reply, self.client)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.socket)
        self.socket.close()


async def test_our_address_is_found_out_even_when_questions_get_lost() -> None:
    server, heard = Server(deaf=3), list[bytes]()
    datagrams = await Datagrams.open("127.0.0.1", server.port, lambda data, _now: heard.append(data))
    assert await datagrams.discover(5) == server.client
    assert server.client is not None
    assert heard == []
    datagrams.close()
    server.close()


async def test_a_voice_server_that_answers_nothing_is_unreachable() -> None:
    server = Server(deaf=1000)
    datagrams = await Datagrams.open("127.0.0.1", server.port, lambda _data, _now: None)
    with pytest.raises(Unreachable):
        await datagrams.discover(5)
    datagrams.close()
    server.close()


@pytest.mark.parametrize("address", ["voice.example", "", "127.0.0.1.5", "localhost"])
async def test_names_are_never_looked_up(address: str) -> None:
    with pytest.raises(Unreachable):
        await Datagrams.open(address, 50_000, lambda _data, _now: None)


async def test_many_datagrams_come_in_order_and_the_end_of_each_batch_is_told() -> None:
    server, heard, drained = Server(), list[bytes](), list[int]()
    datagrams = await Datagrams.open(
        "127.0.0.1", server.port, lambda data, _now: heard.append(data), lambda: drained.append(len(heard))
    )
    await datagrams.discover(5)
    assert server.client is not None
    for number in range(300):
        server.socket.sendto(number.to_bytes(2, "big"), server.client)
    await asyncio.sleep(1)
    assert heard == [number.to_bytes(2, "big") for number in range(300)]
    assert drained[-1] == 300
    assert len(drained) < 20
    datagrams.close()
    server.close()


async def test_nothing_is_heard_from_anybody_but_the_voice_server() -> None:
    server, heard = Server(), list[bytes]()
    datagrams = await Datagrams.open("127.0.0.1", server.port, lambda data, _now: heard.append(data))
    await datagrams.discover(5)
    assert server.client is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"listen to me", server.client)
    await asyncio.sleep(0.1)
    assert heard == []
    datagrams.close()
    server.close()


async def test_a_server_that_is_gone_raises_nothing() -> None:
    server = Server()
    datagrams = await Datagrams.open("127.0.0.1", server.port, lambda _data, _now: None)
    await datagrams.discover(5)
    server.close()
    for number in range(5):
        datagrams.send(packets.ping(number))
        await asyncio.sleep(0.01)
    datagrams.close()
    datagrams.send(b"after the end")
    datagrams.close()


async def test_a_loop_that_cannot_watch_sockets_uses_its_own_transport(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, heard = Server(), list[bytes]()

    def cannot(*_anything: object) -> None:
        raise NotImplementedError

    loop = asyncio.get_running_loop()
    with monkeypatch.context() as patch:
        patch.setattr(loop, "add_reader", cannot)
        datagrams = await Datagrams.open("127.0.0.1", server.port, lambda data, _now: heard.append(data))
    assert await datagrams.discover(5) == server.client
    assert server.client is not None
    server.socket.sendto(b"sound", server.client)
    await asyncio.sleep(0.1)
    assert heard == [b"sound"]
    datagrams.close()
    server.close()
    await asyncio.sleep(0)
