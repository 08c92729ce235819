"""Spokenly as a whole is stopped: a call in a room, shown in Slack, on Discord and in a browser."""

import asyncio
import logging
import re
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from bots import app
from bots.discord.bot import Parts
from bots.slack.bot import Parts as SlackParts
from bots.slack.scopes import SCOPES
from core.bridge import LOST, STOPPED
from core.captions.caption import Caption
from core.engines.hearing import alone
from core.metrics import Metrics
from core.record.database.opening import open_store
from core.settings import Settings
from tests.bots.meet.house import Reader
from tests.bots.slack.office import words
from tests.bots.slack.threadroom import seen
from tests.core.test_bridge import ANN
from tests.fakes.discord import FakeDiscord
from tests.fakes.pitch import PitchEngine
from tests.fakes.slack import FakeSlack


@pytest.mark.real_time
async def test_everywhere_the_last_words_come_first_and_then_that_it_was_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with FakeDiscord() as discord, FakeSlack() as slack, aiohttp.ClientSession() as browser:
        team, guild = slack.team("Acme"), discord.guild("Home")
        team.scopes = {scope.name for scope in SCOPES}
        sue, ben = slack.person(team, "Sue"), guild.member("Ben", "administrator")
        general, other = slack.channel(team, "general", sue), slack.channel(team, "other", sue)
        chat = guild.text("chat")
        monkeypatch.setattr(app, "Parts", partial(Parts, connector=discord.connector))
        monkeypatch.setattr(app, "SlackParts", partial(SlackParts, api=slack.api))
        settings = Settings(
            port=0,
            data_dir=tmp_path,
            discord_token=discord.token,
            slack_bot_token=team.bot_token,
            slack_app_token=slack.app_token,
        )
        with caplog.at_level(logging.INFO):
            async with app.spokenly(settings, alone(PitchEngine()), Metrics()) as running:
                await slack.until(lambda: slack.sockets.connected == 2)
                assert await discord.bell.until(lambda: "captions" in discord.commands(), 30)
                await asyncio.sleep(2.2)  # a client that is closed before it is ready leaves a task behind
                await sue.command("/captions", "start Weekly", channel=general)
                await slack.until(lambda: sue.sees(general) and "Go to the room" in str(sue.sees()))
                await sue.command("/captions", "share", channel=general)
                await slack.until(lambda: "attach " in str(sue.sees()))
                found = re.search(r"attach ([A-Z2-9]{8})", str(sue.sees()))
                assert found is not None
                (room,) = running.rooms._rooms.values()
                room.board.show(Caption(ANN, 0.0, 1.0, "A secret of before.", final=True))
                await sue.command("/captions", f"attach {found[1]}", channel=other)
                await (await ben.command("captions attach", {"code": found[1]}, channel=chat)).settle()
                async with browser.post(f"{running.address}/api/shared", json={"code": found[1]}) as answer:
                    seat = (await answer.json())["seat"]
                await slack.until(lambda: "#other in Acme on Slack" in str(room.board.notices))
                socket = await browser.ws_connect(f"{running.address}/api/shared/{seat}/captions?after=0")
                reader = Reader(socket)
                following = asyncio.create_task(reader.follow())  # noqa: TID251 - it ends with the socket
                room.board.show(Caption(ANN, 2.0, 3.0, "Last words.", final=True))
        await following
    (card,) = other.messages
    thread = seen("\n".join(map(words, other.thread(card))))
    page = "\n".join(one.content for one in chat.posted)
    for place in (thread, page):
        assert 0 < place.index("Last words.") < place.index(STOPPED)
        assert "secret" not in place
        assert LOST not in place
    assert STOPPED in words(card)
    assert LOST not in words(card)
    assert (reader.text, reader.why) == ("Last words.", STOPPED)
    assert not [one for one in caplog.records if "bug" in one.message]
    async with open_store(settings) as store:
        kept = {
            **await store.preferences(f"slack:{team.id}"),
            **await store.preferences(f"discord:{guild.id}"),
        }
        assert not [key for key in kept if key.startswith("visit:")]
        assert not any(value.get("guest") for key, value in kept.items() if key.startswith("call:"))
