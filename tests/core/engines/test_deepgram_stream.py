"""One stream to Deepgram, over a real socket to a server that does what Deepgram does."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from core.audio.frame import RATE, WIDTH, seconds
from core.engines.deepgram import recognition
from core.engines.deepgram.engine import Deepgram
from core.engines.deepgram.options import DeepgramOptions
from core.engines.protocol import Hypothesis, Recognition
from core.errors import EngineError, LineBusy, LineLost, Refused
from core.metrics import Metrics
from tests.core.engines.tls import certificate
from tests.fakes import deepgram as fakes
from tests.fakes.deepgram import KEY, FakeDeepgram, Key, Manner, Style
from tests.fakes.engine import numbers, speak


@asynccontextmanager
async def engine(
    fake: FakeDeepgram, *, key: str = KEY, streams: int = 8, **options: Any
) -> AsyncIterator[Deepgram]:
    chosen = DeepgramOptions(**{"url": fake.url, **options})
    async with Deepgram(SecretStr(key), chosen, streams=streams) as one:
        yield one


async def talk(stream: Recognition, pcm: bytes) -> None:
    """Frames of 20 ms, as people's devices send them."""
    for start in range(0, len(pcm), 640):
        await stream.send(pcm[start : start + 640])
        await asyncio.sleep(0.02)


async def rest(stream: Recognition) -> list[Hypothesis]:
    """What still comes, within ten minutes."""
    async with asyncio.timeout(600):
        return [each async for each in stream]


async def converse(
    one: Deepgram, pcm: bytes, found: list[Hypothesis], *, known: float = 0.0, interim: bool = True
) -> None:
    """Say `pcm` and put everything that comes of it into `found`."""
    async with one.recognize("en", interim=interim, known=known) as stream:
        failures: list[EngineError] = []
        try:
            async with asyncio.timeout(600), asyncio.TaskGroup() as group:

                async def say() -> None:
                    await talk(stream, pcm)
                    await stream.finish()

                group.create_task(say())
                async for hypothesis in stream:
                    found.append(hypothesis)
        except* EngineError as errors:
            failures += [error for error in errors.exceptions if isinstance(error, EngineError)]
        if failures:
            raise failures[0]


async def hear(one: Deepgram, pcm: bytes, *, known: float = 0.0, interim: bool = True) -> list[Hypothesis]:
    found: list[Hypothesis] = []
    await converse(one, pcm, found, known=known, interim=interim)
    return found


async def replayed(one: Deepgram, pcm: bytes) -> list[int]:
    """The words of `pcm`, however often a line breaks: each time from the last final on, with a lead."""
    committed = 0
    told: list[int] = []
    for _ in range(12):
        base = max(0, committed - round(one.lead * RATE))
        found: list[Hypothesis] = []
        try:
            await converse(one, pcm[base * WIDTH :], found, known=(committed - base) / RATE)
        except LineLost:
            pass
        else:
            return told + words(found)
        finals = [each for each in found if each.final]
        assert all(each.start >= (committed - base) / RATE for each in found)
        told += words(found)
        committed = base + round(finals[-1].end * RATE) if finals else committed
    raise AssertionError("it never came to an end")


def words(found: Sequence[Hypothesis]) -> list[int]:
    return [number for each in found if each.final for number in numbers(each.text.replace(".", ""))]


# What is heard


async def test_every_word_comes_once_in_order_and_everything_is_settled() -> None:
    pcm = speak(40, after=1.0) + speak(range(50, 60)) + bytes(RATE // 3 * WIDTH)
    async with fakes.deepgram() as fake, engine(fake) as one:
        found = await hear(one, pcm)
    finals = [each for each in found if each.final]
    assert words(found) == [*range(1, 41), *range(50, 60)]
    assert finals[-1].end == pytest.approx(seconds(pcm), abs=1e-4)
    assert all(a.end <= b.start for a, b in itertools.pairwise(finals))
    assert any(not each.final for each in found)


async def test_words_beyond_a_final_that_ends_before_the_last_interim_come_with_the_next() -> None:
    async with fakes.deepgram(manner=Manner(interim=0.3, hold=3)) as fake, engine(fake) as one:
        found = await hear(one, speak(60))
    early = [(a, b) for a, b in itertools.pairwise(found) if b.final and a.end > b.end]
    assert early
    assert words(found) == [*range(1, 61)]


async def test_a_hypothesis_begins_with_its_first_word() -> None:
    async with fakes.deepgram() as fake, engine(fake) as one:
        found = await hear(one, bytes(RATE * WIDTH) + speak(5, after=1.0))
    assert {each.start for each in found if each.text} == {1.0}
    assert next(each.end for each in found if each.final and each.text) == pytest.approx(2.05)


async def test_the_language_of_most_words_is_told_when_several_are_heard() -> None:
    style = Style(tongues={1: "de", 2: "de", 3: "fr"})
    async with fakes.deepgram(manner=Manner(style=style)) as fake, engine(fake) as one:
        found = await hear(one, speak(3, after=1.0))
    assert next(each.language for each in found if each.final and each.text) == "de"


async def test_a_fixed_language_is_asked_for_and_told() -> None:
    async with fakes.deepgram() as fake, engine(fake, multilingual=False) as one:
        found = await hear(one, speak(3, after=1.0))
        assert fake.ledger.visits[0].query["language"] == ["en"]
        assert fake.ledger.visits[0].query["endpointing"] == ["300"]
    assert {each.language for each in found} == {"en"}


async def test_how_sure_it_is_is_the_mean_of_its_words() -> None:
    async with fakes.deepgram() as fake, engine(fake) as one:
        found = await hear(one, speak(2, after=1.0))
    assert next(each.confidence for each in found if each.final and each.text) == pytest.approx(0.915)


async def test_without_interims_only_finals_come() -> None:
    async with fakes.deepgram() as fake, engine(fake) as one:
        found = await hear(one, speak(30), interim=False)
    assert all(each.final for each in found)
    assert words(found) == [*range(1, 31)]


async def test_what_was_settled_before_is_not_told_again() -> None:
    async with fakes.deepgram() as fake, engine(fake) as one:
        found = await hear(one, speak(10, after=1.0), known=0.55)
    # The third word lies from 0.4 to 0.6 s: its middle was settled before.
    assert words(found) == [4, 5, 6, 7, 8, 9, 10]
    assert all(each.start >= 0.55 for each in found)
    assert found[-1].end == pytest.approx(3.0)


async def test_nothing_sent_ends_at_once() -> None:
    async with fakes.deepgram() as fake, engine(fake) as one:
        assert await hear(one, b"") == []
        assert fake.ledger.visits[0].ended == "server 1000"


async def test_a_short_sound_that_nothing_is_said_about_is_silence() -> None:
    gap = fakes.Gap(1.0, at=fakes.Opening())
    async with fakes.deepgram([gap]) as fake, engine(fake) as one:
        found = await hear(one, bytes(RATE * WIDTH // 2))
    assert [(each.text, each.end) for each in found] == [("", 0.5)]


# What is sent


@pytest.mark.parametrize("piece", [2, 333, 640, 3200, 3202, 100_000])
async def test_sound_goes_out_in_pieces_of_20_to_100_ms(piece: int) -> None:
    pcm = speak(20)
    async with fakes.deepgram() as fake, engine(fake) as one:
        async with one.recognize("en") as stream:
            for start in range(0, len(pcm), piece):
                await stream.send(pcm[start : start + piece])
            await stream.finish()
            assert words(await rest(stream)) == [*range(1, 21)]
        visit = fake.ledger.visits[0]
    assert visit.audio == pytest.approx(4.0)
    assert 40 <= visit.received["audio"] <= 200


async def test_a_flush_settles_at_once_what_was_sent_and_the_stream_goes_on() -> None:
    async with fakes.deepgram() as fake, engine(fake) as one, one.recognize("en") as stream:
        await talk(stream, speak(5))
        await stream.send(bytes(200))
        before = asyncio.get_running_loop().time()
        await stream.flush()
        async for hypothesis in stream:
            if hypothesis.final:
                break
        assert asyncio.get_running_loop().time() == before
        assert hypothesis.text == "w1 w2 w3 w4 w5"
        assert hypothesis.end == pytest.approx(1.00625)
        await talk(stream, speak([6]))
        await stream.finish()
        assert words(await rest(stream)) == [6]


async def test_a_flush_with_nothing_to_settle_asks_for_nothing() -> None:
    async with fakes.deepgram() as fake, engine(fake) as one:
        async with one.recognize("en") as stream:
            await stream.flush()
            await stream.send(speak(5))
            await stream.flush()
            async for hypothesis in stream:
                if hypothesis.final:
                    break
            await stream.flush()
            await stream.finish()
            assert await rest(stream) == []
        assert fake.ledger.received["Finalize"] == 1


async def test_sending_after_the_end_is_a_bug() -> None:
    async with fakes.deepgram() as fake, engine(fake) as one, one.recognize("en") as stream:
        await stream.finish()
        await stream.finish()
        with pytest.raises(RuntimeError):
            await stream.send(bytes(640))
        assert await rest(stream) == []


# What goes wrong on the way

STRIKES = [fakes.Words(1), fakes.Words(12), fakes.Silence(0.3), fakes.Drain(), fakes.Drain(told=True)]
SPEECH = speak(30, after=1.5) + speak(range(40, 70), after=0.7) + speak([80])


@pytest.mark.parametrize("at", STRIKES, ids=str)
@pytest.mark.parametrize(
    "fault",
    [
        fakes.Cut,
        fakes.Reset,
        fakes.Stall,
        fakes.HalfOpen,
        fakes.Close,
        "1000",
        "1001",
        "1012",
        "1013",
        "4000",
    ],
    ids=lambda fault: fault if isinstance(fault, str) else fault.__name__,
)
async def test_a_line_that_breaks_is_told_and_its_replay_loses_and_repeats_nothing(
    fault: Any, at: Any
) -> None:
    struck = fakes.Close(int(fault), at=at) if isinstance(fault, str) else fault(at=at)
    manner = Manner(varied=True, style=Style(jitter=0.06))
    async with fakes.deepgram([struck, struck], manner=manner) as fake, engine(fake) as one:
        assert await replayed(one, SPEECH) == [*range(1, 31), *range(40, 70), 80]
        # Where it strikes after the last word was told, nothing is asked for again.
        assert fake.ledger.visits[0].faults


@pytest.mark.parametrize("at", [fakes.Words(1), fakes.Words(12), fakes.Words(59), fakes.Words(61)], ids=str)
async def test_sound_that_deepgram_leaves_out_is_sent_again(at: fakes.Moment) -> None:
    async with fakes.deepgram([fakes.Gap(0.4, at=at)]) as fake, engine(fake) as one:
        assert await replayed(one, SPEECH) == [*range(1, 31), *range(40, 70), 80]


@pytest.mark.parametrize("payload", [fakes.BROKEN, b"\x00\xff", '{"type":"Results"}', "[" * 100_000])
async def test_a_message_that_cant_be_read_is_a_lost_line(payload: str | bytes) -> None:
    async with fakes.deepgram([fakes.Say(payload)]) as fake, engine(fake) as one:
        with pytest.raises(LineLost):
            await hear(one, speak(5))


async def test_messages_of_new_kinds_are_counted_and_change_nothing() -> None:
    strange: list[str | bytes] = [fakes.UNKNOWN, '{"type":7}', b"[]", '{"type":"Metadata","duration":3}']
    script = tuple(fakes.Say(payload) for payload in strange)
    async with fakes.deepgram([script]) as fake, engine(fake) as one, one.recognize("en") as stream:
        await talk(stream, speak(1))
        await stream.flush()
        await anext(aiter(stream))
        assert stream.ignored == 4
        await talk(stream, speak(range(2, 21)))
        await stream.finish()
        assert words(await rest(stream)) == [*range(2, 21)]


async def test_sound_that_deepgram_cant_use_is_refused_with_its_reason() -> None:
    close = fakes.Close(1008, "DATA-0000: The payload cannot be decoded as audio.")
    async with fakes.deepgram([close]) as fake, engine(fake) as one:
        with pytest.raises(Refused, match=r"DATA-0000.*SPOKENLY_DEEPGRAM_MODEL"):
            await hear(one, speak(5))


@pytest.mark.parametrize(
    "fault", [fakes.Stall(at=fakes.Words(5)), fakes.HalfOpen(at=fakes.Words(5))], ids=str
)
async def test_a_server_that_falls_silent_in_mid_speech_is_noticed_within_8_seconds(
    fault: fakes.Fault,
) -> None:
    loop = asyncio.get_running_loop()
    async with fakes.deepgram([fault]) as fake, engine(fake) as one:
        before = loop.time()
        with pytest.raises(LineLost, match="nothing for 5 seconds"):
            await hear(one, speak(100))
        assert 6 < loop.time() - before <= 8


async def test_a_server_that_does_not_answer_a_flush_is_noticed_within_6_seconds() -> None:
    loop = asyncio.get_running_loop()
    stall = fakes.Stall(at=fakes.Words(8))
    async with fakes.deepgram([stall]) as fake, engine(fake) as one, one.recognize("en") as stream:
        await talk(stream, speak(8))
        await stream.flush()
        before = loop.time()
        with pytest.raises(LineLost, match="nothing for 5 seconds"):
            await rest(stream)
        assert 5 <= loop.time() - before <= 6


async def test_a_server_that_does_not_end_is_noticed_within_6_seconds() -> None:
    loop = asyncio.get_running_loop()
    stall = fakes.Stall(at=fakes.Drain())
    async with fakes.deepgram([stall]) as fake, engine(fake) as one, one.recognize("en") as stream:
        await stream.send(speak(5))
        await stream.finish()
        before = loop.time()
        with pytest.raises(LineLost, match="nothing for 5 seconds"):
            await rest(stream)
        assert 5 <= loop.time() - before <= 6


async def test_a_server_that_is_slow_or_does_not_pong_is_no_lost_line() -> None:
    slow = (fakes.Late(4.0), fakes.NoPong())
    async with fakes.deepgram([slow]) as fake, engine(fake) as one:
        assert words(await hear(one, speak(300))) == [*range(1, 301)]
        assert fake.ledger.connections == 1


async def test_a_backlog_that_deepgram_works_through_slowly_is_no_lost_line() -> None:
    slow = Manner(pace=1.25)
    async with fakes.deepgram(manner=slow) as fake, engine(fake) as one, one.recognize("en") as stream:
        await stream.send(speak(300))
        await stream.finish()
        assert words(await rest(stream)) == [*range(1, 301)]


async def test_a_few_seconds_that_are_told_late_are_no_lost_line() -> None:
    stall = fakes.Stall(at=fakes.Words(1), seconds=12.0)
    async with fakes.deepgram([stall]) as fake, engine(fake) as one, one.recognize("en") as stream:
        await talk(stream, speak(15, after=0.5))
        async with asyncio.timeout(60):
            async for hypothesis in stream:
                if hypothesis.final:
                    break
        assert numbers(hypothesis.text) == [*range(1, 16)]


async def test_a_burst_after_a_long_silence_is_no_lost_line() -> None:
    async with fakes.deepgram() as fake, engine(fake) as one, one.recognize("en") as stream:
        found: list[Hypothesis] = []

        async def say() -> None:
            await stream.send(speak(5))
            await stream.flush()
            await asyncio.sleep(30)
            await stream.send(speak(range(6, 60)))
            await stream.finish()

        async with asyncio.TaskGroup() as group:
            group.create_task(say())
            found += await rest(stream)
    assert words(found) == [*range(1, 60)]


async def test_an_idle_stream_is_kept_alive() -> None:
    async with fakes.deepgram() as fake, engine(fake) as one, one.recognize("en") as stream:
        found: list[Hypothesis] = []

        async def say() -> None:
            await talk(stream, speak(5))
            await stream.flush()
            await asyncio.sleep(60)
            await talk(stream, speak([6]))
            await stream.finish()

        async with asyncio.TaskGroup() as group:
            group.create_task(say())
            found += await rest(stream)
        assert words(found) == [1, 2, 3, 4, 5, 6]
        assert 12 <= fake.ledger.received["KeepAlive"] <= 15


async def test_a_stream_that_never_carries_sound_is_closed_by_deepgram_and_lost() -> None:
    async with fakes.deepgram() as fake, engine(fake) as one, one.recognize("en") as stream:
        with pytest.raises(LineLost, match="1011"):
            await rest(stream)


async def test_a_network_that_takes_nothing_releases_whoever_sends() -> None:
    half_open = fakes.HalfOpen(at=fakes.Opening())
    async with fakes.deepgram([half_open]) as fake, engine(fake) as one, one.recognize("en") as stream:
        sent: list[BaseException] = []

        async def say() -> None:
            try:
                await stream.send(bytes(RATE * WIDTH * 1000))
            except LineLost as error:
                sent.append(error)

        async with asyncio.TaskGroup() as group:
            group.create_task(say())
            with pytest.raises(LineLost):
                await rest(stream)
    assert len(sent) == 1


async def test_a_network_that_takes_nothing_is_noticed_before_much_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Loopback takes more before it is full than a real network does.
    monkeypatch.setattr(recognition, "BEHIND", 10_000.0)
    loop = asyncio.get_running_loop()
    half_open = fakes.HalfOpen(at=fakes.Opening())
    async with fakes.deepgram([half_open]) as fake, engine(fake) as one, one.recognize("en") as stream:

        async def talk_and_listen() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(stream.send(bytes(RATE * WIDTH * 1000)))
                async for _ in stream:
                    pass

        before = loop.time()
        with pytest.raises(ExceptionGroup) as caught:
            await talk_and_listen()
        assert all(isinstance(error, LineLost) for error in caught.value.exceptions)
        assert loop.time() - before <= 7


# Leaving


@pytest.mark.parametrize("fault", [None, fakes.HalfOpen(at=fakes.Opening()), fakes.Stall(at=fakes.Opening())])
async def test_leaving_takes_no_time_and_leaves_nothing(fault: fakes.Script) -> None:
    loop = asyncio.get_running_loop()
    async with fakes.deepgram([fault]) as fake, engine(fake) as one:
        async with one.recognize("en") as stream:
            await talk(stream, speak(10))
            tasks, before = asyncio.all_tasks(), loop.time()
        assert loop.time() == before
        assert asyncio.all_tasks() <= tasks
        assert words(await hear(one, speak(5))) == [1, 2, 3, 4, 5]


async def test_cancelling_somebody_who_listens_takes_no_time() -> None:
    loop = asyncio.get_running_loop()
    half_open = fakes.HalfOpen(at=fakes.Words(2))
    async with fakes.deepgram([half_open]) as fake, engine(fake) as one:
        async with asyncio.TaskGroup() as group:
            talking = group.create_task(hear(one, speak(100)))
            await asyncio.sleep(3)
            before = loop.time()
            talking.cancel()
        assert loop.time() == before
        assert one.spent.connections == 1


# Opening


@pytest.mark.parametrize(
    ("status", "kind", "names"),
    [
        (400, Refused, "SPOKENLY_DEEPGRAM_MODEL"),
        (401, Refused, "DEEPGRAM_API_KEY"),
        (402, Refused, "DEEPGRAM_API_KEY"),
        (403, Refused, "SPOKENLY_DEEPGRAM_MODEL"),
        (404, Refused, "SPOKENLY_DEEPGRAM_URL"),
        (200, Refused, "SPOKENLY_DEEPGRAM_URL"),
        (408, LineLost, "HTTP 408"),
        (429, LineBusy, "too many streams"),
        (500, LineLost, "HTTP 500"),
        (503, LineLost, "HTTP 503"),
    ],
)
async def test_a_refusal_has_its_name_its_reason_and_no_key(
    status: int, kind: type[EngineError], names: str
) -> None:
    refusal = fakes.Http(status, sentence=f"Never with {KEY} here")
    async with fakes.deepgram([refusal]) as fake, engine(fake) as one:
        with pytest.raises(EngineError) as caught:
            await hear(one, b"")
    sentence = str(caught.value)
    assert type(caught.value) is kind
    assert names in sentence
    assert "Never with [the key] here" in sentence
    assert "request 00000000-0000-4000-8000-000000000001" in sentence
    assert KEY not in sentence


async def test_how_long_to_leave_deepgram_alone_is_told() -> None:
    script = [fakes.Http(429, retry_after="7"), fakes.Http(429), fakes.Http(429, retry_after="soon")]
    async with fakes.deepgram(script) as fake, engine(fake) as one:
        for told in (7.0, None, None):
            with pytest.raises(LineBusy) as caught:
                await hear(one, b"")
            assert caught.value.retry_after == told


async def test_a_wrong_key_a_wrong_model_and_an_empty_account_are_refused() -> None:
    keys = {KEY: Key(credit=False), "other": Key(models=frozenset({"nova-2"}))}
    async with fakes.deepgram(keys=keys) as fake:
        for key, names in (("wrong", "INVALID_AUTH|Invalid cred"), (KEY, "credits"), ("other", "access to")):
            async with engine(fake, key=key) as one:
                with pytest.raises(Refused, match=names):
                    await one.check_key()


async def test_a_language_or_a_model_that_does_not_exist_is_refused_by_name() -> None:
    async with fakes.deepgram() as fake:
        async with engine(fake) as one:
            with pytest.raises(Refused, match=r"tlh.*SPOKENLY_LANGUAGE"):
                async with one.recognize("tlh"):
                    pass
        async with engine(fake, model="nova-99") as one:
            with pytest.raises(Refused, match=r"nova-99.*SPOKENLY_DEEPGRAM_MODEL"):
                await one.check_key()


async def test_a_parameter_that_deepgram_does_not_know_is_refused_with_its_reason() -> None:
    async with fakes.deepgram() as fake, engine(fake, extra=(("weather", "sun"),)) as one:
        with pytest.raises(Refused, match=r"SPOKENLY_DEEPGRAM_EXTRA.*weather"):
            await one.check_key()


async def test_an_opening_that_takes_too_long_is_a_lost_line() -> None:
    loop = asyncio.get_running_loop()
    async with fakes.deepgram([fakes.Hang()]) as fake, engine(fake) as one:
        before = loop.time()
        with pytest.raises(LineLost, match="5 seconds"):
            await hear(one, b"")
        assert loop.time() - before == pytest.approx(5.0)


async def test_a_connection_that_is_reset_or_refused_at_the_opening_is_a_lost_line() -> None:
    async with fakes.deepgram([fakes.Drop()]) as fake, engine(fake) as one:
        with pytest.raises(LineLost, match="can't be reached"):
            await hear(one, b"")
        await fake.unplug()
        with pytest.raises(LineLost, match="can't be reached"):
            await hear(one, b"")
        await fake.back()
        assert words(await hear(one, speak(3))) == [1, 2, 3]


async def test_one_stream_more_than_the_plan_allows_is_busy() -> None:
    async with fakes.deepgram(limit=2) as fake, engine(fake, streams=2) as one, engine(fake) as greedy:
        async with AsyncExitStack() as stack:
            for _ in range(2):
                await stack.enter_async_context(one.recognize("en"))
            with pytest.raises(LineBusy, match="lent"):
                await stack.enter_async_context(one.recognize("en"))
            assert fake.ledger.asked == 2
            with pytest.raises(LineBusy, match="Too many"):
                await stack.enter_async_context(greedy.recognize("en"))
        assert words(await hear(one, speak(3))) == [1, 2, 3]


async def test_a_stream_that_could_not_be_opened_is_no_lent_one() -> None:
    async with fakes.deepgram([fakes.Http(503)] * 5) as fake, engine(fake, streams=1) as one:
        for _ in range(5):
            with pytest.raises(LineLost):
                await hear(one, b"")
        assert words(await hear(one, speak(3))) == [1, 2, 3]
        assert one.spent.connections == 1


@pytest.mark.parametrize("key", ["", "  ", "two words", "schlüssel", "line\nbreak"])
def test_what_cant_be_a_key_is_refused_before_anything_is_opened(key: str) -> None:
    with pytest.raises(Refused, match="DEEPGRAM_API_KEY"):
        Deepgram(SecretStr(key))


async def test_spaces_around_a_key_are_no_part_of_it() -> None:
    async with fakes.deepgram() as fake, engine(fake, key=f" {KEY}\n") as one:
        assert await one.check_key()


async def test_a_socks_proxy_that_cant_be_used_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:9")
    monkeypatch.setenv("socks_proxy", "socks5://127.0.0.1:9")
    async with fakes.deepgram() as fake, engine(fake) as one:
        with pytest.raises(Refused, match="python-socks"):
            await one.check_key()


async def test_a_proxy_that_is_away_is_a_lost_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with fakes.deepgram() as fake, engine(fake) as one:
        with pytest.raises(LineLost, match="can't be reached"):
            await one.check_key()


async def test_options_that_cant_be_used_are_refused_before_anything_is_opened() -> None:
    with pytest.raises(Refused, match="SPOKENLY_DEEPGRAM_URL"):
        Deepgram(SecretStr(KEY), DeepgramOptions(url="ftp://nowhere"))


async def test_what_is_asked_for_arrives() -> None:
    terms = ("Spokenly", "Opus codec")
    async with (
        fakes.deepgram() as fake,
        engine(fake, keyterms=terms, redact=("pci", "ssn"), mip_opt_out=True) as one,
    ):
        async with one.recognize("de-AT", ["Käthe"]):
            pass
        query = fake.ledger.visits[0].query
    assert query["keyterm"] == ["Spokenly", "Opus codec", "Käthe"]
    assert query["redact"] == ["pci", "ssn"]
    assert query["language"] == ["multi"]
    assert query["mip_opt_out"] == ["true"]
    assert query["interim_results"] == ["true"]


async def test_a_key_that_is_taken_is_said_with_what_it_is_taken_for() -> None:
    async with fakes.deepgram() as fake, engine(fake) as one:
        said = "127.0.0.1 takes the key and hears"
        assert await one.check_key() == f"{said} many languages at once with nova-3."
        assert await one.check_key("uk") == f"{said} uk with nova-3."
        assert fake.ledger.billed == 0


# What it costs


async def test_what_is_used_is_counted_as_it_is_used() -> None:
    metrics = Metrics()
    async with fakes.deepgram([None, fakes.Reset(at=fakes.Words(5))]) as fake:
        options = DeepgramOptions(url=fake.url)
        async with Deepgram(SecretStr(KEY), options, metrics=metrics) as one:
            async with one.recognize("en") as stream:
                await talk(stream, speak(5))
                assert one.spent.seconds == stream.spent.seconds == pytest.approx(1.0)
                assert one.spent.connected == pytest.approx(1.0)
                assert one.spent.connections == 1
            with pytest.raises(LineLost):
                await hear(one, speak(20))
            assert one.spent.seconds == pytest.approx(fake.ledger.billed, abs=0.05)
            assert one.spent.connections == 2
    assert metrics.registry.get_sample_value("spokenly_deepgram_connections_total") == 2
    assert metrics.registry.get_sample_value("spokenly_deepgram_seconds_total") == one.spent.seconds


# What is kept to itself


async def test_no_log_and_no_error_holds_the_key_or_a_word(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets").setLevel(logging.DEBUG)
    script = [None, fakes.Reset(at=fakes.Words(3)), fakes.Http(401), fakes.Say(fakes.BROKEN)]
    said = []
    async with fakes.deepgram(script) as fake, engine(fake, keyterms=("w31",)) as one:
        for _ in script:
            try:
                await hear(one, speak(range(31, 40)))
            except EngineError as error:
                said.append(str(error))
        assert len(said) == 3
        assert KEY not in repr(vars(one))
    logging.getLogger("websockets").setLevel(logging.NOTSET)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("aiohttp")]
    for text in (*ours, *said):
        assert KEY not in text
        assert "w3" not in text


# TLS


@pytest.mark.real_time
async def test_a_server_with_a_certificate_is_used_only_if_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, served = certificate(tmp_path)
    async with fakes.deepgram(tls=served) as fake:
        async with engine(fake) as one:
            with pytest.raises(LineLost, match="certificate"):
                await one.check_key()
        assert fake.ledger.asked == 0
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        async with engine(fake) as one, one.recognize("en") as stream:
            await stream.send(speak(5))
            await stream.finish()
            assert words(await rest(stream)) == [1, 2, 3, 4, 5]
        async with engine(fake) as one, one.recognize("en") as stream:
            await stream.send(speak(5))
            before = asyncio.all_tasks()
        assert asyncio.all_tasks() <= before
