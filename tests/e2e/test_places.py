"""One Spokenly on Discord, on Slack and in browsers: recorded speech, the real engine, a real Chromium.
Only Discord's and Slack's own servers are stand-ins."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from bots import app
from bots.discord.bot import Parts
from bots.discord.permissions import wanted
from bots.slack.bot import Parts as SlackParts
from bots.slack.scopes import SCOPES
from core.bridge import ENDED
from core.engines.hearing import open_hearing
from core.metrics import Metrics
from core.settings import Settings
from tests.bots.slack.threadroom import seen
from tests.e2e.spoken import TOLERANCE, TRIED, missed, tried, wav
from tests.fakes.browser import CHROMIUM, FLAGS, needs_browser
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import FakeSlack, Message, Person, Place, Team, words

pytestmark = [mark for mark in needs_browser if mark.name != "asyncio"]

PATIENCE = 30_000
"""Milliseconds until words that were said can be read, on a busy machine."""


@dataclass(frozen=True, slots=True)
class World:
    """A server of Discord, a workspace of Slack, and one Spokenly for both."""

    discord: FakeDiscord
    slack: FakeSlack
    team: Team
    general: Place
    sue: Person
    rob: Person
    """Somebody in the channel who reads along."""

    @property
    def card(self) -> Message:
        return self.general.messages[-1]

    def said(self, name: str) -> str:
        """What everybody can read of somebody in the thread under the card."""
        text = seen(self.rob.reads(self.general, self.card))
        return " ".join(re.findall(rf"^{name}: (.*)$", text, re.MULTILINE))

    async def read(self, name: str, sentence: str) -> None:
        """Wait until somebody's words can be read in the thread."""
        try:
            await self.slack.until(
                lambda: self.general.messages and missed(sentence, self.said(name)) < TOLERANCE,
                PATIENCE / 1000,
            )
        except TimeoutError:
            raise AssertionError(self.general.text()) from None

    def links(self) -> list[str]:
        """The addresses that Sue was given, for her alone."""
        elements = [e for one in self.sue.sees() for block in one.blocks for e in block.get("elements", [])]
        return [element["url"] for element in elements if element.get("url")]


@asynccontextmanager
async def world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with FakeDiscord() as discord, FakeSlack() as slack:
        team = slack.team("Acme")
        team.scopes = {scope.name for scope in SCOPES}
        sue = slack.person(team, "Sue")
        rob = slack.person(team, "Rob")
        general = slack.channel(team, "general", sue, rob)
        monkeypatch.setattr(app, "Parts", partial(Parts, connector=discord.connector))
        monkeypatch.setattr(app, "SlackParts", partial(SlackParts, api=slack.api))
        settings = Settings(
            port=0,
            data_dir=folder,
            discord_token=discord.token,
            slack_bot_token=team.bot_token,
            slack_app_token=slack.app_token,
        )
        metrics = Metrics()
        async with open_hearing(settings, metrics) as hearing, app.spokenly(settings, hearing, metrics):
            await slack.until(lambda: slack.sockets.connected == 2)
            assert await discord.bell.until(lambda: "captions" in discord.commands(), 30)
            yield World(discord, slack, team, general, sue, rob)


@asynccontextmanager
async def browser(*flags: str) -> AsyncIterator[Any]:
    async with async_playwright() as api:
        started = await api.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *flags], ignore_default_args=["--mute-audio"]
        )
        yield started
        await started.close()


async def log_of(page: Page) -> str:
    return " ".join(await page.locator("#log .said").all_inner_texts())


async def test_a_call_on_discord_is_read_live_in_a_slack_thread_and_in_a_browser_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = await tried()
    async with world(tmp_path, monkeypatch) as one, browser() as chromium:
        guild = one.discord.guild("Home")
        guild.only(wanted().value)
        lounge, chat, ann = guild.voice("Lounge"), guild.text("chat"), guild.member("Ann")
        await ann.join(lounge)
        await (await ann.command("captions start", channel=chat)).settle()
        shared = await (await ann.command("captions share", channel=chat)).settle()
        assert shared.ephemeral
        found = re.search(r"http\S+/room/([A-Z2-9]{8})", shared.text)
        assert found is not None, shared.text
        assert not (await one.sue.command("/captions", f"attach {found[1]}", channel=one.general)).failed
        page: Page = await chromium.new_page()
        await page.goto(found[0])
        await expect(page.locator("#from")).to_contain_text("from Discord")
        thread = chat.threads[-1]
        told = "this call is shown elsewhere: #general in Acme on Slack, a browser"
        assert await one.discord.bell.until(lambda: told in seen(thread.posted[-1].text), 30)

        await ann.say(sound, rate=16_000)
        await one.read("Ann", TRIED)
        await expect(page.locator("#log")).to_contain_text("matter", timeout=PATIENCE, ignore_case=True)
        assert missed(TRIED, await log_of(page)) < TOLERANCE
        assert await page.locator("#log .name").all_inner_texts() == ["Ann"]
        await expect(page.locator("#state")).to_have_text("Live")
        assert "Lounge in Home" in words(one.card)
        assert guild.bot_in == lounge, "all of that could be read while the call went on"

        await (await ann.command("captions stop", channel=chat)).settle()
        await expect(page.locator("#over")).to_have_text(ENDED, timeout=PATIENCE)
        await one.slack.until(lambda: ENDED in words(one.card))
        assert missed(TRIED, one.said("Ann")) < TOLERANCE


async def test_a_call_of_slack_goes_from_the_command_over_a_browsers_microphone_to_recap_files_and_canvas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    microphone = wav(tmp_path / "microphone.wav", await tried() + bytes(32_000 * 3))
    flag = f"--use-file-for-fake-audio-capture={microphone}%noloop"
    async with world(tmp_path, monkeypatch) as one, browser(flag) as chromium:
        await one.sue.command("/captions", "start Weekly keep=transcript", channel=one.general)
        await one.slack.until(one.links)
        page: Page = await chromium.new_page()
        await page.goto(one.links()[0])
        await page.click("#share-open")
        await page.check("input[value=microphone]")
        await page.click("#share-go")
        card = one.card
        await one.read("Sue", TRIED)
        await expect(page.locator("#log")).to_contain_text("matter", timeout=PATIENCE, ignore_case=True)
        await one.slack.until(lambda: "Sue" in words(card) and "Captions are live." in words(card))

        await one.sue.command("/captions", "stop", channel=one.general)
        await expect(page.locator("#banner")).to_contain_text("Sue ended captions.", timeout=PATIENCE)
        await one.slack.until(lambda: any(message.files for message in one.general.thread(card)))
        assert "Sue ended captions." in words(card)
        *captions, recap, files = one.general.thread(card)
        assert captions
        assert missed(TRIED, one.said("Sue")) < TOLERANCE
        assert "*Weekly*: Sue ended captions." in recap.text
        (canvas,) = one.slack.world.canvases.values()
        assert canvas.id in recap.text
        assert canvas.readers == [one.general.id]
        markdown, vtt = (one.slack.world.files[number] for number in files.files)
        assert (markdown.name[-3:], vtt.name[-4:]) == (".md", ".vtt")
        for file in (markdown, vtt):
            assert "matter" in file.content.decode().lower()
            assert "Sue" in file.content.decode()
