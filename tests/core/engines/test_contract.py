"""What every engine promises, over each of them. Words differ, promises do not."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from core.audio.frame import RATE, WIDTH, seconds
from core.engines.deepgram.engine import Deepgram
from core.engines.deepgram.options import DeepgramOptions
from core.engines.local import LocalEngine
from core.engines.protocol import Hypothesis, Recognition, Transcriber
from core.errors import LineBusy, Refused
from tests.core.engines.voices import beckett, moonshine
from tests.fakes import deepgram as fakes
from tests.fakes.engine import ScriptedEngine, speak

pytestmark = pytest.mark.real_time


@dataclass
class Subject:
    """An engine, and a few seconds of speech that it understands.

    `languages`: what it says that it hears.
    """

    engine: Transcriber
    speech: bytes
    languages: frozenset[str] | None = frozenset({"en"})


@pytest.fixture(params=["local", "scripted", "deepgram"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    async with AsyncExitStack() as stack:
        if request.param == "local":
            yield Subject(await stack.enter_async_context(LocalEngine(moonshine)), beckett())
        elif request.param == "deepgram":
            fake = await stack.enter_async_context(fakes.deepgram())
            deepgram = Deepgram(SecretStr(fakes.KEY), DeepgramOptions(url=fake.url), streams=3)
            speech = speak(12, after=1.0) + speak(12)
            yield Subject(await stack.enter_async_context(deepgram), speech, None)
        else:
            engine = ScriptedEngine(languages=frozenset({"en"}), streams=3)
            yield Subject(engine, speak(12, after=1.0) + speak(12))


async def talk(stream: Recognition, pcm: bytes, piece: int = 1280) -> None:
    for start in range(0, len(pcm), piece):
        await stream.send(pcm[start : start + piece])


async def hear(subject: Subject, pcm: bytes, *, interim: bool = True, piece: int = 1280) -> list[Hypothesis]:
    """Everything that comes of `pcm`."""
    found: list[Hypothesis] = []
    async with subject.engine.recognize("en", interim=interim) as stream, asyncio.TaskGroup() as group:

        async def say() -> None:
            await talk(stream, pcm, piece)
            await stream.finish()

        group.create_task(say())
        async for hypothesis in stream:
            found.append(hypothesis)
    return found


def tasks() -> set[asyncio.Task[object]]:
    """All but those of a server that an engine is tried against."""
    servers = ("tests/fakes/", "aiohttp")
    return {task for task in asyncio.all_tasks() if not any(place in repr(task) for place in servers)}


async def test_it_has_a_name_languages_and_streams(subject: Subject) -> None:
    assert subject.engine.name
    assert subject.engine.languages == subject.languages
    assert subject.engine.streams >= 1


async def test_speech_becomes_text(subject: Subject) -> None:
    found = await hear(subject, subject.speech)
    assert any(h.text for h in found if h.final)


async def test_finals_come_in_order_and_do_not_overlap(subject: Subject) -> None:
    finals = [h for h in await hear(subject, subject.speech * 2) if h.final]
    assert all(h.start <= h.end for h in finals)
    assert all(a.end <= b.start for a, b in itertools.pairwise(finals))


async def test_everything_sent_is_settled_before_iteration_ends(subject: Subject) -> None:
    pcm = subject.speech + bytes(RATE * WIDTH // 3)
    found = await hear(subject, pcm)
    assert found[-1].final
    assert found[-1].end == pytest.approx(seconds(pcm), abs=1e-4)


async def test_times_lie_within_what_was_sent(subject: Subject) -> None:
    found = await hear(subject, subject.speech)
    assert all(0 <= h.start <= h.end <= seconds(subject.speech) + 1e-6 for h in found)


async def test_stable_never_exceeds_the_text_and_finals_are_stable_as_a_whole(subject: Subject) -> None:
    found = await hear(subject, subject.speech)
    assert all(0 <= h.stable <= len(h.text) for h in found)
    assert all(h.stable == len(h.text) for h in found if h.final)


async def test_without_interims_only_finals_come(subject: Subject) -> None:
    found = await hear(subject, subject.speech, interim=False)
    assert found
    assert all(h.final for h in found)


@pytest.mark.parametrize("piece", [2, 1001, 10**7])
async def test_pieces_of_any_length_are_taken(subject: Subject, piece: int) -> None:
    pcm = subject.speech[: RATE * WIDTH * 2] if piece == 2 else subject.speech
    found = await hear(subject, pcm, piece=piece, interim=False)
    assert found[-1].end == pytest.approx(seconds(pcm), abs=1e-4)


async def test_nothing_sent_ends_at_once(subject: Subject) -> None:
    assert await hear(subject, b"") == []


async def test_silence_is_settled_without_words(subject: Subject) -> None:
    found = await hear(subject, bytes(RATE * WIDTH * 65))
    assert all(h.final and not h.text for h in found)
    ends = [0.0, *(h.end for h in found)]
    assert max(b - a for a, b in itertools.pairwise(ends)) <= 30


async def test_flush_settles_in_the_middle_of_speech_and_the_stream_goes_on(subject: Subject) -> None:
    half = len(subject.speech) // 4 * 2
    async with asyncio.timeout(60), subject.engine.recognize("en") as stream:
        await talk(stream, subject.speech[:half])
        await stream.flush()
        hypotheses = aiter(stream)
        async for hypothesis in hypotheses:
            if hypothesis.final and hypothesis.end >= half / WIDTH / RATE - 1e-4:
                break
        await talk(stream, subject.speech[half:])
        await stream.finish()
        rest = [h async for h in stream]
    assert rest[-1].final
    assert rest[-1].end == pytest.approx(seconds(subject.speech), abs=1e-4)
    assert all(h.start >= half / WIDTH / RATE - 1e-4 for h in rest)


async def test_a_language_it_does_not_hear_is_refused_with_a_sentence(subject: Subject) -> None:
    with pytest.raises(Refused, match="tlh"):
        async with subject.engine.recognize("tlh"):
            pass


async def test_a_region_is_no_other_language(subject: Subject) -> None:
    async with subject.engine.recognize("en-GB"):
        pass


async def test_one_stream_too_many_is_busy_and_a_returned_one_is_lent_again(subject: Subject) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(subject.engine.streams):
            await stack.enter_async_context(subject.engine.recognize("en"))
        with pytest.raises(LineBusy):
            async with subject.engine.recognize("en"):
                pass
    async with subject.engine.recognize("en"):
        pass


async def test_leaving_in_the_middle_of_speech_leaves_nothing_behind(subject: Subject) -> None:
    before = tasks()
    async with subject.engine.recognize("en") as stream:
        await talk(stream, subject.speech[: RATE * WIDTH * 2])
    assert tasks() == before
    assert (await hear(subject, subject.speech))[-1].final


async def test_streams_do_not_hear_one_another(subject: Subject) -> None:
    alone = [h.text for h in await hear(subject, subject.speech, interim=False)]
    quiet = bytes(len(subject.speech))
    async with asyncio.TaskGroup() as group:
        one = group.create_task(hear(subject, subject.speech, interim=False))
        other = group.create_task(hear(subject, quiet, interim=False))
    assert [h.text for h in one.result()] == alone
    assert not any(h.text for h in other.result())


async def test_what_was_settled_before_is_not_told_again(subject: Subject) -> None:
    lead = subject.engine.lead
    assert 0 <= lead <= 1
    found = []
    async with subject.engine.recognize("en", known=lead) as stream:
        await talk(stream, subject.speech, 640)
        await stream.finish()
        found = [hypothesis async for hypothesis in stream]
    assert all(h.start >= lead - 1e-6 for h in found)
    assert [h for h in found if h.final]
