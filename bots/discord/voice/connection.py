"""VoiceLine: the connection of the bot to a voice channel, as discord.py is given it. It only listens."""

import asyncio
import contextlib
import logging
from typing import Any

import aiohttp
import discord

from bots.discord.voice.closing import After, Ended
from bots.discord.voice.dave import Dave
from bots.discord.voice.hearing import Counters, Hearing
from bots.discord.voice.link import Link, Place
from bots.discord.voice.listener import Gone, Listener, Phase, Reason, Standing
from bots.discord.voice.watch import Watch
from core.backoff import backoff
from core.errors import UserError

log = logging.getLogger(__name__)

_ANSWER = 10.0
"""Seconds for Discord's answer to the wish to join. A full channel, or a missing permission, gets none."""

_ALLOCATION = 60.0
"""Seconds for a new voice server when Discord has said that the old one is gone."""

_WORD = 5.0
"""Seconds for Discord to say what follows after it closed a session: a kick, a move, another server."""

_PAIR = 0.2
"""Seconds in which the two messages that belong together come, in either order."""

_MOVE = 2.0
"""Seconds after which a move counts that no new voice server was told for."""

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
    `disconnect`, by Discord or by cancelling, no task, timer or socket is left, and the listener's last
    word is `Gone`. `channel` follows when somebody moves the bot. Requires the intent `voice_states`.
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
        self._place_id: int = channel.id
        self._mute = True
        self._hearing = Hearing(listener, Dave(self._user, channel.id))
        self._watch = Watch()
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None
        self._session: str | None = None
        self._server: tuple[str, str] | None = None  # endpoint and token
        self._unallocated = False
        self._new_server = False  # told since the last session began
        self._leaving = False  # we left, to come again
        self._deafened = False
        self._out: Reason | None = None
        self._news = asyncio.Event()
        self._decided = asyncio.Event()  # hearing, or gone
        self._over = asyncio.Event()
        self._standing: Standing | None = None

    @property
    def counters(self) -> Counters:
        """What of the packets was not heard, and why."""
        return self._hearing.counters

    @property
    def heard(self) -> bool:
        """Whether it hears at the moment."""
        return self._standing is Phase.HEARING

    def hush(self, user: int) -> None:
        """They are no longer welcome: nothing of theirs that waits is heard. Later packets are refused."""
        self._hearing.hush(user)

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
        self._task = self._tasks.create_task(self._live(), name="voice line")
        try:
            async with asyncio.timeout(timeout):
                await self._decided.wait()
        except TimeoutError:
            self._out = Reason.UNREACHABLE if self._server else Reason.NO_ANSWER
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
        channel = data.get("channel_id")
        if channel is None:
            self._put_out()
            return
        self._leaving = False
        self._session = data.get("session_id")
        self._deafened = bool(data.get("deaf"))
        if self._standing in (Phase.HEARING, Phase.DEAFENED):
            self._say(Phase.DEAFENED if self._deafened else Phase.HEARING)
        if int(channel) != self._place_id:
            self._move(int(channel))
        self._news.set()

    async def on_voice_server_update(self, data: Any) -> None:
        """The voice server to go to, from the main gateway; without an endpoint: wait for another."""
        endpoint, token = data.get("endpoint"), data.get("token")
        self._unallocated = endpoint is None
        self._server = (endpoint, token) if endpoint and token else None
        self._new_server = True
        link = self._link
        if link is not None and self._server != (link.place.endpoint, link.place.token):
            link.end(Ended(After.MOVED))
        self._news.set()

    def _move(self, channel: int) -> None:
        self._place_id = channel
        guild = self.client.get_guild(self._guild)
        found = guild.get_channel(channel) if guild else None
        if isinstance(found, discord.VoiceChannel | discord.StageChannel):
            self.channel = found
        link = self._link
        if link is not None:
            # A new voice server ends it sooner. Without one, the keys of the old channel are of no use.
            wait = 0.0 if self._new_server_for(link) else _MOVE
            self._loop.call_later(wait, link.end, Ended(After.MOVED))

    def _new_server_for(self, link: Link) -> bool:
        """Whether the server update of this move came first: the session was begun too early then."""
        since = link.heard_since
        return since is None or self._loop.time() - since < _MOVE

    def _put_out(self) -> None:
        if self._leaving or self._task is None:
            return
        # Which of the two it was is known when the channel's own message has come as well.
        self._out = self._out or Reason.KICKED
        self._news.set()
        if self._link is not None:
            self._link.end(Ended(After.WAIT))

    async def _live(self) -> None:
        """The whole life of the connection."""
        gone = Gone(Reason.LEFT)
        try:
            await self._ask(self._place_id)
            gone = await self._stay()
        finally:
            self._link = None
            self._hearing.forget()
            if gone.reason is Reason.LEFT and self._out is not None:
                gone = Gone(self._out)
            try:
                if gone.reason not in (Reason.KICKED, Reason.DELETED):
                    async with asyncio.timeout(_LEAVE):
                        await self._ask(None)
            except TimeoutError:
                log.debug("voice.leave.unanswered")
            finally:
                if self._guild_now() is None or self._voice_of_guild() in (self, None):
                    self.cleanup()
                self._say(gone)
                self._decided.set()
                self._over.set()

    async def _stay(self) -> Gone:
        """One session after the other, until there can be no other."""
        troubles, rejoins, waits = 0, 0, backoff()
        while True:
            place = await self._find()
            if isinstance(place, Gone):
                return place
            link = self._link = self._make(place)
            ended = await link.run()
            self._link = None
            self._hearing.forget()
            heard = link.heard_since is not None
            if heard:
                self._say(Phase.RECONNECTING)
            if heard and self._loop.time() - (link.heard_since or 0.0) > _STABLE:
                troubles, rejoins, waits = 0, 0, backoff()
            log.info("voice.ended", extra={"after": ended.after.value, "code": ended.code})
            if ended.after is After.REFUSED:
                return Gone(Reason.REFUSED, ended.code)
            if ended.after is After.WAIT and not await self._told():
                return self._why(ended.code)
            if ended.after in (After.MOVED, After.WAIT):
                continue
            troubles += 1
            if ended.after is After.REJOIN or troubles % _AGAIN == 0:
                rejoins += 1
                if rejoins > _REJOINS or (ended.after is After.UNREACHABLE and not self._decided.is_set()):
                    reached = ended.after is not After.UNREACHABLE
                    return Gone(Reason.REFUSED if reached else Reason.UNREACHABLE, ended.code)
                await self._rejoin()
            await asyncio.sleep(next(waits))

    def _make(self, place: Place) -> Link:
        self._new_server = False
        return Link(
            place,
            self._connect,
            self._hearing,
            self._watch,
            self._listener,
            ready=self._ready,
            interrupted=lambda: self._say(Phase.RECONNECTING),
        )

    async def _connect(self, url: str) -> aiohttp.ClientWebSocketResponse:
        # discord.py's own way out, so that its connector and proxy hold for voice as well.
        return await self.client.http.ws_connect(url, compress=15)

    def _ready(self) -> None:
        self._say(Phase.DEAFENED if self._deafened else Phase.HEARING)
        self._decided.set()

    async def _find(self) -> Place | Gone:
        """Where to go: as soon as Discord has told both parts of it."""
        asked = self._loop.time()
        while True:
            if self._out is not None:
                return self._why(None)
            server, session = self._server, self._session
            if server is not None and session is not None:
                self._news.clear()
                if not await self._news_within(_PAIR):
                    return Place(self._guild, self._place_id, self._user, session, *server)
                continue
            wait = _ALLOCATION if self._unallocated else _ANSWER
            self._news.clear()
            if not await self._news_within(asked + wait - self._loop.time()):
                return Gone(Reason.NO_ANSWER)

    async def _news_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._news.wait()
        except TimeoutError:
            return self._news.is_set()
        return True

    async def _told(self) -> bool:
        """After a close that only Discord can explain: whether it goes on."""
        until = self._loop.time() + _WORD
        while not self._new_server and self._out is None:
            self._news.clear()
            if not await self._news_within(until - self._loop.time()):
                break
        if self._out is not None:
            await asyncio.sleep(_PAIR)  # whether the channel itself is gone
            return False
        if not self._new_server:
            # Nobody put us out, so the bot's own session with Discord was lost, and this with it.
            await self._rejoin()
        return True

    def _why(self, code: int | None) -> Gone:
        guild = self._guild_now()
        if guild is not None and guild.get_channel(self._place_id) is None:
            return Gone(Reason.DELETED, code)
        return Gone(self._out or Reason.KICKED, code)

    async def _rejoin(self) -> None:
        self._leaving = True
        await self._ask(None)
        await asyncio.sleep(_PAIR)
        self._server = self._session = None
        await self._ask(self._place_id)

    async def _ask(self, channel: int | None) -> None:
        """Say where we want to be. No answer to it is known from no news."""
        guild = self._guild_now()
        if guild is None or self.client.is_closed():
            return
        if channel is not None and self._voice_of_guild() is not self:
            # A new session of the bot's with Discord begins with no voice connections: we are still here.
            self.client._connection._add_voice_client(self._guild, self)
        wish = discord.Object(channel) if channel is not None else None
        # A lost main gateway comes back by itself, and `_told` notices what that means for us.
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):
            await guild.change_voice_state(channel=wish, self_mute=self._mute, self_deaf=False)

    def _guild_now(self) -> discord.Guild | None:
        return self.client.get_guild(self._guild)

    def _voice_of_guild(self) -> discord.VoiceProtocol | None:
        guild = self._guild_now()
        return guild.voice_client if guild is not None else None

    def _say(self, standing: Standing) -> None:
        if standing != self._standing:
            self._standing = standing
            self._listener.standing(standing)
