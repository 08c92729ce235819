"""Right-click → Apps → Transcribe, in a fake Discord, with an engine whose speech is made of numbers."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from bots.discord.commands import transcribe
from core.audio.frame import Speaker
from core.captions.caption import Caption
from core.engines.protocol import Recognition
from core.errors import LineLost
from core.record.files import recording
from tests.bots.discord.commands.world import World, world
from tests.fakes.discord import Answer, FakeDiscord, Limits, Member, Message, Window
from tests.fakes.engine import Refuse, ScriptedEngine, speak

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


async def asked(here: World, by: Member, message: Message) -> Answer:
    answer = await by.menu("Transcribe", message, patience=30)
    assert answer.late is not None
    assert answer.late < 3
    assert answer.ephemeral
    await here.until(lambda: not answer.text.startswith("Listening"))
    return answer


async def test_a_voice_message_is_answered_privately_with_its_words() -> None:
    async with world() as here:
        ann, ben = await here.ann(), await here.person("Ben")
        message = ben.post(here.general, files={"voice-message.ogg": WORDS}, voice_message=1.6)
        answer = await asked(here, ann, message)
        assert answer.text == "What Ben recorded:\nw1 w2 w3"
        assert here.general.posted == []
        assert here.engine.lent == []


async def test_the_button_posts_the_words_harmlessly() -> None:
    async with world() as here:
        ann = await here.ann(locale="de")
        ben = await here.person("Ben", nick="@everyone [x](https://evil.example)")
        answer = await asked(here, ann, ben.post(here.general, files={"a.wav": WORDS}))
        assert answer.message.labels == ["Hier posten"]
        done = await ann.press(answer.message, "Hier posten")
        assert done.ephemeral
        assert done.text == "Es steht jetzt hier."
        (posted,) = here.general.posted
        assert posted.content == answer.text
        assert not posted.pinged
        assert posted.flags.suppress_embeds
        assert not posted.allowed_mentions.everyone
        assert not posted.allowed_mentions.allows_user(ann.id)
        assert "@everyone" not in posted.content
        assert "https://" not in posted.content
        await here.until(lambda: answer.message.labels == [])


async def test_who_may_not_write_there_posts_nothing() -> None:
    async with world() as here:
        ann = await here.ann()
        answer = await asked(here, ann, ann.post(here.general, files={"a.wav": WORDS}))
        here.general.deny(ann, "send_messages")
        done = await ann.press(answer.message, "spokenly:post")
        assert done.text == "You may not write in this channel."
        here.general.allow(ann, "send_messages")
        here.general.deny(None, "send_messages")
        done = await ann.press(answer.message, "spokenly:post")
        assert "give me **Send Messages** there" in done.text
        assert here.general.posted == []
        here.general.allow(None, "send_messages")
        await ann.press(answer.message, "spokenly:post")
        await here.until(lambda: len(here.general.posted) == 1)


async def test_what_somebody_forwards_is_not_called_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = dict[str, Any]()

    async def edit(**fields: Any) -> None:
        shown.update(fields)

    asker: Any = SimpleNamespace(locale=None, edit_original_response=edit)
    message: Any = SimpleNamespace(attachments=[], author=SimpleNamespace(display_name="Mallory"))
    caption = Caption(Speaker("recording", "Recording"), 0, 1, "hello", True)
    await transcribe._answer(asker, message, recording.Heard([caption], "engine", None))
    assert shown["content"] == "What Mallory forwarded:\nhello"


@pytest.mark.parametrize(
    "words", ["# title", "- item", "> quote", "1. one", "**bold** <@1> @here https://x.example", "-# small"]
)
def test_words_of_every_kind_stay_words(words: str) -> None:
    caption = Caption(Speaker("recording", "Recording"), 0, 1, words, True)
    shown = transcribe._shown([caption])
    assert shown.replace("\\", "").replace("\u200b", "") == words
    assert not shown.startswith(("#", "-", ">", "1."))
    for alive in ("**bold", "<@1", "@here", "https://"):
        assert alive not in shown


async def test_many_words_come_as_a_file_which_is_posted_as_one() -> None:
    async with world() as here:
        ann = await here.ann()
        many = wav(speak([1 + number % 999 for number in range(600)]))
        answer = await asked(here, ann, ann.post(here.general, files={"long.wav": many}))
        assert answer.text == "What Ann recorded:"
        assert b"w1 w2 w3" in answer.message.files["transcript.txt"]
        await ann.press(answer.message, "spokenly:post")
        (posted,) = here.general.posted
        assert posted.files == answer.message.files


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "That message has no recording: choose a voice message, or one with audio or video."),
        ({"cat.png": b"\x89PNG"}, "What is attached there is no audio or video."),
        (
            {"a.wav": WORDS, "b.wav": WORDS},
            "That message has 2 recordings: Transcribe takes messages with a single one.",
        ),
        ({"broken.wav": b"no sound at all"}, "That recording is broken, or no audio or video file."),
        ({"silent.wav": wav(bytes(32000))}, "No speech was heard in it."),
    ],
)
async def test_what_has_nothing_to_hear_is_one_sentence(files: dict[str, bytes], sentence: str) -> None:
    async with world() as here:
        ann = await here.ann()
        message = ann.post(here.general, "text", files=files)
        assert (await asked(here, ann, message)).text == sentence


async def test_pictures_beside_one_recording_are_no_reason_to_refuse() -> None:
    async with world() as here:
        ann = await here.ann()
        message = ann.post(here.general, files={"cat.png": b"\x89PNG", "a.wav": WORDS})
        assert "w1 w2 w3" in (await asked(here, ann, message)).text


async def test_a_recording_of_two_hours_is_refused_before_it_is_fetched() -> None:
    async with world() as here:
        ann = await here.ann()
        message = ann.post(here.general, files={"voice-message.ogg": WORDS}, voice_message=7200.0)
        answer = await asked(here, ann, message)
        assert answer.text == "That recording is too long: up to 30:00 can be transcribed here."
        assert here.engine.opened == 0


async def test_a_file_of_two_hours_is_refused_whatever_it_is_called() -> None:
    async with world() as here:
        ann = await here.ann()
        # Two hours of 8-bit sound at the lowest rate that a file may have: small, and long.
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(1)
            writer.setframerate(100)
            writer.writeframes(bytes([128]) * 720_000)
        answer = await asked(here, ann, ann.post(here.general, files={"a.wav": file.getvalue()}))
        assert answer.text == "That lasts 2:00:00: a recording may have up to 30:00."
        assert here.engine.opened == 0


async def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcribe, "LARGEST", 1000)
    async with world() as here:
        ann = await here.ann()
        answer = await asked(here, ann, ann.post(here.general, files={"a.wav": WORDS}))
        assert answer.text == "That file is too large: up to 0 MB can be transcribed here."


async def test_a_link_that_has_expired_is_one_sentence() -> None:
    async with world() as here:
        ann = await here.ann()
        message = ann.post(here.general, files={"a.wav": WORDS})
        here.fake.state.cdn._blobs.clear()
        answer = await asked(here, ann, message)
        assert answer.text == "Discord gives that file no more: its link has expired, or it was deleted."


async def test_the_words_of_who_opted_out_are_not_transcribed_for_others() -> None:
    async with world() as here:
        ann, ben = await here.ann(), await here.person("Ben")
        await here.calls.opt_out(here.guild.id, ben.id)
        message = ben.post(here.general, files={"a.wav": WORDS})
        answer = await asked(here, ann, message)
        assert answer.text.startswith("Ben does not want to be captioned in this server")
        assert here.engine.opened == 0
        assert "w1" in (await asked(here, ben, message)).text


async def test_an_engine_that_refuses_is_one_sentence() -> None:
    async with world(engine=ScriptedEngine([Refuse()])) as here:
        ann = await here.ann()
        answer = await asked(here, ann, ann.post(here.general, files={"a.wav": WORDS}))
        assert answer.text == "Nobody can hear that now: try again in a few minutes."


class HeldEngine(ScriptedEngine):
    """Hears nothing until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()
        self.fails = False

    @asynccontextmanager
    async def recognize(  # type: ignore[override]  # as a context of the same kind
        self, language: str, vocabulary: object = (), *, interim: bool = True, known: float = 0.0
    ) -> AsyncIterator[Recognition]:
        async with super().recognize(language, interim=interim, known=known) as stream:
            await self.let.wait()
            if self.fails:
                raise LineLost("gone")
            yield stream


async def test_few_are_heard_at_once_and_one_of_each_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "WAITING", 1)
    engine = HeldEngine()
    async with world(engine=engine) as here:
        people = [await here.person(f"P{number}") for number in range(3)]
        message = people[0].post(here.general, files={"a.wav": WORDS})
        waiting = [await one.menu("Transcribe", message, patience=0.0) for one in people[:2]]
        await here.until(lambda: engine.opened == 1)
        assert (await asked(here, people[0], message)).text.startswith("One recording of yours")
        assert (await asked(here, people[2], message)).text.startswith(
            "Many recordings are being transcribed"
        )
        engine.let.set()
        for answer in waiting:
            await here.until(lambda answer=answer: "w1 w2 w3" in answer.text)  # type: ignore[misc]  # bound now
        assert engine.most == 1


async def test_people_are_told_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcribe, "PACE", 0.01)
    engine = HeldEngine()
    async with world(engine=engine) as here:
        ann = await here.ann()
        message = ann.post(here.general, files={"a.wav": WORDS})
        answer = await ann.menu("Transcribe", message, patience=0.0)
        await here.until(lambda: answer.text == "Listening: 00:00 so far …")
        engine.let.set()
        await here.until(lambda: "w1 w2 w3" in answer.text)


async def test_what_fails_late_leaves_nothing_but_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcribe, "PACE", 0.01)
    engine = HeldEngine()
    engine.fails = True
    async with world(engine=engine) as here:
        ann = await here.ann()
        message = ann.post(here.general, files={"a.wav": WORDS})
        answer = await ann.menu("Transcribe", message, patience=0.0)
        await here.until(lambda: answer.text.startswith("Listening"))
        engine.let.set()
        await here.until(lambda: answer.text == "Nobody can hear that now: try again in a few minutes.")
        assert answer.ephemeral


async def test_the_loop_goes_on_and_calls_come_first() -> None:
    engine = HeldEngine()
    engine.streams = 1
    async with world(engine=engine) as here:
        ann = await here.ann()
        answer = await ann.menu("Transcribe", ann.post(here.general, files={"a.wav": WORDS}), patience=0.0)
        await here.until(lambda: engine.opened == 1)
        assert "No captions" in (await ann.command("captions status", channel=here.general)).text
        engine.let.set()
        await here.until(lambda: "w1 w2 w3" in answer.text)


async def test_the_button_works_after_a_restart() -> None:
    async with FakeDiscord(limits=Limits(identifies=Window(1, 0.01))) as fake:
        async with world(fake=fake) as here:
            ann = await here.ann()
            answer = await asked(here, ann, ann.post(here.general, files={"a.wav": WORDS}))
        async with world(fake=fake, guild=here.guild):
            await ann.press(answer.message, "spokenly:post")
            assert [one.content for one in here.general.posted] == [answer.text]


async def test_a_recording_that_was_cut_short_says_so_below_its_words() -> None:
    async with world() as here:
        ann = await here.ann()
        answer = await asked(here, ann, ann.post(here.general, files={"a.wav": WORDS[:-20_000]}))
        assert answer.text.startswith("What Ann recorded:\nw1 w2 w3\n-# That recording was cut short")
