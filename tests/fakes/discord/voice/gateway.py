"""The voice gateway, version 8: one WebSocket of one client."""

import asyncio
import contextlib
import json
import secrets
import struct
from collections import deque
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from tests.fakes.discord.voice.faults import Faults
from tests.fakes.discord.voice.line import Line, Message


class Desk(Protocol):
    """What the gateway asks of the server."""

    faults: Faults

    @property
    def udp(self) -> tuple[str, int]:
        """Where media goes."""

    def identified(self, data: dict[str, Any], host: str) -> Line | int:
        """The new session; or the code to close with."""

    def resumed(self, data: dict[str, Any], host: str) -> Line | int:
        """The session that goes on; or the code to close with."""


class Refusal(Exception):
    """The client is closed with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Socket:
    """Reads one client's messages, and writes in order what the session wants to say."""

    def __init__(self, desk: Desk, request: web.Request) -> None:
        self._desk, self._request = desk, request
        self._ws = web.WebSocketResponse(compress=False, autoping=True)
        self._line: Line | None = None
        self._out: deque[Message] = deque()
        self._wake = asyncio.Event()
        self._end: int | None = None
        self._ending = False
        self._stuck = False
        self._watch: asyncio.TimerHandle | None = None

    # Wire

    def send(self, message: Message) -> None:
        if not self._ending:
            self._out.append(message)
            self._wake.set()

    def end(self, code: int | None) -> None:
        if not self._ending:
            self._ending, self._end = True, code
            self._wake.set()

    # The two directions

    async def run(self) -> web.WebSocketResponse:
        await self._ws.prepare(self._request)
        faults = self._desk.faults
        self._stuck = faults.silent_at == "connect"
        self._say(8, {"v": 8, "heartbeat_interval": faults.heartbeat * 1000})
        self._patience()
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(self._write_until_gone())
            code = await self._read()
            writing.cancel()
        if self._watch:
            self._watch.cancel()
        if self._line:
            self._line.detached(self, for_good=code == 1000 and not self._ending)
        return self._ws

    async def _write_until_gone(self) -> None:
        # Where the client is gone, reading ends as well.
        with contextlib.suppress(ConnectionResetError):
            await self._write()

    async def _write(self) -> None:
        while True:
            while self._out:
                message = self._out.popleft()
                if isinstance(message, str):
                    await self._ws.send_str(message)
                else:
                    await self._ws.send_bytes(message)
            if self._ending:
                break
            self._wake.clear()
            await self._wake.wait()
        if self._end is None:
            transport = self._request.transport
            assert transport
            transport.abort()
        else:
            await self._ws.close(code=self._end)

    async def _read(self) -> int | None:
        """Until the socket closes; the code that the client closed it with."""
        async for message in self._ws:
            if self._ending:
                continue
            try:
                if message.type is WSMsgType.TEXT:
                    self._text(message.data)
                elif message.type is WSMsgType.BINARY:
                    self._binary(message.data)
            except Refusal as refusal:
                if self._line:
                    self._line.end()
                self.end(refusal.code)
        return self._ws.close_code

    def _say(self, op: int, data: object) -> None:
        """A message that belongs to the socket and not to the session."""
        if not self._stuck:
            self.send(json.dumps({"op": op, "d": data}))

    def _patience(self) -> None:
        """A client whose heart stands still is closed with 4009."""
        if self._watch:
            self._watch.cancel()
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(self._desk.faults.heartbeat * 2, self._stood_still)

    def _stood_still(self) -> None:
        if self._line:
            self._line.end()
        self.end(4009)

    def _text(self, text: str) -> None:
        try:
            message = json.loads(text)
            op, data = message["op"], message.get("d")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refusal(4002) from error
        if op == 3:
            self._heartbeat(data)
        elif op == 0:
            self._identify(data)
        elif op == 7:
            self._resume(data)
        elif self._line is None:
            raise Refusal(4003)
        elif self._stuck:
            return
        else:
            self._said(self._line, op, data)

    def _heartbeat(self, data: Any) -> None:
        if not isinstance(data, dict) or "t" not in data:
            raise Refusal(4020)
        self._patience()
        if self._line:
            self._line.counters["heartbeat"] += 1
            if not self._line.acknowledges(data.get("seq_ack", -1)):
                self._line.counters["heartbeat without the right seq_ack"] += 1
        if not self._desk.faults.deaf_to_heartbeats:
            self._say(6, {"t": data["t"]})

    def _identify(self, data: Any) -> None:
        if self._line is not None:
            raise Refusal(4005)
        if self._desk.faults.silent_at == "identify" or self._stuck:
            self._stuck = True
            return
        got = self._desk.identified(data, self._request.host)
        if isinstance(got, int):
            raise Refusal(got)
        self._line = got
        got.attached(self)
        host, port = self._desk.udp
        self._say(
            2,
            {"ssrc": got.ssrc, "ip": host, "port": port, "modes": list(self._desk.faults.modes),
             "experiments": [], "streams": []},
        )  # fmt: skip

    def _resume(self, data: Any) -> None:
        if self._line is not None:
            raise Refusal(4005)
        if self._stuck:
            return
        got = self._desk.resumed(data, self._request.host)
        if isinstance(got, int):
            raise Refusal(got)
        missed = got.missed(int(data.get("seq_ack", 0)))
        if missed is None:
            got.end()
            raise Refusal(4006)
        self._line = got
        got.counters["resumed"] += 1
        got.attached(self)
        if self._desk.faults.replay_after_resumed:
            self._say(9, None)
        for message in missed:
            self.send(message)
        if not self._desk.faults.replay_after_resumed:
            self._say(9, None)

    def _said(self, line: Line, op: int, data: Any) -> None:
        encryption = line.room.encryption
        try:
            if op == 1:
                self._select(line, data)
            elif op == 5:
                self._speaking(line, data)
            elif op == 12:
                line.room.camera(line, on=bool(data["video_ssrc"]))
            elif op == 23:
                encryption.ready(line.user, data["transition_id"])
            elif op == 31:
                encryption.invalid(line.user, data["transition_id"])
            elif op not in (14, 15, 16, 17, 18, 20):
                raise Refusal(4001)
        except (KeyError, TypeError, ValueError) as error:
            raise Refusal(4020) from error

    def _select(self, line: Line, data: Any) -> None:
        if data["protocol"] != "udp":
            raise Refusal(4012)
        chosen = data["data"]
        if chosen["mode"] not in self._desk.faults.modes:
            raise Refusal(4016)
        if self._desk.faults.silent_at == "select":
            self._stuck = True
            return
        line.heard_of = asyncio.get_running_loop().time()
        if line.room.seats.get(line.user) is line:
            # The same session has found itself a new way for its media.
            describe(line, chosen["mode"])
            return
        line.room.encryption.arriving()
        early = self._desk.faults.external_sender == "before"
        if early:
            line.room.encryption.greet(line)
        describe(line, chosen["mode"])
        if not early:
            line.room.encryption.greet(line)
        line.room.enter(line)

    def _speaking(self, line: Line, data: Any) -> None:
        flags = int(data["speaking"])
        if data.get("ssrc") != line.ssrc:
            line.counters["op 5 of another ssrc"] += 1
        line.spoken = True
        line.counters["op 5"] += 1
        line.room.speaking(line, flags)

    def _binary(self, frame: bytes) -> None:
        if self._line is None:
            raise Refusal(4003)
        if not frame:
            raise Refusal(4002)
        (op,) = struct.unpack_from("!B", frame)
        if op not in (26, 28):
            # JSON has to come in text frames.
            raise Refusal(4002)
        self._line.counters[f"op {op}"] += 1
        if not self._stuck:
            self._line.room.said(self._line, op, frame[1:])


def describe(line: Line, mode: str) -> None:
    """Op 4, with a new key. Sent once more in mid-call, it changes the key (a failover of the region)."""
    key = secrets.token_bytes(32)
    line.rekey(mode, key)
    line.tell(
        4,
        {"mode": mode, "secret_key": list(key), "audio_codec": "opus", "video_codec": "H264",
         "media_session_id": secrets.token_hex(16), "dave_protocol_version": line.room.encryption.version},
    )  # fmt: skip
