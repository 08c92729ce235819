"""Who is let in by the fake Deepgram, and who is not."""

from urllib.parse import urlencode

import aiohttp
import pytest

from tests.fakes.deepgram import (
    KEY,
    Key,
    deepgram,
)
from tests.fakes.deepgram.client import ASKED, client, hear, refusal
from tests.fakes.engine import speak


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"model": "nova-99"}, "No such model"),
        ({"language": "tlh"}, "No such model/language"),
        ({"language": "en_GB"}, "No such model/language"),
        ({"colour": "red"}, "colour"),
        ({"encoding": "mp4"}, "encoding"),
        ({"sample_rate": "many"}, "sample_rate"),
        ({"interim_results": "maybe"}, "interim_results"),
        ({"endpointing": "soon"}, "endpointing"),
        ({"utterance_end_ms": "500"}, "utterance_end_ms"),
        ({"diarize_model": "v2"}, "diarize_model"),
        ({"keyterm": "incomprehensibilities " * 100}, "Keyterm limit exceeded"),
        ({"model": "nova-2", "keyterm": "Beckett"}, "keyterm"),
        ({"keywords": "Beckett:2"}, "keywords"),
        ({"redact": "names"}, "redact"),
    ],
)
async def test_a_question_that_cannot_be_answered_is_refused(query: dict[str, str], said: str) -> None:
    async with deepgram() as fake:
        status, _, body = await refusal(fake, query)
        assert (status, fake.ledger.refused) == (400, {"400": 1})
        assert said in body["err_msg"]


async def test_raw_audio_needs_a_sample_rate_and_there_is_an_end_to_key_terms() -> None:
    async with deepgram() as fake:
        status, _, body = await refusal(fake, "model=nova-3&encoding=linear16")
        assert (status, "sample_rate" in body["err_msg"]) == (400, True)
        many = urlencode(ASKED) + "&keyterm=a" * 101
        status, _, body = await refusal(fake, many)
        assert (status, "101" in body["err_msg"]) == (400, True)


async def test_keys_and_credit_and_models_are_looked_at() -> None:
    keys = {
        KEY: Key(),
        "poor": Key(credit=False),
        "narrow": Key(models=frozenset({"nova-2"})),
    }
    async with deepgram(keys=keys) as fake:
        for key, status, code in [
            ("Token wrong", 401, "INVALID_AUTH"),
            ("Bearer wrong", 401, "INVALID_AUTH"),
            ("", 401, "INVALID_AUTH"),
            (f"Bearer {KEY}", 401, "INVALID_AUTH"),
            ("Token poor", 402, "ASR_PAYMENT_REQUIRED"),
            ("Token narrow", 403, "INSUFFICIENT_PERMISSIONS"),
        ]:
            got, _, body = await refusal(fake, key=key)
            assert (got, body["err_code"]) == (status, code)
        assert fake.ledger.refused == {"401": 4, "402": 1, "403": 1}
        assert fake.ledger.connections == 0


async def test_one_stream_too_many_is_refused_until_another_has_ended() -> None:
    async with deepgram(limit=1) as fake:
        async with client(fake) as each:
            assert (await refusal(fake))[0] == 429
            await each.say(speak(1))
            await each.socket.send_json({"type": "CloseStream"})
        await hear(fake, speak(1))
        assert (fake.ledger.most, fake.ledger.asked, fake.ledger.refused["429"]) == (1, 3, 1)


async def test_a_browser_may_show_its_key_as_a_protocol() -> None:
    async with (
        deepgram() as fake,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{fake.ws}/v1/listen?{urlencode(ASKED)}", protocols=("token", KEY)) as socket,
    ):
        await socket.send_json({"type": "CloseStream"})
        assert (await socket.receive_json())["type"] == "Metadata"
    assert not any(KEY in value for value in fake.ledger.visits[0].headers.values())
