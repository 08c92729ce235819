"""VoiceLine: the connection of the bot to a voice channel, as discord.py is given it. It only listens."""

import asyncio
import contextlib
import logging
from typing import Any

import aiohttp
import discord

from bots.discord.voice.asking import Asking
from bots.discord.voice.closing import After, Ended, Tries
from bots.discord.voice.dave import Dave
from bots.discord.voice.hearing import Hearing
from bots.discord.voice.lines import Counters
from bots.discord.voice.link import Link
from bots.discord.voice.listener import Gone, Listener, Phase, Reason, Standing
from bots.discord.voice.refusals import SENTENCES
from bots.discord.voice.summons import Place, Summons
from bots.discord.voice.watch import Watch
from core.errors import UserError

log = logging.getLogger(__name__)

_MOVE = 2.0
"""Seconds after which a move counts although no new voice server was told of."""

_OUT = 0.5
"""Seconds out of the channel before it is joined again."""

_LEAVE = 2.0
_STABLE = 10.0
"""Seconds of hearing after which earlier troubles are forgotten."""

_AGAIN = 3
_REJOINS = 3
"""Sessions begun in vain before the channel is joined again, and how often that is done."""


class VoiceLine(discord.VoiceProtocol):
    """Hears a voice or stage channel for `listener`. Give it to discord.py:

        await channel.connect(cls=lambda client, channel: VoiceLine(client, channel, listener, tasks))

    `tasks` owns its one task, and everything else is inside that: when it is over, whether by
    `disconnect`, by Discord or by cancelling, no task and no socket is left, and the listener's last word
    is `Gone`. `channel` follows when somebody moves the bot. Requires the intent `voice_states`.
    """

    def __init__(
        self,
        client: discord.Client,
        channel: discord.abc.Connectable,
        listener: Listener,
        tasks: asyncio.TaskGroup,
    ) -> None:
        super().__init__(client, channel)
        assert isinstance(channel, discord.VoiceChannel | discord.StageChannel)
        assert client.user is not None
        self._listener = listener
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self._user = client.user.id
        self._guild = channel.guild.id
        self._mute = True
        self._summons = Summons(channel.id)
        self._asking = Asking(client, self._guild, self)
        self._hearing = Hearing(listener, Dave(self._user, channel.id))
        self._watch = Watch()
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None
        self._gone = Gone(Reason.LEFT)
        self._decided = asyncio.Event()  # hearing, or gone
        self._over = asyncio.Event()
        self._standing: Standing | None = None
        self._broken = False  # the session, or what is left of it, does not hear
        self._settled = float("-inf")

    @property
    def counters(self) -> Counters:
        """What of the packets was not heard, and why."""
        return self._hearing.counters

    @property
    def standing(self) -> Standing | None:
        """As the listener was told last; None before `connect`."""
        return self._standing

    def hush(self, user: int) -> None:
        """They are no longer welcome: what waits of theirs is not heard. Later packets are refused anyway."""
        self._hearing.hush(user)
        self._watch.dismiss(user, self._listener)

    async def connect(
        self,
        *,
        timeout: float,  # noqa: ASYNC109 - discord.py's own signature
        reconnect: bool,
        self_deaf: bool = False,
        self_mute: bool = False,
    ) -> None:
        """Join. Raises `UserError` with a sentence for whoever asked; then nothing is left of it.

        It comes back after failures whether or not `reconnect` is set. Never deafened by itself:
        Discord sends nothing to somebody who is.
        """
        self._mute = self_mute
        self._say(Phase.CONNECTING)
        life = self._live()
        try:
            self._task = self._tasks.create_task(life, name="voice line")
        except RuntimeError as error:
            # Whoever owns the tasks is about to end.
            life.close()
            self._finish()
            raise UserError(SENTENCES[Reason.LEFT]) from error
        # Not at the end of the task itself: that is never reached if it is cancelled before it begins.
        self._task.add_done_callback(self._finish)
        try:
            await self._asking.until(self._decided, timeout)
        except TimeoutError:
            silent = self._asking.sent and not self._summons.server
            self._gone = Gone(Reason.NO_ANSWER if silent else Reason.UNREACHABLE)
            await self.disconnect(force=True)
        except asyncio.CancelledError:
            self._task.cancel()
            raise
        if isinstance(self._standing, Gone):
            raise UserError(SENTENCES[self._standing.reason])

    async def disconnect(self, *, force: bool = False) -> None:
        """Leave the channel, and wait until nothing is left of the connection."""
        if self._task is not None:
            self._task.cancel()
            await self._over.wait()

    async def on_voice_state_update(self, data: Any) -> None:
        """The bot's own state, from the main gateway: joined, moved, deafened or out."""
        moved = self._summons.take_state(data)
        link = self._link
        if self._summons.out and link is not None:
            link.end(Ended(After.WAIT))
        if self._standing in (Phase.HEARING, Phase.DEAFENED):
            self._say(self._hearing_phase())
        if moved:
            guild = self.client.get_guild(self._guild)
            found = guild.get_channel(self._summons.channel) if guild else None
            if isinstance(found, discord.VoiceChannel | discord.StageChannel):
                self.channel = found
        if moved and link is not None:
            # The keys of the old channel are of no use in the new one. Usually its voice server is told of
            # next and ends the old session; if it was told of first, that session began a moment too early.
            late = link.heard_since is None or self._loop.time() - link.heard_since < _MOVE
            self._loop.call_later(0.0 if late else _MOVE, link.end, Ended(After.MOVED))

    async def on_voice_server_update(self, data: Any) -> None:
        """The voice server to go to, from the main gateway; without an endpoint: wait for another."""
        self._summons.take_server(data)
        link = self._link
        if link is not None and self._summons.server != (link.place.endpoint, link.place.token):
            link.end(Ended(After.MOVED))

    async def _live(self) -> None:
        """The whole life of the connection."""
        try:
            asked = await self._asking.insist(self._summons.channel, mute=self._mute)
            self._gone = await self._stay() if asked else Gone(Reason.UNREACHABLE)
        finally:
            self._link = None
            self._hearing.forget()
            if self._gone.reason not in (Reason.KICKED, Reason.DELETED):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LEAVE):
                        await self._asking.ask(None, mute=self._mute)

    def _finish(self, _task: object = None) -> None:
        self.cleanup()
        self._say(self._gone)
        self._decided.set()
        self._over.set()

    async def _stay(self) -> Gone:
        """One session after the other, until there can be no other."""
        tries = Tries()
        while True:
            found = await self._summons.place()
            if found is None:
                gone = await self._ask_again(None)
            else:
                self._asking.answered()
                link = self._make(*found)
                ended = await link.run()
                heard = self._end(link, ended)
                if heard is not None and self._loop.time() - heard > _STABLE:
                    tries = Tries()
                log.info("voice.ended", extra={"after": ended.after.value, "code": ended.code})
                gone = await self._follow(ended, tries)
            if gone is not None:
                return gone

    async def _follow(self, ended: Ended, tries: Tries) -> Gone | None:
        """Do what the end of a session asks for. Returns why it was the last; None: go on."""
        if ended.after in (After.MOVED, After.REFUSED):
            return None if ended.after is After.MOVED else Gone(Reason.REFUSED, ended.code)
        if not self._asking.here:
            # There is no network: what was tried without one says nothing.
            return None if await self._asking.back() else Gone(Reason.UNREACHABLE)
        if ended.after is After.WAIT and await self._summons.word():
            return await self._ask_again(ended.code) if self._summons.out else None
        tries.troubles += 1
        if ended.after in (After.REJOIN, After.WAIT) or tries.troubles % _AGAIN == 0:
            # A close that nobody explains: the bot's own session with Discord was lost, and this with it.
            tries.rejoins += 1
            reached = ended.after is not After.UNREACHABLE
            if tries.rejoins > (_REJOINS if reached or self._decided.is_set() else 0):
                return Gone(Reason.REFUSED if reached else Reason.UNREACHABLE, ended.code)
            if not await self._rejoin():
                return self._why(None, Reason.UNREACHABLE)
        await asyncio.sleep(next(tries.waits))
        return None

    async def _ask_again(self, code: int | None) -> Gone | None:
        """There is no place to go to. Returns why that is final; None: Discord was asked once more."""
        gone = self._why(code, Reason.NO_ANSWER)
        if gone.reason is Reason.NO_ANSWER:
            final = self._asking.unanswered() or (self._asking.sent and not self._decided.is_set())
        else:
            # Out together with the bot's own gateway: that was the network, and nobody's wish.
            lost = self._broken or self._loop.time() - self._settled < _STABLE
            final = gone.reason is Reason.DELETED or not (lost and self._asking.changed)
        if final:
            return gone
        self._summons.begin_again()
        if await self._asking.insist(self._summons.channel, mute=self._mute):
            return None
        return self._why(None, Reason.UNREACHABLE)

    def _make(self, session: str, endpoint: str, token: str) -> Link:
        place = Place(self._guild, self._summons.channel, self._user, session, endpoint, token)
        self._link = Link(
            place,
            self._connect,
            self._hearing,
            self._watch,
            self._listener,
            ready=self._ready,
            interrupted=self._interrupted,
        )
        return self._link

    def _end(self, link: Link, ended: Ended) -> float | None:
        """A session is over. Returns since when it could hear."""
        self._link = None
        self._hearing.forget()
        self._interrupted(said=ended.after is After.WAIT)
        return link.heard_since

    async def _connect(self, url: str) -> aiohttp.ClientWebSocketResponse:
        # discord.py's own way out, so that its connector and proxy hold for voice as well.
        return await self.client.http.ws_connect(url, compress=15)

    def _interrupted(self, *, said: bool = False) -> None:
        """Nothing is heard. `said`: Discord itself has ended the session."""
        if not said and not self._broken:
            self._broken = True
            self._asking.mark()
        if self._decided.is_set():
            self._say(Phase.RECONNECTING)

    def _ready(self) -> None:
        self._broken, self._settled = False, self._loop.time()
        self._say(self._hearing_phase())
        self._decided.set()

    def _hearing_phase(self) -> Phase:
        return Phase.DEAFENED if self._summons.deafened else Phase.HEARING

    def _why(self, code: int | None, otherwise: Reason) -> Gone:
        """Discord has put us out, or does not let us in."""
        guild = self.client.get_guild(self._guild)
        if guild is not None and guild.get_channel(self._summons.channel) is None:
            return Gone(Reason.DELETED, code)
        out = self._summons.out or (guild is None and self._asking.here)
        return Gone(Reason.KICKED if out else otherwise, code)

    async def _rejoin(self) -> bool:
        self._summons.leaving = True
        await self._asking.ask(None, mute=self._mute)
        await asyncio.sleep(_OUT)
        self._summons.begin_again()
        return await self._asking.insist(self._summons.channel, mute=self._mute)

    def _say(self, standing: Standing) -> None:
        if standing != self._standing:
            self._standing = standing
            self._listener.standing(standing)
