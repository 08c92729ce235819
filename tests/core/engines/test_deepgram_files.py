"""Recordings, through the official client against a server that does what Deepgram does."""

import io
import itertools
import logging
import wave
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from core.audio.frame import RATE
from core.engines.deepgram import files
from core.engines.deepgram.engine import Deepgram
from core.engines.deepgram.options import DeepgramOptions
from core.engines.protocol import Hypothesis
from core.errors import EngineError, LineBusy, LineLost, Refused
from tests.core.engines.tls import certificate
from tests.fakes import deepgram as fakes
from tests.fakes.deepgram import KEY, FakeDeepgram, Manner, Style
from tests.fakes.engine import numbers, speak

pytestmark = pytest.mark.real_time  # the official client is made in a thread


def recorded(pcm: bytes) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
    return out.getvalue()


SPEECH = recorded(speak(10, after=2.0) + speak(range(20, 30), after=1.0))


async def transcribe(
    fake: FakeDeepgram, audio: bytes = SPEECH, *, language: str = "en", key: str = KEY, **options: Any
) -> list[Hypothesis]:
    chosen = DeepgramOptions(**{"url": fake.url, **options})
    async with Deepgram(SecretStr(key), chosen) as one:
        return [each async for each in one.transcribe_file(audio, language, ["Käthe"])]


async def test_a_recording_becomes_utterances_in_order() -> None:
    async with fakes.deepgram() as fake:
        found = await transcribe(fake)
        assert fake.ledger.bodies == [len(SPEECH)]
    assert [(each.start, numbers(each.text)) for each in found] == [
        (0.0, [*range(1, 11)]),
        (4.0, [*range(20, 30)]),
    ]
    assert all(each.final and each.confidence and each.language == "en" for each in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


async def test_languages_and_seconds_of_a_recording_are_told() -> None:
    style = Style(tongues=dict.fromkeys(range(1, 11), "de"))
    async with (
        fakes.deepgram(manner=Manner(style=style)) as fake,
        Deepgram(SecretStr(KEY), DeepgramOptions(url=fake.url)) as one,
    ):
        found = [each async for each in one.transcribe_file(SPEECH, "de")]
        assert [each.language for each in found] == ["de", "en"]
        assert one.spent.seconds == pytest.approx(7.0) == fake.ledger.billed
        assert one.spent.connections == 0


async def test_silence_is_no_utterance() -> None:
    async with fakes.deepgram() as fake:
        assert await transcribe(fake, recorded(bytes(RATE * 4))) == []


@pytest.mark.parametrize(
    ("status", "kind", "names"),
    [
        (400, Refused, "SPOKENLY_DEEPGRAM_MODEL"),
        (401, Refused, "DEEPGRAM_API_KEY"),
        (402, Refused, "DEEPGRAM_API_KEY"),
        (403, Refused, "SPOKENLY_DEEPGRAM_MODEL"),
        (404, Refused, "SPOKENLY_DEEPGRAM_URL"),
        (413, Refused, "2 GB"),
        (429, LineBusy, "too many"),
        (500, LineLost, "HTTP 500"),
        (503, LineLost, "HTTP 503"),
        (504, Refused, "ten minutes"),
    ],
)
async def test_a_refusal_has_its_name_and_the_recording_is_sent_once(
    status: int, kind: type[EngineError], names: str
) -> None:
    async with fakes.deepgram(rest=[fakes.Http(status, sentence=f"Not with {KEY}", retry_after="3")]) as fake:
        with pytest.raises(EngineError) as caught:
            await transcribe(fake)
        assert fake.ledger.requests == {f"POST /v1/listen {status}": 1}
    assert type(caught.value) is kind
    assert names in str(caught.value)
    assert KEY not in str(caught.value)
    if isinstance(caught.value, LineBusy):
        assert caught.value.retry_after == 3


async def test_what_is_no_recording_is_refused_in_one_sentence() -> None:
    async with fakes.deepgram() as fake:
        with pytest.raises(Refused, match="can't read this recording"):
            await transcribe(fake, b"hello")


async def test_a_language_that_does_not_exist_is_refused_by_name() -> None:
    async with fakes.deepgram() as fake:
        with pytest.raises(Refused, match="tlh"):
            await transcribe(fake, language="tlh")


async def test_a_server_that_is_away_or_resets_is_a_lost_line() -> None:
    async with fakes.deepgram(rest=[fakes.Drop()]) as fake:
        with pytest.raises(LineLost, match="can't be reached"):
            await transcribe(fake)
        await fake.unplug()
        with pytest.raises(LineLost, match="can't be reached"):
            await transcribe(fake)


async def test_a_server_that_never_answers_is_a_lost_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PATIENCE", 0.2)
    async with fakes.deepgram(rest=[fakes.Hang()]) as fake:
        with pytest.raises(LineLost, match=r"in 0\.2 seconds"):
            await transcribe(fake)


async def test_a_recording_that_is_too_large_is_refused_before_it_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "LARGEST", 1000)
    async with fakes.deepgram() as fake:
        with pytest.raises(Refused, match="2 GB"):
            await transcribe(fake)
        assert not fake.ledger.requests


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"metadata":{"duration":1}}', b"7", b'"\xff"', b"[" * 200_000]
)
async def test_an_answer_that_cant_be_read_is_a_failure_with_a_name(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = httpx.AsyncClient.request

    async def changed(self: httpx.AsyncClient, *args: Any, **kwargs: Any) -> httpx.Response:
        answer = await whole(self, *args, **kwargs)
        return httpx.Response(200, content=body, request=answer.request)

    monkeypatch.setattr(httpx.AsyncClient, "request", changed)
    async with fakes.deepgram() as fake:
        with pytest.raises((LineLost, Refused)):
            await transcribe(fake)


async def test_what_is_asked_for_of_a_recording_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    whole = httpx.AsyncClient.request

    async def noted(self: httpx.AsyncClient, *args: Any, **kwargs: Any) -> httpx.Response:
        answer = await whole(self, *args, **kwargs)
        seen.append(str(answer.request.url))
        return answer

    monkeypatch.setattr(httpx.AsyncClient, "request", noted)
    async with fakes.deepgram() as fake:
        await transcribe(
            fake, keyterms=("Opus",), redact=("pci", "ssn"), mip_opt_out=True, multilingual=False
        )
    query = httpx.URL(seen[0]).params
    assert query.get_list("keyterm") == ["Opus", "Käthe"]
    assert query.get_list("redact") == ["pci", "ssn"]
    assert (query["utterances"], query["language"], query["mip_opt_out"]) == ("true", "en", "true")
    assert "interim_results" not in query


async def test_a_server_with_a_certificate_is_used_only_if_that_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, served = certificate(tmp_path)
    async with fakes.deepgram(tls=served) as fake:
        with pytest.raises(LineLost, match="can't be reached"):
            await transcribe(fake)
        unopened = Deepgram(SecretStr(KEY), DeepgramOptions(url=fake.url))
        with pytest.raises(LineLost, match="can't be reached"):
            _ = [each async for each in unopened.transcribe_file(SPEECH, "en")]
        assert not fake.ledger.requests
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert len(await transcribe(fake)) == 2


async def test_no_log_holds_the_key_or_a_word(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with fakes.deepgram(rest=[None, fakes.Http(401)]) as fake:
        await transcribe(fake)
        with pytest.raises(Refused):
            await transcribe(fake)
    for record in caplog.records:
        assert KEY not in record.getMessage()
        assert "w20" not in record.getMessage()
