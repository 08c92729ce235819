"""A Place in Discord: a thread, a text channel, or the chat of a voice channel."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import discord

from bots.discord.governor import Governor, Route
from bots.discord.place import MessageGone, WordsRefused
from bots.discord.wish import Chat
from core.errors import OutletBusy, OutletError, OutletGone

PATIENCE = 5.0
"""Seconds that Discord may take over one request."""

AGAIN = 1.0
"""Seconds to wait after a request that brought no answer. The governor makes it longer if they go on."""

REVIVAL = 60.0
"""Seconds in which a thread is fetched from the archive only once: who puts it there again means it."""

# https://docs.discord.com/developers/topics/opcodes-and-status-codes, "JSON Error Codes"
UNKNOWN_CHANNEL, UNKNOWN_GUILD, UNKNOWN_MESSAGE = 10003, 10004, 10008
ARCHIVED, LOCKED = 50083, 160005
FILTERED = frozenset({200000, 200001, 240000})  # AutoMod, AutoMod on a title, harmful links
TOO_OLD = 30046  # too many edits of a message that is more than an hour old

_NOBODY = discord.AllowedMentions.none()


class ChatPlace:
    """`Place` (bots/discord/place.py) in `chat`; `controls` is the view below an open page.

    Messages are edited by their ids: no history is read, and no permission for it is needed.
    """

    def __init__(self, chat: Chat, governor: Governor, controls: discord.ui.View | None = None) -> None:
        self._chat = chat
        self._governor = governor
        self._controls = controls
        self._who = f"{chat.id}:{id(self)}"
        self._urgent = False
        self._revived: float | None = None

    def wait(self, message: int | None, *, urgent: bool) -> float:
        self._urgent = urgent
        route = self._route("POST" if message is None else "PATCH", message)
        return self._governor.wait(route, self._who, urgent=urgent)

    async def post(self, text: str, nonce: str, *, open: bool) -> tuple[int, str]:
        async with self._request("POST"):
            if open and self._controls is not None:
                sent = await self._chat.send(
                    text,
                    nonce=nonce,
                    allowed_mentions=_NOBODY,
                    suppress_embeds=True,
                    silent=True,
                    view=self._controls,
                )
            else:
                sent = await self._chat.send(
                    text, nonce=nonce, allowed_mentions=_NOBODY, suppress_embeds=True, silent=True
                )
        return sent.id, sent.content

    async def edit(self, message: int, text: str, *, open: bool) -> None:
        page = self._chat.get_partial_message(message)
        async with self._request("PATCH", message):
            if open:
                await page.edit(content=text, allowed_mentions=_NOBODY)
            else:
                await page.edit(content=text, allowed_mentions=_NOBODY, view=None)

    async def delete(self, message: int) -> None:
        self._urgent = False
        if (wait := self._governor.wait(self._route("DELETE", message), self._who, urgent=False)) > 0:
            raise OutletBusy(wait)
        try:
            async with self._request("DELETE", message):
                await self._chat.get_partial_message(message).delete()
        except MessageGone:
            return

    def _route(self, method: str, message: int | None = None) -> Route:
        path = f"/channels/{self._chat.id}/messages"
        return Route.of(method, path if message is None else f"{path}/{message}")

    @asynccontextmanager
    async def _request(self, method: str, message: int | None = None) -> AsyncIterator[None]:
        try:
            with self._governor.passage(self._route(method, message), self._who, urgent=self._urgent):
                async with asyncio.timeout(PATIENCE):
                    yield
        except discord.RateLimited as error:
            raise OutletBusy(error.retry_after) from error
        except discord.HTTPException as error:
            if error.code == ARCHIVED and isinstance(self._chat, discord.Thread):
                await self._revive(self._chat)
                raise OutletBusy(AGAIN) from error
            failure = self._meaning(error)
            if failure is None:
                raise
            raise failure from error
        except (aiohttp.ClientError, OSError) as error:  # among them TimeoutError
            raise OutletBusy(AGAIN) from error

    def _meaning(self, error: discord.HTTPException) -> OutletError | None:
        """What a refusal means for the captions; None: it is a bug of ours."""
        if error.code == UNKNOWN_MESSAGE:
            return MessageGone("the message was deleted")
        if error.code == TOO_OLD:
            return OutletBusy(6.0)
        if error.status >= 500:
            return OutletBusy(AGAIN)
        name = f"#{self._chat.name}"
        if error.code in FILTERED:
            return WordsRefused(f"AutoMod refuses the captions in {name}: exempt Spokenly from it.")
        if error.code in (UNKNOWN_CHANNEL, UNKNOWN_GUILD):
            sentence = f"{name}, where the captions were shown, was deleted."
        elif error.code in (LOCKED, ARCHIVED):
            sentence = f"The thread {name} is locked: unlock it, or start captions somewhere else."
        elif error.status == 403:
            sentence = (
                f"Spokenly may no longer write in {name}: give it View Channel, Send Messages and Send "
                "Messages in Threads there, then start captions again."
            )
        elif error.status == 401:
            sentence = "Discord does not take the bot's token any more: put a new one in place."
        else:
            return None
        return OutletGone(sentence)

    async def _revive(self, thread: discord.Thread) -> None:
        """Fetch the thread from the archive. Raises `OutletGone` where that is not wanted or not allowed."""
        now = asyncio.get_running_loop().time()
        if self._revived is not None and now - self._revived < REVIVAL:
            raise OutletGone(f"The thread #{thread.name} was closed again, so captions there have ended.")
        locked = f"The thread #{thread.name} is locked: unlock it, or start captions somewhere else."
        try:
            async with asyncio.timeout(PATIENCE):
                # discord.py forgets archived threads: only Discord knows whether this one is locked as well.
                newest = await thread.guild.fetch_channel(thread.id)
                if isinstance(newest, discord.Thread) and newest.locked:
                    raise OutletGone(locked)
                await thread.edit(archived=False)
                self._revived = now
        except discord.HTTPException as error:
            if error.status in (403, 404):
                raise OutletGone(locked) from error
            raise OutletBusy(AGAIN) from error
        except (aiohttp.ClientError, OSError) as error:
            raise OutletBusy(AGAIN) from error
