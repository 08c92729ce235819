"""Deepgram from the command line: files go to it, the doctor asks it, bad settings are one sentence."""

import asyncio
import wave
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bots.cli import app
from bots.doctor.report import look
from bots.transcribe import plan, transcribe
from core.audio.frame import RATE, WIDTH
from core.engines.hearing import open_hearing, options
from core.errors import Refused, UserError
from core.metrics import Metrics
from core.settings import Settings
from tests.fakes.deepgram import KEY, FakeDeepgram, Http, deepgram
from tests.fakes.engine import numbers, speak

pytestmark = pytest.mark.real_time


def chosen(fake: FakeDeepgram, **changes: object) -> Settings:
    return Settings.model_validate(
        {"DEEPGRAM_API_KEY": KEY, "deepgram_url": fake.url, "deepgram_multilingual": False, **changes}
    )


def recording(path: Path, words: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(WIDTH)
        file.setframerate(RATE)
        file.writeframes(speak(range(100, 100 + words), after=1.0))
    return path


async def test_a_file_is_transcribed_whole(tmp_path: Path) -> None:
    source, target = recording(tmp_path / "talk.wav", 40), tmp_path / "talk.txt"
    async with deepgram() as fake:
        jobs = await asyncio.to_thread(plan, [str(source)], "text", str(target))
        code = await transcribe(jobs, chosen(fake), "deepgram", bar=False)
    assert code == 0
    text = target.read_text(encoding="utf-8")
    words = " ".join(line.split("] ", 1)[1] for line in text.splitlines() if line.startswith("["))
    assert numbers(words.replace(".", "").lower()) == list(range(100, 140))
    assert fake.ledger.requests["POST /v1/listen 200"] == 1
    assert "Deepgram nova-3" in text


@pytest.mark.parametrize(
    ("status", "sentence"), [(401, "DEEPGRAM_API_KEY"), (402, "DEEPGRAM_API_KEY"), (504, "Deepgram")]
)
async def test_a_file_that_deepgram_does_not_take_is_one_sentence(
    status: int, sentence: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = recording(tmp_path / "talk.wav", 5)
    async with deepgram(rest=[Http(status)]) as fake:
        code = await transcribe(plan([str(source)], None, None), chosen(fake), "deepgram", bar=False)
    assert code == 1
    said = capfd.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert KEY not in said


def test_without_a_key_there_is_one_sentence(tmp_path: Path) -> None:
    source = recording(tmp_path / "talk.wav", 5)
    result = CliRunner().invoke(app, ["transcribe", str(source), "--engine", "deepgram"])
    assert result.exit_code == 1
    assert "DEEPGRAM_API_KEY" in result.stderr


async def test_the_doctor_says_what_deepgram_answered() -> None:
    async with deepgram() as fake:
        (good,) = await asyncio.to_thread(lambda: list(look(chosen(fake), "Deepgram")))
        assert (good.state, "takes the key" in good.sentence) == ("good", True)
        fake.away(Http(401))
        (wrong,) = await asyncio.to_thread(lambda: list(look(chosen(fake), "Deepgram")))
        assert wrong.state == "missing"
        assert "DEEPGRAM_API_KEY" in wrong.sentence
        assert KEY not in wrong.sentence
    (none,) = await asyncio.to_thread(lambda: list(look(Settings(), "Deepgram")))
    assert none.state == "unneeded"


async def test_with_a_key_deepgram_hears_and_this_machine_stands_in() -> None:
    async with deepgram() as fake, open_hearing(chosen(fake), Metrics()) as hearing:
        assert hearing.engine == "Deepgram nova-3"
        assert hearing.paid
        assert hearing.gate is not None
        async with hearing.lender.lend("en") as loan:
            assert (loan.engine, loan.note) == ("Deepgram nova-3", None)
        fake.away()
        async with hearing.lender.lend("en") as loan:
            assert loan.engine.startswith("Moonshine")
            assert "can't be reached" in str(loan.note)


async def test_a_language_that_only_deepgram_hears_needs_no_other_engine() -> None:
    async with deepgram() as fake, open_hearing(chosen(fake, language="tr"), Metrics()) as hearing:
        assert hearing.lender.slow("tr")
        async with hearing.lender.lend("tr") as loan:
            assert loan.engine == "Deepgram nova-3"


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"deepgram_keyterms": ("a rather long name of something",) * 60}, "SPOKENLY_DEEPGRAM_KEYTERMS"),
        ({"deepgram_url": "nonsense"}, "SPOKENLY_DEEPGRAM_URL"),
        ({"deepgram_extra": ("encoding=opus",)}, "SPOKENLY_DEEPGRAM_EXTRA"),
        ({"deepgram_extra": ("what",)}, "SPOKENLY_DEEPGRAM_EXTRA"),
        ({"deepgram_model": "nova-2", "deepgram_keyterms": ("Tomasz",)}, "SPOKENLY_DEEPGRAM_KEYTERMS"),
    ],
)
async def test_a_setting_that_can_not_be_right_is_one_sentence_at_the_start(
    changes: dict[str, object], names: str
) -> None:
    settings = Settings.model_validate({"DEEPGRAM_API_KEY": KEY, **changes})
    with pytest.raises((Refused, UserError), match=names):
        async with open_hearing(settings, Metrics()):
            pass


def test_the_settings_reach_the_query() -> None:
    settings = Settings.model_validate(
        {
            "deepgram_redact": "pci, ssn",
            "deepgram_opt_out": True,
            "deepgram_extra": "profanity_filter=true,tag=a=b",
        }
    )
    made = options(settings)
    assert made.redact == ("pci", "ssn")
    assert made.mip_opt_out
    assert made.extra == (("profanity_filter", "true"), ("tag", "a=b"))
