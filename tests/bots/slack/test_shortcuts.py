"""Recordings in Slack: their words come into the thread, and what can't be heard is one private sentence."""

import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bots.slack import files
from bots.slack.features import features
from bots.slack.files import DELETED, ELSEWHERE, HIDDEN, LOG_IN, UNSEEN
from bots.slack.shortcuts import LISTENING, NO_RECORDING, concerns
from core.record.files.recording import Dictation
from tests.bots.slack.office import Office, office
from tests.fakes.engine import Refuse, ScriptedEngine, speak
from tests.fakes.slack import Message, Person, Place, words
from tests.fakes.slack.state import File

pytestmark = pytest.mark.real_time


def wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16000)
        writer.writeframes(pcm)
    return file.getvalue()


WORDS = wav(speak(3, after=1.0))
"""Somebody says "w1 w2 w3"."""


@asynccontextmanager
async def hearing(folder: Path, engine: ScriptedEngine | None = None) -> AsyncIterator[Office]:
    ear = engine or ScriptedEngine()
    async with office(folder, features(Dictation(lambda: [ear]))) as here:
        yield here


def told(here: Office, somebody: Person) -> list[str]:
    return [words(message).strip() for message in somebody.sees()]


async def transcribed(here: Office, by: Person, message: Message) -> str:
    """The first answer in the message's thread."""
    assert not (await by.shortcut("transcribe", message)).failed
    await here.until(lambda: here.general.thread(message))
    return here.general.thread(message)[0].text


async def refused(here: Office, by: Person, message: Message) -> str:
    """What somebody is told instead."""
    before = len(told(here, by))
    assert not (await by.shortcut("transcribe", message)).failed
    await here.until(lambda: [one for one in told(here, by)[before:] if one != LISTENING])
    assert here.general.thread(message) == []
    return told(here, by)[-1]


def file_of(here: Office, message: Message) -> File:
    return here.slack.world.files[message.files[0]]


async def test_a_clip_is_written_down_in_its_thread_and_its_author_is_named(tmp_path: Path) -> None:
    async with hearing(tmp_path) as here:
        clip = await here.bob.upload("clip.m4a", WORDS, channel=here.general, clip=1.6)
        assert await transcribed(here, here.ann, clip) == "*What Bob recorded:*\nw1 w2 w3"
        assert told(here, here.ann) == [LISTENING]
        assert told(here, here.bob) == []


async def test_a_recording_in_a_thread_is_answered_in_that_thread(tmp_path: Path) -> None:
    async with hearing(tmp_path) as here:
        first = await here.bob.say("Look:", channel=here.general)
        clip = await here.bob.upload("a.wav", WORDS, channel=here.general, thread=first)
        await here.ann.shortcut("transcribe", clip)
        await here.until(lambda: len(here.general.thread(first)) == 2)
        assert "w1 w2 w3" in here.general.thread(first)[1].text


async def test_a_mention_in_the_message_of_a_file_is_enough(tmp_path: Path) -> None:
    async with hearing(tmp_path) as here:
        text = f"<@{here.team.bot}> please"
        message = await here.ann.upload("a.wav", WORDS, channel=here.general, text=text)
        await here.until(lambda: here.general.thread(message))
        assert "w1 w2 w3" in here.general.thread(message)[0].text


async def test_a_mention_that_is_a_command_stays_one(tmp_path: Path) -> None:
    async with hearing(tmp_path) as here:
        text = f"<@{here.team.bot}> status"
        await here.ann.upload("a.wav", WORDS, channel=here.general, text=text)
        await here.until(lambda: told(here, here.ann))
        assert told(here, here.ann)[0].startswith("No captions run in this channel")
        await here.ann.say(f"<@{here.team.bot}> transcribe", channel=here.general)
        await here.until(lambda: len(told(here, here.ann)) == 2)
        assert told(here, here.ann)[1] == NO_RECORDING


@pytest.mark.parametrize(
    ("event", "ours"),
    [
        ({"text": "<@U1> transcribe"}, True),
        ({"text": "<@U1> Transcribe!", "files": [{}]}, True),
        ({"text": "<@U1>", "files": [{}]}, True),
        ({"text": "<@U1> what is this", "files": [{}]}, True),
        ({"text": "<@U1> stop", "files": [{}]}, False),
        ({"text": "<@U1>"}, False),
        ({}, False),
    ],
)
def test_which_mentions_are_about_recordings(event: dict[str, Any], *, ours: bool) -> None:
    assert concerns(event) is ours


async def test_many_words_come_as_a_file(tmp_path: Path) -> None:
    async with hearing(tmp_path) as here:
        many = wav(speak([1 + number % 999 for number in range(800)]))
        message = await here.ann.upload("long.wav", many, channel=here.general)
        assert await transcribed(here, here.ann, message) == "*What Ann recorded:*"
        (file,) = here.general.thread(message)[0].files
        assert here.slack.world.files[file].name == "transcript.txt"
        assert b"w1 w2 w3" in here.slack.world.files[file].content


async def test_a_name_can_neither_ping_nor_format(tmp_path: Path) -> None:
    async with hearing(tmp_path) as here:
        eve = here.slack.person(here.team, "<!channel> *b* <https://evil.example|x>")
        here.general.state.members.add(eve.id)
        clip = await eve.upload("a.wav", WORDS, channel=here.general)
        text = await transcribed(here, here.ann, clip)
        assert "<" not in text
        assert "*b*" not in text
        assert "https://" not in text


@pytest.mark.parametrize(
    ("name", "kind", "content", "sentence"),
    [
        ("cat.png", "image/png", b"\x89PNG", "What is attached there is no audio or video."),
        ("a.wav", "audio/wav", b"no sound at all", "That recording is broken, or no audio or video file."),
        ("a.wav", "audio/wav", wav(bytes(32000)), "No speech was heard in it."),
    ],
)
async def test_what_has_nothing_to_hear_is_one_private_sentence(
    tmp_path: Path, name: str, kind: str, content: bytes, sentence: str
) -> None:
    async with hearing(tmp_path) as here:
        message = await here.bob.upload(name, content, channel=here.general, mimetype=kind)
        assert await refused(here, here.ann, message) == sentence


async def test_a_message_without_a_file_says_how_it_is_done(tmp_path: Path) -> None:
    async with hearing(tmp_path) as here:
        message = await here.ann.say("hello", channel=here.general)
        assert await refused(here, here.ann, message) == NO_RECORDING


async def test_what_is_too_long_or_too_large_is_never_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ScriptedEngine()
    async with hearing(tmp_path, engine) as here:
        long = await here.bob.upload("a.m4a", WORDS, channel=here.general, clip=7200.0)
        assert "too long: up to 30:00" in await refused(here, here.ann, long)
        monkeypatch.setattr(files, "LARGEST", 1000)
        large = await here.bob.upload("a.wav", WORDS, channel=here.general)
        assert "too large" in await refused(here, here.ann, large)
        assert engine.opened == 0


async def test_a_missing_scope_is_said(tmp_path: Path) -> None:
    async with hearing(tmp_path) as here:
        here.team.scopes.discard("files:read")
        message = await here.bob.upload("a.wav", WORDS, channel=here.general)
        assert "lacks the scope files:read" in await refused(here, here.ann, message)


async def test_slacks_log_in_page_is_no_recording(tmp_path: Path) -> None:
    async with hearing(tmp_path) as here:
        here.slack.faults.log_in = True
        message = await here.bob.upload("a.wav", WORDS, channel=here.general)
        assert await refused(here, here.ann, message) == LOG_IN


async def test_files_that_are_gone_hidden_or_not_in_slack_are_said_to_be(tmp_path: Path) -> None:
    async with hearing(tmp_path) as here:
        gone = await here.bob.upload("a.wav", WORDS, channel=here.general)
        file_of(here, gone).deleted, file_of(here, gone).elsewhere = True, True
        assert await refused(here, here.ann, gone) == DELETED
        hidden = await here.bob.upload("a.wav", WORDS, channel=here.general)
        file_of(here, hidden).channels.clear()
        assert await refused(here, here.ann, hidden) == UNSEEN
        linked = await here.bob.upload("a.wav", WORDS, channel=here.general)
        file_of(here, linked).external = "https://drive.example/a.wav"
        assert await refused(here, here.ann, linked) == ELSEWHERE


@pytest.mark.parametrize("elsewhere", [True, False])
async def test_files_that_were_deleted_or_that_the_plan_hides_are_no_files_of_another_kind(
    tmp_path: Path, *, elsewhere: bool
) -> None:
    async with hearing(tmp_path) as here:
        gone = await here.bob.upload("a.wav", WORDS, channel=here.general)
        file_of(here, gone).deleted, file_of(here, gone).elsewhere = True, elsewhere
        assert await refused(here, here.ann, gone) == DELETED
        hidden = await here.bob.upload("a.wav", WORDS, channel=here.general)
        file_of(here, hidden).hidden, file_of(here, hidden).elsewhere = True, elsewhere
        assert await refused(here, here.ann, hidden) == HIDDEN


async def test_a_file_of_another_organisation_is_asked_for(tmp_path: Path) -> None:
    async with hearing(tmp_path) as here:
        message = await here.bob.upload("a.wav", WORDS, channel=here.general)
        file_of(here, message).elsewhere = True
        assert "w1 w2 w3" in await transcribed(here, here.ann, message)


async def test_the_token_goes_to_nobody_but_slack(tmp_path: Path) -> None:
    asked: list[str] = []

    async def stranger(request: web.Request) -> web.Response:
        asked.append(request.headers.get("Authorization", ""))
        return web.Response(body=WORDS, content_type="audio/wav")

    app = web.Application()
    app.router.add_get("/a.wav", stranger)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    elsewhere = f"http://127.0.0.1:{runner.addresses[0][1]}/a.wav"
    async with hearing(tmp_path) as here:
        message = await here.bob.upload("a.wav", WORDS, channel=here.general)
        here.slack.faults.sends_on = elsewhere
        assert await refused(here, here.ann, message) == ELSEWHERE
    await runner.cleanup()
    assert asked == []


async def test_who_asks_twice_waits_and_an_engine_that_refuses_is_one_sentence(tmp_path: Path) -> None:
    async with hearing(tmp_path, ScriptedEngine([Refuse()])) as here:
        message = await here.bob.upload("a.wav", WORDS, channel=here.general)
        here.slack.faults.slow["files.info"] = 0.3
        await here.ann.shortcut("transcribe", message)
        again = await refused(here, here.ann, message)
        assert again == "One recording of yours is being transcribed: wait until it is done."
        await here.until(lambda: len(told(here, here.ann)) == 3)
        assert told(here, here.ann)[2] == "Nobody can hear that now: try again in a few minutes."


async def test_a_channel_that_can_be_entered_is_entered(tmp_path: Path) -> None:
    async with hearing(tmp_path) as here:
        other = here.slack.channel(here.team, "other", here.ann, bot=False)
        message = await here.ann.upload("a.wav", WORDS, channel=other)
        await here.ann.shortcut("transcribe", message)
        await here.until(lambda: other.thread(message))
        assert here.team.bot in other.state.members
        hidden = here.slack.channel(here.team, "hidden", here.ann, bot=False, private=True)
        message = await here.ann.upload("a.wav", WORDS, channel=hidden)
        await here.ann.shortcut("transcribe", message)
        await here.until(lambda: "/invite @Spokenly" in here.told(here.ann))


async def test_a_recording_sent_to_the_bot_itself_is_answered_there(tmp_path: Path) -> None:
    async with hearing(tmp_path) as here:
        direct = Place(here.slack, here.slack.direct(here.team, here.ann.id))
        message = await here.ann.upload("a.wav", WORDS, channel=direct)
        await here.ann.shortcut("transcribe", message)
        await here.until(lambda: direct.thread(message))
        assert "w1 w2 w3" in direct.thread(message)[0].text


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("https://files.slack.com/files-pri/T1-F1/a.wav", True),
        ("https://slack.com/signin", True),
        ("https://slack-files.com/x", True),
        ("http://files.slack.com/x", False),
        ("https://evilslack.com/x", False),
        ("https://slack.com.evil.example/x", False),
        ("https://files.slack.com@evil.example/x", False),
        ("https://evil.example/?slack.com", False),
        ("", False),
    ],
)
def test_whose_address_it_is(address: str, *, ours: bool) -> None:
    assert files._trusted(address, "https://slack.com/api/") is ours


@pytest.mark.parametrize("mention", [True, False])
async def test_who_is_not_in_the_channel_has_nothing_transcribed_there(
    tmp_path: Path, *, mention: bool
) -> None:
    async with hearing(tmp_path) as here:
        eve = here.slack.person(here.team, "Eve")
        if mention:
            await eve.upload("a.wav", WORDS, channel=here.general, text=f"<@{here.team.bot}> transcribe")
        else:
            await eve.shortcut("transcribe", await here.bob.upload("a.wav", WORDS, channel=here.general))
        await here.until(lambda: "Only people in a channel" in here.told(eve))
        assert not any(message.thread_ts for message in here.slack.world.messages)


async def test_people_of_another_organisation_have_what_is_in_a_shared_channel_transcribed(
    tmp_path: Path,
) -> None:
    async with hearing(tmp_path) as here:
        zoe = here.slack.person(here.slack.team("Umbrella", installed=False), "Zoe")
        here.general.state.members.add(zoe.id)
        text = f"<@{here.team.bot}> transcribe"
        message = await zoe.upload("a.wav", WORDS, channel=here.general, text=text)
        file_of(here, message).team = here.team.id  # as far as the bot sees it
        await here.until(lambda: here.general.thread(message))
        assert "What Zoe recorded" in here.general.thread(message)[0].text


async def test_an_app_that_mentions_the_bot_has_nothing_transcribed(tmp_path: Path) -> None:
    async with hearing(tmp_path) as here:
        robot = here.slack.person(here.team, "Robot")
        robot.state.bot = True
        here.general.state.members.add(robot.id)
        text = f"<@{here.team.bot}> transcribe"
        theirs = await robot.upload("a.wav", WORDS, channel=here.general, text=text)
        message = await here.ann.upload("a.wav", WORDS, channel=here.general, text=text)
        await here.until(lambda: here.general.thread(message))
        assert here.general.thread(theirs) == []
        assert robot.sees() == []
