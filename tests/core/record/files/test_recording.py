"""Recordings that people point at: heard by what runs anyway, few at once, none without end."""

import asyncio
import io
import wave
from collections.abc import Sequence

import pytest
from pydantic import SecretStr

from core.engines.deepgram.engine import Deepgram
from core.engines.deepgram.options import DeepgramOptions
from core.engines.deepgram.recordings import Recordings
from core.engines.failover import Failover
from core.engines.pool import Pool
from core.engines.protocol import Transcriber
from core.errors import EngineError, LineBusy, Refused, UserError
from core.record.files import recording
from core.record.files.recording import Borrowed, Dictation, ears
from tests.fakes.engine import Busy, Cut, Lose, Refuse, ScriptedEngine, Stall, speak

pytestmark = pytest.mark.real_time


def wav(pcm: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16000)
        writer.writeframes(pcm)
    file.seek(0)
    return file


def dictation(*engines: ScriptedEngine, at_once: int = 1) -> Dictation:
    found: Sequence[Transcriber] = [Borrowed(Pool(engine)) for engine in engines]
    return Dictation(lambda: found, at_once=at_once)


async def test_a_recording_is_heard_by_a_stream_of_the_pool() -> None:
    engine, told = ScriptedEngine(), list[float]()
    heard = await dictation(engine).hear(wav(speak(4, after=1.0)), "en", told.append)
    assert [caption.text for caption in heard.captions] == ["w1 w2 w3 w4"]
    assert (heard.engine, heard.cut) == ("Scripted", None)
    assert told[-1] == pytest.approx(1.8)
    assert (engine.opened, engine.lent) == (1, [])


@pytest.mark.parametrize("fault", [Refuse(), Busy(), Lose(), Cut(2)])
async def test_where_the_first_fails_the_second_hears_it_from_the_beginning(fault: object) -> None:
    first, second = ScriptedEngine([fault]), ScriptedEngine(name="Second")  # type: ignore[list-item]  # a fault
    heard = await dictation(first, second).hear(wav(speak(4)), "en")
    assert [caption.text for caption in heard.captions] == ["w1 w2 w3 w4"]
    assert heard.engine == "Second"


async def test_where_all_fail_the_last_failure_is_told() -> None:
    with pytest.raises(Refused):
        await dictation(ScriptedEngine([Lose()]), ScriptedEngine([Refuse()])).hear(wav(speak(4)), "en")


async def test_who_does_not_hear_the_language_is_not_asked() -> None:
    first = ScriptedEngine(languages=frozenset({"de"}))
    with pytest.raises(LineBusy):
        await dictation(first).hear(wav(speak(4)), "en-GB")
    assert first.opened == 0
    assert (await dictation(first).hear(wav(speak(4)), "de-AT")).captions


async def test_what_is_too_long_is_refused_before_it_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "LONGEST", 3.0)
    engine = ScriptedEngine()
    with pytest.raises(UserError, match=r"^That lasts 00:05: a recording may have up to 00:03\.$"):
        await dictation(engine).hear(wav(bytes(32000 * 5)), "en")
    assert engine.opened == 0


async def test_what_tells_no_length_is_heard_up_to_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording, "LONGEST", 3.0)
    monkeypatch.setattr("core.audio.media.duration", lambda _source: None)
    heard = await dictation(ScriptedEngine()).hear(wav(speak(100)), "en")
    assert heard.cut == "This is not all of it: it takes too long."
    assert heard.captions[-1].text.endswith(" w15")


async def test_what_breaks_off_is_heard_as_far_as_it_goes() -> None:
    whole = wav(speak(20)).getvalue()
    heard = await dictation(ScriptedEngine()).hear(io.BytesIO(whole[: len(whole) // 2]), "en")
    assert heard.captions[-1].text.endswith(" w10")
    assert heard.cut is not None
    assert "cut short" in heard.cut


@pytest.mark.parametrize("data", [b"", b"nothing", b"RIFF" + bytes(100)])
async def test_what_is_no_recording_is_a_sentence(data: bytes) -> None:
    with pytest.raises(UserError, match=r"broken|empty|no sound"):
        await dictation(ScriptedEngine()).hear(io.BytesIO(data), "en")


async def test_a_bug_of_an_engine_is_no_failure_of_an_engine() -> None:
    class Broken(ScriptedEngine):
        def recognize(self, *_: object, **__: object) -> object:  # type: ignore[override]  # it is broken
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as failure:
        await dictation(Broken()).hear(wav(speak(4)), "en")
    assert not failure.group_contains(EngineError)


async def test_few_have_a_seat_and_few_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "WAITING", 2)
    desk, inside, most, over = dictation(ScriptedEngine(), at_once=2), 0, 0, asyncio.Event()

    async def sit() -> None:
        nonlocal inside, most
        async with desk.turn():
            inside += 1
            most = max(most, inside)
            await over.wait()
            inside -= 1

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(sit())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(UserError, match="try again in a few minutes"):
            async with desk.turn():
                pass
        over.set()
    assert most == 2
    async with desk.turn():
        assert inside == 0


async def test_who_hears_recordings_where_calls_are_heard_by_two() -> None:
    near = Pool(ScriptedEngine(name="Near"))
    far = Deepgram(SecretStr("key"), DeepgramOptions())
    spent = False
    both = Failover(Pool(far, far=True), near, spent=lambda: spent)
    first, second = ears(both)
    assert isinstance(first, Recordings)
    assert second.name == "Near"
    spent = True
    assert [one.name for one in ears(both)] == ["Near"]
    assert [one.name for one in ears(near)] == ["Near"]
    assert [one.name for one in ears(Failover(near, None))] == ["Near"]


async def test_who_waits_too_long_for_a_seat_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "QUEUE", 0.01)
    desk = dictation(ScriptedEngine())
    async with desk.turn():
        with pytest.raises(UserError, match="try again in a few minutes"):
            async with desk.turn():
                pass
    async with asyncio.timeout(1), desk.turn():
        pass


async def test_an_engine_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "PATIENCE", 0.05)
    monkeypatch.setattr(recording, "LAST_WORDS", 0.05)
    engine = ScriptedEngine([Stall()])
    with pytest.raises(LineBusy, match="did not answer in time"):
        await dictation(engine, ScriptedEngine()).hear(wav(speak(4)), "en")
    assert engine.lent == []
