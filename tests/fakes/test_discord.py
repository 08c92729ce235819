"""Unmodified discord.py against the fake Discord: what people do, what the bot answers, what they see."""

import asyncio
import io

import discord
import pytest

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.client import Bot, running


async def test_a_bot_logs_in_answers_a_command_posts_and_edits() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild("Home")
        chat, ann = guild.text("general"), guild.member("Ann", locale="de")
        bot = Bot(fake)

        @bot.tree.command()
        async def hello(interaction: discord.Interaction, name: str) -> None:
            """Says hello."""
            await interaction.response.defer(ephemeral=True)
            await asyncio.sleep(2)
            assert isinstance(interaction.channel, discord.TextChannel)
            message = await interaction.channel.send(f"hello {name}")
            await message.edit(content=f"hello, {name}!")
            await interaction.followup.send(f"done, {interaction.locale}, {interaction.user.display_name}")

        async with running(bot, fake):
            await bot.tree.sync()
            assert [one.name for one in bot.guilds] == ["Home"]
            answer = await ann.command("hello", {"name": "world"}, channel=chat)
            assert answer.text == "done, de, Ann"
            assert answer.ephemeral
            assert answer.late == 0
            assert [one.content for one in chat.posted] == ["hello, world!"]
            assert [one.content for one in chat.posted[0].versions] == ["hello world", "hello, world!"]


async def test_only_who_asked_sees_a_private_answer() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        chat, ann, ben = guild.text(), guild.member("Ann"), guild.member("Ben")
        bot = Bot(fake)

        @bot.tree.command()
        async def secret(interaction: discord.Interaction) -> None:
            """Whispers."""
            await interaction.response.send_message("psst", ephemeral=True)
            await interaction.followup.send("and more", ephemeral=True)

        async with running(bot, fake):
            await bot.tree.sync()
            answer = await ann.command("secret", channel=chat)
            await answer.settle()
            await fake.bell.until(lambda: len(answer.messages) == 2, 1)
            assert answer.text == "psst\nand more"
            assert [one.content for one in ann.sees(chat)] == ["psst", "and more"]
            assert ben.sees(chat) == chat.messages == []
            assert len(chat.history) == 2


async def test_an_answer_later_than_3_s_is_too_late() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        chat, ann = guild.text(), guild.member("Ann")
        bot, codes = Bot(fake), []

        @bot.tree.command()
        async def slow(interaction: discord.Interaction) -> None:
            """Takes its time."""
            await asyncio.sleep(3.1)
            try:
                await interaction.response.send_message("at last")
            except discord.NotFound as error:
                codes.append(error.code)

        async with running(bot, fake):
            await bot.tree.sync()
            began = asyncio.get_running_loop().time()
            answer = await ann.command("slow", channel=chat)
            assert asyncio.get_running_loop().time() - began == pytest.approx(3)
            assert answer.failed
            assert answer.late is None
            await asyncio.sleep(1)
            assert codes == [10062]
            assert answer.messages == []


async def test_after_15_minutes_an_answer_cannot_be_edited_any_more() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        chat, ann = guild.text(), guild.member("Ann")
        bot, codes = Bot(fake), []

        @bot.tree.command()
        async def wait(interaction: discord.Interaction) -> None:
            """Waits."""
            await interaction.response.send_message("one")
            await asyncio.sleep(899)
            await interaction.edit_original_response(content="two")
            await asyncio.sleep(2)
            with pytest.raises(discord.HTTPException) as caught:
                await interaction.edit_original_response(content="three")
            codes.append((caught.value.status, caught.value.code))

        async with running(bot, fake):
            await bot.tree.sync()
            answer = await ann.command("wait", channel=chat)
            await asyncio.sleep(905)
            assert codes == [(401, 50027)]
            assert [one.content for one in answer.message.versions] == ["one", "two"]


async def test_nothing_follows_before_the_first_response() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        chat, ann = guild.text(), guild.member("Ann")
        bot, codes = Bot(fake), []

        @bot.tree.command()
        async def early(interaction: discord.Interaction) -> None:
            """Follows up first."""
            with pytest.raises(discord.NotFound) as caught:
                await interaction.followup.send("too early")
            codes.append(caught.value.code)
            await interaction.response.send_message("now")

        async with running(bot, fake):
            await bot.tree.sync()
            assert (await ann.command("early", channel=chat)).text == "now"
            assert codes == [10015]


async def test_an_interaction_is_answered_once() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        chat, ann = guild.text(), guild.member("Ann")
        bot, codes = Bot(fake), []

        @bot.tree.command()
        async def twice(interaction: discord.Interaction) -> None:
            """Answers twice."""
            await interaction.response.send_message("one")
            again = discord.ui.View()
            interaction.response._response_type = None
            try:
                await interaction.response.send_message("two", view=again)
            except discord.HTTPException as error:
                codes.append(error.code)

        async with running(bot, fake):
            await bot.tree.sync()
            answer = await ann.command("twice", channel=chat)
            await asyncio.sleep(1)
            assert codes == [40060]
            assert answer.text == "one"


async def test_without_the_content_intent_the_bot_reads_nothing_in_chat() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        chat, ann = guild.text(), guild.member("Ann")
        bot = Bot(fake)
        heard = []

        @bot.event
        async def on_message(message: discord.Message) -> None:
            heard.append((message.author.name, message.content, len(message.attachments)))

        async with running(bot, fake):
            ann.post(chat, "secret", {"a.txt": b"a"})
            ann.post(chat, f"<@{fake.bot_id}> hello")
            await asyncio.sleep(1)
            assert heard == [("Ann", "", 0), ("Ann", f"<@{fake.bot_id}> hello", 0)]


async def test_mentions_notify_only_where_they_are_allowed() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        chat, ann = guild.text(), guild.member("Ann")
        bot = Bot(fake)

        @bot.tree.command()
        async def shout(interaction: discord.Interaction) -> None:
            """Shouts."""
            await interaction.response.send_message(f"@everyone {ann.mention}")

        async with running(bot, fake):
            await bot.tree.sync()
            place = bot.get_partial_messageable(chat.id)
            await place.send(f"{ann.mention} @everyone", allowed_mentions=discord.AllowedMentions.none())
            await place.send(f"{ann.mention}")
            answer = await ann.command("shout", channel=chat)
            quiet, loud = chat.posted[:2]
            assert (quiet.pinged, quiet.mentions) == (False, [ann.id])
            assert loud.pinged
            assert fake.state.pinged[answer.message.id] == (frozenset({ann.id}), frozenset(), False)


async def test_files_and_threads_and_direct_messages_are_seen_by_who_may() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        chat, ann, lounge = guild.text(), guild.member("Ann"), guild.voice()
        bot = Bot(fake)
        async with running(bot, fake):
            channel = bot.get_channel(chat.id)
            assert isinstance(channel, discord.TextChannel)
            message = await channel.send("recap", files=[discord.File(io.BytesIO(b"WEBVTT"), "call.vtt")])
            thread = await message.create_thread(name="Captions")
            await thread.send("live")
            assert chat.posted[0].files == {"call.vtt": b"WEBVTT"}
            assert [one.name for one in chat.threads] == ["Captions"]
            assert [one.content for one in chat.threads[0].posted] == ["live"]
            await message.pin()
            await channel.edit(name="chat")
            assert [one.content for one in chat.posted] == ["recap"]
            assert (chat.posted[0].pinned, chat.name) == (True, "chat")
            assert len(chat.messages) == 2
            voice = bot.get_channel(lounge.id)
            assert isinstance(voice, discord.VoiceChannel)
            await voice.send("in its own chat")
            assert [one.content for one in lounge.posted] == ["in its own chat"]
            user = await bot.fetch_user(ann.id)
            await user.send("hello")
            assert [one.content for one in ann.dms] == ["hello"]


async def test_an_answer_that_ends_the_thinking_notifies_and_an_edit_does_not() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        chat, ann = guild.text(), guild.member("Ann")
        bot = Bot(fake)

        @bot.tree.command()
        async def think(interaction: discord.Interaction) -> None:
            """Thinks first."""
            await interaction.response.defer()
            await interaction.edit_original_response(content=ann.mention)
            followed = await interaction.followup.send("nobody", wait=True)
            await followed.edit(content=ann.mention)

        async with running(bot, fake):
            await bot.tree.sync()
            first, second = (await ann.command("think", channel=chat)).messages
            assert first.pinged
            assert not second.pinged
            assert second.mentions == [ann.id]


async def test_a_route_that_is_not_there_is_told_at_the_end() -> None:
    fake = await FakeDiscord().__aenter__()
    async with running(Bot(fake), fake) as bot:
        with pytest.raises(discord.DiscordServerError):
            await bot.http.request(discord.http.Route("GET", "/nothing/like/this"))
    with pytest.raises(ExceptionGroup) as caught:
        await fake.__aexit__(None, None, None)
    assert "nothing/like/this" in str(caught.value.exceptions[0])
