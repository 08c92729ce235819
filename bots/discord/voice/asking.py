"""The wish to be in a voice channel, and whether Discord can have got it: the gateway comes and goes."""

import asyncio
import contextlib

import aiohttp
import discord

_OUTAGE = 1800.0
"""Seconds for which the bot's own gateway may be away before its place in the channel is given up."""

_AGAIN = 2.0
"""Seconds between two looks whether it is back."""

_AT_ONCE = 1.0
"""Seconds in which a wish is said that nothing holds back."""

_SURE = 12
"""Wishes in vain, ten seconds each, by which a gateway that is dead without a word has been found out."""

_MISSING = 10.0
"""Seconds in which a server that the bot is in must be known again after a new session began."""


class Asking:
    """Asks for `line`, in the server `guild`, by the bot's own gateway (op 4)."""

    def __init__(self, client: discord.Client, guild: int, line: discord.VoiceProtocol) -> None:
        self._client = client
        self._guild = guild
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._over: object = None  # the gateway by which it was asked
        self._vain = 0
        self._marked: object = None
        self._saying = False
        self._held = float("-inf")  # until when a wish was held back, loop time

    @property
    def here(self) -> bool:
        """Whether the bot's own gateway is open, as far as that is known."""
        socket = self._socket()
        return socket is not None and socket.open

    @property
    def sent(self) -> bool:
        """Whether the wish was sent by the gateway that is open now."""
        return self.here and self._socket() is self._over

    @property
    def changed(self) -> bool:
        """Whether the gateway was lost, or is another one, since `mark`."""
        return self._marked is not None and (not self.here or self._socket() is not self._marked)

    def mark(self) -> None:
        self._marked = self._socket()

    @property
    def held(self) -> float:
        """Until when a wish could not be said (loop time): Discord takes 120 messages a minute of a bot, and
        discord.py holds back what is too much. That happens to the many calls of a large bot at its start."""
        socket = self._socket()
        waits = self._saying and socket is not None and socket.is_ratelimited()
        return self._loop.time() if waits else self._held

    async def until(self, decided: asyncio.Event, patience: float) -> None:
        """Wait for it. Raises `TimeoutError` after `patience` seconds, of which none count before the wish
        could be said: nobody can have answered then."""
        began = self._loop.time()
        while not decided.is_set():
            until = max(began, self.held) + patience
            if until <= self._loop.time():
                raise TimeoutError
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await decided.wait()

    def answered(self) -> None:
        """Discord has answered."""
        self._vain = 0

    def unanswered(self) -> bool:
        """It has not, in its time. Returns whether that has come so often that it can't be the gateway."""
        self._vain += self.sent
        return self._vain >= _SURE

    async def ask(self, channel: int | None, *, mute: bool) -> bool:
        """Say where to be; None: in no channel. Returns whether that could be sent."""
        guild = self._client.get_guild(self._guild)
        if guild is None or not self.here:
            return False
        if channel is not None and guild.voice_client is not self._line:
            # A new session of the bot's with Discord begins with no voice connections: we are still here.
            self._client._connection._add_voice_client(self._guild, self._line)
        wish, socket = discord.Object(channel) if channel is not None else None, self._socket()
        self._saying, began = True, self._loop.time()
        try:
            await guild.change_voice_state(channel=wish, self_mute=mute, self_deaf=False)
        except (ConnectionError, aiohttp.ClientError, discord.ConnectionClosed):
            return False  # a lost gateway comes back by itself
        finally:
            self._saying = False
            if self._loop.time() - began > _AT_ONCE:
                self._held = self._loop.time()
        if channel is not None:
            self._over = socket
        return True

    async def insist(self, channel: int, *, mute: bool) -> bool:
        """Ask as soon as the gateway is there. False: it was away for too long, or the server is gone."""
        known = self._loop.time()
        while not await self.ask(channel, mute=mute):
            if not self.here or self._client.get_guild(self._guild) is not None:
                known = self._loop.time()
            if self._loop.time() - known > _MISSING or not await self.back():
                return False
        return True

    async def back(self) -> bool:
        """Wait for the gateway, for minutes; False: in vain."""
        until = self._loop.time() + _OUTAGE
        while not self._client.is_closed() and self._loop.time() < until:
            # Discord does not listen to wishes before it has taken the bot up again.
            await asyncio.sleep(_AGAIN)
            if self.here:
                return True
        return False

    def _socket(self) -> discord.gateway.DiscordWebSocket | None:
        return self._client._connection._get_websocket(self._guild)
