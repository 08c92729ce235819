"""One live stream: GET /v1/listen after its upgrade."""

import asyncio
import hashlib
import json
from collections import deque
from dataclasses import replace

import aiohttp
from aiohttp import web

from tests.fakes.deepgram import faults, messages, wire
from tests.fakes.deepgram.ear import Ear, Told
from tests.fakes.deepgram.ledger import Visit
from tests.fakes.deepgram.manner import Manner
from tests.fakes.deepgram.messages import Scribe
from tests.fakes.deepgram.mouth import Closing, Mouth
from tests.fakes.deepgram.query import Asked

_Order = tuple[str, str] | bytes
"""What the client wants, in the order in which it came: (type, text), or audio."""


class Live:
    """Serves one socket until it ends, one way or another."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport,
        *,
        asked: Asked,
        struck: tuple[faults.Breaking, ...],
        manner: Manner,
        visit: Visit,
    ) -> None:
        self._socket = socket
        self._transport = transport
        self._asked = asked
        self._pending = list(struck)
        self._manner = manner
        self._visit = visit
        self._loop = asyncio.get_running_loop()
        self._mouth = Mouth(socket, visit, lag=manner.lag, strike=self._strike, settled=self._settled)
        self._hash = hashlib.sha256()
        self._orders: deque[tuple[float, _Order]] = deque()
        self._work = asyncio.Event()
        self._thaw = asyncio.Event()
        self._frozen = self._dead = self._draining = False
        self._pongs = True
        self._pace = manner.pace
        self._due = 0.0
        self._deaf = 0  # samples that are still to be lost
        self._touched = self._loop.time()
        self._begin(asked.rate or 16000)

    def _begin(self, rate: int) -> None:
        visit = self._visit
        self._rate = rate
        self._ear = Ear(rate, self._manner.habits(self._asked, visit.number))
        self._ear.heard = visit.heard
        self._scribe = Scribe(visit.request_id, visit.number, rate, self._asked, self._manner.style)

    async def run(self) -> None:
        """Returns when the socket is gone."""
        async with asyncio.TaskGroup() as tasks:
            doing = [self._mouth.speak(), self._hear(), self._watch()]
            if self._manner.ping is not None:
                doing.append(self._mouth.ping(self._manner.ping))
            doing += [self._strike_later(fault) for fault in self._when(faults.Clock)]
            started = [tasks.create_task(each) for each in doing]
            for fault in self._when(faults.Opening):
                self._strike(fault)
            await self._read()
            if self._mouth.closing:
                await self._mouth.closed.wait()
            for task in started:
                task.cancel()

    # What the client sends

    async def _read(self) -> None:
        while True:
            message = await self._socket.receive()
            if self._frozen:
                await self._thaw.wait()
            match message.type:
                case aiohttp.WSMsgType.BINARY:
                    self._touched = self._loop.time()
                    self._binary(message.data)
                case aiohttp.WSMsgType.TEXT:
                    self._touched = self._loop.time()
                    self._text(message.data)
                case aiohttp.WSMsgType.PING:
                    self._visit.received["ping"] += 1
                    if self._pongs and not self._dead and not self._socket.closed:
                        await self._socket.pong(message.data)
                case aiohttp.WSMsgType.PONG:
                    self._visit.received["pong"] += 1
                case aiohttp.WSMsgType.CLOSE:
                    self._visit.ended = self._visit.ended or f"client {message.data}"
                    return
                case _:
                    return

    def _binary(self, data: bytes) -> None:
        if not data:
            self._visit.received["end"] += 1
            self._order(("CloseStream", ""))
            return
        self._visit.received["audio"] += 1
        if self._draining:
            return
        header = self._visit.audio == 0 and self._asked.rate is None
        if len(data) % 2 or (header and not (data.startswith(b"RIFF") and len(data) >= 44)):
            self._draining = True
            self._mouth.say(Closing(*messages.DATA_0000))
            return
        if header:
            self._begin(int.from_bytes(data[24:28], "little"))
            data = data[44:]
        self._hash.update(data)
        self._visit.audio += len(data) / 2 / self._rate
        self._order(data)

    def _text(self, text: str) -> None:
        try:
            kind = str(json.loads(text)["type"])
        except (ValueError, TypeError, KeyError):
            kind = "broken"
        self._visit.received[kind] += 1
        if kind in ("Finalize", "CloseStream", "Configure"):
            self._order((kind, text))
        elif kind != "KeepAlive":
            self._mouth.message(messages.schema_error(text))

    def _order(self, order: _Order) -> None:
        if not self._draining:
            self._draining = isinstance(order, tuple) and order[0] == "CloseStream"
            self._orders.append((self._loop.time(), order))
            self._work.set()

    async def _watch(self) -> None:
        opened = self._loop.time()
        while not self._draining:
            silent = self._touched + self._manner.silent_client
            deaf = float("inf") if self._visit.received["audio"] else opened + self._manner.no_audio
            wait = min(silent, deaf) - self._loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
                continue
            self._draining = True
            self._metadata("incomplete")
            self._mouth.say(Closing(*(messages.NET_0001 if silent <= deaf else messages.NET_0000)))

    # What is heard, and told

    async def _hear(self) -> None:
        while not self._dead:
            if not self._orders:
                self._work.clear()
                await self._work.wait()
                continue
            arrived, order = self._orders.popleft()
            match order:
                case bytes():
                    await self._listen(arrived, order)
                case ("Finalize", _):
                    self._tell(self._ear.finalize(always=self._manner.finalize_always))
                case ("Configure", text):
                    message = json.loads(text)
                    most = self._manner.keyterms
                    answer = messages.configured(message, self._asked, most, self._visit.request_id)
                    self._mouth.message(answer)
                case _:
                    self._drain()
                    return

    async def _listen(self, arrived: float, pcm: bytes) -> None:
        step = self._rate // 10 * 2
        for start in range(0, len(pcm), step):
            piece = pcm[start : start + step]
            if self._pace is not None:
                self._due = max(self._due, arrived) + len(piece) / 2 / self._rate / self._pace
                await asyncio.sleep(max(0.0, self._due - self._loop.time()))
            if self._deaf:
                lost = min(self._deaf, len(piece) // 2)
                self._deaf -= lost
                self._tell(self._ear.lose(lost))
                piece = piece[lost * 2 :]
            self._tell(self._ear.hear(piece))
            for fault in [fault for fault in self._pending if self._reached(fault.at)]:
                self._strike(fault)
            if self._dead:
                return

    def _drain(self) -> None:
        drains = self._when(faults.Drain)
        for fault in drains:
            if fault.at == faults.Drain():
                self._strike(fault)
        self._tell(self._ear.end())
        for fault in drains:
            if fault.at == faults.Drain(told=True):
                self._mouth.say(fault)
        self._metadata(self._hash.hexdigest())
        self._mouth.say(Closing(1000, ""))

    def _tell(self, told: list[Told]) -> None:
        for each in told:
            self._mouth.message(self._scribe.message(each), each)

    def _metadata(self, sha256: str) -> None:
        samples = round(self._visit.audio * self._rate)
        self._mouth.message(self._scribe.metadata(self._loop.time(), samples, sha256))

    # What goes wrong

    def _when(self, kind: type[faults.Moment]) -> list[faults.Breaking]:
        return [fault for fault in self._pending if isinstance(fault.at, kind)]

    def _reached(self, at: faults.Moment) -> bool:
        match at:
            case faults.Words(count):
                return len(self._ear.heard) >= count
            case faults.Seconds(count):
                return self._ear.at >= count * self._rate
            case faults.Silence(seconds):
                return bool(self._ear.heard) and self._ear.silence >= seconds * self._rate
            case _:
                return False

    def _settled(self, finals: int) -> None:
        for fault in self._when(faults.Finals):
            if isinstance(fault.at, faults.Finals) and finals >= fault.at.count:
                self._strike(fault)

    async def _strike_later(self, fault: faults.Breaking) -> None:
        if isinstance(fault.at, faults.Clock):
            await asyncio.sleep(fault.at.count)
            self._strike(fault)

    def strike(self, fault: faults.Breaking) -> None:
        """A fault out of its turn: it strikes now."""
        self._strike(replace(fault, at=faults.Opening()))

    def _strike(self, fault: faults.Breaking) -> None:
        if self._dead:
            return
        if fault in self._pending:
            self._pending.remove(fault)
        self._visit.faults.append(type(fault).__name__)
        match fault:
            case faults.Cut() | faults.Reset():
                self.cut(type(fault).__name__, isinstance(fault, faults.Reset))
            case faults.Close(code, reason):
                if fault.metadata:
                    self._metadata(self._hash.hexdigest())
                self._mouth.say(Closing(code, reason))
            case faults.Say(payload):
                self._mouth.say(payload)
            case faults.Gap(seconds):
                self._deaf += round(seconds * self._rate)
            case _:
                self._bend(fault)

    def _bend(self, fault: faults.Breaking) -> None:
        """The faults that change how the stream goes on."""
        match fault:
            case faults.Stall(_, seconds):
                self._mouth.voice.clear()
                if seconds is not None:
                    self._loop.call_later(seconds, self._mouth.voice.set)
            case faults.HalfOpen():
                self._frozen = True
                self._mouth.voice.clear()
                self._transport.pause_reading()
                self._loop.call_later(60, self.cut, "HalfOpen", True)
            case faults.NoPong():
                self._pongs = False
            case faults.Late(seconds):
                self._mouth.delay = self._manner.lag + seconds
            case faults.Pace(speed):
                self._pace = speed

    def cut(self, how: str, reset: bool) -> None:
        """Ends the connection below the WebSocket, with RST (`reset`) or FIN; `how` names the end."""
        if self._dead:
            return
        self._dead = True
        self._visit.ended = self._visit.ended or how
        self._mouth.shut()
        self._work.set()
        self._thaw.set()
        if reset:
            wire.reset(self._transport)
        else:
            wire.end(self._transport)
