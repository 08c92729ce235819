"""What becomes of a call when people come and go, the bot is moved or put out, or a place disappears."""

import asyncio

from bots.discord import notices
from bots.discord.setup import GuildSetup
from bots.discord.watching import GRACE
from tests.bots.discord.bench import Scene, scene
from tests.fakes.pitch import pitched


async def ended(home: Scene) -> None:
    """No call runs, and its last message is there."""
    await home.until(lambda: "are over.**" in home.everything())
    assert home.calls.of(home.guild.id) is None
    assert home.guild.bot_in is None


async def test_when_everybody_has_left_the_bot_leaves_after_half_a_minute() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await ann.join(home.lounge)
            await home.start(ann)
            await ann.leave()
            await asyncio.sleep(GRACE - 1)
            assert home.guild.bot_in == home.lounge
            await asyncio.sleep(3)
            await ended(home)
            assert notices.EMPTY in home.text(home.thread)


async def test_captions_of_a_channel_that_nobody_enters_end_as_well() -> None:
    async with scene() as home:
        boss = home.guild.member("Boss", "manage_guild")
        async with home.running():
            answer = await boss.command("captions start", {"channel": home.lounge}, channel=home.chat)
            await answer.settle()
            assert home.calls.of(home.guild.id) is not None
            await asyncio.sleep(GRACE + 2)
            await ended(home)


async def test_whoever_comes_back_in_time_finds_the_captions_running() -> None:
    async with scene() as home:
        ann, radio = home.guild.member("Ann"), home.guild.member("Radio", bot=True)
        async with home.running():
            await ann.join(home.lounge)
            await radio.join(home.lounge)
            await home.start(ann)
            for _ in range(3):
                await ann.leave()
                await asyncio.sleep(GRACE - 5)
                await ann.join(home.lounge)
                await asyncio.sleep(10)
            await ann.say(pitched(440))
            await home.until(lambda: "t440" in home.text(home.thread))


async def test_a_server_may_want_the_bot_to_stay_in_an_empty_channel() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await home.calls.change_setup(home.guild.id, GuildSetup(leave_when_empty=False))
            await ann.join(home.lounge)
            await home.start(ann)
            await ann.leave()
            await asyncio.sleep(GRACE * 3)
            assert home.guild.bot_in == home.lounge


async def test_a_channel_may_be_joined_by_itself_once_for_each_gathering() -> None:
    async with scene() as home:
        ann, ben = home.guild.member("Ann"), home.guild.member("Ben")
        async with home.running():
            await home.calls.change_setup(home.guild.id, GuildSetup(auto_join=(home.lounge.id,)))
            await ann.join(home.lounge)
            await home.until(lambda: home.calls.of(home.guild.id) is not None)
            await ann.say(pitched(440))
            await home.until(lambda: "t440" in home.text(home.lounge), 20)
            await home.call.stop("Ann")
            await ben.join(home.lounge)
            await asyncio.sleep(5)
            assert home.calls.of(home.guild.id) is None, "who stopped the captions is left alone"
            await ann.leave()
            await ben.leave()
            await asyncio.sleep(1)
            await ben.join(home.lounge)
            await home.until(lambda: home.calls.of(home.guild.id) is not None)


async def test_people_who_are_there_when_the_bot_starts_are_joined_as_well() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        setup = GuildSetup(auto_join=(home.lounge.id,))
        home.store.preferred[f"discord:{home.guild.id}"] = {"setup": setup.to_json()}
        await ann.join(home.lounge)
        async with home.running():
            await home.until(lambda: home.calls.of(home.guild.id) is not None)


async def test_a_bot_that_is_moved_goes_on_in_the_other_channel() -> None:
    async with scene() as home:
        ann, den = home.guild.member("Ann"), home.guild.voice("Den")
        async with home.running():
            await ann.join(home.lounge)
            call = await home.start(ann)
            home.guild.move_bot(den)
            await ann.join(den)
            await home.until(lambda: "moved to “Den”" in home.text(home.thread))
            await asyncio.sleep(5)
            await ann.say(pitched(440))
            await home.until(lambda: "t440" in home.text(home.thread))
            assert call.channel.id == den.id
            mark = home.store.preferred[f"discord:{home.guild.id}"]["call"]
            assert mark["channel"] == str(den.id)
            await asyncio.sleep(60)
            assert home.guild.bot_in == den
            assert "moved to" not in home.text(home.thread)


async def test_the_notice_of_the_second_move_stays_when_that_of_the_first_would_be_over() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        second, third = home.guild.voice("Second"), home.guild.voice("Third")
        async with home.running():
            await ann.join(home.lounge)
            call = await home.start(ann)
            for there in (second, third):
                home.guild.move_bot(there)
                await ann.join(there)
                await asyncio.sleep(20)
            assert call.board.notices[notices.MOVED] == notices.moved("Third")
            await asyncio.sleep(30)
            assert notices.MOVED not in call.board.notices


async def test_captions_in_a_voice_channels_own_chat_move_along() -> None:
    async with scene() as home:
        ann, den = home.guild.member("Ann"), home.guild.voice("Den")
        async with home.running():
            await home.calls.change_setup(home.guild.id, GuildSetup(where="voice"))
            await ann.join(home.lounge)
            await home.start(ann)
            await ann.say(pitched(440))
            await home.until(lambda: "** t440" in home.text(home.lounge))
            home.guild.move_bot(den)
            await ann.join(den)
            await asyncio.sleep(5)
            await ann.say(pitched(600))
            await home.until(lambda: "t600" in home.text(den))
            assert "t440" not in home.text(den)
            assert "t600" not in home.text(home.lounge)


async def test_a_bot_that_is_put_out_says_why_it_stopped() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await ann.join(home.lounge)
            await home.start(ann, keep="transcript")
            await ann.say(pitched(440))
            home.guild.disconnect_bot()
            await ended(home)
            last = home.pages(home.thread)[-1]
            assert "Somebody disconnected me" in last.content
            assert "transcript.md" in last.files


async def test_when_the_voice_channel_is_deleted_the_transcript_is_still_given() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await ann.join(home.lounge)
            await home.start(ann, keep="transcript")
            await ann.say(pitched(440))
            home.guild.delete(home.lounge)
            await home.until(lambda: "are over.**" in home.everything())
            last = home.pages(home.thread)[-1]
            assert notices.DELETED in last.content
            assert "transcript.md" in last.files


async def test_when_their_thread_is_deleted_captions_go_on_in_the_voice_channels_chat() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await ann.join(home.lounge)
            await home.start(ann)
            await ann.say(pitched(440))
            await home.until(lambda: "** t440" in home.text(home.thread))
            home.guild.delete(home.thread)
            await ann.say(pitched(600))
            await home.until(lambda: "t600" in home.text(home.lounge))
            assert "t440" not in home.text(home.lounge)


async def test_what_nobody_can_read_is_not_listened_to() -> None:
    async with scene() as home:
        ann = home.guild.member("Ann")
        async with home.running():
            await ann.join(home.lounge)
            await home.start(ann)
            home.guild.bot("send_messages", "send_messages_in_threads", allow=False)
            home.guild.everyone("send_messages", "send_messages_in_threads", allow=False)
            await ann.say(pitched(440))
            await home.until(lambda: home.calls.of(home.guild.id) is None)
            assert home.guild.bot_in is None


async def test_a_server_that_removes_the_bot_ends_its_own_call_alone() -> None:
    async with scene() as home:
        other = home.fake.guild("Other")
        den, ben = other.voice("Den"), other.member("Ben")
        ann = home.guild.member("Ann")
        async with home.running():
            await home.calls.change_setup(other.id, GuildSetup(auto_join=(den.id,)))
            await ben.join(den)
            await home.until(lambda: home.calls.of(other.id) is not None)
            await ann.join(home.lounge)
            await home.start(ann)
            home.guild.remove_bot()
            await home.until(lambda: home.calls.of(home.guild.id) is None)
            await ben.say(pitched(440))
            await home.until(lambda: "t440" in home.text(den))
            assert "call" not in home.store.preferred.get(f"discord:{home.guild.id}", {})


async def test_people_are_told_once_that_a_channel_could_not_be_joined_by_itself() -> None:
    async with scene() as home:
        ann, ben = home.guild.member("Ann"), home.guild.member("Ben")
        home.chat.deny(None, "send_messages")
        async with home.running():
            setup = GuildSetup(auto_join=(home.lounge.id,), where=home.chat.id)
            await home.calls.change_setup(home.guild.id, setup)
            await ann.join(home.lounge)
            await home.until(lambda: bool(home.lounge.posted))
            await ben.join(home.lounge)
            await asyncio.sleep(2)
            (told,) = home.lounge.posted
            assert f"I could not caption <#{home.lounge.id}> by myself." in told.content
            assert "**Send Messages**" in told.content
