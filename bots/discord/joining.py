"""Into a voice channel, behind a bulkhead: a bug in one connection must not take the other calls with it."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import discord

from bots.discord.house import TROUBLE
from bots.discord.voice.connection import VoiceLine
from bots.discord.voice.listener import Listener
from bots.discord.wish import Voice
from core.errors import UserError

log = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds that joining may take."""

CONFIRMED = 2.0
"""Seconds that Discord may take to confirm that we left."""

LEAVE = 5.0
"""Seconds that leaving may take."""


@dataclass(frozen=True, slots=True)
class Held:
    """A `Line` whose tasks are a group of their own."""

    line: VoiceLine
    guild: discord.Guild
    over: asyncio.Event

    def hush(self, user: int) -> None:
        self.line.hush(user)

    async def disconnect(self) -> None:
        try:
            async with asyncio.timeout(LEAVE):
                await self.line.disconnect(force=True)
        except TimeoutError:
            # A bug has ended it before it could say good-bye, and Discord must not take it for there.
            log.warning("discord.left_without_a_word")
            self.line.cleanup()
            with suppress(*TROUBLE):
                await self.guild.change_voice_state(channel=None)
        finally:
            self.over.set()


async def _left(guild: discord.Guild) -> None:
    """Wait until Discord has told that we left, if we just did: the next line would take it for its own."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CONFIRMED):
            while guild.me.voice is not None:  # noqa: ASYNC110 - what Discord tells sets no event of ours
                await asyncio.sleep(0.05)


async def join(
    channel: Voice, listener: Listener, tasks: asyncio.TaskGroup, broken: Callable[[], None]
) -> Held:
    """Join, hearing for `listener`; `broken` is called when a bug ends it. Raises `UserError`."""
    group, entered, over = asyncio.TaskGroup(), asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        try:
            async with group:
                entered.set()
                await over.wait()
        except Exception:
            log.exception("discord.voice_bug")
            broken()

    tasks.create_task(hold(), name="discord voice")
    await entered.wait()
    joined = False
    try:
        await _left(channel.guild)
        line = await channel.connect(
            cls=lambda client, place: VoiceLine(client, place, listener, group),
            timeout=PATIENCE,
            self_deaf=False,
            self_mute=True,
        )
        joined = True
    except discord.ClientException as error:
        raise UserError(
            "I am in a voice channel of this server already: disconnect me there first."
        ) from error
    except TROUBLE as error:
        raise UserError("Discord did not let me join the voice channel: try again in a minute.") from error
    finally:
        if not joined:
            over.set()
    return Held(line, channel.guild, over)
