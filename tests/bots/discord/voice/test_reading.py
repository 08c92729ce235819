"""Messages of the voice gateway are understood or nothing, and ours are what the gateway expects."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bots.discord.voice import messages, reading
from bots.discord.voice.messages import (
    Came,
    Commit,
    Described,
    ExternalSender,
    Hello,
    Message,
    PrepareEpoch,
    PrepareTransition,
    Proposals,
    Ready,
    Resumed,
    Source,
    Welcome,
    Went,
)

ANN = 80351110224678912


def read(code: int, body: object, **more: Any) -> Message | None:
    envelope = reading.read(json.dumps({"op": code, "d": body, **more}))
    assert envelope is not None
    return envelope.message


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=25)
trees = scalars | st.lists(scalars, max_size=33) | st.dictionaries(st.text(max_size=9), scalars, max_size=5)
fields = st.sampled_from(
    ["ssrc", "user_id", "user_ids", "speaking", "audio_ssrc", "ip", "port", "modes", "mode", "secret_key",
     "dave_protocol_version", "heartbeat_interval", "transition_id", "protocol_version", "epoch"]
)  # fmt: skip


@settings(max_examples=60)
@given(st.text() | trees.map(json.dumps))
@example("[" * 100_000)
@example('{"op": 1e400, "d": NaN}')
def test_any_text_is_a_message_or_nothing(text: str) -> None:
    reading.read(text)


@settings(max_examples=40)
@given(st.integers(-1, 40), st.dictionaries(fields, trees, max_size=9), trees)
def test_any_body_of_any_message_is_understood_or_not(code: int, body: dict[str, Any], sequence: Any) -> None:
    envelope = reading.read(json.dumps({"op": code, "d": body, "seq": sequence}))
    assert envelope is not None
    if envelope.sequence is not None:
        assert 0 <= envelope.sequence <= 0xFFFF


@given(st.binary(max_size=60))
def test_any_binary_frame_is_a_message_or_nothing(data: bytes) -> None:
    envelope = reading.read_binary(data)
    assert (envelope is None) == (len(data) < 3)


def test_the_messages_of_a_voice_gateway_are_understood() -> None:
    assert read(8, {"heartbeat_interval": 13750.0, "v": 8}) == Hello(13.75)
    assert read(2, {"ssrc": 7, "ip": "1.2.3.4", "port": 50_000, "modes": ["a", "b"]}) == Ready(
        7, "1.2.3.4", 50_000, ("a", "b")
    )
    key = list(range(32))
    assert read(4, {"mode": "a", "secret_key": key, "dave_protocol_version": 1}) == Described(
        "a", bytes(key), 1
    )
    assert read(4, {"mode": "a", "secret_key": key}) == Described("a", bytes(key), 0)
    assert read(5, {"user_id": str(ANN), "ssrc": 9, "speaking": 1}) == Source(ANN, 9, speaking=True)
    assert read(5, {"user_id": str(ANN), "ssrc": 9, "speaking": 2}) == Source(ANN, 9, speaking=False)
    assert read(9, None) == Resumed()
    assert read(11, {"user_ids": [str(ANN), "5"]}) == Came((ANN, 5))
    assert read(12, {"user_id": str(ANN), "audio_ssrc": 9, "video_ssrc": 10}) == Source(
        ANN, 9, speaking=False
    )
    assert read(12, {"user_id": str(ANN), "audio_ssrc": 0, "video_ssrc": 10}) is None
    assert read(13, {"user_id": str(ANN)}) == Went(ANN)
    assert read(21, {"transition_id": 3, "protocol_version": 0}) == PrepareTransition(3, 0)
    assert read(24, {"epoch": 1, "protocol_version": 1}) == PrepareEpoch(1, 1)
    assert read(18, {"user_id": "1", "flags": 2}) is None


def test_binary_messages_are_understood() -> None:
    def binary(frame: bytes) -> tuple[Message | None, int | None]:
        envelope = reading.read_binary(frame)
        assert envelope is not None
        return envelope.message, envelope.sequence

    assert binary(b"\x01\x02\x19key") == (ExternalSender(b"key"), 0x102)
    assert binary(b"\xff\xff\x1b\x01refs") == (Proposals(True, b"refs"), 0xFFFF)
    assert binary(b"\0\1\x1b\x00adds") == (Proposals(False, b"adds"), 1)
    assert binary(b"\0\1\x1b\x02what") == (None, 1)
    assert binary(b"\0\1\x1d\x01\x00commit") == (Commit(256, b"commit"), 1)
    assert binary(b"\0\1\x1e\x00\x00welcome") == (Welcome(0, b"welcome"), 1)
    assert binary(b"\0\1\x1e\x00") == (None, 1)


def test_sequence_numbers_are_read_where_there_are_any() -> None:
    known, unknown = (
        reading.read('{"op":13,"d":{"user_id":"1"},"seq":65535}'),
        reading.read('{"op":99,"d":0,"seq":3}'),
    )
    assert known is not None
    assert unknown is not None
    assert (known.sequence, unknown.sequence) == (65_535, 3)
    nothing = reading.read('{"op":6,"d":null}')
    assert nothing is not None
    assert nothing.sequence is None


@pytest.mark.parametrize(
    "user", ["0", "-1", "18446744073709551616", "٣", "1.0", 1.0, True, None, [], "9" * 5000]
)
def test_an_id_that_is_none_is_not_believed(user: object) -> None:
    assert read(13, {"user_id": user}) is None


def test_a_key_never_shows_in_what_is_printed() -> None:
    assert "secret" not in repr(Described("a", b"secret" * 6, 1))


def test_ours_are_json_in_text_and_keys_in_binary() -> None:
    said = json.loads(messages.identify(guild=1, user=2, session="s", token="t", dave=1))
    assert said == {
        "op": 0,
        "d": {
            "server_id": "1",
            "user_id": "2",
            "session_id": "s",
            "token": "t",
            "max_dave_protocol_version": 1,
        },
    }
    again = json.loads(messages.resume(guild=1, session="s", token="t", sequence=9))
    assert again == {"op": 7, "d": {"server_id": "1", "session_id": "s", "token": "t", "seq_ack": 9}}
    assert json.loads(messages.heartbeat(5, -1)) == {"op": 3, "d": {"t": 5, "seq_ack": -1}}
    assert messages.key_package(b"key") == b"\x1akey"
    assert messages.commit_welcome(b"c", None) == b"\x1cc"
    assert messages.commit_welcome(b"c", b"w") == b"\x1ccw"
