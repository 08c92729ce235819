"""Unmodified discord.py against the fake Discord: what people do, what the bot answers, what they see."""

import asyncio
import io
from typing import Any

import discord
import pytest
from discord import app_commands

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.client import running


class Bot(discord.Client):
    """A small bot of its own commands."""

    def __init__(self, fake: FakeDiscord, **more: Any) -> None:
        intents = discord.Intents.none()
        intents.guilds = intents.voice_states = intents.guild_messages = True
        super().__init__(intents=intents, connector=fake.connector(), **more)
        self.tree = app_commands.CommandTree(self)


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
            answer = await ann.command("slow", channel=chat)
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


async def test_buttons_are_pressed_menus_chosen_and_forms_filled_in() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        chat, ann, staff = guild.text(), guild.member("Ann"), guild.role("Staff")
        bot = Bot(fake)

        class Form(discord.ui.Modal, title="Setup"):
            """Two kinds of fields."""

            words: discord.ui.TextInput[Any] = discord.ui.TextInput(
                label="Words", custom_id="words", default="old", required=False
            )
            who: discord.ui.Label[Any] = discord.ui.Label(
                text="Who", component=discord.ui.RoleSelect(custom_id="who", min_values=0, required=False)
            )

            async def on_submit(self, interaction: discord.Interaction, /) -> None:
                assert isinstance(self.who.component, discord.ui.RoleSelect)
                names = [one.name for one in self.who.component.values]
                await interaction.response.send_message(f"{self.words.value} {names}", ephemeral=True)

        class Controls(discord.ui.View):
            """A button and a menu."""

            @discord.ui.button(label="Open", custom_id="open")
            async def open(self, interaction: discord.Interaction, _button: Any) -> None:
                await interaction.response.send_modal(Form())

            @discord.ui.button(label="Done", custom_id="done")
            async def done(self, interaction: discord.Interaction, _button: Any) -> None:
                await interaction.response.edit_message(content="done", view=None)

            @discord.ui.select(
                custom_id="pick", options=[discord.SelectOption(label=one) for one in ("a", "b")]
            )
            async def pick(self, interaction: discord.Interaction, menu: discord.ui.Select[Any]) -> None:
                await interaction.response.defer()
                await interaction.followup.send(menu.values[0], ephemeral=True)

        async with running(bot, fake):
            bot.add_view(Controls(timeout=None))
            await bot.get_partial_messageable(chat.id).send("live", view=Controls(timeout=None))
            message = chat.posted[0]
            assert message.labels == ["Open", "Done"]
            assert set(message.controls) == {"open", "done", "pick"}

            form = await ann.press(message, "Open")
            assert set(form.fields) == {"words", "who"}
            assert (await ann.submit(form, {"who": [staff]})).text == "old ['Staff']"

            chosen = await ann.press(message, "pick", ["b"])
            assert chosen.acknowledged
            await fake.bell.until(lambda: bool(chosen.messages), 1)
            assert chosen.text == "b"

            assert (await ann.press(message, "done")).updated
            assert (message.content, message.components) == ("done", [])


async def test_a_message_command_gets_the_attachment_and_can_download_it() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        chat, ann = guild.text(), guild.member("Ann")
        bot = Bot(fake)

        @bot.tree.context_menu(name="Transcribe")
        async def transcribe(interaction: discord.Interaction, message: discord.Message) -> None:
            (one,) = message.attachments
            data = await one.read()
            assert one.is_voice_message()
            await interaction.response.send_message(f"{one.filename} {data!r} {one.duration}", ephemeral=True)

        async with running(bot, fake):
            await bot.tree.sync()
            spoken = ann.post(chat, files={"voice message.ogg": b"OggS"}, voice_message=2.5)
            answer = await ann.menu("Transcribe", spoken)
            assert answer.text == "voice_message.ogg b'OggS' 2.5"
            assert spoken.attachments[0]["url"].startswith("https://cdn.discordapp.com/attachments/")


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


async def test_options_are_completed_and_commands_keep_their_translations() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        chat, ann, ben = guild.text(), guild.member("Ann"), guild.member("Ben", "manage_guild")
        bot = Bot(fake)
        group = app_commands.Group(name="captions", description="Captions")

        @group.command()
        async def start(interaction: discord.Interaction, language: str, where: discord.TextChannel) -> None:
            """Starts."""
            await interaction.response.send_message(f"{language} {where.name}")

        @start.autocomplete("language")
        async def offer(_interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
            return [
                app_commands.Choice(name=one, value=one[:2]) for one in ("English", "French") if typed in one
            ]

        @bot.tree.command()
        @app_commands.default_permissions(manage_guild=True)
        async def setup(interaction: discord.Interaction) -> None:
            """Sets up."""
            await interaction.response.send_message("ok")

        class German(app_commands.Translator):
            """Knows one word."""

            async def translate(
                self, string: app_commands.locale_str, locale: discord.Locale, context: Any
            ) -> str | None:
                return "untertitel" if (str(string), str(locale)) == ("captions", "de") else None

        bot.tree.add_command(group)
        async with running(bot, fake):
            await bot.tree.set_translator(German())
            await bot.tree.sync()
            assert fake.commands()["captions"]["name_localizations"] == {"de": "untertitel"}
            assert ann.commands(chat) == ["captions start"]
            assert ben.commands(chat) == ["captions start", "setup"]
            offered = await ann.complete("captions start", "language", "Fr", channel=chat)
            assert [one["value"] for one in offered] == ["Fr"]
            answer = await ann.command("captions start", {"language": "Fr", "where": chat}, channel=chat)
            assert answer.text == "Fr general"


@pytest.mark.parametrize(
    "name", ["Untertitel", "unter titel", "x" * 33, ""], ids=["capital", "space", "long", "empty"]
)
async def test_a_translated_name_that_discord_would_not_take_is_refused(name: str) -> None:
    async with FakeDiscord() as fake:
        bot = Bot(fake)

        @bot.tree.command()
        async def hello(interaction: discord.Interaction) -> None:
            """Says hello."""

        class Wrong(app_commands.Translator):
            """Translates badly."""

            async def translate(
                self, string: app_commands.locale_str, locale: discord.Locale, context: Any
            ) -> str | None:
                return name if str(string) == "hello" and str(locale) == "de" else None

        async with running(bot, fake):
            await bot.tree.set_translator(Wrong())
            with pytest.raises((discord.HTTPException, app_commands.CommandSyncFailure)):
                await bot.tree.sync()


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
            voice = bot.get_channel(lounge.id)
            assert isinstance(voice, discord.VoiceChannel)
            await voice.send("in its own chat")
            assert [one.content for one in lounge.posted] == ["in its own chat"]
            user = await bot.fetch_user(ann.id)
            await user.send("hello")
            assert [one.content for one in ann.dms] == ["hello"]
