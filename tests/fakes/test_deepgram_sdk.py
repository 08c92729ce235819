"""Deepgram's own client works against the fake unmodified, and knows every field that the fake writes."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pydantic
import pytest
from deepgram import AsyncDeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from deepgram.listen.v1.types.listen_v1configure_failure import ListenV1ConfigureFailure
from deepgram.listen.v1.types.listen_v1configure_success import ListenV1ConfigureSuccess
from deepgram.listen.v1.types.listen_v1error import ListenV1Error
from deepgram.listen.v1.types.listen_v1metadata import ListenV1Metadata
from deepgram.listen.v1.types.listen_v1results import ListenV1Results
from deepgram.listen.v1.types.listen_v1speech_started import ListenV1SpeechStarted
from deepgram.listen.v1.types.listen_v1utterance_end import ListenV1UtteranceEnd
from deepgram.types.grant_v1response import GrantV1Response
from deepgram.types.list_projects_v1response import ListProjectsV1Response
from deepgram.types.listen_v1response import ListenV1Response
from websockets.exceptions import ConnectionClosedError

from tests.fakes.deepgram import KEY, UNKNOWN, Close, FakeDeepgram, Http, Key, Reset, Say, Words, deepgram
from tests.fakes.deepgram.client import STEP, client
from tests.fakes.deepgram.faults import Breaking
from tests.fakes.engine import numbers, speak

if TYPE_CHECKING:
    from deepgram.listen.v1.socket_client import AsyncV1SocketClient

# The client uses what its WebSocket library has given up.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:deepgram"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:websockets"),
]

KINDS: dict[str, type[pydantic.BaseModel]] = {
    "Results": ListenV1Results,
    "Metadata": ListenV1Metadata,
    "SpeechStarted": ListenV1SpeechStarted,
    "UtteranceEnd": ListenV1UtteranceEnd,
    "Error": ListenV1Error,
    "ConfigureSuccess": ListenV1ConfigureSuccess,
    "ConfigureFailure": ListenV1ConfigureFailure,
}


@asynccontextmanager
async def official(
    fake: FakeDeepgram, key: str = KEY, token: str | None = None
) -> AsyncIterator[AsyncDeepgramClient]:
    place = DeepgramClientEnvironment(base=fake.url, production=fake.ws, agent=fake.ws, agent_rest=fake.url)
    async with httpx.AsyncClient() as web:
        yield AsyncDeepgramClient(api_key=key, access_token=token, environment=place, httpx_client=web)


@asynccontextmanager
async def live(
    fake: FakeDeepgram, key: str = KEY, token: str | None = None
) -> AsyncIterator["AsyncV1SocketClient"]:
    asked = {"model": "nova-3", "language": "multi", "encoding": "linear16", "sample_rate": 16000}
    asked |= {"interim_results": True, "endpointing": 300, "utterance_end_ms": 1000, "vad_events": True}
    asked |= {"smart_format": True, "mip_opt_out": True}
    asked |= {"keyterm": ["Beckett", "Opus codec"], "redact": ["pci", "ssn"]}
    async with official(fake, key, token) as each, each.listen.v1.connect(**asked) as connection:
        yield connection


def known(model: type[pydantic.BaseModel], message: dict[str, Any]) -> None:
    """The message has all fields that the model asks for, of their types, and none that it does not know."""
    strange: list[str] = []

    def look(value: object, where: str) -> None:
        if isinstance(value, pydantic.BaseModel):
            strange.extend(f"{where}.{name}" for name in value.model_extra or {})
            for name in type(value).model_fields:
                look(getattr(value, name), f"{where}.{name}")
        elif isinstance(value, list):
            for number, each in enumerate(value):
                look(each, f"{where}[{number}]")

    look(model.model_validate(message), model.__name__)
    assert not strange


async def test_it_hears_a_conversation_to_its_end() -> None:
    heard: list[Any] = []
    ends: list[Any] = []
    async with deepgram() as fake:
        async with live(fake) as connection, asyncio.TaskGroup() as tasks:
            connection.on(EventType.MESSAGE, heard.append)
            connection.on(EventType.CLOSE, ends.append)
            listening = tasks.create_task(connection.start_listening())  # type: ignore[no-untyped-call]  # theirs
            pcm = speak(30, after=1.5) + speak([31, 32], after=1.5)
            for start in range(0, len(pcm), STEP):
                await connection.send_media(pcm[start : start + STEP])
                await asyncio.sleep(0.02)
            await connection.send_keep_alive()
            await connection.send_finalize()
            await connection.send_close_stream()
            await listening
        visit = fake.ledger.visits[0]
    finals = [message for message in heard if message.type == "Results" and message.is_final]
    words = [number for final in finals for number in numbers(final.channel.alternatives[0].transcript)]
    assert words == list(range(1, 33))
    assert [type(message).__name__ for message in heard[-1:]] == ["ListenV1Metadata"]
    assert {message.type for message in heard} == {"Results", "SpeechStarted", "UtteranceEnd", "Metadata"}
    assert len(ends) == 1
    assert visit.query["keyterm"] == ["Beckett", "Opus codec"]
    assert visit.received["KeepAlive"] == visit.received["Finalize"] == visit.received["CloseStream"] == 1
    assert not any(KEY in value for value in visit.headers.values())


async def test_every_message_has_the_shape_that_it_knows() -> None:
    async with deepgram() as fake:
        asked = {"vad_events": "true", "utterance_end_ms": "1000", "smart_format": "true"}
        async with client(fake, asked) as each:
            await each.socket.send_str("nonsense")
            await each.socket.send_json({"type": "Configure", "keyterms": ["Beckett"]})
            await each.socket.send_json({"type": "Configure", "keyterms": ["interminable " * 200]})
            await each.say(speak(30, after=7.0) + speak(3))
            await each.socket.send_json({"type": "Finalize"})
            await each.say(speak(3, after=1.0))
            await each.socket.send_json({"type": "CloseStream"})
    assert {message["type"] for message in each.messages} == set(KINDS)
    for message in each.messages:
        known(KINDS[message["type"]], message)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 429, 503])
async def test_it_is_told_the_status_of_a_refusal_and_can_find_the_reason(status: int) -> None:
    async with deepgram([Http(status)]) as fake:
        with pytest.raises(ApiError) as caught:
            async with live(fake):
                pass
    assert caught.value.status_code == status
    context: Any = caught.value.__context__
    assert context.headers["dg-error"]
    assert context.headers["dg-request-id"]


@pytest.mark.parametrize(("fault", "code"), [(Reset(Words(3)), None), (Close(1011, "why", Words(3)), 1011)])
async def test_a_line_that_breaks_raises(fault: Breaking, code: int | None) -> None:
    async with deepgram([fault]) as fake, live(fake) as connection:
        await connection.send_media(speak(5))
        with pytest.raises(ConnectionClosedError) as caught:
            async for _ in connection:
                pass
    received = caught.value.rcvd
    assert (received and received.code) == code


async def test_a_stream_that_is_closed_with_1000_in_its_middle_ends_silently() -> None:
    async with deepgram([Close(1000)]) as fake, live(fake) as connection:
        await connection.send_media(speak(5))
        assert not [message async for message in connection if message.type == "Metadata"]


async def test_a_message_of_tomorrow_is_nothing_to_it() -> None:
    async with deepgram([Say(UNKNOWN, Words(2))]) as fake, live(fake) as connection:
        await connection.send_media(speak(3))
        await connection.send_close_stream()
        messages = [message async for message in connection]
    assert None in messages
    assert messages[-1].type == "Metadata"


def recording(pcm: bytes) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(pcm)
    return made.getvalue()


async def test_it_transcribes_recordings_raw_audio_and_urls() -> None:
    pcm = speak(5, after=1.0) + speak([6, 7, 8], after=3.0) + speak([9])
    asked: dict[str, Any] = {"model": "nova-3", "language": "multi", "utterances": True, "paragraphs": True}
    async with deepgram(files={"https://example.org/talk.wav": recording(pcm)}) as fake:
        raw: Any = {"encoding": "linear16"} | asked
        rate: Any = {"additional_query_parameters": {"sample_rate": 16000}}
        async with official(fake) as each:
            media = each.listen.v1.media
            answers: list[Any] = [
                await media.transcribe_file(request=recording(pcm), **asked),
                await media.transcribe_file(request=pcm, request_options=rate, **raw),
                await media.transcribe_url(url="https://example.org/talk.wav", **asked),
            ]
        assert fake.ledger.requests == {"POST /v1/listen 200": 3}
        assert fake.ledger.posted == pytest.approx(3 * 5.8)
    for answer in answers:
        known(ListenV1Response, answer.model_dump(mode="json", exclude_none=True))
        alternative = answer.results.channels[0].alternatives[0]
        assert numbers(alternative.transcript) == list(range(1, 10))
        assert [word.start for word in alternative.words][5] == pytest.approx(2.0)
        assert [utterance.transcript for utterance in answer.results.utterances] == [
            "w1 w2 w3 w4 w5",
            "w6 w7 w8",
            "w9",
        ]
        assert len(alternative.paragraphs.paragraphs) == 2
        assert answer.metadata.duration == pytest.approx(5.8)


async def test_what_is_no_audio_is_refused_and_so_is_a_url_that_leads_nowhere() -> None:
    async with deepgram() as fake, official(fake) as each:
        media = each.listen.v1.media
        for asking in (
            media.transcribe_file(request=b"", model="nova-3"),
            media.transcribe_file(request=b"no audio at all", model="nova-3"),
            media.transcribe_url(url="https://example.org/none.wav", model="nova-3"),
            media.transcribe_file(request=recording(speak(1)), model="nova-99"),
        ):
            with pytest.raises(ApiError) as caught:
                await asking
            assert caught.value.status_code == 400
            assert caught.value.body["err_code"]
    assert fake.ledger.posted == 0


async def test_a_file_that_takes_too_long_is_tried_again_by_the_client_itself() -> None:
    async with deepgram(rest=[Http(504)] * 3) as fake, official(fake) as each:
        media = each.listen.v1.media
        with pytest.raises(ApiError) as caught:
            await media.transcribe_file(request=recording(speak(1)), model="nova-3")
        assert caught.value.status_code == 504
        assert fake.ledger.requests == {"POST /v1/listen 504": 3}
        answer: Any = await media.transcribe_file(request=recording(speak(1)), model="nova-3")
        assert answer.results.channels[0].alternatives[0].transcript == "w1"


async def test_an_upload_that_cannot_be_repeated_is_repeated_with_nothing() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield recording(speak(1))

    async with deepgram(rest=[Http(503)]) as fake, official(fake) as each:
        with pytest.raises(ApiError):
            await each.listen.v1.media.transcribe_file(request=pieces(), model="nova-3")
        assert fake.ledger.bodies == [0]


async def test_a_granted_token_opens_a_stream_for_as_long_as_it_lasts() -> None:
    async with deepgram() as fake, official(fake) as each:
        granted = await each.auth.v1.tokens.grant(ttl_seconds=30)
        known(GrantV1Response, granted.model_dump())
        async with live(fake, token=granted.access_token) as connection:
            await connection.send_close_stream()
        await asyncio.sleep(31)
        with pytest.raises(ApiError) as caught:
            async with live(fake, token=granted.access_token):
                pass
        assert caught.value.status_code == 401


async def test_projects_and_the_token_page_tell_what_a_key_may_do() -> None:
    async with deepgram(keys={KEY: Key(), "guest": Key(member=False)}) as fake:
        async with official(fake) as each:
            projects = await each.manage.v1.projects.list()
        known(ListProjectsV1Response, projects.model_dump())
        assert projects.projects
        for key, status in [("guest", 403), ("no", 401)]:
            async with official(fake, key) as each:
                with pytest.raises(ApiError) as caught:
                    await each.manage.v1.projects.list()
            assert caught.value.status_code == status
        told = {}
        async with httpx.AsyncClient(base_url=fake.url) as web:
            for key in (KEY, "guest", "no"):
                answer = await web.get("/v1/auth/token", headers={"Authorization": f"Token {key}"})
                told[key] = (answer.status_code, answer.json().get("scopes"))
    assert told == {KEY: (200, ["member"]), "guest": (200, ["usage:write"]), "no": (401, None)}


async def test_a_text_is_read() -> None:
    async with deepgram() as fake, official(fake) as each:
        reader = each.read.v1.text
        told: Any = await reader.analyze(request={"text": "We shall go."}, language="en", summarize=True)
        assert told.results.summary.text == "We shall go."
        with pytest.raises(ApiError):
            await reader.analyze(request={"text": "We shall go."}, summarize=True)
