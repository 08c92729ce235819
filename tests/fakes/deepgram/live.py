"""One live stream: GET /v1/listen after its upgrade."""

import asyncio
import hashlib
import json
import socket
import struct
from collections import deque
from dataclasses import dataclass, field, replace

import aiohttp
from aiohttp import web

from tests.fakes.deepgram import faults, messages, query
from tests.fakes.deepgram.ear import Ear, Habits, Said, Told
from tests.fakes.deepgram.ledger import Visit
from tests.fakes.deepgram.messages import Message, Scribe, Style
from tests.fakes.deepgram.query import Asked


@dataclass(frozen=True, slots=True)
class Manner:
    """How the fake treats its streams. Seconds."""

    style: Style = field(default_factory=Style)
    interim: float = 1.0
    longest: float = 5.0
    hold: int = 1
    quiet: float = 5.0
    varied: bool = False
    """Each connection cuts its segments elsewhere, so that a replay is not told as the original was."""
    finalize_always: bool = False
    """Finalize is answered even when nothing was open. Deepgram does not promise it."""
    lag: float = 0.0
    """Between a sample and what is said about it."""
    pace: float | None = None
    """Audio is worked through at this many times real time at most; Deepgram's own limit is 1.25."""
    ping: float | None = 20.0
    silent_client: float = 10.0
    """NET-0001 after so long without anything from the client."""
    no_audio: float = 20.0
    """NET-0000 after so long without any audio at all."""
    keyterms: int = 100

    def habits(self, asked: Asked, number: int) -> Habits:
        spread = number * 7 % 5 if self.varied else 0
        interim = self.interim * (1 + spread / 10)
        return Habits(
            endpointing=asked.endpointing,
            interim=interim if "interim_results" in asked.on else None,
            utterance_end=asked.utterance_end,
            speech_started="vad_events" in asked.on,
            longest=self.longest * (1 - spread / 10),
            hold=number % 3 if self.varied else self.hold,
            quiet=self.quiet,
        )


@dataclass(frozen=True, slots=True)
class _Closing:
    code: int
    reason: str


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
        self._hash = hashlib.sha256()
        self._inbox: deque[tuple[float, _Order]] = deque()
        self._work = asyncio.Event()
        self._outbox: deque[tuple[float, str | bytes | faults.Breaking | _Closing, Told | None]] = deque()
        self._news = asyncio.Event()
        self._voice = asyncio.Event()
        self._voice.set()
        self._closed = asyncio.Event()
        self._thaw = asyncio.Event()
        self._frozen = self._dead = self._draining = self._closing = False
        self._pongs = True
        self._late = 0.0
        self._pace = manner.pace
        self._due = 0.0
        self._deaf = 0
        self._finals = 0
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
        try:
            async with asyncio.TaskGroup() as tasks:
                doing = [self._send(), self._hear(), self._watch(), self._ping()]
                clocks = [fault for fault in self._pending if isinstance(fault.at, faults.Clock)]
                doing += [self._strike_at(fault) for fault in clocks]
                started = [tasks.create_task(each) for each in doing]
                for fault in self._when(faults.Opening):
                    self._strike(fault)
                await self._read()
                if self._closing:
                    await self._closed.wait()
                for task in started:
                    task.cancel()
        finally:
            self._visit.ended = self._visit.ended or "lost"
            self._visit.closed = self._loop.time()

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
            self._say_close(*messages.DATA_0000)
            return
        if header:
            self._begin(int.from_bytes(data[24:28], "little"))
            data = data[44:]
        self._hash.update(data)
        self._visit.audio += len(data) / 2 / self._rate
        self._order(data)

    def _text(self, text: str) -> None:
        try:
            message = json.loads(text)
            kind = str(message["type"])
        except (ValueError, TypeError, KeyError):
            kind = "broken"
        self._visit.received[kind] += 1
        if kind in ("Finalize", "CloseStream", "Configure"):
            self._order((kind, text))
        elif kind != "KeepAlive":
            self._say(messages.schema_error(text))

    def _order(self, order: _Order) -> None:
        if not self._draining:
            self._draining = isinstance(order, tuple) and order[0] == "CloseStream"
            self._inbox.append((self._loop.time(), order))
            self._work.set()

    # What is heard

    async def _hear(self) -> None:
        while not self._dead:
            if not self._inbox:
                self._work.clear()
                await self._work.wait()
                continue
            arrived, order = self._inbox.popleft()
            match order:
                case bytes():
                    await self._listen(arrived, order)
                case ("Finalize", _):
                    self._tell(self._ear.finalize(always=self._manner.finalize_always))
                case ("Configure", text):
                    self._configure(json.loads(text))
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
        for fault in self._when(faults.Drain, told=False):
            self._strike(fault)
        self._tell(self._ear.end())
        for fault in self._when(faults.Drain, told=True):
            self._put(fault)
        self._say_metadata(self._hash.hexdigest())
        self._say_close(1000, "")

    def _configure(self, message: Message) -> None:
        terms = message.get("keyterms")
        answer: Message = {"type": "ConfigureSuccess", "request_id": self._visit.request_id}
        failure = {**answer, "type": "ConfigureFailure"}
        if terms is not None and not self._asked.model.startswith("nova-3"):
            answer = failure | {"code": "CONFIGURE_KEYTERMS_NOT_SUPPORTED", "description": "Only Nova-3."}
        elif terms is not None:
            try:
                query.check_keyterms(terms, self._manner.keyterms)
                answer |= {"keyterms": terms}
            except query.Rejected as error:
                answer = failure | {
                    "code": "CONFIGURE_KEYTERM_LIMIT_EXCEEDED",
                    "description": error.sentence,
                }
        self._say(answer)

    # What is said

    def _tell(self, told: list[Told]) -> None:
        for each in told:
            self._put(json.dumps(self._scribe.message(each)), each)

    def _say(self, message: Message) -> None:
        self._put(json.dumps(message))

    def _say_metadata(self, sha256: str) -> None:
        self._say(self._scribe.metadata(self._loop.time(), round(self._visit.audio * self._rate), sha256))

    def _say_close(self, code: int, reason: str) -> None:
        self._put(_Closing(code, reason))

    def _put(self, what: str | bytes | faults.Breaking | _Closing, told: Told | None = None) -> None:
        self._outbox.append((self._loop.time() + self._manner.lag + self._late, what, told))
        self._news.set()

    async def _send(self) -> None:
        while not self._dead:
            if not self._outbox:
                self._news.clear()
                await self._news.wait()
                continue
            due, what, told = self._outbox[0]
            if due > self._loop.time():
                await asyncio.sleep(due - self._loop.time())
            await self._voice.wait()
            self._outbox.popleft()
            try:
                if self._dead or await self._give(what, told):
                    return
            except ConnectionError:
                return  # the client is gone: the reader sees it too

    async def _give(self, what: str | bytes | faults.Breaking | _Closing, told: Told | None) -> bool:
        """Says whether that was the last thing to be said."""
        match what:
            case str():
                await self._socket.send_str(what)
                self._count(what, told)
            case bytes():
                await self._socket.send_bytes(what)
                self._visit.sent["binary"] += 1
            case _Closing(code, reason):
                self._closing = True
                self._visit.ended = f"server {code}"
                await self._socket.close(code=code, message=reason.encode())
                self._closed.set()
                return True
            case _:
                self._strike(what)
        return False

    def _count(self, text: str, told: Told | None) -> None:
        sent = self._visit.sent
        if not isinstance(told, Said):
            try:
                sent[json.loads(text)["type"]] += 1
            except ValueError:
                sent["broken"] += 1
            return
        sent["Results"] += 1
        sent["final" if told.final else "interim"] += 1
        if told.final:
            self._finals += 1
            self._visit.told += [word.number for word in told.words]
            for fault in self._when(faults.Finals):
                if isinstance(fault.at, faults.Finals) and self._finals >= fault.at.count:
                    self._strike(fault)

    # What goes on by itself

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
            self._say_metadata("incomplete")
            self._say_close(*(messages.NET_0001 if silent <= deaf else messages.NET_0000))

    async def _ping(self) -> None:
        while self._manner.ping is not None and not self._dead:
            await asyncio.sleep(self._manner.ping)
            await self._voice.wait()
            if self._dead or self._socket.closed:
                return
            try:
                await self._socket.ping()
            except ConnectionError:
                return
            self._visit.sent["ping"] += 1

    # What goes wrong

    def _when(self, kind: type[faults.Moment], *, told: bool | None = None) -> list[faults.Breaking]:
        return [
            fault
            for fault in self._pending
            if isinstance(fault.at, kind) and (told is None or getattr(fault.at, "told", None) is told)
        ]

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

    async def _strike_at(self, fault: faults.Breaking) -> None:
        if isinstance(fault.at, faults.Clock):
            await asyncio.sleep(fault.at.count)
            self._strike(fault)

    def _strike(self, fault: faults.Breaking) -> None:
        if self._dead:
            return
        if fault in self._pending:
            self._pending.remove(fault)
        self._visit.faults.append(type(fault).__name__)
        match fault:
            case faults.Cut():
                self.cut("Cut")
            case faults.Reset():
                self.cut("Reset")
            case faults.Close(code, reason):
                self._say_close(code, reason)
            case faults.Say(payload):
                self._put(payload)
            case faults.Gap(seconds):
                self._deaf += round(seconds * self._rate)
            case _:
                self._bend(fault)

    def _bend(self, fault: faults.Breaking) -> None:
        """The faults that change how the stream goes on."""
        match fault:
            case faults.Stall(_, seconds):
                self._voice.clear()
                if seconds is not None:
                    self._loop.call_later(seconds, self._voice.set)
            case faults.HalfOpen():
                self._frozen = True
                self._voice.clear()
                self._transport.pause_reading()
            case faults.NoPong():
                self._pongs = False
            case faults.Late(seconds):
                self._late = seconds
            case faults.Pace(speed):
                self._pace = speed

    def cut(self, how: str) -> None:
        """Ends the connection below the WebSocket: "Reset" with RST, anything else with FIN."""
        self._dead = True
        self._visit.ended = self._visit.ended or how
        for event in (self._news, self._work, self._voice, self._thaw):
            event.set()
        if how == "Reset":
            reset(self._transport)
        elif self._transport.can_write_eof():
            self._transport.write_eof()
            self._loop.call_later(1.0, self._transport.abort)
        else:
            self._transport.close()

    def strike(self, fault: faults.Breaking) -> None:
        """A fault out of its turn: it strikes now."""
        self._strike(replace(fault, at=faults.Opening()))


def reset(transport: asyncio.BaseTransport | None) -> None:
    """Ends a TCP connection with RST; what was not sent is lost."""
    if isinstance(transport, asyncio.Transport) and not transport.is_closing():
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if isinstance(transport, asyncio.Transport):
        transport.abort()
