"""A thread of the fake Slack with captions in it, for tests of what people read."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bots.slack.governor import Governor
from bots.slack.outlet import ThreadCaptions
from bots.slack.thread import Thread
from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption
from core.errors import OutletBusy
from tests.fakes.slack import FakeSlack, Message, Place, Team

ANN, BEN = Speaker("u1", "Ann", identity="slack:T1:U1"), Speaker("u2", "Ben", identity="slack:T1:U2")


@dataclass
class ThreadRoom:
    """A thread, as the world sees it and as the captions do."""

    slack: FakeSlack
    team: Team
    place: Place
    card: Message
    client: AsyncWebClient
    thread: Thread
    governor: Governor
    board: Board
    captions: ThreadCaptions
    calls: int = 1
    clock: float = 0.0

    def say(self, text: str, speaker: Speaker = ANN) -> None:
        """An utterance from beginning to end."""
        self.board.show(Caption(speaker, self.clock, self.clock + 1, text, final=True))
        self.clock += 1

    def saying(self, text: str, stable: str = "", speaker: Speaker = ANN) -> None:
        """What is being said; it begins with `stable`, which will not change."""
        assert text.startswith(stable)
        self.board.show(Caption(speaker, self.clock, self.clock + 1, text, final=False, stable=len(stable)))

    async def show(self, tries: int = 500) -> None:
        """Until there is nothing left to write."""
        for _ in range(tries):
            try:
                return await self.captions.show(self.board)
            except OutletBusy as busy:
                await asyncio.sleep(busy.retry_after)
        raise AssertionError("it never comes to an end")

    @property
    def messages(self) -> list[Message]:
        return self.place.thread(self.card)

    @property
    def texts(self) -> list[str]:
        return [seen(message.text) for message in self.messages]

    @property
    def methods(self) -> list[str]:
        """What was called, and what came of it."""
        return [f"{call.method.removeprefix('chat.')} {call.result}" for call in self.slack.calls]


def seen(text: str) -> str:
    """Markdown of captions as people see it, near enough."""
    return re.sub(r"[*\u200b]|\\(?=[^\w\s])", "", text)


@asynccontextmanager
async def threadroom(
    *, recipient: bool = True, calls: int = 1, streams: bool = False
) -> AsyncIterator[ThreadRoom]:
    async with FakeSlack() as slack, aiohttp.ClientSession() as session:
        team = slack.team()
        ann = slack.person(team, "Ann")
        place = slack.channel(team, "general", ann)
        client = AsyncWebClient(team.bot_token, base_url=slack.api, session=session, retry_handlers=[])
        ts = (await client.chat_postMessage(channel=place.id, text="card"))["ts"]
        card = next(message for message in place.messages if message.ts == ts)
        slack.calls.clear()
        thread = Thread(team.id, place.id, card.ts, ann.id if recipient else "")
        governor = Governor()
        room = ThreadRoom(
            slack,
            team,
            place,
            card,
            client,
            thread,
            governor,
            Board(),
            ThreadCaptions(client, thread, governor, lambda: room.calls, streams=streams),
            calls,
        )
        yield room
