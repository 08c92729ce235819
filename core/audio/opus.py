"""Opus (RFC 6716) to what recognition wants: mono, 16 kHz, s16le, straight out of libopus.

libopus decodes to 16 kHz by itself, which is cheaper than decoding to 48 kHz and resampling, and it can
conceal a lost packet or read the copy of it that the next packet carries. The library is the one inside
the PyAV wheel, found without loading FFmpeg; a system's libopus will do as well.
"""

import ctypes
import ctypes.util
import functools
import importlib.metadata
from pathlib import Path

from core.audio.frame import RATE, WIDTH
from core.errors import EngineMissing, SpokenlyError

CLOCK = 48_000
"""Opus counts time in samples of 48 kHz, at whatever rate it is decoded (RFC 7587, section 4.1)."""

_STEP = 120
"""The shortest Opus frame, 2.5 ms of `CLOCK`; every length is a multiple of it."""

_LONGEST = 5760
"""The longest packet, 120 ms of `CLOCK` (RFC 6716, section 3.2.5, R5)."""

_BLOCK = _LONGEST * RATE // CLOCK

_SILK = (480, 960, 1920, 2880)
_HYBRID = (480, 960)
_CELT = (120, 240, 480, 960)

_RESET = 4028  # OPUS_RESET_STATE, opus_defines.h


class CorruptPacket(SpokenlyError):
    """These bytes are not an Opus packet."""


def duration(packet: bytes) -> int:
    """How long `packet` lasts in samples of `CLOCK`, by its first bytes alone (RFC 6716, section 3.1).

    0 when it holds no audio or is no Opus packet.
    """
    if not packet:
        return 0
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:
        frame = _SILK[config & 3]
    elif config < 16:
        frame = _HYBRID[config & 1]
    else:
        frame = _CELT[config & 3]
    frames = (1, 2, 2)[code] if code < 3 else packet[1] & 0x3F if len(packet) > 1 else 0
    total = frame * frames
    return total if total <= _LONGEST else 0


class OpusDecoder:
    """One stream's decoder. Any number of channels comes out as one.

    Every call returns mono s16le of `RATE`, and takes from 10 to 100 microseconds.
    Raises `EngineMissing` when there is no libopus on this machine.
    """

    def __init__(self) -> None:
        self._opus = load()
        error = ctypes.c_int()
        state = self._opus.opus_decoder_create(RATE, 1, ctypes.byref(error))
        if not state:
            raise EngineMissing(f"libopus could not start (error {error.value}): is there enough memory?")
        self._state = ctypes.c_void_p(state)
        self._pcm = (ctypes.c_int16 * _BLOCK)()

    def __del__(self) -> None:
        if hasattr(self, "_state"):
            self._opus.opus_decoder_destroy(self._state)

    def decode(self, packet: bytes) -> bytes:
        """The sound of `packet`. Raises `CorruptPacket`; the stream can go on after that."""
        if not duration(packet):
            raise CorruptPacket("no Opus packet begins like this")
        return self._decode(packet, _BLOCK, fec=0)

    def conceal(self, samples: int) -> bytes:
        """What a lost packet of `samples` (of `CLOCK`) may have sounded like, by what came before."""
        return self._extrapolate(None, samples, fec=0)

    def recover(self, following: bytes, samples: int) -> bytes:
        """What was lost just before `following`, `samples` (of `CLOCK`) long, by the copy it carries.

        Where it carries none, or for what lies further back than its own length, this is `conceal`.
        `following` itself is still to be decoded.
        """
        if not duration(following):
            return self.conceal(samples)
        try:
            return self._extrapolate(following, samples, fec=1)
        except CorruptPacket:
            return self.conceal(samples)

    def reset(self) -> None:
        """Forget what came before: another encoder begins."""
        self._opus.opus_decoder_ctl(self._state, ctypes.c_int(_RESET))

    def _extrapolate(self, packet: bytes | None, samples: int, *, fec: int) -> bytes:
        """`samples` of sound that was not received, in pieces that libopus takes."""
        steps = samples // _STEP
        pieces = []
        while steps > 0:
            # The copy in `packet` is of the sound just before it, so only the last piece asks for it.
            now = min(steps, _LONGEST // _STEP)
            steps -= now
            size = now * _STEP * RATE // CLOCK
            pieces.append(self._decode(packet if steps == 0 else None, size, fec=fec if steps == 0 else 0))
        return b"".join(pieces)

    def _decode(self, packet: bytes | None, size: int, *, fec: int) -> bytes:
        length = len(packet) if packet else 0
        got = self._opus.opus_decode(self._state, packet, length, self._pcm, size, fec)
        if got < 0:
            raise CorruptPacket(f"libopus refused a packet (error {got})")
        return ctypes.string_at(self._pcm, got * WIDTH)


@functools.cache
def load() -> ctypes.CDLL:
    """libopus, loaded once; the first call reads the disk. Raises `EngineMissing`."""
    for path in (*_carried(), ctypes.util.find_library("opus")):
        if path is None:
            continue
        try:
            opus = ctypes.CDLL(str(path))
        except OSError:
            continue
        return _declare(opus)
    raise EngineMissing(
        "libopus is missing, so nothing sent over WebRTC can be heard: install the package `av` from PyPI "
        "as a wheel, or the system's libopus (Debian: apt install libopus0)."
    )


def _carried() -> list[Path]:
    """The copies of libopus inside the installed PyAV wheel (Linux, macOS, Windows)."""
    try:
        files = importlib.metadata.files("av") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [
        Path(str(file.locate()))
        for file in files
        if "opus" in file.name and {".so", ".dylib", ".dll"} & set(file.suffixes)
    ]


def _declare(opus: ctypes.CDLL) -> ctypes.CDLL:
    """Tell ctypes the four functions that are used (opus.h)."""
    pointer, whole = ctypes.c_void_p, ctypes.c_int
    opus.opus_decoder_create.argtypes = [ctypes.c_int32, whole, ctypes.POINTER(whole)]
    opus.opus_decoder_create.restype = pointer
    opus.opus_decoder_destroy.argtypes = [pointer]
    opus.opus_decoder_destroy.restype = None
    opus.opus_decode.argtypes = [
        pointer, ctypes.c_char_p, ctypes.c_int32, ctypes.POINTER(ctypes.c_int16), whole, whole,
    ]  # fmt: skip
    opus.opus_decode.restype = whole
    # Variadic, so no argtypes: on 64-bit ARM macOS those would pass its arguments in the wrong place.
    opus.opus_decoder_ctl.restype = whole
    return opus
