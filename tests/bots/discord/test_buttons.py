"""The buttons under the live page, pressed in a fake Discord."""

import discord
import pytest

from bots.discord.buttons import controls
from tests.bots.discord.commands.world import World, world
from tests.fakes.discord import Answer, FakeDiscord, Member


async def press(here: World, by: Member, control: str) -> Answer:
    answer = await by.press(here.page_of(here.general), f"spokenly:{control}")
    assert answer.late is not None
    assert answer.late < 3
    assert answer.ephemeral
    assert not answer.thinking
    return answer


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [
        ("en-GB", "From this moment on you are not captioned"),
        ("de", "Ab jetzt wirst du"),
        ("fr", "À partir de maintenant"),
        ("es-ES", "Desde este momento"),
        ("ja", "今この時から"),
    ],
)
async def test_dont_caption_me_holds_at_once(locale: str, sentence: str) -> None:
    async with world() as here:
        ann, ben = await here.ann(), await here.person("Ben", locale=locale)
        call = await here.start(ann)
        assert call.welcome(ben.id)
        assert sentence in (await press(here, ben, "optout")).text
        assert not call.welcome(ben.id)
        assert call.welcome(ann.id)
        await here.until(lambda: "Ben is not captioned" in here.page_of(here.general).content)


async def test_buttons_work_after_a_restart() -> None:
    async with FakeDiscord() as fake:
        async with world(fake=fake) as here:
            ann = await here.ann(locale="de")
            await here.start(ann)
            chat = here.bot.get_channel(here.general.id)
            assert isinstance(chat, discord.TextChannel)
            page = fake.message(
                (await chat.send("A page that a crash left.", view=controls(here.guild.id))).id
            )
        async with world(fake=fake, guild=here.guild, shelf=here.shelf) as again:
            answer = await ann.press(page, "spokenly:optout")
            assert "Ab jetzt wirst du" in answer.text
            assert ann.id in again.calls.opted_out(here.guild.id)
            for control in ("catchup", "pause", "stop"):
                answer = await ann.press(page, f"spokenly:{control}")
                assert answer.ephemeral
                assert answer.text == "Auf diesem Server laufen keine Untertitel."


async def test_pause_is_a_switch() -> None:
    async with world() as here:
        ann = await here.ann()
        call = await here.start(ann)
        assert "pause" in (await press(here, ann, "pause")).text
        assert call.paused
        assert "go on" in (await press(here, ann, "pause")).text
        assert not call.paused


async def test_stop_ends_the_call_and_takes_the_buttons_away() -> None:
    async with world() as here:
        ann = await here.ann()
        await here.start(ann)
        page = here.page_of(here.general)
        assert (await press(here, ann, "stop")).text == f"The captions in <#{here.lounge.id}> have ended."
        assert here.calls.of(here.guild.id) is None
        assert page.controls == {}


@pytest.mark.parametrize("control", ["pause", "stop"])
async def test_who_only_reads_can_neither_pause_nor_stop(control: str) -> None:
    async with world() as here:
        ann, eve = await here.ann(), await here.person("Eve", there=False, locale="fr")
        call = await here.start(ann)
        assert "seules elle et celles qui peuvent gérer" in (await press(here, eve, control)).text
        assert not call.paused
        assert not call.over


async def test_catching_up_before_a_word_was_said() -> None:
    async with world() as here:
        ann = await here.ann(locale="es-419")
        await here.start(ann)
        assert (await press(here, ann, "catchup")).text == "Todavía no se ha dicho nada."


@pytest.mark.real_time
async def test_catching_up_tells_of_the_last_minutes_privately_and_nothing_is_alive() -> None:
    async with world() as here:
        ann = await here.ann()
        await here.start(ann)
        here.say(ann, "We decided long ago that the office in Oslo closes for good.", 0)
        here.say(
            ann, "We decided to ship the release on Friday, and @everyone knows.", 1000, name="**A** @here"
        )
        here.say(ann, "Read https://evil.example/x before the meeting with the finance team.", 1005)
        answer = await press(here, ann, "catchup")
        assert "**The last 10 minutes of talk**" in answer.text
        assert "ship the release on Friday" in answer.text
        assert "Oslo" not in answer.text
        for alive in ("@everyone", "@here", "https://"):
            assert alive not in answer.text
        assert not answer.message.pinged
        assert len(here.general.posted) == 2  # the announcement and the page: nobody else sees the answer


@pytest.mark.real_time
async def test_catching_up_on_scraps_shows_the_scraps() -> None:
    async with world() as here:
        ann = await here.ann()
        await here.start(ann)
        here.say(ann, "Yes.")
        assert (await press(here, ann, "catchup")).text.endswith("**Ann:** Yes.")


async def test_an_opt_out_while_the_database_is_slow_is_answered_in_time() -> None:
    async with world() as here:
        ann = await here.ann()
        call = await here.start(ann)
        here.shelf.slow = 12.0
        await press(here, ann, "optout")
        assert not call.welcome(ann.id)


async def test_a_bug_is_one_private_sentence_and_loud_without_words(caplog: pytest.LogCaptureFixture) -> None:
    async with world() as here:
        ann = await here.ann(locale="de")
        await here.start(ann)

        def broken(by: str) -> None:
            raise RuntimeError(f"what {by} said")

        here.call.pause = broken  # type: ignore[method-assign]  # a bug
        answer = await press(here, ann, "pause")
        assert answer.text == "In Spokenly ist etwas schiefgegangen. Wer es betreibt, sieht es im Protokoll."
        (record,) = [one for one in caplog.records if one.levelname == "ERROR"]
        assert record.getMessage() == "discord.interaction_bug"
        assert record.__dict__["doing"] == "button pause"


async def test_the_library_keeps_nothing_of_a_page() -> None:
    async with world() as here:
        ann = await here.ann()
        await here.start(ann)
        store = here.bot._connection._view_store
        assert store._views == {}
        assert store._synced_message_views == {}
        before = dict(store._dynamic_items)
        assert controls(here.guild.id).is_finished()
        await ann.command("privacy forget", channel=here.general)
        assert store._views == {}
        assert store._dynamic_items == before
