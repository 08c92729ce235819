"""A Whisper model of the user's, with the package played by a script: no model of that size is installed."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.audio.frame import RATE
from core.engines.whisper import Whisper
from core.errors import EngineMissing

WORDS = ["", " Guten", " Tag", ",", " Welt"]
END = 100


class Tokenizer:
    def token_to_id(self, token: str) -> int:
        return END

    def decode(self, tokens: list[int]) -> str:
        return "".join(WORDS[token] for token in tokens)


class Model:
    """What faster_whisper.WhisperModel shows of itself."""

    said: tuple[int, ...] = (1, 2, 3, 4, END + 5)
    no_speech = 0.1
    logprob = -0.2
    asked: dict[str, Any]

    def __init__(self, directory: str, **_: Any) -> None:
        self.model = SimpleNamespace(is_multilingual=True)
        self.supported_languages = ["en", "de"]
        self.hf_tokenizer = Tokenizer()

    def transcribe(self, pcm: Any, **asked: Any) -> tuple[list[Any], None]:
        type(self).asked = asked
        segment = SimpleNamespace(
            tokens=list(self.said), avg_logprob=self.logprob, no_speech_prob=self.no_speech
        )
        return [segment], None


@pytest.fixture
def whisper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Whisper:
    package = ModuleType("faster_whisper")
    package.WhisperModel = type("Model", (Model,), {})  # type: ignore[attr-defined]  # a module of our own
    monkeypatch.setitem(sys.modules, "faster_whisper", package)
    for name in ("model.bin", "tokenizer.json"):
        (tmp_path / name).touch()
    return Whisper(tmp_path)


SOUND = np.zeros(RATE, np.float32)


def test_it_hears_the_languages_of_its_model(whisper: Whisper) -> None:
    assert whisper.languages == frozenset({"en", "de"})


def test_text_tokens_and_pieces_belong_together(whisper: Whisper) -> None:
    found = whisper.decode(SOUND, language="de")
    assert found.text == "Guten Tag, Welt"
    assert found.tokens == (1, 2, 3, 4)
    assert found.pieces == (" Guten", " Tag", ",", " Welt")
    assert found.confidence == pytest.approx(np.exp(-0.2))


def test_what_was_shown_is_asked_for_and_begins_the_text_in_any_case(whisper: Whisper) -> None:
    whisper._model.__class__.said = (3, 4)
    found = whisper.decode(SOUND, (1, 2, 9), fixed=2)
    assert whisper._model.asked["prefix"] == " Guten Tag"
    assert found.tokens == (1, 2, 3, 4)


def test_a_fresh_look_is_bound_by_nothing(whisper: Whisper) -> None:
    whisper.decode(SOUND, (1, 2), fixed=2, fresh=True)
    assert whisper._model.asked["prefix"] is None


def test_where_nobody_speaks_nothing_is_said(whisper: Whisper) -> None:
    whisper._model.__class__.no_speech = 0.9
    whisper._model.__class__.logprob = -1.5
    assert whisper.decode(SOUND).text == ""


def test_without_the_package_there_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("model.bin", "tokenizer.json"):
        (tmp_path / name).touch()
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(EngineMissing, match=r"pip install 'spokenly\[whisper\]'"):
        Whisper(tmp_path)


def test_a_directory_without_a_tokenizer_would_ask_the_network_and_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").touch()
    with pytest.raises(EngineMissing, match=r"no tokenizer\.json"):
        Whisper(tmp_path)
