"""A plain client over real sockets, to see that the servers keep to the protocol. It is no receiver to copy:
it takes packets as they come, and forgives nothing."""

import asyncio
import json
import struct
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.fakes.discord.tls import connector
from tests.fakes.discord.voice.crypt import Crypt, Davey
from tests.fakes.discord.voice.member import Member
from tests.fakes.discord.voice.rtp import GCM, OPUS, SILENCE, STEP, Rtp, Seal, head_length, parse
from tests.fakes.discord.voice.server import FakeVoice


class Client:
    """One session, and the socket that it has at the moment. `joined()` opens one."""

    def __init__(
        self, http: aiohttp.ClientSession, endpoint: str, hello: dict[str, Any], crypt: Crypt
    ) -> None:
        self.member = Member(int(hello["user_id"]), crypt, self.send, self.send_binary)
        self.heard: defaultdict[int, list[bytes]] = defaultdict(list)
        """Opus packets by user, opened."""
        self.packets: list[Rtp] = []
        """Everything of Opus's payload type, as the server sent it."""
        self.others: list[bytes] = []
        """Datagrams that are no RTP."""
        self.messages: list[tuple[int, Any]] = []
        self.counters: Counter[str] = Counter()
        self.seq_ack = -1
        self.closed: int | None = None
        self.mode = GCM
        self.ssrc = 0
        self.address: tuple[str, int] | None = None
        """This client's own, as IP discovery told it."""
        self.connected = asyncio.Event()
        """Op 4 has come, or op 9."""
        self.over = asyncio.Event()
        """The socket is closed."""
        self.endpoint = endpoint
        self.hello: dict[str, Any] = {"max_dave_protocol_version": 1, **hello}
        """What it identifies with."""
        self._http = http
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._out: list[str | bytes] = []
        self._wake = asyncio.Event()
        self._udp: asyncio.DatagramTransport | None = None
        self._seal: Seal | None = None
        self._open_seal: Seal | None = None
        self._beat: asyncio.TimerHandle | None = None
        self._ready: dict[str, Any] = {}
        self._sent = 0

    # The gateway

    async def run(self, *, resume: bool = False) -> None:
        """One socket, until it is closed."""
        self.connected.clear()
        self.over.clear()
        self.closed = None
        async with self._http.ws_connect(f"wss://{self.endpoint}/?v=8", compress=15) as ws:
            self._ws = ws
            if resume:
                names = ("server_id", "session_id", "token")
                self.send(7, {**{name: self.hello[name] for name in names}, "seq_ack": self.seq_ack})
            else:
                self.send(0, self.hello)
            async with asyncio.TaskGroup() as tasks:
                writing = tasks.create_task(self._write(ws))
                async for message in ws:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        await self._text(json.loads(message.data))
                    elif message.type is aiohttp.WSMsgType.BINARY:
                        self._binary(message.data)
                writing.cancel()
            self.closed = ws.close_code
        self.stop_heart()
        self.over.set()

    async def leave(self) -> None:
        if self._ws:
            await self._ws.close(code=1000)

    def close(self) -> None:
        if self._udp:
            self._udp.close()

    def send(self, op: int, data: object) -> None:
        self._out.append(json.dumps({"op": op, "d": data}))
        self._wake.set()

    def send_binary(self, op: int, payload: bytes) -> None:
        self._out.append(bytes([op]) + payload)
        self._wake.set()

    async def _write(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            while self._out:
                message = self._out.pop(0)
                if isinstance(message, str):
                    await ws.send_str(message)
                else:
                    await ws.send_bytes(message)
            self._wake.clear()
            await self._wake.wait()

    def _heartbeat(self, interval: float) -> None:
        self._beat = asyncio.get_running_loop().call_later(interval, self._heartbeat, interval)
        self.send(3, {"t": 1, "seq_ack": self.seq_ack})

    def stop_heart(self) -> None:
        """No heartbeats any more."""
        if self._beat:
            self._beat.cancel()

    async def _text(self, message: dict[str, Any]) -> None:
        op, data = message["op"], message["d"]
        self.messages.append((op, data))
        if "seq" in message:
            self._count(message["seq"])
        if op == 8:
            self._heartbeat(data["heartbeat_interval"] / 1000)
        elif op == 2:
            await self._select(data)
        elif op == 4:
            key = bytes(data["secret_key"])
            self._seal, self._open_seal = Seal(data["mode"], key), Seal(data["mode"], key)
            if not self.connected.is_set():
                self.member.described(self.channel, data["dave_protocol_version"])
                self.send(5, {"speaking": 0, "delay": 0, "ssrc": self.ssrc})
                self.connected.set()
        elif op == 9:
            self.connected.set()
        else:
            self.member.told(op, data)

    @property
    def channel(self) -> int:
        return int(self.hello["channel_id"])

    def _binary(self, frame: bytes) -> None:
        seq, op = struct.unpack_from("!HB", frame)
        self._count(seq)
        self.messages.append((op, frame[3:]))
        self.member.told_binary(op, frame[3:])

    def _count(self, seq: int) -> None:
        if seq != (max(self.seq_ack, 0) + 1) & 0xFFFF:
            self.counters["seq out of order"] += 1
        self.seq_ack = seq

    async def take_another_way(self) -> None:
        """Open another UDP socket, and select the protocol again."""
        self.close()
        await self._select(self._ready)

    async def _select(self, ready: dict[str, Any]) -> None:
        self._ready = ready
        self.ssrc = ready["ssrc"]
        loop = asyncio.get_running_loop()
        found: asyncio.Future[tuple[str, int]] = loop.create_future()
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _Udp(self, found), remote_addr=(ready["ip"], ready["port"])
        )
        self._udp.sendto(struct.pack("!HHI", 1, 70, self.ssrc) + bytes(66))
        self.address = await found
        host, port = self.address
        chosen = {"address": host, "port": port, "mode": self.mode}
        self.send(1, {"protocol": "udp", "data": chosen})

    # UDP

    def datagram(self, packet: bytes) -> None:
        length = head_length(packet)
        if length is None:
            self.others.append(packet)
            return
        body = self._open_seal.open(packet, length) if self._open_seal else None
        opened = parse(packet[:length], body) if body is not None else None
        if opened is None:
            self.counters["undecipherable"] += 1
        elif opened.kind == OPUS:
            self._audio(opened)
        else:
            self.counters["pictures"] += 1

    def _audio(self, packet: Rtp) -> None:
        self.packets.append(packet)
        user = self.member.speakers.get(packet.ssrc)
        if user is None:
            self.counters["unknown ssrc"] += 1
            return
        frame = self.member.decrypt(user, packet.payload) if packet.payload else None
        if frame is None:
            self.counters["unopened"] += 1
        else:
            self.heard[user].append(frame)

    def ping(self, count: int) -> None:
        assert self._udp
        self._udp.sendto(bytes.fromhex("1337cafe") + struct.pack("!I", count))

    async def say(self, packets: tuple[bytes, ...]) -> None:
        """Opus packets of 20 ms each at their pace, then silence."""
        assert self._udp
        assert self._seal
        self.send(5, {"speaking": 1, "delay": 0, "ssrc": self.ssrc})
        for packet in [*packets, *[SILENCE] * 5]:
            sealed = self.member.encrypt(packet, self.ssrc)
            self._sent += 1
            if sealed is not None:
                rtp = Rtp(self.ssrc, self._sent & 0xFFFF, self._sent * STEP & 0xFFFFFFFF, sealed)
                self._udp.sendto(self._seal.close(rtp.head(), rtp.body()))
            await asyncio.sleep(0.02)
        self.send(5, {"speaking": 0, "delay": 0, "ssrc": self.ssrc})


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, client: Client, found: asyncio.Future[tuple[str, int]]) -> None:
        self._client, self._found = client, found

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) == 74 and data[:2] == b"\0\2" and not self._found.done():
            self._found.set_result((data[8:72].rstrip(b"\0").decode(), struct.unpack("!H", data[72:])[0]))
        else:
            self._client.datagram(data)


GUILD, LOUNGE, BOT = 10, 20, 30
"""Where `joined` goes, and who it is."""


@asynccontextmanager
async def joined(
    server: FakeVoice, *, channel: int = LOUNGE, user: int = BOT, stage: bool = False, mode: str = GCM
) -> AsyncIterator[Client]:
    """A client that the servers expected, connected and, where there is somebody else, in the MLS group.

    It leaves at the end, unless its socket is closed already.
    """
    token, endpoint = server.expect(GUILD, channel, user, "session", stage)
    hello = {
        "server_id": str(GUILD), "channel_id": str(channel), "user_id": str(user),
        "session_id": "session", "token": token,
    }  # fmt: skip
    async with aiohttp.ClientSession(connector=connector(server.doors)) as http:
        one = Client(http, endpoint, hello, Davey(user))
        one.mode = mode
        try:
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(one.run())
                await one.connected.wait()
                await asyncio.sleep(0.5)
                yield one
                await one.leave()
                await running
        finally:
            one.close()
            # TLS says goodbye after the session is closed.
            await asyncio.sleep(0.1)
