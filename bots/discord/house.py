"""What all calls of one bot share."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp
import discord

from bots.discord.wish import Chat, Voice
from core.bridge import Bridge
from core.captions.publisher import Outlet
from core.metrics import Metrics
from core.record.database.store import Store
from core.record.secretary import Secretary
from core.settings import Settings
from core.switchboard import Switchboard

if TYPE_CHECKING:
    from bots.discord.voice.listener import Listener

log = logging.getLogger(__name__)

TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)
"""Whatever a request to Discord may fail with."""


class Line(Protocol):
    """A connection to a voice channel; `VoiceLine` is one."""

    def hush(self, user: int) -> None:
        """They are no longer welcome: nothing of theirs that waits is heard."""

    async def disconnect(self) -> None:
        """Leave the channel."""


class Join(Protocol):
    """Enters a voice channel."""

    async def __call__(
        self, channel: Voice, listener: "Listener", tasks: asyncio.TaskGroup, broken: Callable[[], None]
    ) -> Line:
        """Hear for `listener`; `tasks` own what that takes; `broken` is called when a bug ends it.

        Raises `UserError`.
        """


class CallPages(Outlet, Protocol):
    """The pages of one call in one place; `ChatPages` are such."""

    def end(self, sentence: str = "") -> None:
        """From the next show on the open page has no controls, and `sentence` for its foot."""


Post = Callable[[Chat, int], CallPages]
"""Makes the pages of a place; they begin with the board's entry of that number."""


Visiting = Callable[[Chat, str, int], CallPages]
"""Makes the pages of a call of elsewhere in a place; they begin with a heading, in Markdown, and the board's
entry of that number."""


@dataclass(frozen=True, slots=True)
class House:
    """`engine`: what hears, as people read it. `hears`: whether it knows a language, as far as it tells.

    `store`: the database; it may hold records of before though nobody keeps any now (no `secretary`).
    """

    client: discord.Client
    switchboard: Switchboard
    secretary: Secretary | None
    settings: Settings
    metrics: Metrics
    engine: str
    hears: Callable[[str], bool]
    join: Join
    post: Post
    visit: Visiting
    bridge: Bridge
    store: Store | None = None


async def guarded(work: Coroutine[Any, Any, object]) -> None:
    """The bulkhead of what is done beside: a bug in it is loud and ends nothing else."""
    try:
        await work
    except Exception:
        log.exception("discord.bug")
