"""A call over a restart of Spokenly, outages of Discord, and bugs of our own."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
from discord.gateway import DiscordWebSocket

from bots.discord import notices
from bots.discord.call import EXPLAIN
from bots.discord.setup import GuildSetup
from bots.discord.showing import Showing
from bots.discord.translations import en
from bots.discord.voice.connection import VoiceLine
from core.captions.board import Board
from core.errors import UserError
from tests.bots.discord.bench import Scene, scene
from tests.fakes.pitch import pitched


def mark(home: Scene) -> dict[str, Any] | None:
    """What is remembered of the call that runs."""
    found: dict[str, Any] | None = home.store.preferred.get(f"discord:{home.guild.id}", {}).get("call")
    return found


async def test_after_a_restart_a_running_call_is_joined_again_and_its_record_goes_on() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)
        async with home.running():
            call = await home.start(ann, keep="transcript")
            key = str(call.record)
            await ann.say(pitched(440))
            await home.until(lambda: "t440" in home.text(home.thread))
        assert mark(home) is not None
        assert home.guild.bot_in is None
        assert "t440 t440 t440 t440 t440" in home.text(home.thread), "the last word before the end"
        assert notices.RESTING in home.text(home.thread)
        assert home.pages(home.thread)[-1].labels == []
        async with home.running():
            await home.until(lambda: home.calls.of(home.guild.id) is not None)
            assert home.call.record == key
            assert home.call.began == call.began
            assert home.call.started_by == ann.id
            await ann.say(pitched(600))
            await home.until(lambda: "t600" in home.text(home.thread))
            await home.call.stop("Ann")
            assert b"t440" in home.pages(home.thread)[-1].files["transcript.md"]
            assert b"t600" in home.pages(home.thread)[-1].files["transcript.md"]
        assert home.store.said(key) == ["t440 t440 t440 t440 t440", "t600 t600 t600 t600 t600"]
        assert len(home.chat.threads) == 1
        assert mark(home) is None


async def test_a_call_of_another_spokenly_with_the_same_database_is_its_own_while_it_lives() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)
        async with home.running():
            await home.start(ann)
        kept = mark(home)
        assert kept is not None
        home.store.living.add("another")
        kept["process"] = "another"
        home.store.preferred[f"discord:{home.guild.id}"]["visit:7"] = {"process": "another"}
        before = home.text(home.thread)
        async with home.running() as _:
            await asyncio.sleep(600)
            assert home.calls.of(home.guild.id) is None
            assert mark(home) == kept
            assert home.text(home.thread) == before
            home.store.living.clear()
            kept["seen"] = datetime.now(UTC).isoformat()
            await home.until(lambda: home.calls.of(home.guild.id) is not None)


async def test_a_call_that_another_spokenly_left_is_gone_on_with_though_it_began_after_our_start() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)
        async with home.running():
            await home.start(ann)
        space = home.store.preferred[f"discord:{home.guild.id}"]
        kept = {**space.pop("call"), "process": "another"}
        home.store.living.add("another")
        async with home.running():
            await asyncio.sleep(300)
            space["call"] = kept
            await asyncio.sleep(300)
            assert home.calls.of(home.guild.id) is None
            home.store.living.clear()
            kept["seen"] = datetime.now(UTC).isoformat()
            await home.until(lambda: home.calls.of(home.guild.id) is not None, 90)


async def test_a_call_whose_mark_could_not_be_deleted_is_over_also_after_a_restart() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)
        async with home.running():
            await home.start(ann)
            home.store.away = True
            await home.call.stop("Ann")
            await asyncio.sleep(5)
            assert mark(home) is not None
            home.store.away = False
            await home.until(lambda: mark(home) is None, 90)


async def test_after_a_restart_a_private_call_is_private_still() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)
        async with home.running():
            await home.start(ann, private=True)
        async with home.running():
            await home.until(lambda: home.calls.of(home.guild.id) is not None)
            assert home.call.private
            with pytest.raises(UserError, match="private"):
                home.bridge.share(home.calls.sharing.source(home.call))
            await home.until(lambda: en.PRIVATE in home.pages(home.thread)[-1].content)
        kept = mark(home)
        assert kept is not None
        assert kept["private"] is True, "and after the next one"


async def test_when_everybody_left_meanwhile_it_says_so_and_gives_the_transcript() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)
        async with home.running():
            await home.start(ann, keep="transcript")
            await ann.say(pitched(440))
        await ann.leave()
        async with home.running():
            await home.until(lambda: notices.AWAY in home.text(home.thread))
            assert "transcript.md" in home.pages(home.thread)[-1].files
            assert home.calls.of(home.guild.id) is None
        assert mark(home) is None


async def test_after_a_long_time_nobody_is_listened_to_unasked() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)
        async with home.running():
            await home.start(ann)
        kept = mark(home)
        assert kept is not None
        kept["seen"] = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
        async with home.running():
            await home.until(lambda: notices.FORGOTTEN in home.text(home.thread))
            assert home.guild.bot_in is None
        assert mark(home) is None


async def test_when_the_channel_was_deleted_meanwhile_it_says_so() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)
        async with home.running():
            await home.start(ann)
        home.guild.delete(home.lounge)
        async with home.running():
            await home.until(lambda: notices.DELETED in home.text(home.thread))


async def test_when_it_may_not_join_again_it_says_why() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)
        async with home.running():
            await home.start(ann)
        home.fake.voice.faults.refuse_identify = 4004
        async with home.running():
            await home.until(lambda: "are over.**" in home.text(home.thread), 200)
            assert "take me at the moment" in home.text(home.thread)
        assert mark(home) is None


async def test_a_record_that_was_deleted_meanwhile_does_not_begin_again() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)
        async with home.running():
            await home.start(ann, keep="transcript")
            await ann.say(pitched(440))
        home.store.opened.clear()
        async with home.running():
            await home.until(lambda: home.calls.of(home.guild.id) is not None)
            assert (home.call.keep, home.call.record) == ("captions", None)
            await ann.say(pitched(600))
            await home.call.stop("Ann")
        assert home.store.opened == {}


async def test_an_outage_of_the_gateway_is_ridden_out() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await ann.join(home.lounge)
            call = await home.start(ann)
            home.fake.gateway.drop(1006)
            await asyncio.sleep(5)
            await ann.say(pitched(440))
            await home.until(lambda: "t440" in home.text(home.thread))
            assert home.call is call


async def test_a_wrong_token_is_one_sentence() -> None:
    async with scene() as home:
        with pytest.raises(BaseExceptionGroup) as failed:
            async with home.running(token="wrong.token.really"):
                pass
        assert failed.group_contains(UserError, match="DISCORD_TOKEN")


async def test_a_token_that_is_taken_back_ends_the_bot_and_nothing_else() -> None:
    async with scene() as home, home.running() as bot:
        home.fake.revoke()
        await home.until(lambda: bot.calls is None)


async def test_a_bug_in_a_session_is_told_and_the_captions_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await ann.join(home.lounge)
            await home.start(ann)
            await asyncio.sleep(5)

            async def broken(self: Showing, board: Board) -> None:
                raise ZeroDivisionError

            with monkeypatch.context() as patch:
                patch.setattr(Showing, "show", broken)
                home.call.board.touch()
                await asyncio.sleep(1)
            await ann.say(pitched(440, 440, 440))
            await home.until(lambda: notices.STUMBLED in home.text(home.thread))
            await home.until(lambda: "t440" in home.text(home.thread))
            await asyncio.sleep(EXPLAIN + 1)
            assert notices.STUMBLED not in home.text(home.thread)
            await home.call.stop(None)


async def test_a_bug_in_a_voice_connection_ends_its_call_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scene() as home:
        other = home.fake.guild("Other")
        den, ben = other.voice("Den"), other.member("Ben")
        ann = home.guild.member("Ann")
        async with home.running():
            await home.calls.change_setup(other.id, GuildSetup(auto_join=(den.id,)))
            await ann.join(home.lounge)
            await home.start(ann)
            await ben.join(den)
            await home.until(lambda: home.calls.of(other.id) is not None)

            def broken(self: VoiceLine, place: object) -> None:
                raise ZeroDivisionError

            with monkeypatch.context() as patch:
                patch.setattr(VoiceLine, "_make", broken)
                (line,) = home.fake.voice.lines_in(home.lounge.id)
                line.close(4006)
                await home.until(lambda: notices.BROKEN in home.everything())
            assert home.guild.bot_in is None
            await ben.say(pitched(600))
            await home.until(lambda: "t600" in home.text(den))


async def test_a_call_that_is_cancelled_leaves_nothing_behind() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        await ann.join(home.lounge)

        async def run() -> None:
            async with home.running():
                await home.start(ann)
                await asyncio.Event().wait()

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(run(), 30)
        await home.until(lambda: home.guild.bot_in is None)


async def test_when_the_gateways_session_begins_anew_the_call_goes_on() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await ann.join(home.lounge)
            call = await home.start(ann)
            before = call.channel.guild
            home.fake.gateway.invalidate()
            await home.until(lambda: call.channel.guild is not before)
            await asyncio.sleep(20)
            await ann.say(pitched(440))
            await home.until(lambda: "t440" in home.text(home.thread))
            assert home.call is call
            await ann.leave()
            await home.until(lambda: notices.EMPTY in home.text(home.thread))


async def test_a_gateway_that_is_away_at_the_start_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[float] = []
    connect = DiscordWebSocket.from_client

    async def away(client: discord.Client, **more: Any) -> DiscordWebSocket:
        tried.append(asyncio.get_running_loop().time())
        if len(tried) < 4:
            raise ConnectionRefusedError
        return await connect(client, **more)

    monkeypatch.setattr(DiscordWebSocket, "from_client", away)
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            assert len(tried) == 4
            await ann.join(home.lounge)
            await home.start(ann)
