"""WHIP from the offer to the last packet: real clients, the RFC's table, and everything clients do wrong."""

from pathlib import Path

import pytest

from tests.bots.meet.senders import House, client, ffmpeg, serving, until, write_tone
from tests.core.audio.tones import loudness

pytestmark = pytest.mark.real_time


async def test_a_client_is_heard_from_its_offer_to_its_delete() -> None:
    house = House()
    async with serving(house) as (address, _), client(address) as sender:
        await sender.connect()
        line = house.lines[0]
        await until(lambda: line.seconds > 1.0)
        assert await sender.delete() == 200
        assert line.gone == 1
    assert loudness(line.pcm[-16_000:]) > 3000
    assert line.gaps == []


@pytest.mark.parametrize("active", [False, True])
async def test_ffmpeg_is_heard_whole(tmp_path: Path, active: bool) -> None:
    house = House()
    async with serving(house) as (address, _):
        assert await ffmpeg(address, write_tone(tmp_path / "tone.wav", 2.0), tmp_path, active=active) == 0
        await until(lambda: house.lines[0].gone == 1)
    line = house.lines[0]
    assert line.seconds > 1.9
    assert loudness(line.pcm[16_000:-16_000]) > 3000
