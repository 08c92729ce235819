"""Discord from the first command to the files: recorded speech of several people, encrypted, and the real
engine. Only Discord's own servers are a stand-in."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from bots import app
from bots.discord import notices
from bots.discord.bot import Parts
from bots.discord.permissions import wanted
from core.engines.hearing import open_hearing
from core.metrics import Metrics
from core.record.database.opening import open_store
from core.record.kept import Line
from core.settings import Settings
from tests.e2e.spoken import BEST_OF_TIMES, TOLERANCE, TRIED, best_of_times, missed, tried
from tests.fakes.discord import Channel, FakeDiscord, Guild, Member
from tests.fakes.discord.voice.faults import Weather, live

pytestmark = pytest.mark.real_time


class Server:
    """A guild on an ordinary day, with the bot that the invitation's link lets in."""

    def __init__(self, fake: FakeDiscord) -> None:
        self.fake = fake
        self.guild: Guild = fake.guild("Home")
        self.guild.only(wanted().value)
        self.lounge: Channel = self.guild.voice("Lounge")
        self.chat: Channel = self.guild.text("general")

    @asynccontextmanager
    async def spokenly(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
        monkeypatch.setattr(app, "Parts", partial(Parts, connector=self.fake.connector))
        settings = Settings(port=0, data_dir=place, discord_token=self.fake.token)
        metrics = Metrics()
        async with open_hearing(settings, metrics) as hearing, app.spokenly(settings, hearing, metrics):
            assert await self.fake.bell.until(lambda: "captions" in self.fake.commands(), 30)
            yield

    @property
    def thread(self) -> Channel:
        return self.chat.threads[-1]

    def said(self, name: str) -> str:
        """What the pages have of somebody, without the marks around it."""
        text = "\n".join(one.content for one in self.thread.posted if one.author_id == self.fake.bot_id)
        lines = re.findall(rf"^\*\*{name}:\*\* (.*)$", text, re.MULTILINE)
        return re.sub(r"[*\\]", "", " ".join(lines))

    async def shown(self, name: str, words: str) -> None:
        """Wait until somebody's words are there to be read."""
        assert await self.fake.bell.until(lambda: missed(words, self.said(name)) < TOLERANCE, 30), (
            f"{name}: {self.said(name)}"
        )


@asynccontextmanager
async def server() -> AsyncIterator[Server]:
    async with FakeDiscord() as fake:
        faults = live()
        faults.downlink = Weather(loss=0.02, reordered=0.02)
        fake.voice.faults = faults
        yield Server(fake)


async def _say(who: Member, sound: bytes) -> None:
    await who.say(sound, rate=16_000)


async def test_several_people_are_read_along_live_and_leave_a_recap_and_their_transcript(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_voice, another = await tried(), await best_of_times()
    async with server() as home:
        ann, ben, dora = (home.guild.member(name) for name in ("Ann", "Ben", "Dora"))
        async with home.spokenly(tmp_path, monkeypatch):
            for one in (ann, ben, dora):
                await one.join(home.lounge)
            await (await dora.command("privacy optout", channel=home.chat)).settle()
            started = await ann.command("captions start", {"keep": "transcript"}, channel=home.chat)
            await started.settle()
            assert home.lounge.status == notices.STATUS
            async with asyncio.TaskGroup() as talk:
                # Over one another, and Dora as well, who must not be heard.
                talk.create_task(_say(ann, one_voice))
                talk.create_task(_say(ben, another))
                talk.create_task(_say(dora, one_voice))
            await home.shown("Ann", TRIED)
            await home.shown("Ben", BEST_OF_TIMES)
            assert home.said("Dora") == ""
            assert "Dora is not captioned" in home.thread.posted[-1].content
            stopped = await ann.command("captions stop", channel=home.chat)
            await stopped.settle()
            last = home.thread.posted[-1]
            assert "are over" in last.content
            assert list(last.files) == ["transcript.md", "transcript.vtt"]
            written = last.files["transcript.vtt"].decode()
            assert "Ann" in written
            assert "Dora" not in written
            shown = home.said("Ann"), home.said("Ben")
            transcript = await ann.command("transcript", {"format": "txt"}, channel=home.chat)
            await transcript.settle()
            assert transcript.ephemeral
        async with open_store(Settings(data_dir=tmp_path)) as store:
            (call,) = await store.calls()
            lines = [one async for one in store.entries(call) if isinstance(one, Line)]
        for name, words in zip(("Ann", "Ben"), shown, strict=True):
            kept = " ".join(line.text for line in lines if line.speaker.name == name)
            assert kept == words, "what is kept is what was shown"


async def test_after_a_restart_the_call_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = await tried()
    async with server() as home:
        ann, ben = home.guild.member("Ann"), home.guild.member("Ben")
        await ann.join(home.lounge)
        await ben.join(home.lounge)
        async with home.spokenly(tmp_path, monkeypatch):
            await (await ann.command("captions start", {"keep": "transcript"}, channel=home.chat)).settle()
            await _say(ann, sound)
            await home.shown("Ann", TRIED)
        assert home.guild.bot_in is None
        async with home.spokenly(tmp_path, monkeypatch):
            assert await home.fake.bell.until(lambda: home.guild.bot_in is not None, 30)
            await _say(ben, sound)
            await home.shown("Ben", TRIED)
            await (await ann.command("captions stop", channel=home.chat)).settle()
        async with open_store(Settings(data_dir=tmp_path)) as store:
            (call,) = await store.calls()
            assert call.state == "ended"
            assert set(call.speakers) == {"Ann", "Ben"}
