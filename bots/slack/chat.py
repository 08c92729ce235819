"""A thread as captions use it: the six calls of Slack's Web API, and what its refusals mean.

Errors by method: https://docs.slack.dev/reference/methods. They are translated here and nowhere else.
"""

import asyncio
import copy
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bots.slack.governor import POST, Governor
from bots.slack.pace import LONGEST, Rank
from bots.slack.thread import Thread
from bots.slack.trouble import FAILED, NEVER_SENT, limited
from core.errors import OutletBusy, OutletError, OutletGone

log = logging.getLogger(__name__)

FIRM = 30.0
"""Seconds that an answer is waited for at least where nothing can be put right without it.

A message of which nobody learns the ts stays as it is; what is repeated would stand there twice.
"""

START, APPEND, STOP = "chat.startStream", "chat.appendStream", "chat.stopStream"
UPDATE, DELETE, READ = "chat.update", "chat.delete", "conversations.replies"


class Unanswered(OutletError):
    """Nobody knows whether Slack did it. `wait`: seconds until it should be asked for anything like it."""

    def __init__(self, wait: float) -> None:
        super().__init__("no answer")
        self.wait = wait


class StreamOver(OutletError):
    """The message takes nothing more: its stream has ended. What was asked for was not done."""


class StoppedByReader(StreamOver):
    """Somebody pressed the button that stops the stream."""


class MessageLost(OutletError):
    """The message was deleted."""


class NotTaken(OutletError):
    """Slack doesn't take this way into this thread. `str(error)` is its name for why."""


_KINDS: dict[str, type[OutletError]] = {
    "message_not_found": MessageLost,
    "message_not_in_streaming_state": StreamOver,
    "stopped_by_user": StoppedByReader,
    "streaming_state_conflict": StreamOver,
}
_TAKEN_BACK = frozenset(
    {
        "account_inactive",
        "app_uninstalled",
        "invalid_auth",
        "not_authed",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
_SENTENCES = {
    "is_archived": "This channel is archived, so captions here have ended.",
    "channel_not_found": "Spokenly can't see this channel any more: invite it, then start captions again.",
    "not_in_channel": "Spokenly is not in this channel any more: invite it, then start captions again.",
    "thread_not_found": "The message that the captions hung from was deleted, so they have ended.",
    "restricted_action": "Only some people may post in this channel, and Spokenly is not one of them.",
    "restricted_action_read_only_channel": "Only some people may post in this channel, and Spokenly is not.",
    "restricted_action_thread_locked": "This thread is locked, so captions here have ended.",
    "restricted_action_thread_only_channel": "This channel does not take what captions need to write.",
    "restricted_action_non_threadable_channel": "This channel has no threads, so captions here have ended.",
    "channel_is_limited_access": "Slack keeps apps out of this channel, so captions here have ended.",
}
_MISSING = (
    "Spokenly may not write here: whoever manages the app adds the scope {} under OAuth & Permissions "
    "and installs the app again."
)
_REMOVED = "Spokenly is not installed in this workspace any more, so captions here have ended."


class ChatThread:
    """One thread. Each call goes out when `wait` was just 0 for it.

    All raise `OutletBusy` (429, or nothing was sent), `OutletGone` (its sentence is for people), `NotTaken`,
    and where they are about a message, `MessageLost`.
    """

    def __init__(self, client: AsyncWebClient, thread: Thread, governor: Governor) -> None:
        # The SDK repeats what was cut off in the middle, which may have come: an append would stand twice.
        self._client = copy.copy(client)
        self._client.retry_handlers = []
        self._client.timeout = int(2 * LONGEST)  # what is waited for is decided here
        self._thread = thread
        self._governor = governor
        self._who = f"{thread.channel}:{thread.ts}:{id(self)}"

    @property
    def first(self) -> str:
        """The ts of the message that the thread hangs from."""
        return self._thread.ts

    @property
    def streams(self) -> bool:
        """Whether there is somebody to stream to: Slack wants one, except in direct messages."""
        return bool(self._thread.recipient) or self._thread.channel.startswith("D")

    @property
    def doubtful(self) -> bool:
        """Whether answers may well be missed now."""
        return self._governor.doubtful

    def wait(self, method: str, rank: Rank = Rank.FINAL) -> float:
        """Seconds until `method` should be called; 0: now."""
        return self._governor.wait(method, self._who, rank, self._thread.channel)

    def leave(self, method: str) -> None:
        """Give up the place in the line for `method`."""
        self._governor.leave(method, self._who, self._thread.channel)

    async def start(self) -> str:
        """Open an empty stream. Returns the message's ts. Raises `Unanswered`: one may stand there, empty."""
        to = self._thread
        async with self._request(START):
            started = await self._client.chat_startStream(
                channel=to.channel,
                thread_ts=to.ts,
                recipient_team_id=(to.home or to.team) if to.recipient else None,
                recipient_user_id=to.recipient or None,
            )
        return str(started["ts"])

    async def append(self, message: str, text: str) -> None:
        """Never to be repeated as it is: it appends each time. Raises `StreamOver`, `Unanswered`."""
        async with self._request(APPEND):
            await self._client.chat_appendStream(channel=self._thread.channel, ts=message, markdown_text=text)

    async def stop(self, message: str) -> None:
        """End a stream; one that has ended is no failure. May be repeated after `Unanswered`."""
        try:
            async with self._request(STOP):
                await self._client.chat_stopStream(channel=self._thread.channel, ts=message)
        except StreamOver:
            return

    async def update(self, message: str, text: str) -> None:
        """Rewrite a message. May be repeated after `Unanswered`. Raises `StreamOver` while it streams."""
        async with self._request(UPDATE):
            await self._client.chat_update(channel=self._thread.channel, ts=message, markdown_text=text)

    async def delete(self, message: str) -> None:
        """Take a message away; one that is gone is no failure. May be repeated after `Unanswered`."""
        try:
            async with self._request(DELETE):
                await self._client.chat_delete(channel=self._thread.channel, ts=message)
        except MessageLost:
            return

    async def post(self, text: str) -> str:
        """A message of its own. Returns its ts. Raises `Unanswered`: it may stand there."""
        async with self._request(POST):
            posted = await self._client.chat_postMessage(
                channel=self._thread.channel,
                thread_ts=self._thread.ts,
                markdown_text=text,
                unfurl_links=False,
                unfurl_media=False,
            )
        return str(posted["ts"])

    async def newest(self, after: str) -> dict[str, str]:
        """The thread's messages newer than `after`, by their ts, where the app may read; else `NotTaken`."""
        async with self._request(READ):
            read = await self._client.conversations_replies(
                channel=self._thread.channel, ts=self._thread.ts, oldest=after, limit=100
            )
        found: list[dict[str, Any]] = read.get("messages") or []
        return {str(one["ts"]): str(one.get("text") or "") for one in found if one["ts"] != after}

    @asynccontextmanager
    async def _request(self, method: str) -> AsyncIterator[None]:
        channel, answers, loop = self._thread.channel, self._governor.answers, asyncio.get_running_loop()
        self._governor.sent(method, self._who, channel)
        began, patience = loop.time(), max(answers.patience(method), FIRM if method in (START, POST) else 0.0)
        try:
            async with asyncio.timeout(patience):
                yield
        except SlackApiError as error:
            answers.came(method, loop.time() - began, loop.time())
            raise self._meaning(method, error) from error
        except NEVER_SENT as error:
            raise OutletBusy(self._governor.failed(method, channel)) from error
        except (SlackClientError, aiohttp.ClientError, OSError) as error:  # among them TimeoutError
            if (took := loop.time() - began) >= patience:
                answers.missed(method, patience, loop.time())
            else:
                answers.broke(took, loop.time())
            raise Unanswered(self._governor.failed(method, channel)) from error
        answers.came(method, loop.time() - began, loop.time())
        self._governor.taken(method, channel)

    def _meaning(self, method: str, error: SlackApiError) -> OutletError:
        """What a refusal means for the captions."""
        channel, response = self._thread.channel, error.response
        status = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 200)
        answer: Any = getattr(response, "data", None)
        name = str(answer.get("error") or "") if isinstance(answer, dict) else ""
        if limited(error):
            seconds = _retry_after(error)
            self._governor.refused(method, seconds, channel)
            return OutletBusy(seconds)
        if status >= 500 or name in FAILED:
            return Unanswered(self._governor.failed(method, channel))
        self._governor.taken(method, channel)
        if (kind := _KINDS.get(name)) is not None:
            return kind(name)
        if method == READ:
            return NotTaken(name)
        if (sentence := _sentence(name, answer)) is not None:
            return OutletGone(sentence)
        log.warning("slack.not_taken", extra={"reason": name})
        return NotTaken(name)


def _sentence(name: str, answer: Any) -> str | None:
    """Why nothing can be written there any more, for people."""
    if name in _TAKEN_BACK:
        return _REMOVED
    if name == "missing_scope":
        return _MISSING.format(answer.get("needed") or "chat:write")
    return _SENTENCES.get(name)


def _retry_after(error: SlackApiError) -> float:
    headers = getattr(error.response, "headers", None) or {}
    try:
        return min(600.0, max(1.0, float(headers.get("Retry-After", 5))))
    except ValueError:
        return 5.0
