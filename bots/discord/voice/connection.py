"""VoiceLine: the connection of the bot to a voice channel, as discord.py is given it. It only listens."""

import asyncio
import contextlib
import logging
from typing import Any

import aiohttp
import discord

from bots.discord.voice.closing import After, Ended
from bots.discord.voice.dave import Dave
from bots.discord.voice.hearing import Hearing
from bots.discord.voice.lines import Counters
from bots.discord.voice.link import Link
from bots.discord.voice.listener import Gone, Listener, Phase, Reason, Standing
from bots.discord.voice.summons import Place, Summons
from bots.discord.voice.watch import Watch
from core.backoff import backoff
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

_SENTENCES = {
    Reason.LEFT: "The captions were stopped before I could join the voice channel.",
    Reason.KICKED: "Somebody disconnected me from the voice channel while I was joining it.",
    Reason.DELETED: "The voice channel was deleted while I was joining it.",
    Reason.NO_ANSWER: "Discord doesn't let me into the voice channel: it may be full, or I may lack the "
    "permission to connect to it.",
    Reason.UNREACHABLE: "I can't reach Discord's voice server: whoever runs Spokenly should look whether a "
    "firewall keeps UDP from going out; otherwise try again in a minute.",
    Reason.REFUSED: "Discord's voice server doesn't take me at the moment; try again in a few minutes.",
}


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
        self._hearing = Hearing(listener, Dave(self._user, channel.id))
        self._watch = Watch()
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None
        self._gone = Gone(Reason.LEFT)
        self._decided = asyncio.Event()  # hearing, or gone
        self._over = asyncio.Event()
        self._standing: Standing | None = None

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
            raise UserError(_SENTENCES[Reason.LEFT]) from error
        # Not at the end of the task itself: that is never reached if it is cancelled before it begins.
        self._task.add_done_callback(self._finish)
        try:
            async with asyncio.timeout(timeout):
                await self._decided.wait()
        except TimeoutError:
            self._gone = Gone(Reason.UNREACHABLE if self._summons.server else Reason.NO_ANSWER)
            await self.disconnect(force=True)
        except asyncio.CancelledError:
            self._task.cancel()
            raise
        if isinstance(self._standing, Gone):
            raise UserError(_SENTENCES[self._standing.reason])

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
            await self._ask(self._summons.channel)
            self._gone = await self._stay()
        finally:
            self._link = None
            self._hearing.forget()
            if self._gone.reason not in (Reason.KICKED, Reason.DELETED):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LEAVE):
                        await self._ask(None)

    def _finish(self, _task: object = None) -> None:
        self.cleanup()
        self._say(self._gone)
        self._decided.set()
        self._over.set()

    async def _stay(self) -> Gone:
        """One session after the other, until there can be no other."""
        troubles, rejoins, waits = 0, 0, backoff()
        while True:
            found = await self._summons.place()
            if found is None:
                return self._why(None)
            link = self._make(*found)
            ended = await link.run()
            heard = self._end(link)
            if heard is not None and self._loop.time() - heard > _STABLE:
                troubles, rejoins, waits = 0, 0, backoff()
            log.info("voice.ended", extra={"after": ended.after.value, "code": ended.code})
            if ended.after is After.REFUSED:
                return Gone(Reason.REFUSED, ended.code)
            if ended.after is After.MOVED:
                continue
            if ended.after is After.WAIT and await self._summons.word():
                if self._summons.out:
                    return self._why(ended.code)
                continue
            troubles += 1
            if ended.after in (After.REJOIN, After.WAIT) or troubles % _AGAIN == 0:
                # A close that nobody explains: the bot's own session with Discord was lost, and this with it.
                rejoins += 1
                reached = ended.after is not After.UNREACHABLE
                if rejoins > (_REJOINS if reached or self._decided.is_set() else 0):
                    return Gone(Reason.REFUSED if reached else Reason.UNREACHABLE, ended.code)
                await self._rejoin()
            await asyncio.sleep(next(waits))

    def _make(self, session: str, endpoint: str, token: str) -> Link:
        place = Place(self._guild, self._summons.channel, self._user, session, endpoint, token)
        self._link = Link(
            place,
            self._connect,
            self._hearing,
            self._watch,
            self._listener,
            ready=self._ready,
            interrupted=lambda: self._say(Phase.RECONNECTING),
        )
        return self._link

    def _end(self, link: Link) -> float | None:
        """A session is over. Returns since when it could hear."""
        self._link = None
        self._hearing.forget()
        if self._decided.is_set():
            self._say(Phase.RECONNECTING)
        return link.heard_since

    async def _connect(self, url: str) -> aiohttp.ClientWebSocketResponse:
        # discord.py's own way out, so that its connector and proxy hold for voice as well.
        return await self.client.http.ws_connect(url, compress=15)

    def _ready(self) -> None:
        self._say(self._hearing_phase())
        self._decided.set()

    def _hearing_phase(self) -> Phase:
        return Phase.DEAFENED if self._summons.deafened else Phase.HEARING

    def _why(self, code: int | None) -> Gone:
        """Discord has put us out, or does not let us in."""
        guild = self.client.get_guild(self._guild)
        if guild is not None and guild.get_channel(self._summons.channel) is None:
            return Gone(Reason.DELETED, code)
        return Gone(Reason.KICKED if self._summons.out else Reason.NO_ANSWER, code)

    async def _rejoin(self) -> None:
        self._summons.leaving = True
        await self._ask(None)
        await asyncio.sleep(_OUT)
        self._summons.begin_again()
        await self._ask(self._summons.channel)

    async def _ask(self, channel: int | None) -> None:
        """Say where we want to be."""
        guild = self.client.get_guild(self._guild)
        if guild is None or self.client.is_closed():
            return
        if channel is not None and guild.voice_client is not self:
            # A new session of the bot's with Discord begins with no voice connections: we are still here.
            self.client._connection._add_voice_client(self._guild, self)
        wish = discord.Object(channel) if channel is not None else None
        # A lost main gateway comes back by itself; that nobody answered this wish is seen later on.
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):
            await guild.change_voice_state(channel=wish, self_mute=self._mute, self_deaf=False)

    def _say(self, standing: Standing) -> None:
        if standing != self._standing:
            self._standing = standing
            self._listener.standing(standing)
