"""Any file becomes mono 16 kHz sound on the file's own clock, or one clear sentence."""

import io
import itertools
import os
import random
import struct
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.audio import media
from core.audio.frame import seconds
from core.errors import UserError
from tests.recordings import Samples, record, silent_film, tone


def heard(path: Path) -> Samples:
    return np.frombuffer(b"".join(media.read(path)), np.int16)


def what_there_is(path: Path) -> tuple[float, str]:
    """Seconds that were read, and the sentence at the end."""
    length, sentence = 0.0, ""
    try:
        for block in media.read(path):
            length += seconds(block)
    except UserError as error:
        sentence = str(error)
    return length, sentence


def is_tone(samples: Samples, pitch: float) -> bool:
    spectrum = np.abs(np.fft.rfft(samples.astype(np.float64) * np.hanning(len(samples))))
    return bool(abs(np.argmax(spectrum) * 16_000 / len(samples) - pitch) < 10)


def loudness(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def wav(tag: int, channels: int, rate: int, bits: int, data: bytes) -> bytes:
    each = channels * bits // 8
    form = struct.pack("<IHHIIHH", 16, tag, channels, rate, rate * each, each, bits)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(data))
        + b"WAVEfmt "
        + form
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )


@pytest.mark.parametrize(
    ("name", "codec", "rate", "layout"),
    [
        ("a.wav", "pcm_s16le", 8_000, "mono"),
        ("a.wav", "pcm_s16le", 16_000, "mono"),
        ("a.wav", "pcm_s24le", 44_100, "stereo"),
        ("a.wav", "pcm_f32le", 96_000, "stereo"),
        ("a.flac", "flac", 48_000, "5.1"),
        ("a.mp3", "libmp3lame", 44_100, "stereo"),
        ("a.ogg", "libopus", 48_000, "stereo"),
        ("a.mka", "libopus", 48_000, "5.1"),
        ("a.m4a", "aac", 44_100, "stereo"),
        ("a.aac", "aac", 22_050, "mono"),
        ("a.aiff", "pcm_s16be", 11_025, "mono"),
    ],
)
def test_every_format_is_heard_whole_at_its_pitch_and_length(
    tmp_path: Path, name: str, codec: str, rate: int, layout: str
) -> None:
    path = record(tmp_path / name, codec, [(0.0, tone(3, rate))], rate=rate, layout=layout)
    samples = heard(path)
    assert len(samples) / 16_000 == pytest.approx(3, abs=0.1)
    assert is_tone(samples[16_000:32_000], 440)
    assert 2_000 < loudness(samples[16_000:32_000]) < 12_000
    assert media.duration(path) == pytest.approx(3, abs=0.15)


def test_blocks_are_one_second_each_and_the_last_is_the_rest(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wav", "pcm_s16le", [(0.0, tone(2.25))])
    assert [len(block) for block in media.read(path)] == [32_000, 32_000, 8_000]


def test_what_is_16_khz_mono_already_comes_through_bit_by_bit(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wav", "pcm_s16le", [(0.0, tone(2.5))])
    assert np.array_equal(heard(path), tone(2.5))


@pytest.mark.parametrize("channels", [3, 5, 7, 12, 16])
def test_channels_that_nobody_named_are_mixed_too(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(
        wav(1, channels, 22_050, 16, np.repeat(tone(2, 22_050), channels).astype("<i2").tobytes())
    )
    samples = heard(path)
    assert len(samples) / 16_000 == pytest.approx(2, abs=0.01)
    assert is_tone(samples[8_000:24_000], 440)


def test_a_voice_on_one_channel_only_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    left = np.stack([tone(2, 48_000), np.zeros(96_000, np.int16)], axis=1)
    path.write_bytes(wav(1, 2, 48_000, 16, left.astype("<i2").tobytes()))
    assert is_tone(heard(path)[8_000:24_000], 440)


def test_the_sound_of_a_video_is_read_and_its_picture_is_not(tmp_path: Path) -> None:
    path = record(tmp_path / "a.mp4", "aac", [(0.0, tone(3, 44_100))], rate=44_100, layout="stereo", video=3)
    samples = heard(path)
    assert len(samples) / 16_000 == pytest.approx(3, abs=0.1)
    assert is_tone(samples[16_000:32_000], 440)


def test_a_hole_in_the_file_is_silence_as_long_as_the_hole(tmp_path: Path) -> None:
    pieces = [(0.0, tone(1, pitch=440)), (3.5, tone(1, pitch=1000))]
    samples = heard(record(tmp_path / "a.mka", "pcm_s16le", pieces))
    assert len(samples) / 16_000 == pytest.approx(4.5, abs=0.01)
    assert is_tone(samples[:16_000], 440)
    assert not samples[16_100:55_900].any()
    assert is_tone(samples[56_100:72_000], 1000)


def test_a_hole_stays_in_place_when_the_sound_is_resampled(tmp_path: Path) -> None:
    pieces = [(0.0, tone(1, 44_100)), (3.5, tone(1, 44_100, 1000)), (6.0, tone(1, 44_100, 1500))]
    samples = heard(record(tmp_path / "a.mka", "pcm_s16le", pieces, rate=44_100, layout="stereo"))
    assert len(samples) / 16_000 == pytest.approx(7, abs=0.01)
    assert is_tone(samples[56_200:71_800], 1000)
    assert not samples[73_000:95_000].any()
    assert is_tone(samples[96_200:111_800], 1500)


def test_a_hole_of_an_hour_needs_no_memory(tmp_path: Path) -> None:
    path = record(tmp_path / "a.mka", "pcm_s16le", [(0.0, tone(1)), (3600.0, tone(1))])
    tracemalloc.start()
    length = sum(seconds(block) for block in media.read(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == pytest.approx(3601, abs=0.01)
    assert peak < 2_000_000


def test_sound_that_begins_after_the_picture_begins_with_silence(tmp_path: Path) -> None:
    path = record(tmp_path / "a.mkv", "pcm_s16le", [(1.5, tone(2))], video=4)
    samples = heard(path)
    assert len(samples) / 16_000 == pytest.approx(3.5, abs=0.05)
    assert not samples[:23_000].any()
    assert is_tone(samples[25_000:50_000], 440)


def test_a_file_whose_clock_starts_late_begins_at_once(tmp_path: Path) -> None:
    path = record(tmp_path / "a.mka", "pcm_s16le", [(100.0, tone(2))])
    samples = heard(path)
    assert len(samples) / 16_000 == pytest.approx(2, abs=0.05)
    assert samples[:1600].any()


def test_small_unsteadiness_of_timestamps_moves_nothing(tmp_path: Path) -> None:
    whole = tone(3)
    strays = itertools.cycle([0.0, 0.03, -0.03, 0.05])
    pieces = [(i / 10 + next(strays), whole[i * 1600 : (i + 1) * 1600]) for i in range(30)]
    assert np.array_equal(heard(record(tmp_path / "a.mka", "pcm_s16le", pieces)), whole)


def test_sound_that_overlaps_is_cut_and_what_follows_stays_in_place(tmp_path: Path) -> None:
    times = ((0.0, 440), (1.5, 1000), (4.0, 1500))
    path = tmp_path / "joined.ts"
    joined = b""
    for at, pitch in times:
        joined += record(path, "aac", [(at, tone(2, 44_100, pitch))], rate=44_100).read_bytes()
    path.write_bytes(joined)
    samples = heard(path)
    assert len(samples) / 16_000 == pytest.approx(6, abs=0.1)
    assert is_tone(samples[2_000:31_000], 440)
    assert is_tone(samples[34_000:54_000], 1000)
    assert not samples[58_000:63_000].any()
    assert is_tone(samples[66_000:94_000], 1500)


def test_files_joined_end_to_end_lose_nothing_though_the_clock_jumps(tmp_path: Path) -> None:
    first = record(tmp_path / "a.ts", "aac", [(0.0, tone(3, 44_100))], rate=44_100)
    # What follows keeps its own clock, and its own holes.
    pieces = [(0.0, tone(2, 44_100, 1000)), (4.0, tone(2, 44_100, 1500))]
    second = record(tmp_path / "b.ts", "aac", pieces, rate=44_100)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    samples = heard(joined)
    assert len(samples) / 16_000 == pytest.approx(9, abs=0.2)
    assert is_tone(samples[8_000:40_000], 440)
    assert is_tone(samples[52_000:78_000], 1000)
    assert not samples[84_000:108_000].any()
    assert is_tone(samples[116_000:140_000], 1500)


def test_a_pipe_is_read_though_it_cannot_seek(tmp_path: Path) -> None:
    path = record(tmp_path / "a.mka", "libopus", [(0.0, tone(3, 48_000))], rate=48_000)
    ours, theirs = os.pipe()

    def write() -> None:
        with os.fdopen(theirs, "wb") as pipe:
            pipe.write(path.read_bytes())

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(ours, "rb") as pipe:
        length = sum(seconds(block) for block in media.read(pipe))
    thread.join()
    assert length == pytest.approx(3, abs=0.05)


def test_leaving_early_closes_the_file(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wav", "pcm_s16le", [(0.0, tone(5))])
    with path.open("rb") as file:
        blocks = media.read(file)
        assert isinstance(blocks, Iterator)
        next(blocks)
        blocks.close()  # type: ignore[attr-defined]  # a generator, promised as an Iterator
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    for _ in range(5):
        blocks = media.read(path)
        next(blocks)
        blocks.close()  # type: ignore[attr-defined]  # as above
    assert not before or len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.wav", "pcm_s16le"),
        ("a.flac", "flac"),
        ("a.mp3", "libmp3lame"),
        ("a.ogg", "libopus"),
        ("a.mka", "libopus"),
        ("a.mkv", "aac"),
        ("a.avi", "libmp3lame"),
    ],
)
def test_a_truncated_file_gives_what_there_is_and_says_it_was_cut_short(
    tmp_path: Path, name: str, codec: str
) -> None:
    video = 20.0 if name.endswith(("mkv", "avi")) else 0.0
    path = record(tmp_path / name, codec, [(0.0, tone(20, 48_000))], rate=48_000, video=video)
    whole = path.read_bytes()
    assert what_there_is(path)[1] == ""
    path.write_bytes(whole[: len(whole) * 55 // 100])
    length, sentence = what_there_is(path)
    assert 8 < length < 13
    assert "cut short" in sentence
    assert name in sentence


def test_an_mp4_without_its_index_is_explained(tmp_path: Path) -> None:
    path = record(tmp_path / "a.mp4", "aac", [(0.0, tone(5, 44_100))], rate=44_100)
    path.write_bytes(path.read_bytes()[:20_000])
    assert what_there_is(path) == (
        0.0,
        f"{path} is broken: it has no index, as when a recording or a copy never came to its end.",
    )


@pytest.mark.parametrize(("name", "codec"), [("a.m4a", "aac"), ("a.ogg", "libopus"), ("a.mka", "libopus")])
def test_damage_in_the_middle_takes_nothing_of_what_follows(tmp_path: Path, name: str, codec: str) -> None:
    path = record(tmp_path / name, codec, [(0.0, tone(20, 48_000))], rate=48_000, layout="stereo")
    damaged = bytearray(path.read_bytes())
    third, half = len(damaged) // 3, len(damaged) // 2
    damaged[third:half] = random.Random(1).randbytes(half - third)
    path.write_bytes(damaged)
    blocks: list[bytes] = []
    try:
        blocks.extend(media.read(path))
    except media.Incomplete as error:
        assert "damaged" in str(error)  # noqa: PT017 - not every container lets damage be seen
    samples = np.frombuffer(b"".join(blocks), np.int16)
    assert len(samples) / 16_000 == pytest.approx(20, abs=0.1)
    assert is_tone(samples[13 * 16_000 : 19 * 16_000], 440)


def test_decoding_that_fails_is_told_with_its_seconds(tmp_path: Path) -> None:
    path = record(tmp_path / "a.m4a", "aac", [(0.0, tone(20, 44_100))], rate=44_100)
    damaged = bytearray(path.read_bytes())
    damaged[100_000:150_000] = random.Random(1).randbytes(50_000)
    path.write_bytes(damaged)
    length, sentence = what_there_is(path)
    assert length == pytest.approx(20, abs=0.1)
    assert "s of its sound could not be decoded" in sentence


def test_an_mp3_that_does_not_tell_its_length_is_not_called_cut_short(tmp_path: Path) -> None:
    """FFmpeg guesses it from the first frames: a quiet beginning makes it guess far too long."""
    parts = []
    for seconds_, rate in ((3.0, 32_000), (10.0, 320_000)):
        tones = [(0.0, tone(seconds_, 44_100))]
        part = record(tmp_path / "a.mp3", "libmp3lame", tones, rate=44_100, bit_rate=rate).read_bytes()
        parts.append(part[part.find(b"\xff\xfb", max(part.find(b"Info"), part.find(b"Xing"))) :])
    path = tmp_path / "b.mp3"
    path.write_bytes(b"".join(parts))
    assert (media.duration(path) or 0) > 20
    length, sentence = what_there_is(path)
    assert length == pytest.approx(13, abs=0.2)
    assert sentence == ""


@pytest.mark.parametrize("kept", [1, 10, 27, 40])
def test_an_ogg_file_cut_in_the_head_of_a_page_was_cut_short(tmp_path: Path, kept: int) -> None:
    path = record(tmp_path / "a.ogg", "libopus", [(0.0, tone(10, 48_000))], rate=48_000)
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rfind(b"OggS") + 3 + kept])
    assert "cut short" in what_there_is(path)[1]


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_not_a_sample_is_lost_by_resampling(tmp_path: Path, rate: int) -> None:
    path = record(tmp_path / "a.wav", "pcm_s16le", [(0.0, tone(2.5, rate))], rate=rate)
    assert abs(len(heard(path)) - 40_000) <= 1


def test_a_wav_written_to_a_pipe_is_not_called_cut_short(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wav", "pcm_s16le", [(0.0, tone(2))])
    whole = bytearray(path.read_bytes())
    whole[4:8] = b"\xff\xff\xff\xff"
    data = whole.find(b"data") + 4
    whole[data : data + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(whole)
    assert what_there_is(path) == (2.0, "")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("talk.mp3", b"Dear diary, today I wrote plain text.\n" * 100),
        ("talk.mp3", b"hi"),
        ("talk.mp4", random.Random(2).randbytes(200_000)),
        ("talk.bin", bytes(100_000)),
        ("talk.wav", wav(1, 1, 16_000, 16, b"")),
        ("talk.wav", wav(1, 1, 0, 16, bytes(2000))),
        ("talk.srt", b"1\n00:00:00,000 --> 00:00:01,000\nhello\n"),
        ("talk.png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
    ],
)
def test_what_is_no_recording_is_one_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    length, sentence = what_there_is(path)
    assert length == 0
    assert sentence in {
        f"{path} is broken, or no audio or video file.",
        f"{path} is broken: nothing in it could be decoded.",
        f"{path} has no sound.",
    }


def test_a_playlist_never_opens_what_it_refers_to(tmp_path: Path) -> None:
    secret = record(tmp_path / "secret.ts", "aac", [(0.0, tone(3, 44_100))], rate=44_100)
    for address in ("secret.ts", f"file:{secret}", f"file://{secret}", str(secret)):
        playlist = tmp_path / "list.m3u8"
        playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{address}\n#EXT-X-ENDLIST\n")
        assert what_there_is(playlist)[0] == 0
    playlist = tmp_path / "list.ffconcat"
    playlist.write_text("ffconcat version 1.0\nfile secret.ts\n")
    assert what_there_is(playlist)[0] == 0


def test_sound_of_a_kind_that_nobody_knows_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(0x1234, 1, 16_000, 16, bytes(32_000)))
    assert what_there_is(path) == (0.0, f"The sound in {path} is of a kind that can't be decoded.")


def test_nothing_that_could_be_decoded_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(1, 1, 1, 16, bytes(20)))
    assert what_there_is(path) == (0.0, f"{path} is broken: nothing in it could be decoded.")


def test_a_video_without_sound_a_missing_an_empty_file_and_a_folder_are_one_sentence_each(
    tmp_path: Path,
) -> None:
    film = silent_film(tmp_path / "film.mp4")
    assert what_there_is(film) == (0.0, f"{film} has no sound.")
    with pytest.raises(UserError, match="has no sound"):
        media.duration(film)
    assert what_there_is(tmp_path / "none.wav") == (0.0, f"There is no file {tmp_path / 'none.wav'}.")
    (tmp_path / "empty.wav").write_bytes(b"")
    assert what_there_is(tmp_path / "empty.wav") == (0.0, f"{tmp_path / 'empty.wav'} is empty.")
    assert what_there_is(tmp_path) == (0.0, f"{tmp_path} is a folder, not a file.")


def test_a_file_that_may_not_be_read_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, mode: str) -> io.BufferedReader:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert what_there_is(Path("secret.wav")) == (0.0, "There is no permission to read secret.wav.")


def test_a_disk_that_fails_in_the_middle_gives_what_there_is(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wav", "pcm_s16le", [(0.0, tone(20))])

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 320_000:
                raise OSError(5, "Input/output error")
            return super().read(size)

    blocks: list[bytes] = []
    with pytest.raises(media.Incomplete, match="cut short"):
        blocks.extend(media.read(Failing(path.read_bytes())))
    assert 9 <= len(blocks) <= 11
