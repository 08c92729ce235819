"""Audio and video files made while the tests run: tones whose pitch tells where in the file one is."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

Samples = npt.NDArray[np.int16]


def tone(seconds: float, rate: int = 16_000, pitch: float = 440.0, loud: int = 8000) -> Samples:
    """One channel of a sine."""
    return (np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate) * loud).astype(np.int16)


def record(
    path: Path,
    codec: str,
    pieces: list[tuple[float, Samples]],
    *,
    rate: int = 16_000,
    layout: str = "mono",
    video: float = 0.0,
    bit_rate: int | None = None,
) -> Path:
    """Write `pieces`, each at its time in seconds, the same on every channel.

    `video`: seconds of black picture beside it.
    """
    with av.open(path, "w") as container:
        sound = container.add_stream(codec, rate=rate)
        assert isinstance(sound, AudioStream)
        sound.codec_context.layout = layout
        if bit_rate:
            sound.codec_context.bit_rate = bit_rate
        picture = _picture(container.add_stream("mpeg4", rate=10)) if video else None
        shown = 0
        for at, samples in pieces:
            for start in range(0, len(samples), rate // 10):
                now = at + start / rate
                while picture and shown / 10 <= now:
                    container.mux(picture.encode(_black(shown)))
                    shown += 1
                frame = _frame(samples[start : start + rate // 10], layout, rate)
                frame.pts = round(now * rate)
                container.mux(sound.encode(frame))
        while picture and shown / 10 < video:
            container.mux(picture.encode(_black(shown)))
            shown += 1
        container.mux(sound.encode())
        if picture:
            container.mux(picture.encode())
    return path


def silent_film(path: Path) -> Path:
    """A video without sound."""
    with av.open(path, "w") as container:
        picture = _picture(container.add_stream("mpeg4", rate=10))
        for index in range(10):
            container.mux(picture.encode(_black(index)))
        container.mux(picture.encode())
    return path


def _picture(stream: VideoStream) -> VideoStream:
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    return stream


def _black(index: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8))
    frame.pts, frame.time_base = index, Fraction(1, 10)
    return frame


def _frame(samples: Samples, layout: str, rate: int) -> av.AudioFrame:
    channels = av.AudioLayout(layout).nb_channels
    frame = av.AudioFrame.from_ndarray(np.repeat(samples, channels).reshape(1, -1), "s16", layout)
    frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
    return frame
