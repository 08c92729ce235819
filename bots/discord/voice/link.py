"""One session with a voice server, from the first message to the end, over as many websockets as it takes."""

import asyncio
import logging
from collections.abc import Callable

from bots.discord.voice import messages, packets
from bots.discord.voice.closing import After, Ended
from bots.discord.voice.dave import VERSION, Dave
from bots.discord.voice.gateway import Connect, Gateway, Over
from bots.discord.voice.hearing import Hearing
from bots.discord.voice.listener import Listener
from bots.discord.voice.messages import Came, Described, Hello, Message, Ready, Resumed, Source, Went
from bots.discord.voice.sealed import MODES, choose
from bots.discord.voice.summons import Place
from bots.discord.voice.udp import Datagrams, Unreachable
from bots.discord.voice.watch import Remedy, Watch
from core.backoff import backoff

log = logging.getLogger(__name__)

_SETTLE = 15.0
"""Seconds from an open websocket to a session that is described or resumed."""

_RESUMING = 30.0
"""Seconds for which a session that was lost is tried to be resumed."""

_FLICKER = 2.0
"""Seconds without the gateway that nobody is told of: sound comes all the same."""

_PING = 5.0
_LOOK = 0.5

_INTRODUCED = 2.0
"""Seconds at the start of a session in which everybody who ever spoke is shown as speaking."""


class Link:
    """A session in `place`. `run` it once; `end` ends it from outside.

    `ready` is called when it hears, at first and again after an interruption that `interrupted` told of.
    """

    def __init__(
        self,
        place: Place,
        connect: Connect,
        hearing: Hearing,
        watch: Watch,
        listener: Listener,
        *,
        ready: Callable[[], None],
        interrupted: Callable[[], None],
    ) -> None:
        self.place = place
        self.heard_since: float | None = None
        """When it could hear for the first time (loop time)."""
        self._connect = connect
        self._hearing = hearing
        self._watch = watch
        self._listener = listener
        self._ready = ready
        self._interrupted = interrupted
        self._loop = asyncio.get_running_loop()
        self._dave = hearing.dave = Dave(place.user, place.channel)
        hearing.seal = None
        self._ssrc = 0
        self._sequence = -1
        self._datagrams: Datagrams | None = None
        self._settled = asyncio.Event()
        self._ended: Ended | None = None
        self._over = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._told: asyncio.TimerHandle | None = None

    def end(self, ended: Ended) -> None:
        """It is over; the first reason counts."""
        if self._ended is None:
            self._ended = ended
            self._over.set()

    async def run(self) -> Ended:
        """Hear until it is over. Raises nothing that comes from outside."""
        try:
            ended = await self._attend()
            if self.heard_since is None:
                return Ended(After.FRESH, ended.code) if ended.after is After.RESUME else ended
            waits, lost = backoff(), self._loop.time()
            # A server that can't be reached for a moment is no other case than one that hung up.
            while ended.after in (After.RESUME, After.UNREACHABLE):
                if self._settled.is_set():
                    waits, lost = backoff(), self._loop.time()
                if self._loop.time() - lost > _RESUMING:
                    return Ended(After.FRESH, ended.code)
                if self._told is None:
                    self._told = self._loop.call_later(_FLICKER, self._interrupted)
                if await self._pause(next(waits)):
                    assert self._ended is not None
                    return self._ended
                ended = await self._attend()
            return ended
        finally:
            for timer in (self._timer, self._told):
                if timer is not None:
                    timer.cancel()
            if self._datagrams is not None:
                self._datagrams.close()

    async def _pause(self, seconds: float) -> bool:
        """Wait; True when it was ended meanwhile."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return self._over.is_set()
        return True

    async def _attend(self) -> Ended:
        """One websocket, from its opening to its end."""
        self._settled.clear()
        try:
            gateway = await Gateway.open(self._connect, self.place.endpoint, self._sequence)
        except Over as over:
            return over.ended
        ended: Ended | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._mind())
                tasks.create_task(self._hurry())
                tasks.create_task(self._look(gateway))
                tasks.create_task(self._read(gateway, tasks))
        except* Over as group:
            ended = _first(group)
        finally:
            self._sequence = gateway.sequence
            await gateway.close(keep=ended is not None and ended.after is After.RESUME)
        assert ended is not None
        return ended

    async def _mind(self) -> None:
        """Wait for `end`."""
        await self._over.wait()
        assert self._ended is not None
        raise Over(self._ended)

    async def _hurry(self) -> None:
        """A voice server that does not get on with it is none."""
        try:
            async with asyncio.timeout(_SETTLE):
                await self._settled.wait()
        except TimeoutError:
            raise Over(Ended(After.FRESH if self.heard_since is not None else After.UNREACHABLE)) from None

    async def _read(self, gateway: Gateway, tasks: asyncio.TaskGroup) -> None:
        while True:
            message = await gateway.receive()
            if isinstance(message, Hello):
                tasks.create_task(gateway.beat(message.interval))
                await gateway.send(self._introduction())
            elif message is not None:
                await self._take(message, gateway)

    def _introduction(self) -> str:
        place = self.place
        if self.heard_since is not None:
            return messages.resume(
                guild=place.guild, session=place.session, token=place.token, sequence=self._sequence
            )
        return messages.identify(
            guild=place.guild, user=place.user, session=place.session, token=place.token, dave=VERSION
        )

    async def _take(self, message: Message, gateway: Gateway) -> None:
        match message:
            case Ready():
                await self._choose(message, gateway)
            case Described():
                await self._begin(message, gateway)
            case Resumed():
                self._settle()
            case Source(user, ssrc, speaking):
                self._meet(user, ssrc, speaking)
            case Came(users):
                self._hearing.members.update(user for user in users if user != self.place.user)
            case Went(user):
                self._hearing.went(user)
                self._watch.dismiss(user, self._listener)
            case Hello() | messages.Acknowledged():
                pass
            case _:
                for frame in self._dave.take(message, self._hearing.members, self._loop.time()):
                    await gateway.send(frame)

    async def _choose(self, ready: Ready, gateway: Gateway) -> None:
        """Identified: find out our own address, and choose the encryption."""
        mode = choose(ready.modes)
        if mode is None:
            raise Over(Ended(After.REFUSED, 4016))
        if self._datagrams is not None:
            self._datagrams.close()
        self._ssrc = ready.ssrc
        try:
            self._datagrams = await Datagrams.open(
                ready.address, ready.port, self._hearing.receive, self._drained
            )
            address, port = await self._datagrams.discover(ready.ssrc)
        except Unreachable as error:
            raise Over(Ended(After.UNREACHABLE)) from error
        await gateway.send(messages.select(address, port, mode))

    async def _begin(self, described: Described, gateway: Gateway) -> None:
        """The session is complete: from here on, there is sound."""
        make = MODES.get(described.mode)
        if make is None or self._datagrams is None:
            raise Over(Ended(After.REFUSED, 4016))
        self._hearing.seal = make(described.key)
        # The key alone can change in the middle of a session; members of the group stay members then.
        if self.heard_since is None or described.dave != self._dave.version:
            for frame in self._dave.begin(described.dave):
                await gateway.send(frame)
        # A voice server may send nothing to somebody who never said or sent anything.
        await gateway.send(messages.not_speaking(self._ssrc))
        for count in range(5):
            header = packets.header(count, count * 960, self._ssrc)
            self._datagrams.send(self._hearing.seal.close(header, packets.SILENCE))
        if self.heard_since is None:
            self.heard_since = self._loop.time()
        self._watch.began(self._loop.time())
        self._settle()

    def _settle(self) -> None:
        self._settled.set()
        if self._told is not None:
            self._told.cancel()
            self._told = None
        self._ready()

    def _meet(self, user: int, ssrc: int, speaking: bool) -> None:
        self._hearing.met(user, ssrc, self._loop.time())
        self._drained()
        now = self._loop.time()
        introduced = self.heard_since is not None and now - self.heard_since > _INTRODUCED
        if speaking and introduced and self._listener.welcome(user):
            self._watch.shown(user, now)

    async def _look(self, gateway: Gateway) -> None:
        """Twice a second: is everybody heard? Every few seconds: a ping, or the way for sound closes."""
        pinged = self._loop.time()
        await self._settled.wait()
        while True:
            now = self._loop.time()
            if self._datagrams is not None and now - pinged >= _PING:
                if self._datagrams.dead:
                    log.warning("voice.silent")
                    raise Over(Ended(After.FRESH))
                self._datagrams.ping()
                pinged = now
            await self._mend(gateway, now)
            await asyncio.sleep(_LOOK)

    async def _mend(self, gateway: Gateway, now: float) -> None:
        self._hearing.expire(now)
        if self.heard_since is not None and now - self.heard_since > _INTRODUCED:
            # By now everybody has been told of who is here; the others left while no session ran.
            self._watch.keep(self._hearing.members, self._listener)
        findings = self._watch.look(now, self._hearing.arrivals(), encrypted=self._dave.version > 0)
        self._watch.tell(findings, self._listener)
        if findings.remedy is None:
            return
        log.warning("voice.deaf", extra={"remedy": findings.remedy.value})
        if findings.remedy is Remedy.KEYS:
            for frame in self._dave.recover():
                await gateway.send(frame)
        else:
            rejoin = findings.remedy is Remedy.REJOIN
            raise Over(Ended(After.REJOIN if rejoin else After.FRESH))

    def _drained(self) -> None:
        """Packets came: look after those that wait for earlier ones."""
        if self._timer is None:
            deadline = self._hearing.deadline
            if deadline is not None:
                self._timer = self._loop.call_at(deadline, self._tick, deadline)

    def _tick(self, due: float) -> None:
        self._timer = None
        # A loop may call a hair too early, by the resolution of its clock.
        self._hearing.tick(max(due, self._loop.time()))
        self._drained()


def _first(group: BaseExceptionGroup[Over]) -> Ended:
    """The reason that counts, of several that came together."""
    found = group.exceptions[0]
    return found.ended if isinstance(found, Over) else _first(found)
