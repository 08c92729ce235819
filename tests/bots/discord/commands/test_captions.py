"""`/captions`, as people in a fake Discord use it."""

from typing import Any

import discord
import pytest

from core.audio.frame import Speaker
from core.settings import Settings
from tests.bots.discord.commands.world import World, world
from tests.fakes.discord import Channel, Member
from tests.fakes.engine import ScriptedEngine


async def started(here: World, by: Member, channel: Channel | None = None, **options: Any) -> str:
    """What somebody is told who starts captions; nobody else sees it, and it begins in time."""
    answer = await by.command("captions start", options, channel=channel or here.general)
    assert answer.late is not None
    assert answer.late < 3
    assert answer.ephemeral
    return answer.text


async def asked(here: World, by: Member, name: str) -> str:
    answer = await by.command(f"captions {name}", channel=here.general)
    assert answer.late is not None
    assert answer.late < 3
    assert answer.ephemeral
    return answer.text


async def test_captions_start_where_the_person_is_and_say_so_privately() -> None:
    async with world() as here:
        ann = await here.ann()
        text = await started(here, ann, where="here")
        assert "Captions of" in text
        assert "Nothing of it is kept." in text
        assert here.call.channel.id == here.lounge.id
        assert here.call.started_by == ann.id


async def test_the_page_has_buttons_in_the_language_of_the_server() -> None:
    async with world() as here:
        await here.start(await here.ann())
        await here.until(lambda: here.page_of(here.general) is not None)
        assert here.page_of(here.general).labels == [
            "Mich nicht untertiteln",
            "Was war los?",
            "Pause / Weiter",
            "Beenden",
        ]


async def test_captions_go_to_a_thread_a_channel_or_the_chat_of_the_voice_channel() -> None:
    async with world() as here:
        ann = await here.ann()
        other = here.guild.text("other")
        for options, place in (
            ({"where": "thread"}, None),
            ({"where": "voice"}, here.lounge),
            ({"into": other}, other),
            ({"where": "voice", "into": other}, other),
        ):
            text = await started(here, ann, **options)
            assert f"<#{(place or here.general.threads[0]).id}>" in text
            await asked(here, ann, "stop")


async def test_a_language_is_named_by_its_tag_or_its_name() -> None:
    async with world() as here:
        ann = await here.ann()
        for typed in ("de", "German", "deutsch"):
            assert "I hear German." in await started(here, ann, where="here", language=typed)
            assert here.call.language == "de"
            await asked(here, ann, "stop")


async def test_only_languages_that_the_engine_hears_are_offered() -> None:
    async with world(engine=ScriptedEngine(languages=frozenset({"en", "de"}))) as here:
        ann = await here.ann()
        offered = await ann.complete("captions start", "language", "", channel=here.general)
        assert {one["value"] for one in offered} == {"en", "de"}
        offered = await ann.complete("captions start", "language", "deu", channel=here.general)
        assert [one["name"] for one in offered] == ["German · Deutsch"]
        assert "Klingon" not in str(
            await ann.complete("captions start", "language", "kli", channel=here.general)
        )


async def test_an_unknown_language_is_one_sentence() -> None:
    async with world(engine=ScriptedEngine(languages=frozenset({"en", "de"}))) as here:
        ann = await here.ann()
        assert await started(here, ann, language="@everyone") == (
            "I don't know that language: choose one of those that the option offers."
        )
        assert await started(here, ann, language="fr") == (
            "French is not heard here. What is: English, German."
        )
        assert here.calls.of(here.guild.id) is None


async def test_somebody_in_no_voice_channel_is_told_what_to_do() -> None:
    async with world() as here:
        ann = await here.ann(there=False)
        assert await started(here, ann) == (
            "You are in no voice channel: join one, or name one when you start them."
        )


async def test_nobody_has_a_channel_captioned_that_they_may_not_enter() -> None:
    async with world() as here:
        board = here.guild.voice("Board")
        ann = await here.ann("manage_guild")
        board.deny(ann, "connect")
        text = (await ann.command("captions start", {"channel": board}, channel=here.general)).text
        assert text == f"You may not enter <#{board.id}>, so you can't have it captioned."


async def test_captions_go_nowhere_where_the_person_may_not_write() -> None:
    async with world() as here:
        ann = await here.ann()
        news = here.guild.text("news")
        news.deny(ann, "send_messages")
        assert f"You may not write in <#{news.id}>" in await started(here, ann, into=news)
        assert f"You may not write in <#{news.id}>" in await started(here, ann, news, where="here")


async def test_a_missing_permission_is_named() -> None:
    async with world() as here:
        ann = await here.ann()
        here.lounge.deny(None, "connect")
        room = here.bot.get_channel(here.lounge.id)
        assert isinstance(room, discord.VoiceChannel)
        await here.until(lambda: not room.permissions_for(room.guild.me).connect)
        text = await started(here, ann, where="here")
        assert "I lack **Connect**" in text
        assert f"<#{here.lounge.id}>" in text


async def test_a_full_channel_is_one_sentence() -> None:
    async with world() as here:
        small = here.guild.voice("Small", limit=1)
        here.guild.bot("move_members", allow=False)
        ann = await here.ann(there=False)
        await here.enter(ann, small)
        assert f"<#{small.id}> is full" in await started(here, ann, where="here")


async def test_a_second_start_says_where_captions_run() -> None:
    async with world() as here:
        ann = await here.ann()
        await here.start(ann)
        assert await started(here, ann) == (
            f"Captions of <#{here.lounge.id}> are running already, in <#{here.general.id}>."
        )
        stage = here.guild.stage("Stage")
        ben = await here.person("Ben", there=False)
        await here.until(lambda: here.bot.get_channel(stage.id) is not None)
        text = (await ben.command("captions start", {"channel": stage}, channel=here.general)).text
        assert f"Captions are running in <#{here.lounge.id}>" in text


async def test_a_transcript_is_refused_where_nothing_is_ever_kept() -> None:
    async with world(settings=Settings(keep="never")) as here:
        text = await started(here, await here.ann(), keep="transcript")
        assert text == "This Spokenly keeps no records: start with captions only."


async def test_only_who_may_can_start_where_the_server_says_so() -> None:
    async with world() as here:
        ann, boss = await here.ann(), await here.person("Boss", "manage_guild")
        here.shelf.kept[f"discord:{here.guild.id}"] = {"setup": {"starters": "managers"}}
        await here.calls.book.read()
        assert "Only who manages this server" in await started(here, ann)
        assert "are on" in await started(here, boss, where="here")


async def test_stop_is_answered_when_it_is_over() -> None:
    async with world() as here:
        ann = await here.ann()
        await here.start(ann)
        assert await asked(here, ann, "stop") == f"The captions in <#{here.lounge.id}> have ended."
        assert here.calls.of(here.guild.id) is None


async def test_pause_and_resume() -> None:
    async with world() as here:
        ann = await here.ann(locale="de")
        call = await here.start(ann)
        assert "machen Pause" in await asked(here, ann, "pause")
        assert call.paused
        assert "gehen weiter" in await asked(here, ann, "resume")
        assert not call.paused


@pytest.mark.parametrize("name", ["stop", "pause", "resume", "status"])
@pytest.mark.parametrize(
    ("locale", "sentence"),
    [("en-US", "No captions are running in this server."), ("ja", "このサーバーでは字幕は動いていません。")],
)
async def test_without_a_call_there_is_nothing_to_do(name: str, locale: str, sentence: str) -> None:
    async with world() as here:
        assert await asked(here, await here.ann(locale=locale), name) == sentence


async def test_only_the_starter_and_who_manages_may_stop_until_the_starter_has_left() -> None:
    async with world() as here:
        ann, ben = await here.ann(), await here.person("Ben")
        call = await here.start(ann)
        for name in ("stop", "pause", "resume"):
            assert "Only who started the captions" in await asked(here, ben, name)
        assert not call.over
        manager = await here.person("Manager", "manage_channels")
        assert "pause" in await asked(here, manager, "pause")
        await here.go(ann)
        assert "have ended" in await asked(here, ben, "stop")


async def test_status_tells_who_is_heard_and_who_is_not() -> None:
    async with world() as here:
        ann = await here.ann()
        ben = await here.person("Ben", nick="*Ben* @here")
        call = await here.start(ann)
        for _ in range(12):
            call.hear(ben.id, bytes(640), 0.0)
        await here.calls.opt_out(here.guild.id, ann.id)
        assert not call.welcome(ann.id, 1)
        call.board.lateness = 1.26
        text = await asked(here, ann, "status")
        assert "Captions come 1.3 s after the words." in text
        assert "Heard so far: \\*Ben\\* @\u200bhere." in text
        assert (
            "Not captioned, at their own wish: Ann. Packets of theirs that were thrown away unopened: 1."
            in text
        )
        assert f"<#{here.general.id}>" in text


async def test_who_paused_is_a_name_and_nothing_more() -> None:
    async with world() as here:
        ann = await here.person("Ann", nick="**A** <@1> \u202e@everyone")
        await here.start(ann)
        await asked(here, ann, "pause")
        text = await asked(here, ann, "status")
        assert "\\*\\*A\\*\\* \\<\u200b@\u200b1\\> @\u200beveryone paused the captions" in text
        assert "\u202e" not in text


async def test_nothing_that_people_are_called_is_alive_in_a_status() -> None:
    async with world() as here:
        ann = await here.ann()
        await here.start(ann)
        speaker = Speaker("u1", "[x](http://evil.example) <@1> `a`", "discord:1")
        here.call._ears.heard[1] = speaker
        answer = await ann.command("captions status", channel=here.general)
        assert "[x](" not in answer.text.replace("\\[", "")
        assert not answer.message.pinged
        assert answer.message.flags.suppress_embeds


async def test_a_status_of_many_people_fits_into_a_message() -> None:
    async with world() as here:
        ann = await here.ann()
        await here.start(ann)
        for number in range(60):
            here.call._ears.heard[number] = Speaker(
                f"u{number}", "*" * 31 + chr(0x1F600), f"discord:{number}"
            )
        text = await asked(here, ann, "status")
        assert len(text) <= 2000
        assert " and 54 more." in text


async def test_a_slow_voice_server_never_makes_an_answer_late() -> None:
    async with world(slow=25.0) as here:
        ann, ben = await here.ann(), await here.person("Ben")
        first = await ann.command("captions start", {"where": "here"}, channel=here.general, patience=0.0)
        assert first.late is not None
        assert first.late < 3
        assert first.thinking
        # Whoever asks meanwhile is told so.
        assert await started(here, ben, where="here") == "Captions are just being started here."
        await first.settle()
        assert "are on" in first.text
