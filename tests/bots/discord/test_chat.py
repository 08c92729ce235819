"""Pages in the fake Discord, through an unmodified discord.py."""

import asyncio

import discord
import pytest

from bots.discord.chat import ChatPlace
from bots.discord.outlet import ChatPages
from core.captions.publisher import Publisher
from core.errors import OutletBusy, OutletGone
from tests.bots.discord.chatroom import ANN, BEN, Room, controls, room
from tests.fakes.discord import Channel, Fault, Hang, Http, Late, Limits, Reset, Window


@pytest.mark.parametrize("kind", ["text", "voice", "stage"])
async def test_a_page_is_one_message_that_rewrites_itself(kind: str) -> None:
    async with room(kind) as here:
        await here.show()
        here.say("good mor", final=False)
        await here.show()
        here.say("Good morning.")
        await here.show()
        (message,) = here.channel.posted
        assert [one.content.splitlines()[0] for one in message.versions] == [
            "-# Live captions",
            "**Ann:** *good mor*",
            "**Ann:** Good morning.",
        ]
        assert message.labels == ["Stop"]
        assert here.governor.refused == 0


async def thread_of(here: Room, *, lock: bool = False) -> Channel:
    """From now on the captions are shown in a thread."""
    assert isinstance(here.chat, discord.TextChannel)
    thread = await here.chat.create_thread(name="talk", type=discord.ChannelType.public_thread)
    here.pages = ChatPages(ChatPlace(thread, here.governor, controls()))
    here.channel = here.fake.channel(thread.id)
    await here.show()
    return here.channel


async def test_a_page_pings_nobody_embeds_nothing_and_makes_no_sound() -> None:
    async with room() as here:
        for text in ("@everyone, <@1>", "see https://evil.example/x, discord.gg/abc"):
            here.say(text)
            await here.show()
        (message,) = here.channel.posted
        assert message.flags.suppress_embeds
        assert message.flags.suppress_notifications
        assert not message.pinged
        asked = [one for one in here.fake.rest.asked if "/messages" in one.path]
        assert [one.method for one in asked] == ["POST", "PATCH"]
        assert all(one.body["allowed_mentions"] == {"parse": []} for one in asked)


async def test_only_the_open_page_has_controls() -> None:
    async with room() as here:
        for number in range(60):
            here.say(f"{number} " + "word " * 20)
            await here.show()
        *turned, last = here.channel.posted
        assert len(turned) >= 2
        assert [one.labels for one in turned] == [[]] * len(turned)
        assert last.labels == ["Stop"]
        assert "-#" not in "".join(one.content for one in turned)
        assert last.content.endswith("-# Live captions")
        assert "".join(here.texts).count("word") == 60 * 20


async def test_nothing_is_ever_read_back() -> None:
    async with room() as here:
        for number in range(30):
            here.say(f"{number} " + "word " * 20)
            await here.show()
        assert not [one for one in here.fake.rest.asked if one.method == "GET" and "messages" in one.path]


async def test_a_page_that_a_moderator_deletes_stays_away_and_the_captions_go_on() -> None:
    async with room() as here:
        here.say("something rude")
        await here.show()
        here.channel.posted[0].delete()
        here.say("and then we began")
        await here.show()
        here.say("to work")
        await here.show()
        assert here.texts == ["**Ann:** and then we began to work\n-# Live captions"]
        assert here.channel.posted[0].labels == ["Stop"]


async def test_a_deleted_channel_ends_the_captions_there_with_one_sentence() -> None:
    async with room() as here:
        await here.show()
        here.guild.delete(here.channel)
        here.say("hello")
        with pytest.raises(OutletGone, match=r"^#captions, where the captions were shown, was deleted\.$"):
            await here.show()


async def test_a_missing_permission_is_named() -> None:
    async with room() as here:
        here.channel.deny(None, "view_channel", "send_messages")
        with pytest.raises(OutletGone, match="give it View Channel, Send Messages"):
            await here.show()


async def test_an_archived_thread_is_fetched_back() -> None:
    async with room() as here:
        thread = await thread_of(here)
        thread.archive()
        here.say("still here")
        await here.show()
        assert not thread.archived
        assert here.texts == ["**Ann:** still here\n-# Live captions"]


async def test_a_thread_that_somebody_archives_again_is_left_alone() -> None:
    async with room() as here:
        thread = await thread_of(here)
        for text in ("one", "two"):
            thread.archive()
            here.say(text)
            if text == "one":
                await here.show()
        with pytest.raises(OutletGone, match="closed again"):
            await here.show()


@pytest.mark.parametrize("known", [True, False])
async def test_a_locked_thread_ends_the_captions_with_one_sentence(known: bool) -> None:
    async with room() as here:
        thread = await thread_of(here)
        if known:
            here.fake.state.edit_channel(thread.id, {}, thread_metadata={"archived": True, "locked": True})
            await asyncio.sleep(1)
        else:
            thread.archive()
            here.fake.rest.faults.add(Http(403, 160005), "PATCH /channels/*")
        here.say("hello")
        with pytest.raises(OutletGone, match=r"^The thread #talk is locked: unlock it"):
            await here.show()
        assert thread.archived


async def test_a_refusal_is_not_sat_out_with_text_that_gets_old() -> None:
    async with room() as here:
        await here.show()
        here.fake.rest.faults.add(Http(429, retry_after=4.0), "PATCH /channels/**")
        here.say("old")
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(1.0)
        with pytest.raises(OutletBusy) as busy:
            await here.pages.show(here.board)
        assert busy.value.retry_after >= 3.9
        assert asyncio.get_running_loop().time() - began < 1.5
        here.say("new")
        await here.show()
        assert [one.content for one in here.channel.posted[0].edits] == ["**Ann:** old new\n-# Live captions"]
        assert here.governor.refused == 1


async def test_a_refusal_of_the_whole_bot_stops_every_page_of_it() -> None:
    async with room() as here:
        await here.show()
        other = ChatPages(ChatPlace(here.chat, here.governor))
        here.fake.rest.faults.add(Http(429, retry_after=3.0, everything=True), "PATCH /channels/**")
        here.say("one")
        await asyncio.sleep(1.0)
        with pytest.raises(OutletBusy):
            await here.pages.show(here.board)
        with pytest.raises(OutletBusy) as busy:
            await other.show(here.board)
        assert busy.value.retry_after > 2.5
        # Whoever uses a command is answered all the same: discord.py was not told to wait.
        assert await here.chat.send("hello")


BAD = [Http(503), Http(500), Reset(), Hang(), Reset(after=True), Late(9.0)]


@pytest.mark.parametrize("fault", BAD)
async def test_a_bad_day_of_discords_costs_nothing_but_time(fault: Fault) -> None:
    async with room() as here:
        await here.show()
        here.say("one")
        here.fake.rest.faults.add(fault, "PATCH /channels/**", times=3)
        await here.show()
        assert here.texts == ["**Ann:** one\n-# Live captions"]


@pytest.mark.parametrize("fault", BAD)
async def test_a_page_whose_posting_was_never_confirmed_is_posted_under_the_same_nonce(fault: Fault) -> None:
    async with room() as here:
        here.say("one")
        here.fake.rest.faults.add(fault, "POST /channels/**", times=2)
        await here.show()
        posts = [one.body for one in here.fake.rest.asked if one.method == "POST" and one.body]
        # Discord takes the same nonce as the same message.
        assert len({body["nonce"] for body in posts}) == 1
        assert all(body["enforce_nonce"] for body in posts)


async def test_what_was_said_while_a_posting_was_not_confirmed_is_read_as_well() -> None:
    async with room() as here:
        here.say("one")
        here.fake.rest.faults.add(Late(9.0), "POST /channels/**")
        with pytest.raises(OutletBusy) as busy:
            await here.pages.show(here.board)
        here.say("two")
        await asyncio.sleep(busy.value.retry_after)
        await here.show()
        assert here.texts == ["**Ann:** one two\n-# Live captions"]


async def test_the_limits_of_a_hard_day_are_learned_and_kept() -> None:
    limits = Limits()
    limits.rules["PATCH /channels/{}/messages/{}"] = Window(2, 5.0)
    async with room(limits=limits) as here:
        publisher = Publisher(here.board, here.pages)
        async with asyncio.TaskGroup() as group:
            group.create_task(publisher.run())
            for number in range(100):
                here.say(f"w{number}", final=number % 3 == 0)
                await asyncio.sleep(0.5)
            publisher.close()
        assert here.governor.refused == 0
        assert 18 <= len(here.channel.posted[0].edits) <= 22


async def test_the_limits_that_change_cost_one_refusal_at_most() -> None:
    async with room() as here:
        publisher = Publisher(here.board, here.pages)
        async with asyncio.TaskGroup() as group:
            group.create_task(publisher.run())
            for number in range(200):
                if number == 50:
                    here.fake.limits.rules["PATCH /channels/{}/messages/{}"] = Window(1, 3.0)
                here.say(f"w{number}", final=False)
                await asyncio.sleep(0.25)
            publisher.close()
        assert here.governor.refused <= 1
        assert "w199" in here.channel.posted[0].content


async def test_the_end_takes_foot_and_controls_away_and_leaves_every_word() -> None:
    async with room() as here:
        here.say("goodbye", final=False)
        publisher = Publisher(here.board, here.pages)
        async with asyncio.TaskGroup() as group:
            group.create_task(publisher.run())
            await asyncio.sleep(2.0)
            here.pages.end("Ann ended the captions.")
            here.say("Goodbye.")
            publisher.close()
        (message,) = here.channel.posted
        assert message.content == "**Ann:** Goodbye.\n-# Ann ended the captions."
        assert message.labels == []


async def test_a_long_call_never_edits_a_message_older_than_an_hour() -> None:
    async with room() as here:
        publisher = Publisher(here.board, here.pages)
        async with asyncio.TaskGroup() as group:
            group.create_task(publisher.run())
            for number in range(50):
                here.say(f"w{number}", BEN if number % 7 else ANN)
                await asyncio.sleep(130)
            publisher.close()
        assert len(here.channel.posted) == 3
        for message in here.channel.posted:
            assert message.versions[-1].at - message.posted < 3600
        assert here.governor.refused == 0


async def test_words_that_are_taken_back_go_from_old_messages_too_without_a_refusal() -> None:
    async with room() as here:
        publisher = Publisher(here.board, here.pages)
        async with asyncio.TaskGroup() as group:
            group.create_task(publisher.run())
            for number in range(8):
                here.say("mine " * 20)
                here.say(f"yours {number} " + "word " * 250, BEN)
                await asyncio.sleep(5)
            await asyncio.sleep(4000)
            here.board.erase("discord:1")
            await asyncio.sleep(40)
            publisher.close()
        assert "mine" not in "".join(here.texts)
        assert all(f"yours {number} " in "".join(here.texts) for number in range(8))
        assert here.governor.refused == 0
