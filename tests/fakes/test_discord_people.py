"""What people of the fake Discord use: commands, completion, buttons, menus, forms, files."""

from typing import Any

import discord
import pytest
from discord import app_commands
from simcord.backend.errors import BackendError, SetupError

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.client import Bot, running


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


async def test_people_can_do_only_what_their_client_lets_them() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        chat, ann, ben = guild.text(), guild.member("Ann"), guild.member("Ben")
        bot = Bot(fake)

        @bot.tree.command()
        @app_commands.default_permissions(manage_guild=True)
        async def setup(interaction: discord.Interaction) -> None:
            """Sets up."""

        @bot.tree.command()
        async def hello(interaction: discord.Interaction, name: app_commands.Range[str, 1, 5]) -> None:
            """Says hello."""
            view = discord.ui.View()
            view.add_item(discord.ui.Button(label="Off", custom_id="off", disabled=True))
            await interaction.response.send_message("hello", view=view, ephemeral=True)
            view.stop()

        async with running(bot, fake):
            await bot.tree.sync()
            wrong: list[tuple[str, dict[str, Any]]] = [
                ("setup", {}),
                ("nothing", {}),
                ("hello", {}),
                ("hello", {"name": "too long"}),
                ("hello", {"name": "Ann", "other": 1}),
            ]
            for name, options in wrong:
                with pytest.raises(SetupError):
                    await ann.command(name, options, channel=chat)
            answer = await ann.command("hello", {"name": "Ann"}, channel=chat)
            for control in ("Off", "On"):
                with pytest.raises(SetupError):
                    await ann.press(answer.message, control)
            with pytest.raises(BackendError):
                await ben.press(answer.message, "Off")
            chat.deny(ben, "view_channel")
            with pytest.raises(BackendError):
                await ben.command("hello", {"name": "Ben"}, channel=chat)
            guild.remove_bot()
            with pytest.raises(SetupError):
                await ann.command("hello", {"name": "Ann"}, channel=chat)
            assert len(fake.answers) == 1


async def test_the_status_of_a_voice_channel_needs_a_permission_and_being_there() -> None:
    async with FakeDiscord() as fake:
        guild = fake.guild()
        lounge = guild.voice()
        guild.bot("manage_channels", allow=False)
        async with running(Bot(fake), fake) as bot:
            channel = bot.get_channel(lounge.id)
            assert isinstance(channel, discord.VoiceChannel)
            with pytest.raises(discord.Forbidden):
                await channel.edit(status="captions are on")
            await channel.guild.change_voice_state(channel=channel)
            await fake.bell.until(lambda: guild.bot_in == lounge, 1)
            await channel.edit(status="captions are on")
            assert lounge.status == "captions are on"
            with pytest.raises(discord.HTTPException):
                await channel.edit(status="x" * 501)
            await channel.edit(status=None)
            assert lounge.status is None
            guild.bot("set_voice_channel_status", allow=False)
            with pytest.raises(discord.Forbidden):
                await channel.edit(status="captions are on")
