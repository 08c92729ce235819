"""Any audio or video file as mono 16 kHz 16-bit sound, block by block, by FFmpeg (PyAV).

A file is never in memory as a whole: ten hours need no more than ten seconds do. The sound keeps the
file's own clock, so that captions fit the picture: sound that begins late begins with silence, and where
the file has a hole there is silence as long as the hole.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard

from core.audio.frame import RATE, WIDTH
from core.audio.wholeness import breaks_off, mp3_tells_its_length
from core.errors import UserError

BLOCK = RATE * WIDTH
"""Bytes of one block that `read` yields: one second. The last one may be shorter."""

_SLACK = 0.1
"""Seconds that timestamps may stray before the sound is moved: containers round, and frames are long."""

_OVERLAP = 1.0
"""Seconds: time running back by less is an overlap and is cut; by more, a new clock that is joined on."""

_PATIENCE = 100
"""Broken places in a row that are skipped before the rest of a file is given up."""


class Incomplete(UserError):
    """Part of the file could not be read. Raised after the last block: what there was has been yielded."""


@dataclass(frozen=True, slots=True)
class _Recording:
    name: str
    file: BinaryIO
    container: InputContainer
    stream: AudioStream

    @property
    def begins(self) -> float:
        """Where the file's clock starts, in seconds: players call this moment zero."""
        return (self.container.start_time or 0) / av.time_base


def read(source: Path | BinaryIO) -> Iterator[bytes]:
    """Yield the sound of `source` as mono 16 kHz s16le, in blocks of `BLOCK` bytes.

    Runs in the thread that iterates, and holds the file open until it is exhausted or closed. A stream
    that can't seek (a pipe) works for the formats that allow it. Raises `UserError` before the first
    block, with a sentence that says why there is none; `Incomplete` after the last.
    """
    with _open(source) as recording:
        timeline = _Timeline(recording.begins, _ending(recording))
        decoder = _Decoder(recording)
        yield from _in_blocks(timeline.lay(decoder.frames()))
        _complain(recording, timeline, decoder)


def duration(source: Path | BinaryIO) -> float | None:
    """How long the sound of a file lasts, in seconds; None when the file doesn't tell. May be an estimate.

    Raises `UserError` when there is no sound to measure.
    """
    with _open(source) as recording:
        ending = _ending(recording)
        if ending is None and recording.container.duration:
            return recording.container.duration / av.time_base
        return ending


@contextmanager
def _open(source: Path | BinaryIO) -> Iterator[_Recording]:
    name = str(source) if isinstance(source, Path) else "the input"
    with _file(source, name) as file:
        try:
            # The file is ours already, and what it refers to (playlists do) must not be opened.
            container = av.open(file, options={"protocol_whitelist": "none"})
        except (av.FFmpegError, OSError) as error:
            raise UserError(_why_unreadable(file, name)) from error
        assert isinstance(container, InputContainer)
        with container:
            stream = container.streams.best("audio")
            if not isinstance(stream, AudioStream):
                raise UserError(f"{name} has no sound.")
            if stream.codec_context is None:
                raise UserError(f"The sound in {name} is of a kind that can't be decoded.")
            for other in container.streams:
                if other is not stream:
                    other.discard = Discard.all  # video is not even read, where the format allows it
            yield _Recording(name, file, container, stream)


@contextmanager
def _file(source: Path | BinaryIO, name: str) -> Iterator[BinaryIO]:
    if not isinstance(source, Path):
        yield source
        return
    try:
        with source.open("rb") as file:
            if not file.peek(1):
                raise UserError(f"{name} is empty.")
            yield file
    except FileNotFoundError as error:
        raise UserError(f"There is no file {name}.") from error
    except IsADirectoryError as error:
        raise UserError(f"{name} is a folder, not a file.") from error
    except PermissionError as error:
        raise UserError(f"There is no permission to read {name}.") from error
    except OSError as error:
        raise UserError(f"{name} can't be read: {error.strerror or 'the disk failed'}.") from error


def _why_unreadable(file: BinaryIO, name: str) -> str:
    if file.seekable():
        file.seek(0)
        if file.read(8)[4:] == b"ftyp":  # ISO/IEC 14496-12: every MP4 or MOV file opens with this box
            return f"{name} is broken: it has no index, as when a recording or a copy never came to its end."
    return f"{name} is broken, or no audio or video file."


class _Decoder:
    """The frames of a recording, past what is broken in it."""

    def __init__(self, recording: _Recording) -> None:
        self._recording = recording
        self.damaged = 0.0  # seconds of sound that could not be decoded
        self.torn = False  # whether the rest of the file was given up

    def frames(self) -> Iterator[AudioFrame]:
        for packet in self._packets():
            try:
                frames = packet.decode()
            except av.FFmpegError:
                if packet.duration and packet.time_base:
                    self.damaged += float(packet.duration * packet.time_base)
                continue
            yield from (frame for frame in frames if isinstance(frame, AudioFrame))

    def _packets(self) -> "Iterator[Packet[AudioStream]]":
        """Every packet, and an empty one at the end that asks the decoder for what it still holds."""
        failures = 0
        while failures < _PATIENCE:
            try:
                for packet in self._recording.container.demux(self._recording.stream):
                    yield packet
                    failures = 0
            except (av.FFmpegError, OSError):
                # After a broken place a demuxer may find its feet again.
                failures += 1
            else:
                return
        self.torn = True


class _Timeline:
    """Lays frames where their timestamps say, as mono 16 kHz s16le."""

    def __init__(self, begins: float, ends: float | None) -> None:
        self._begins = begins
        self._ends = ends
        self._joined = 0.0  # seconds that the file's present clock is behind ours
        self._resampler: AudioResampler | None = None
        self._shape: tuple[str, str, int, int] | None = None
        self._next = 0.0  # where the next frame is expected, seconds
        self._laid = 0  # samples yielded
        self._excess = 0  # samples to cut, because time ran back

    @property
    def seconds(self) -> float:
        return self._laid / RATE

    def lay(self, frames: Iterator[AudioFrame]) -> Iterator[bytes]:
        for frame in frames:
            at = self._time(frame)
            if at is not None and abs(at - self._next) > _SLACK:
                yield from self._move(at)
            shape = (frame.format.name, frame.layout.name, len(frame.layout.channels), frame.sample_rate)
            if shape != self._shape:
                yield from self._flush()
                self._shape = shape
                self._resampler = AudioResampler("s16", "mono", RATE)
            yield from self._convert(frame)
            self._next += frame.samples / frame.sample_rate
        yield from self._flush()

    def _time(self, frame: AudioFrame) -> float | None:
        if frame.pts is None or frame.time_base is None:
            return None
        return float(frame.pts * frame.time_base) - self._begins + self._joined

    def _move(self, at: float) -> Iterator[bytes]:
        yield from self._flush()
        latest = self.seconds + 3600.0 if self._ends is None else self._ends + self._joined + 1.0
        if at < self.seconds - _OVERLAP or at > latest:
            # Not a hole but another clock: the file was joined from pieces, or its counter wrapped.
            self._joined += self.seconds - at
            at = self.seconds
        self._next = at
        missing = round(at * RATE) - self._laid
        self._excess = max(0, -missing)
        while missing > 0:
            samples = min(missing, RATE)
            missing -= samples
            self._laid += samples
            yield bytes(samples * WIDTH)

    def _flush(self) -> Iterator[bytes]:
        if self._resampler is not None:
            yield from self._convert(None)
            self._resampler = None
            self._shape = None

    def _convert(self, frame: AudioFrame | None) -> Iterator[bytes]:
        assert self._resampler is not None
        for converted in self._resampler.resample(frame):
            pcm = converted.to_ndarray().tobytes()
            cut = min(self._excess, len(pcm) // WIDTH)
            self._excess -= cut
            self._laid += len(pcm) // WIDTH - cut
            yield pcm[cut * WIDTH :]


def _in_blocks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    kept = bytearray()
    for piece in pieces:
        kept += piece
        while len(kept) >= BLOCK:
            yield bytes(kept[:BLOCK])
            del kept[:BLOCK]
    if kept:
        yield bytes(kept)


def _ending(recording: _Recording) -> float | None:
    """Where the file says that its sound ends, in seconds; None when it doesn't say."""
    stream, container = recording.stream, recording.container
    if stream.duration is not None and stream.time_base is not None:
        start = stream.start_time * stream.time_base - recording.begins if stream.start_time else 0.0
        return float(start + stream.duration * stream.time_base)
    # Matroska tells it in a tag of each track, e.g. 00:00:20.008000000.
    told = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if told:
        return int(told[1]) * 3600 + int(told[2]) * 60 + float(told[3]) - recording.begins
    if container.duration and len(container.streams) == 1:
        return container.duration / av.time_base
    return None


def _complain(recording: _Recording, timeline: _Timeline, decoder: _Decoder) -> None:
    name, reached = recording.name, timeline.seconds
    if not reached:
        raise UserError(f"{name} is broken: nothing in it could be decoded.")
    ending = _ending(recording) if _tells_its_length(recording) else None
    if ending is not None and ending - reached > max(1.0, ending / 100):
        could = f"only {_clock(reached)} of {_clock(ending)} could be read"
        raise Incomplete(f"{name} was cut short or is damaged: {could}.")
    if decoder.torn or breaks_off(recording.file):
        raise Incomplete(f"{name} was cut short: it ends in the middle, after {_clock(reached)}.")
    if decoder.damaged > 0.5:
        raise Incomplete(f"{name} is damaged: {decoder.damaged:.1f} s of its sound could not be decoded.")


def _tells_its_length(recording: _Recording) -> bool:
    """Whether the length stands in the file. FFmpeg guesses the others' by their size."""
    kind = recording.container.format.name
    if kind == "mp3":
        return mp3_tells_its_length(recording.file)
    return kind not in {"aac", "ac3", "eac3", "dts", "amr", "loas"}


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
