"""The local engine: what it hears, what it does not take for speech, and what it refuses."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.audio.frame import RATE, WIDTH
from core.engines.belief import believable
from core.engines.desk import Decoded
from core.engines.local import LocalEngine, open_engine
from core.engines.moonshine import Moonshine
from core.engines.protocol import Hypothesis
from core.errors import EngineMissing, LineLost, Refused
from core.settings import Settings
from tests.core.engines.voices import beckett, chord, moonshine, noise, pcm

pytestmark = pytest.mark.real_time


async def hear(engine: LocalEngine, sound: bytes, *, interim: bool = True) -> list[Hypothesis]:
    found: list[Hypothesis] = []
    async with engine.recognize("en", interim=interim) as stream, asyncio.TaskGroup() as group:

        async def say() -> None:
            for start in range(0, len(sound), 3200):
                await stream.send(sound[start : start + 3200])
            await stream.finish()

        group.create_task(say())
        async for hypothesis in stream:
            found.append(hypothesis)
    return found


def settings(**changes: object) -> Settings:
    return Settings(_env_file=None, **changes)  # type: ignore[arg-type]  # pydantic checks them


async def test_it_writes_down_what_is_said() -> None:
    async with LocalEngine() as engine:
        found = await hear(engine, beckett())
    text = " ".join(h.text for h in found if h.final).lower()
    assert "ever tried" in text
    assert "try again" in text
    assert all(h.confidence is not None for h in found if h.final and h.text)


async def test_noise_and_music_give_no_words() -> None:
    t = np.arange(10 * RATE) / RATE
    hum = pcm(0.3 * np.sin(2 * np.pi * 50 * t) + 0.1 * np.sin(2 * np.pi * 150 * t))
    sweep = pcm(0.3 * np.sin(2 * np.pi * (200 * t + 90 * t**2)))
    clicks = np.zeros(10 * RATE)
    clicks[:: RATE // 3] = 0.9
    sounds = {
        "hiss": noise(10, 0.02),
        "loud noise": noise(10, 0.3),
        "hum": hum,
        "sweep": sweep,
        "clicks": pcm(clicks),
        "a chord": chord(10, 220, 277, 330),
        "a high chord": chord(10, 523, 659, 784),
    }
    async with LocalEngine(moonshine) as engine:
        said = {name: [h.text for h in await hear(engine, sound) if h.text] for name, sound in sounds.items()}
    assert said == {name: [] for name in sounds}


async def test_speech_over_soft_noise_is_still_heard() -> None:
    speech = np.frombuffer(beckett(), "<i2") / 32768
    hiss = np.frombuffer(noise(len(speech) / RATE, 0.003), "<i2") / 32768
    async with LocalEngine(moonshine) as engine:
        found = await hear(engine, pcm(speech + hiss[: len(speech)]), interim=False)
    assert "try again" in " ".join(h.text for h in found).lower()


async def test_a_long_file_makes_send_wait_and_nothing_is_lost() -> None:
    sound = beckett() * 6
    async with LocalEngine(moonshine, workers=1) as engine:
        async with engine.recognize("en", interim=False) as stream:

            async def flood() -> None:
                for _ in range(1000):
                    await stream.send(sound)

            with pytest.raises(TimeoutError):
                await asyncio.wait_for(flood(), 0.05)
        found = await hear(engine, sound, interim=False)
    assert found[-1].end == len(sound) / WIDTH / RATE
    assert sum("matter" in h.text.lower() for h in found) >= 1


def test_belief_asks_for_sure_tokens_and_no_circles() -> None:
    assert believable(Decoded("Yes.", (5,), ("Yes.",), (0.9,), 0.9), 0.9)
    assert not believable(Decoded("Yes.", (5,), ("Yes.",), (0.2,), 0.2), 0.9)
    assert not believable(Decoded("Yes.", (5,), ("Yes.",), (0.9,), 0.9, looped=True), 0.9)
    assert not believable(Decoded("A b c d.", (5,) * 9, ("a",) * 9, (0.5,) * 9, 0.5, looped=True), 0.9)
    assert believable(Decoded("A b c d.", (5,) * 9, ("a",) * 9, (0.9,) * 9, 0.9, looped=True), 0.9)
    assert not believable(Decoded("", (), (), (), None), 0.9)


async def test_the_settings_choose_the_built_in_model() -> None:
    async with open_engine(settings(workers=1)) as engine:
        assert engine.name == "Moonshine tiny, on this machine"
        assert engine.languages == frozenset({"en"})


async def test_another_language_is_refused_in_plain_words() -> None:
    with pytest.raises(Refused, match=r"hears English only\. For de, name a faster-whisper model directory"):
        async with open_engine(settings(language="de")):
            pass


async def test_a_model_directory_without_a_model_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match=r"no model\.bin"):
        async with open_engine(settings(model_dir=tmp_path)):
            pass


async def test_a_model_directory_with_rubbish_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"rubbish")
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(EngineMissing, match="can't be loaded"):
        async with open_engine(settings(model_dir=tmp_path)):
            pass


class Breaking(Moonshine):
    """Breaks over the first audio that it is given."""

    broke = False

    def decode(self, *args: Any, **kwargs: Any) -> Decoded:
        if not self.broke:
            self.broke = True
            raise ZeroDivisionError
        return super().decode(*args, **kwargs)


async def test_a_model_that_breaks_over_one_stream_loses_that_line_and_hears_the_others() -> None:
    async with LocalEngine(Breaking) as engine:
        async with engine.recognize("en", interim=False) as stream:
            await stream.send(beckett())
            await stream.finish()
            with pytest.raises(LineLost):
                async for _ in stream:
                    pass
        async with engine.recognize("en", interim=False) as stream:
            await stream.send(beckett())
            await stream.finish()
            assert "failed" in " ".join([h.text async for h in stream]).lower()
