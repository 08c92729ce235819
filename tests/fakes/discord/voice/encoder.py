"""Opus as Discord's own clients send it: 48 kHz, 20 ms, in-band FEC; from the libopus that hears it too."""

import ctypes
import functools
from pathlib import Path
from typing import Final

import av
import numpy as np

from core.audio.opus import load
from tests.fakes.discord.voice.rtp import STEP

RATE: Final = 48_000

# Loaded while nothing runs yet: it reads the disk.
_OPUS = load()
_OPUS.opus_encoder_create.restype = ctypes.c_void_p

_VOIP = 2048
_BITRATE, _COMPLEXITY, _FEC, _LOSS = 4002, 4010, 4012, 4014  # opus_defines.h


class OpusEncoder:
    """One stream. 64 kbit/s of voice: hybrid frames, each with a copy of the one before."""

    def __init__(self, channels: int = 1) -> None:
        error = ctypes.c_int()
        state = _OPUS.opus_encoder_create(RATE, channels, _VOIP, ctypes.byref(error))
        assert state, error.value
        self._state = ctypes.c_void_p(state)
        self._size = STEP * channels * 2
        self._out = ctypes.create_string_buffer(1500)
        for setting, value in ((_BITRATE, 64_000), (_COMPLEXITY, 5), (_FEC, 1), (_LOSS, 15)):
            assert not _OPUS.opus_encoder_ctl(self._state, ctypes.c_int(setting), ctypes.c_int(value))

    def __del__(self) -> None:
        if hasattr(self, "_state"):
            _OPUS.opus_encoder_destroy(self._state)

    def encode(self, pcm: bytes) -> bytes:
        """One frame: 960 samples a channel, s16le."""
        assert len(pcm) == self._size
        length = _OPUS.opus_encode(self._state, pcm, STEP, self._out, len(self._out))
        assert length > 0, length
        return self._out.raw[:length]


@functools.lru_cache(maxsize=64)
def frames(pcm: bytes, rate: int = RATE, channels: int = 1) -> tuple[bytes, ...]:
    """Opus packets of 20 ms each; the last is filled up with silence. Made once for each recording."""
    pcm = _resampled(pcm, rate, channels)
    size = STEP * channels * 2
    pcm += bytes(-len(pcm) % size)
    encoder = OpusEncoder(channels)
    return tuple(encoder.encode(pcm[at : at + size]) for at in range(0, len(pcm), size))


def _resampled(pcm: bytes, rate: int, channels: int) -> bytes:
    if rate == RATE:
        return pcm
    layout = "mono" if channels == 1 else "stereo"
    frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, np.int16).reshape(1, -1), "s16", layout)
    frame.sample_rate = rate
    resampler = av.AudioResampler("s16", layout, RATE)
    out = [*resampler.resample(frame), *resampler.resample(None)]
    return b"".join(one.to_ndarray().tobytes() for one in out)


@functools.lru_cache(maxsize=16)
def read(path: Path, channels: int = 1) -> bytes:
    """The sound of a file, 48 kHz s16le."""
    resampler = av.AudioResampler("s16", "mono" if channels == 1 else "stereo", RATE)
    with av.open(path) as container:
        out = [piece for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
    return b"".join(one.to_ndarray().tobytes() for one in [*out, *resampler.resample(None)])
