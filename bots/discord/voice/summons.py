"""What the main gateway has told of where the bot's voice connection is to be."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

_ANSWER = 10.0
"""Seconds for Discord's answer to the wish to join. A full channel, or a missing permission, gets none."""

_ALLOCATION = 60.0
"""Seconds for a new voice server when Discord has said that the old one is gone."""

_WORD = 5.0
"""Seconds for Discord to say what follows after it closed a session: a kick, a move, another server."""

_PAIR = 0.2
"""Seconds in which the two messages that belong together come, in either order."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go, and what opens the door there."""

    guild: int
    channel: int
    user: int
    session: str = field(repr=False)
    endpoint: str
    token: str = field(repr=False)


class Summons:
    """The bot's own voice state and its voice server, as far as they are known, in one guild."""

    def __init__(self, channel: int) -> None:
        self.channel = channel
        """The channel where the bot is, or is to be."""
        self.session: str | None = None
        self.server: tuple[str, str] | None = None
        """Endpoint and token."""
        self.deafened = False
        """A moderator has deafened the bot."""
        self.out = False
        """Somebody has put the bot out of voice."""
        self.leaving = False
        """It was our own wish to be out, in order to come again."""
        self.renewed = False
        """A voice server was told of since `place` was last given."""
        self._unallocated = False
        self._news = asyncio.Event()

    def take_state(self, data: Any) -> bool:
        """VOICE_STATE_UPDATE of the bot itself. Returns whether it was moved to another channel."""
        self._news.set()
        channel = data.get("channel_id")
        if channel is None:
            self.out = self.out or not self.leaving
            return False
        self.leaving = False
        self.session = data.get("session_id")
        self.deafened = bool(data.get("deaf"))
        moved = int(channel) != self.channel
        self.channel = int(channel)
        return moved

    def take_server(self, data: Any) -> None:
        """VOICE_SERVER_UPDATE. Without an endpoint: another server is to come."""
        self._news.set()
        endpoint, token = data.get("endpoint"), data.get("token")
        self._unallocated = endpoint is None
        self.server = (endpoint, token) if endpoint and token else None
        self.renewed = True

    def begin_again(self) -> None:
        """We go out of the channel in order to be told everything anew."""
        self.server = self.session = None
        self.out = False

    async def place(self) -> tuple[str, str, str] | None:
        """Session, endpoint and token, once both messages have come; None when they don't come."""
        loop = asyncio.get_running_loop()
        asked = loop.time()
        while not self.out:
            self._news.clear()
            if self.server is not None and self.session is not None:
                if not await self._wait(_PAIR):
                    self.renewed = False
                    return (self.session, *self.server)
            else:
                patience = _ALLOCATION if self._unallocated else _ANSWER
                if not await self._wait(asked + patience - loop.time()):
                    break
        return None

    async def word(self) -> bool:
        """After a close that only Discord can explain: whether it has explained it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _WORD
        while not self.renewed and not self.out:
            self._news.clear()
            if not await self._wait(until - loop.time()):
                return False
        # What belongs to it, such as the news that the channel is deleted, comes at the same time.
        await asyncio.sleep(_PAIR)
        return True

    async def _wait(self, seconds: float) -> bool:
        """Whether there was news within `seconds`."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._news.wait()
        except TimeoutError:
            return self._news.is_set()
        return True
