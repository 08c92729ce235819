"""What Spokenly needs to hear and to be reached."""

# What is examined may be missing or broken, so it is imported only where it is looked at.
# ruff: noqa: PLC0415

import errno
import os
import platform
import socket
import ssl
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from bots.doctor.finding import Check, Finding
from core.errors import EngineMissing
from core.settings import Settings


def _python(_: Settings) -> Iterator[Finding]:
    number = platform.python_version()
    enough = sys.version_info >= (3, 11)
    sentence = f"{number}, {platform.system()} on {platform.machine()}."
    if not enough:
        sentence = f"This is Python {number}; Spokenly needs 3.11 or newer."
    yield Finding("Python", "good" if enough else "missing", sentence)


def _files(settings: Settings) -> Iterator[Finding]:
    from core.engines import models

    files = [models.SILERO]
    if settings.model_dir is None:
        files += [models.ENCODER, models.DECODER, models.TOKENIZER]
    for file in files:
        name = file.path.rpartition("/")[2]
        try:
            models.verify(file)
        except EngineMissing as error:
            yield Finding(name, "missing", str(error))
        else:
            yield Finding(name, "good", f"{file.size / 1e6:.1f} MB, undamaged.")


def _engine(settings: Settings) -> Iterator[Finding]:
    import numpy as np

    from core.engines.moonshine import Moonshine
    from core.engines.silero import Silero
    from core.engines.whisper import Whisper

    began = perf_counter()
    Silero()
    decoder = Moonshine() if settings.model_dir is None else Whisper(settings.model_dir)
    decoder.decode(np.zeros(16_000, np.float32))
    took = perf_counter() - began
    sentence = f"{decoder.name}: loaded and tried in {took:.1f} s, with onnxruntime {version('onnxruntime')}."
    yield Finding("Engine", "good", sentence)


def _language(settings: Settings) -> Iterator[Finding]:
    from core.engines.local import not_heard
    from core.engines.moonshine import Moonshine

    primary = settings.language.partition("-")[0].lower()
    if settings.model_dir is None and Moonshine.languages and primary not in Moonshine.languages:
        yield Finding("Language", "missing", not_heard(settings.language))
    elif settings.model_dir is None:
        yield Finding(
            "Language", "good", f"It listens for {settings.language}. The built-in model hears English only."
        )
    else:
        yield Finding("Language", "good", f"It listens for {settings.language}.")


def _whisper(settings: Settings) -> Iterator[Finding]:
    installed = find_spec("faster_whisper") is not None
    install = "pip install 'spokenly[whisper]'"
    if settings.model_dir is None and not installed:
        sentence = f"For other languages: {install}, and name a model directory in SPOKENLY_MODEL_DIR."
        yield Finding("Whisper", "unneeded", sentence)
    elif settings.model_dir is None:
        yield Finding(
            "Whisper", "unneeded", "faster-whisper is there; SPOKENLY_MODEL_DIR names no model for it."
        )
    elif installed:
        yield Finding("Whisper", "good", f"faster-whisper {version('faster-whisper')} takes over.")
    else:
        yield Finding("Whisper", "missing", f"SPOKENLY_MODEL_DIR needs faster-whisper: {install}.")


def _opus(_: Settings) -> Iterator[Finding]:
    from core.audio.opus import OpusDecoder

    OpusDecoder()
    yield Finding("WebRTC sound", "good", "libopus decodes what browsers and OBS send.")


def _ffmpeg(_: Settings) -> Iterator[Finding]:
    import av

    sentence = f"FFmpeg {av.ffmpeg_version_info}, in PyAV {av.__version__}, reads audio and video files."
    yield Finding("Recordings", "good", sentence)


def _address(settings: Settings) -> Iterator[Finding]:
    where = f"{settings.host} port {settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        if os.name != "nt":  # as asyncio does: a port that was in use a moment ago is free
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((settings.host, settings.port))
        except socket.gaierror:
            yield Finding("Address", "missing", f"{settings.host} is no address: see SPOKENLY_HOST.")
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                sentence = f"{where} is in use: is Spokenly running? SPOKENLY_PORT names another."
            else:
                sentence = f"{where} can't be had: {error.strerror}."
            yield Finding("Address", "missing", sentence)
        else:
            yield Finding("Address", "good", f"{where} is free.")


def _https(settings: Settings) -> Iterator[Finding]:
    """Browsers give a microphone to HTTPS and to this machine only (W3C Secure Contexts)."""
    alone = settings.host in {"127.0.0.1", "::1", "localhost"}
    if settings.tls_cert is not None:
        yield from _certificate(settings.tls_cert, settings.tls_key)
    elif settings.tls_key is not None:
        yield Finding("HTTPS", "missing", "SPOKENLY_TLS_KEY is set and SPOKENLY_TLS_CERT is not.")
    elif settings.public_url is not None and settings.public_url.scheme == "https":
        yield Finding(
            "HTTPS",
            "good",
            f"People come by {settings.public_url}: a proxy with a certificate has to answer there.",
        )
    elif settings.public_url is not None:
        sentence = f"{settings.public_url} is not https: browsers will not share sound there."
        yield Finding("HTTPS", "missing", sentence)
    elif alone:
        yield Finding(
            "HTTPS", "unneeded", "Only this machine can open it, and needs none. Others need a certificate."
        )
    else:
        yield Finding(
            "HTTPS",
            "missing",
            "Other machines can read, but share sound only over HTTPS: set SPOKENLY_TLS_CERT and "
            "SPOKENLY_TLS_KEY, or SPOKENLY_PUBLIC_URL for a proxy with HTTPS.",
        )


def _certificate(certificate: Path, key: Path | None) -> Iterator[Finding]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # A key with a password would ask for it here.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except FileNotFoundError:
        absent = certificate if not certificate.exists() else key
        yield Finding("HTTPS", "missing", f"There is no file {absent}.")
        return
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "it is no PEM file"
        yield Finding(
            "HTTPS", "missing", f"The certificate {certificate} can't be used with its key: {reason}."
        )
        return
    ends = _expiry(certificate)
    if ends is not None and ends < datetime.now(UTC):
        yield Finding("HTTPS", "missing", f"The certificate {certificate} ended on {ends:%Y-%m-%d}.")
    elif ends is not None and ends < datetime.now(UTC) + timedelta(days=14):
        yield Finding("HTTPS", "good", f"The certificate {certificate} ends soon, on {ends:%Y-%m-%d}.")
    else:
        until = f" until {ends:%Y-%m-%d}" if ends else ""
        yield Finding("HTTPS", "good", f"The certificate {certificate} is good{until}.")


def _expiry(certificate: Path) -> datetime | None:
    from cryptography import x509  # aiortc brings it

    return x509.load_pem_x509_certificates(certificate.read_bytes())[0].not_valid_after_utc


def _folder(_: Settings) -> Iterator[Finding]:
    """Captions of recordings are written where `spokenly transcribe` is started."""
    try:
        with tempfile.TemporaryFile(dir=Path.cwd()):
            yield Finding("Folder", "good", f"{Path.cwd()} can be written.")
    except OSError as error:
        sentence = f"Nothing can be written here ({error.strerror}): give `transcribe` an --output elsewhere."
        yield Finding("Folder", "unneeded", sentence)


CHECKS: dict[str, Check] = {
    "Python": _python,
    "Model files": _files,
    "Engine": _engine,
    "Language": _language,
    "Whisper": _whisper,
    "WebRTC sound": _opus,
    "Recordings": _ffmpeg,
    "Address": _address,
    "HTTPS": _https,
    "Folder": _folder,
}
