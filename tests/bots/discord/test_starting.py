"""What somebody is told who may not start captions, or not here: one sentence, and nothing has begun."""

import pytest

from bots.discord.setup import GuildSetup
from bots.discord.wish import Wish
from core.errors import UserError
from tests.bots.discord.bench import Scene, scene
from tests.fakes.discord import Channel, Member


def wish(home: Scene, channel: Channel | None = None, by: Member | None = None, **more: object) -> Wish:
    """As the bot sees it."""
    guild = home.calls.house.client.get_guild(home.guild.id)
    assert guild is not None
    voice = guild.get_channel((channel or home.lounge).id)
    asker = None if by is None else guild.get_member(by.id)
    return Wish(voice, asker, **more)  # type: ignore[arg-type]  # as given by each test


async def refused(home: Scene, asked: Wish) -> str:
    """Why."""
    with pytest.raises(UserError) as told:
        await home.calls.start(asked)
    assert home.guild.bot_in is None
    assert home.chat.threads == []
    return str(told.value)


async def test_a_missing_permission_is_named() -> None:
    async with scene() as home:
        home.lounge.deny(None, "connect")
        async with home.running():
            sentence = await refused(home, wish(home))
            assert f"In <#{home.lounge.id}> I lack **Connect**" in sentence


async def test_a_place_that_can_not_be_written_in_is_named_before_anything_begins() -> None:
    async with scene() as home:
        home.chat.deny(None, "create_public_threads")
        async with home.running():
            guild = home.calls.house.client.get_guild(home.guild.id)
            assert guild is not None
            sentence = await refused(home, wish(home, asked_in=guild.get_channel(home.chat.id)))
            assert f"In <#{home.chat.id}> I lack **Create Public Threads**" in sentence
            assert sentence.endswith("Or choose another place for them when you start them.")


async def test_a_full_channel_is_said_to_be_full() -> None:
    async with scene() as home, home.running():
        small = home.guild.voice("Small", limit=1)
        home.guild.bot("move_members", "administrator", allow=False)
        await home.guild.member("Ann").join(small)
        guild = home.calls.house.client.get_guild(home.guild.id)
        assert guild is not None
        await home.until(lambda: any(channel.members for channel in guild.voice_channels))
        assert "is full" in await refused(home, wish(home, small))


@pytest.mark.parametrize("language", ["klingon!", "x", "tlh", "-", "äö"])
async def test_a_language_that_is_not_heard_is_refused(language: str) -> None:
    async with scene() as home, home.running():
        sentence = await refused(home, wish(home, language=language))
        assert "language" in sentence


async def test_a_transcript_is_refused_where_nothing_is_ever_kept() -> None:
    async with scene() as home:
        home.keep = "never"
        async with home.running():
            assert "SPOKENLY_KEEP=never" in await refused(home, wish(home, keep="transcript"))
            await home.calls.change_setup(home.guild.id, GuildSetup(keep="transcript"))
            call = await home.calls.start(wish(home))
            assert (call.keep, call.record) == ("captions", None)
            await home.calls.opt_out(home.guild.id, 42)
        assert home.store.preferred[f"discord:{home.guild.id}"]["left_out"] == ["42"]
        assert home.store.opened == {}


async def test_a_channel_that_is_joined_by_itself_is_as_private_as_the_server_wants() -> None:
    async with scene() as home, home.running():
        await home.calls.change_setup(home.guild.id, GuildSetup(auto_join=(home.lounge.id,), private=True))
        await home.guild.member("Ann").join(home.lounge)
        await home.until(lambda: home.calls.of(home.guild.id) is not None)
        assert home.call.private


async def test_who_may_start_is_the_servers_choice() -> None:
    async with scene() as home, home.running():
        ann, boss = home.guild.member("Ann"), home.guild.member("Boss", "manage_guild")
        den = home.guild.voice("Den")
        await ann.join(den)
        await boss.join(den)
        guild = home.calls.house.client.get_guild(home.guild.id)
        assert guild is not None
        await home.until(lambda: guild.get_member(boss.id) is not None)
        assert "Join the voice channel first" in await refused(home, wish(home, by=ann))
        await home.calls.change_setup(home.guild.id, GuildSetup(starters="managers"))
        assert "manages this server" in await refused(home, wish(home, den, by=ann))
        assert (await home.calls.start(wish(home, den, by=boss))).started_by == boss.id


async def test_a_second_call_in_a_server_is_refused() -> None:
    async with scene() as home:
        den = home.guild.voice("Den")
        async with home.running():
            await home.calls.start(wish(home))
            with pytest.raises(UserError, match="already"):
                await home.calls.start(wish(home, den))


async def test_captions_that_were_just_stopped_can_be_started_again() -> None:
    async with scene() as home, home.running():
        for _ in range(3):
            call = await home.calls.start(wish(home))
            await call.stop("Ann")


async def test_a_place_that_is_gone_is_said_to_be() -> None:
    async with scene() as home, home.running():
        await home.calls.change_setup(home.guild.id, GuildSetup(where=5))
        assert "is gone" in await refused(home, wish(home))


async def test_a_voice_server_that_does_not_answer_is_one_sentence() -> None:
    async with scene() as home, home.running():
        home.fake.voice.faults.silent_at = "connect"
        with pytest.raises(UserError):
            await home.calls.start(wish(home))
        assert home.calls.of(home.guild.id) is None
        home.fake.voice.faults.silent_at = ""
        await home.calls.start(wish(home))
