"""`/spokenly setup`: overview, forms, and the permissions that are missing."""

from typing import Any

import discord
import pytest
from simcord.backend.errors import SetupError

from bots.discord.commands import forms
from bots.discord.commands.allowed import allowed
from bots.discord.setup import GuildSetup
from core.settings import Settings
from tests.bots.discord.commands.slow import SlowSecretary
from tests.bots.discord.commands.world import World, world
from tests.fakes.discord import Answer, FakeDiscord, Member
from tests.fakes.engine import ScriptedEngine


async def overview(here: World, by: Member) -> Answer:
    answer = await by.command("spokenly setup", channel=here.general)
    assert answer.late is not None
    assert answer.late < 3
    assert answer.ephemeral
    return answer


async def fill(here: World, by: Member, part: str, **fields: Any) -> Answer:
    """What somebody sees who fills in one of the forms."""
    shown = await overview(here, by)
    form = await by.press(shown.message, f"spokenly:setup:{part}")
    assert form.late is not None
    assert form.late < 3
    answer = await by.submit(form, fields)
    assert answer.late is not None
    assert answer.late < 3
    # Either the overview itself says it now, or a private answer does.
    await here.until(lambda: bool(answer.messages) or shown.message.content.startswith("Saved."))
    return answer if answer.messages else shown


async def test_discord_shows_it_only_to_who_manages_the_server() -> None:
    async with world() as here:
        ann = await here.ann()
        with pytest.raises(SetupError):
            await overview(here, ann)


async def test_who_was_let_in_by_discord_but_manages_nothing_is_told_so() -> None:
    async with world() as here:
        boss = await here.person("Boss", "manage_guild")
        shown = await overview(here, boss)
        here.guild._guild.members[boss.id].role_ids.clear()
        answer = await boss.press(shown.message, "spokenly:setup:record")
        assert answer.text == "You need **Manage Server** to set up Spokenly here."
        assert answer.modal is None


async def test_the_overview_tells_how_it_is_and_that_nothing_is_missing() -> None:
    async with world() as here:
        text = (await overview(here, await here.person("Boss", "manage_guild"))).text
        assert "Language: English" in text
        assert "They go to: a thread of their own" in text
        assert "Who may start them: everybody in the voice channel" in text
        assert "What is kept of a call: nothing" in text
        places = f"this server, <#{here.general.id}>, <#{here.lounge.id}>"
        assert text.endswith(f"I am allowed everything that I need in: {places}. Other channels may differ.")


async def test_what_the_channels_deny_is_named_where_the_server_allows_everything() -> None:
    async with world() as here:
        boss = await here.ann("manage_guild")
        guild = here.bot.get_guild(here.guild.id)
        assert guild is not None
        thread = await guild.text_channels[0].create_thread(
            name="All", type=discord.ChannelType.public_thread
        )
        here.general.deny(None, "create_public_threads", "send_messages_in_threads")
        here.lounge.deny(None, "connect")
        await here.until(lambda: not guild.voice_channels[0].permissions_for(guild.me).connect)
        text = (await overview(here, boss)).text
        assert f"In <#{here.general.id}> I lack **Create Public Threads** and **Send Messages in" in text
        assert f"In <#{here.lounge.id}> I lack **Connect**" in text
        lacking = allowed(guild, GuildSetup(where=thread.id))
        assert [f"In <#{thread.id}> I lack **Send Messages in Threads**" in one for one in lacking] == [True]


async def test_channels_that_are_joined_by_themselves_are_written_in_as_well() -> None:
    async with world() as here:
        await here.ann("manage_guild")
        here.lounge.deny(None, "send_messages")
        guild = here.bot.get_guild(here.guild.id)
        assert guild is not None
        await here.until(lambda: not guild.voice_channels[0].permissions_for(guild.me).send_messages)
        (sentence,) = allowed(guild, GuildSetup(auto_join=(here.lounge.id,)))
        assert sentence.startswith(f"In <#{here.lounge.id}> I lack **Send Messages**")
        (sentence,) = allowed(guild, GuildSetup(auto_join=(here.lounge.id,), where=here.general.id))
        assert sentence.startswith("I am allowed everything")


async def test_what_is_missing_is_named() -> None:
    async with world() as here:
        boss = await here.person("Boss", "manage_guild")
        here.shelf.kept[f"discord:{here.guild.id}"] = {
            "setup": GuildSetup(auto_join=(here.lounge.id, 4711), where=here.general.id).to_json()
        }
        await here.calls.book.read()
        here.guild.bot("create_public_threads", "attach_files", allow=False)
        here.guild.everyone("create_public_threads", "attach_files", allow=False)
        here.lounge.deny(None, "connect")
        here.general.deny(None, "send_messages")
        guild = here.bot.get_guild(here.guild.id)
        assert guild is not None
        await here.until(lambda: not guild.text_channels[0].permissions_for(guild.me).send_messages)
        text = (await overview(here, boss)).text
        assert "In this server I lack **Create Public Threads** and **Attach Files**" in text
        assert f"In <#{here.lounge.id}> I lack **Connect**" in text
        assert f"In <#{here.general.id}> I lack **Send Messages**" in text
        assert "I can't see <#4711>" in text


async def test_an_overview_of_much_that_is_missing_fits_into_a_message() -> None:
    async with world() as here:
        boss = await here.person("Boss", "manage_guild")
        gone = tuple(range(10**18, 10**18 + 25))
        here.shelf.kept[f"discord:{here.guild.id}"] = {"setup": GuildSetup(auto_join=gone).to_json()}
        await here.calls.book.read()
        text = (await overview(here, boss)).text
        assert len(text) <= 2000
        assert text.endswith("…")


async def test_a_form_that_is_sent_after_a_restart_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeDiscord() as fake:
        async with world(fake=fake) as here:
            boss = await here.person("Boss", "manage_guild")
            shown = await overview(here, boss)
            form = await boss.press(shown.message, "spokenly:setup:record")
        monkeypatch.setattr(forms, "RUN", "another")
        async with world(fake=fake, guild=here.guild, shelf=here.shelf):
            answer = await boss.submit(form, {"keep": "captions", "days": "", "leave": "yes"})
            await answer.settle()
            assert "open it again" in answer.text
            assert answer.ephemeral


async def test_the_captions_form_saves_what_was_chosen() -> None:
    async with world() as here:
        boss = await here.person("Boss", "manage_guild")
        role = here.guild.role("Captioners")
        answer = await fill(
            here,
            boss,
            "captions",
            language="Deutsch",
            where=["channel"],
            channel=[here.general],
            starters=["role"],
            role=[role],
        )
        assert answer.text.startswith("Saved.")
        assert "Language: German" in answer.text
        assert f"They go to: <#{here.general.id}>" in answer.text
        assert f"Who may start them: <@&{role.id}>" in answer.text
        setup = here.calls.setup(here.guild.id)
        assert (setup.language, setup.where, setup.starters) == ("de", here.general.id, role.id)
        assert here.shelf.kept[f"discord:{here.guild.id}"]["setup"]["language"] == "de"
        # What stands there is what the form proposes the next time.
        form = await boss.press(answer.message, "spokenly:setup:captions")
        assert form.fields["language"]["value"] == "de"
        assert form.fields["channel"]["default_values"] == [{"id": here.general.id, "type": "channel"}]
        assert form.fields["role"]["default_values"] == [{"id": role.id, "type": "role"}]
        answer = await fill(here, boss, "captions", language="", where=["voice"], starters=["managers"])
        setup = here.calls.setup(here.guild.id)
        assert (setup.language, setup.where, setup.starters) == (None, "voice", "managers")


async def test_the_record_form_saves_what_was_chosen() -> None:
    async with world(secretary=SlowSecretary(5.0)) as here:
        boss = await here.person("Boss", "manage_guild")
        answer = await fill(
            here, boss, "record", keep=["transcript"], days="7", auto_join=[here.lounge], leave=["no"]
        )
        assert answer.text.startswith("Saved.")
        assert "Days until a transcript is deleted: 7" in answer.text
        assert f"Channels that I join by myself: <#{here.lounge.id}>" in answer.text
        assert here.calls.setup(here.guild.id) == GuildSetup(
            keep="transcript", retention_days=7, auto_join=(here.lounge.id,), leave_when_empty=False
        )
        await fill(here, boss, "record", keep=["usual"], days="", auto_join=[], leave=["yes"])
        assert here.calls.setup(here.guild.id) == GuildSetup()


@pytest.mark.parametrize(
    ("part", "fields", "sentence"),
    [
        ("captions", {"language": "Klingon!"}, "I don't know that language"),
        ("captions", {"language": "fr"}, "French is not heard here. What is: English, German."),
        ("captions", {"where": ["channel"]}, "You chose one channel for captions but did not say which"),
        ("captions", {"starters": ["role"]}, "You chose one role but did not say which"),
        ("record", {"days": "soon"}, "Days are a number from 0 to 36500."),
        ("record", {"days": "-1"}, "Days are a number from 0 to 36500."),
        ("record", {"days": "99999"}, "Days are a number from 0 to 36500."),
        ("record", {"days": "٣"}, "Days are a number from 0 to 36500."),
        ("record", {"keep": ["transcript"]}, "This Spokenly keeps no records"),
    ],
)
async def test_what_cant_be_is_one_sentence_and_changes_nothing(
    part: str, fields: dict[str, Any], sentence: str
) -> None:
    engine = ScriptedEngine(languages=frozenset({"en", "de"}))
    async with world(engine=engine, settings=Settings(keep="never")) as here:
        boss = await here.person("Boss", "manage_guild")
        answer = await fill(here, boss, part, **fields)
        assert answer.ephemeral
        assert sentence in answer.text
        assert here.calls.setup(here.guild.id) == GuildSetup()


async def test_a_database_that_is_slow_or_away_is_answered_in_time() -> None:
    async with world() as here:
        boss = await here.person("Boss", "manage_guild")
        here.shelf.slow = 10.0
        assert (await fill(here, boss, "record", days="3")).text.startswith("Saved.")
        here.shelf.away = True
        answer = await fill(here, boss, "record", days="4")
        assert "That can't be kept now" in answer.text
        assert here.calls.setup(here.guild.id).retention_days == 3


async def test_the_forms_open_after_a_restart() -> None:
    async with FakeDiscord() as fake:
        async with world(fake=fake) as here:
            boss = await here.person("Boss", "manage_guild")
            shown = await overview(here, boss)
        async with world(fake=fake, guild=here.guild):
            form = await boss.press(shown.message, "spokenly:setup:captions")
            assert form.modal is not None
