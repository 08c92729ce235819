"""The bot's life beside its calls: its commands, what it is told of, what it logs, and the app around it."""

import asyncio
import logging
from functools import partial
from io import StringIO
from pathlib import Path

import discord
import pytest

from bots import app
from bots.discord.bot import INTENTS, Parts
from core.engines.hearing import alone
from core.metrics import Metrics
from core.record.database.opening import open_store
from core.settings import Settings
from core.telemetry import set_up_logging
from tests.bots.discord.bench import scene
from tests.fakes.discord import FakeDiscord
from tests.fakes.pitch import PitchEngine, pitched


def test_the_bot_needs_no_privileged_intent() -> None:
    assert {name for name, on in INTENTS if on} == {"guilds", "voice_states"}


async def test_commands_are_registered_once_and_not_again_at_the_next_start() -> None:
    async with scene() as home:
        async with home.running():
            await home.until(lambda: "captions" in home.fake.commands())
        home.fake.state.commands.clear()
        async with home.running():
            await asyncio.sleep(10)
        assert "captions" not in home.fake.commands(), "Discord was told a second time"
        for kept in home.store.preferred.values():
            kept.pop("commands", None)
        async with home.running():
            await home.until(lambda: "captions" in home.fake.commands())


async def test_neither_names_nor_words_nor_tokens_are_logged() -> None:
    told = StringIO()
    handler = set_up_logging("json", "debug", told)
    root = logging.getLogger()
    try:
        async with scene() as home:
            ann = home.guild.member("Annabella Quux")
            async with home.running():
                await ann.join(home.lounge)
                call = await home.start(ann, keep="transcript")
                await ann.say(pitched(440))
                home.fake.gateway.drop(1006)
                await asyncio.sleep(3)
                call.deaf(ann.id, True)
                await call.stop("Annabella Quux")
                home.calls.spawn(_bug("Annabella Quux said t440"))
                await asyncio.sleep(1)
            secrets = ["Annabella", "Quux", "t440", home.fake.token, str(call.record), str(ann.id)]
        assert "discord.bug" in told.getvalue()
        assert [secret for secret in secrets if secret in told.getvalue()] == []
    finally:
        root.removeHandler(handler)
        root.setLevel(logging.WARNING)
        logging.captureWarnings(False)


async def _bug(words: str) -> None:
    raise ZeroDivisionError(words)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "kept"
    made.mkdir()
    return made


@pytest.mark.real_time
@pytest.mark.parametrize("keep", ["never", "transcript"])
async def test_spokenly_runs_with_a_bot_and_keeps_what_it_must(
    monkeypatch: pytest.MonkeyPatch, folder: Path, keep: str
) -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild("Home")
        lounge, ann = guild.voice("Lounge"), guild.member("Ann", "manage_guild")
        monkeypatch.setattr(app, "Parts", partial(Parts, connector=fake.connector))
        settings = Settings(port=0, keep=keep, data_dir=folder, discord_token=fake.token)
        async with app.spokenly(settings, alone(PitchEngine()), Metrics()):
            assert await fake.bell.until(lambda: "captions" in fake.commands(), 30)
            await ann.join(lounge)
            answer = await ann.command("captions start", {"where": "voice"}, channel=lounge)
            await answer.settle()
            answer = await ann.command("privacy optout", channel=lounge)
            await answer.settle()
            assert await fake.bell.until(
                lambda: any("Ann is not captioned" in one.content for one in lounge.posted), 10
            )
            # A client that is closed before it is ready leaves a task of discord.py's behind.
            await asyncio.sleep(2.2)
        assert guild.bot_in is None
        async with open_store(settings) as store:
            kept = await store.preferences(f"discord:{guild.id}")
            assert kept["left_out"] == [str(ann.id)]
            assert kept["call"]["channel"] == str(lounge.id)
            assert len(await store.calls()) == (keep == "transcript")


@pytest.mark.real_time
async def test_with_a_wrong_token_no_room_is_opened(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    async with FakeDiscord() as fake:
        monkeypatch.setattr(app, "Parts", partial(Parts, connector=fake.connector))
        settings = Settings(port=0, data_dir=folder, discord_token="wrong.token.really")
        with pytest.raises(ExceptionGroup) as told:
            async with app.spokenly(settings, alone(PitchEngine()), Metrics()):
                pytest.fail("it started")
        (sentence,) = map(str, app.errors(told.value))
        assert "DISCORD_TOKEN" in sentence
        assert "really" not in sentence


@pytest.mark.real_time
async def test_without_discord_the_rooms_are_there_all_the_same(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    async with FakeDiscord() as fake:
        connector = fake.connector
    monkeypatch.setattr(app, "Parts", partial(Parts, connector=connector))
    settings = Settings(port=0, data_dir=folder, discord_token=fake.token)
    async with app.spokenly(settings, alone(PitchEngine()), Metrics()) as running:
        assert running.address


def test_an_outage_is_over_for_the_bot_within_seconds_of_its_end() -> None:
    waits = discord.client.ExponentialBackoff()  # type: ignore[attr-defined]  # what discord.py waits by
    assert max(waits.delay() for _ in range(300)) <= 16
