"""Recordings heard as one: what is too long is refused before it is held in memory."""

import pytest
from pydantic import SecretStr

from core.audio.frame import RATE, WIDTH
from core.engines.deepgram import files
from core.engines.deepgram.engine import Deepgram
from core.engines.deepgram.recordings import Recordings
from core.errors import Refused


async def test_a_recording_that_is_too_long_is_refused_as_soon_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    second = bytes(RATE * WIDTH)
    monkeypatch.setattr(files, "LARGEST", 10 * len(second) + 44)
    async with Recordings(Deepgram(SecretStr("key"))).recognize("en") as recording:
        for _ in range(10):
            await recording.send(second)
        with pytest.raises(Refused, match="2 GB"):
            await recording.send(second)
