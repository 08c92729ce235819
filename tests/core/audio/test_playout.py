"""Jitter buffer and decoder together: what of a tone is heard, and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio.frame import RATE
from core.audio.playout import Playout
from tests.core.audio.tones import encode, loudness, tone


class Ear:
    """Keeps what it is told, and checks that it comes in order."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, bytes]] = []
        self.gaps: list[tuple[float, float]] = []
        self.end = 0.0
        self.playout = Playout(self.hear, self.lose)

    def hear(self, pcm: bytes, at: float) -> None:
        assert pcm
        assert at >= self.end - 1e-9
        self.heard.append((at, pcm))
        self.end = at + len(pcm) / 2 / RATE

    def lose(self, start: float, end: float) -> None:
        assert self.end - 1e-9 <= start < end
        self.gaps.append((start, end))
        self.end = end

    @property
    def seconds(self) -> float:
        return sum(len(pcm) for _, pcm in self.heard) / 2 / RATE

    def send(self, packets: list[bytes], missing: frozenset[int] = frozenset()) -> None:
        for number, packet in enumerate(packets):
            if number not in missing:
                self.playout.receive(7, number, number * 960, packet, number * 0.02)
        self.playout.finish()


PACKETS = encode(tone(2.0), loss=10)


def test_a_whole_stream_is_heard_whole() -> None:
    ear = Ear()
    ear.send(PACKETS)
    assert ear.seconds == pytest.approx(len(PACKETS) * 0.02)
    assert ear.gaps == []


@given(st.frozensets(st.integers(1, len(PACKETS) - 2), max_size=30))
def test_of_scattered_loss_nothing_is_missing_in_time(missing: frozenset[int]) -> None:
    ear = Ear()
    ear.send(PACKETS, missing)
    assert ear.seconds + sum(end - start for start, end in ear.gaps) == pytest.approx(len(PACKETS) * 0.02)
    assert ear.end == pytest.approx(len(PACKETS) * 0.02)


def test_a_short_loss_is_concealed_and_a_long_one_is_a_gap() -> None:
    short, long = Ear(), Ear()
    short.send(PACKETS, frozenset(range(40, 46)))
    long.send(PACKETS, frozenset(range(40, 60)))
    assert short.gaps == []
    [gap] = long.gaps
    assert gap == pytest.approx((0.80, 1.18))
    after = next(pcm for at, pcm in long.heard if at == pytest.approx(1.18))
    assert loudness(after) > 1000  # the copy that the next packet carries


def test_silence_that_was_not_sent_takes_its_time_and_is_no_gap() -> None:
    ear = Ear()
    ear.playout.receive(7, 0, 0, PACKETS[0], 0.0)
    ear.playout.receive(7, 1, 48_000, PACKETS[1], 1.0)
    assert [at for at, _ in ear.heard] == [0.0, 1.0]
    assert ear.gaps == []


def test_packets_that_are_no_opus_are_concealed_and_then_called_a_gap() -> None:
    ear = Ear()
    rubbish = bytes([31 << 3 | 3, 0x82, 0xFF, 0xFF])  # claims two frames of 20 ms
    for number in range(10):
        ear.playout.receive(7, number, number * 1920, rubbish, number * 0.04)
    assert ear.playout.corrupt == 10
    assert ear.seconds == pytest.approx(0.12)
    assert ear.gaps[0][0] == pytest.approx(0.12)
    assert ear.gaps[-1][1] == pytest.approx(0.40)


def test_a_held_packet_is_heard_when_its_time_has_come() -> None:
    ear = Ear()
    ear.playout.receive(7, 0, 0, PACKETS[0], 0.0)
    ear.playout.receive(7, 2, 1920, PACKETS[2], 0.04)
    deadline = ear.playout.deadline
    assert deadline is not None
    ear.playout.tick(deadline)
    assert ear.seconds == pytest.approx(0.06)
    assert ear.playout.deadline is None


@given(
    st.lists(
        st.tuples(
            st.integers(0, 1),
            st.integers(0, 12) | st.sampled_from([32_768, 65_535]),
            st.integers(0, 12).map(lambda n: n * 960) | st.integers(0, 2**32 - 1),
            st.sampled_from(PACKETS[:5]) | st.binary(max_size=6),
        ),
        max_size=30,
    )
)
def test_nothing_that_a_sender_sends_raises(packets: list[tuple[int, int, int, bytes]]) -> None:
    ear = Ear()
    for number, (source, sequence, timestamp, payload) in enumerate(packets):
        ear.playout.receive(source, sequence, timestamp, payload, number * 0.01)
    ear.playout.finish()
