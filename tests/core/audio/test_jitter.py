"""The jitter buffer: order, loss, silence and nonsense, on edges above all."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.audio.jitter import JitterBuffer, Missing, Packet, Piece, Restart, Silence

FRAME = 960  # 20 ms of 48 kHz


def _length(payload: bytes) -> int:
    return FRAME if payload else 0


def _buffer(**limits: float) -> JitterBuffer:
    return JitterBuffer(_length, **limits)  # type: ignore[arg-type]  # depth is never passed here


class Line:
    """A sender of one frame every 20 ms from any first numbers, and what the buffer makes of it."""

    def __init__(self, sequence: int = 0, timestamp: int = 0) -> None:
        self.jitter = _buffer()
        self.sequence = sequence
        self.timestamp = timestamp
        self.pieces: list[Piece] = []

    def send(self, number: int, now: float | None = None, *, pause: int = 0, source: int = 1) -> None:
        """Packet `number` of the stream arrives at `now`, or when it was sent."""
        self.pieces += self.jitter.put(
            source,
            self.sequence + number,
            self.timestamp + number * FRAME + pause,
            number.to_bytes(4, "big"),
            number * 0.02 if now is None else now,
        )

    @property
    def numbers(self) -> list[int]:
        return [int.from_bytes(piece.payload, "big") for piece in self.pieces if isinstance(piece, Packet)]


def _laid_end_to_end(pieces: list[Piece]) -> bool:
    """Whether the pieces leave no hole and never go back."""
    end = 0
    for piece in pieces:
        if isinstance(piece, Restart):
            if piece.at < end:
                return False
            end = piece.at
            continue
        if piece.at != end:
            return False
        end += FRAME if isinstance(piece, Packet) else piece.samples
    return True


def test_packets_in_order_pass_at_once() -> None:
    line = Line()
    for number in range(10):
        line.send(number)
        assert len(line.pieces) == number + 1
    assert [piece.at for piece in line.pieces] == [number * FRAME for number in range(10)]
    assert line.jitter.deadline is None


def test_both_numbers_wrap_around_without_a_seam() -> None:
    line = Line(sequence=65_534, timestamp=2**32 - FRAME - 7)
    for number in range(6):
        line.send(number)
    assert line.numbers == list(range(6))
    assert _laid_end_to_end(line.pieces)


def test_a_packet_that_was_overtaken_is_put_back_in_its_place() -> None:
    line = Line(sequence=65_535)
    line.send(0)
    line.send(2, 0.040)
    assert line.numbers == [0]
    line.send(1, 0.045)
    assert line.numbers == [0, 1, 2]
    assert line.jitter.counts.reordered == 1
    assert line.jitter.counts.lost == 0


def test_a_hole_is_given_up_by_the_clock_alone() -> None:
    line = Line()
    line.send(0)
    line.send(2, 0.040)
    deadline = line.jitter.deadline
    assert deadline == 0.040 + 0.06
    line.pieces += line.jitter.tick(deadline - 0.001)
    assert line.numbers == [0]
    line.pieces += line.jitter.tick(deadline)
    assert line.pieces[1] == Missing(FRAME, FRAME, (2).to_bytes(4, "big"))
    assert line.numbers == [0, 2]
    assert line.jitter.counts.lost == 1


def test_several_holes_are_given_up_each_in_its_time() -> None:
    line = Line()
    line.send(0)
    line.send(2, 0.04)
    line.send(4, 0.08)
    line.pieces += line.jitter.tick(0.101)
    assert line.numbers == [0, 2]
    line.pieces += line.jitter.tick(0.141)
    assert line.numbers == [0, 2, 4]
    assert _laid_end_to_end(line.pieces)


def test_a_jump_of_time_without_a_hole_is_silence_not_loss() -> None:
    line = Line()
    line.send(0)
    line.send(1, 2.0, pause=40 * FRAME)
    assert line.pieces[1] == Silence(FRAME, 40 * FRAME)
    assert line.jitter.counts.lost == 0


def test_a_hole_with_a_longer_jump_of_time_is_silence_and_then_loss() -> None:
    line = Line()
    line.send(0)
    line.send(3, 2.0, pause=50 * FRAME)
    line.pieces += line.jitter.tick(3.0)
    assert line.pieces[1:3] == [
        Silence(FRAME, 50 * FRAME),
        Missing(51 * FRAME, 2 * FRAME, (3).to_bytes(4, "big")),
    ]


def test_a_late_packet_is_dropped_and_makes_the_buffer_more_patient() -> None:
    line = Line()
    line.send(0)
    line.send(2, 0.04)
    line.pieces += line.jitter.tick(0.11)
    line.send(1, 0.15)
    assert line.numbers == [0, 2]
    assert line.jitter.counts.late == 1
    assert line.jitter.wait > 0.11
    for number in range(3, 5000):
        line.send(number)
    assert line.jitter.wait < 0.065


def test_patience_has_an_end() -> None:
    line = Line()
    line.send(0)
    line.send(2, 0.04)
    line.pieces += line.jitter.tick(0.2)
    line.send(1, 60.0)
    assert line.jitter.wait == 0.2


def test_a_packet_that_comes_twice_is_heard_once() -> None:
    line = Line()
    for number, now in ((0, 0.0), (0, 0.0), (2, 0.04), (2, 0.05), (1, 0.06), (1, 0.07)):
        line.send(number, now)
    assert line.numbers == [0, 1, 2]
    assert line.jitter.counts.duplicate == 3


def test_a_burst_behind_a_hole_does_not_fill_the_memory() -> None:
    line = Line()
    line.send(0, 0.0)
    for number in range(2, 200):
        line.send(number, 1.0)
    assert line.numbers == [0, *range(2, 200)]


def test_a_sender_that_starts_anew_is_followed_after_two_packets() -> None:
    line = Line()
    for number in range(5):
        line.send(number)
    other = [
        line.jitter.put(9, 40_000 + n, 7_000_000 + n * FRAME, b"\0\0\1" + bytes([n]), 1.1 + 0.02 * n)
        for n in range(3)
    ]
    assert other[0] == []
    restart, first, second = other[1]
    assert restart == Restart(55 * FRAME)  # a second after the last packet ended, by the wall
    assert isinstance(first, Packet)
    assert first.at == 55 * FRAME
    assert isinstance(second, Packet)
    assert len(other[2]) == 1
    line.pieces += [piece for pieces in other for piece in pieces]
    assert _laid_end_to_end(line.pieces)
    assert line.jitter.counts.received == 8
    assert line.jitter.counts.stray == 0


def test_one_foreign_packet_changes_nothing() -> None:
    line = Line()
    line.send(0)
    line.send(1, source=66)
    line.send(1)
    line.send(2, source=66)
    line.send(2)
    assert line.numbers == [0, 1, 2]
    assert line.jitter.counts.stray == 2


def test_a_line_that_was_dead_for_half_a_minute_has_lost_half_a_minute() -> None:
    line = Line()
    line.send(0)
    line.send(1500)
    line.pieces += line.jitter.tick(31.0)
    assert line.pieces[1] == Missing(FRAME, 1499 * FRAME, (1500).to_bytes(4, "big"))
    assert line.jitter.counts.lost == 1499


def test_a_pause_that_the_network_swallowed_is_still_a_pause() -> None:
    line = Line()
    line.send(0, 0.0)
    line.send(1, 5.0)  # delayed on its way
    line.send(2, 5.0, pause=150 * FRAME)
    assert line.pieces[2] == Silence(2 * FRAME, 150 * FRAME)


def test_loss_before_a_packet_without_sound_is_loss() -> None:
    line = Line()
    line.send(0)
    line.pieces += line.jitter.put(1, 2, 0, b"", 0.04)
    line.timestamp -= FRAME
    line.send(3)
    line.pieces += line.jitter.tick(1.0)
    assert line.pieces[1] == Missing(FRAME, FRAME, (3).to_bytes(4, "big"))
    assert line.numbers == [0, 3]


def test_a_new_stream_inherits_no_late_packets() -> None:
    line = Line()
    line.send(0)
    line.send(2)
    line.pieces += line.jitter.tick(1.0)
    for number in (5, 6, 1):
        line.send(number, 1.2, source=9)
    assert line.jitter.counts.late == 0
    assert line.jitter.wait < 0.061


def test_a_sender_that_sets_its_clock_is_placed_by_the_wall() -> None:
    line = Line()
    line.send(0, 0.0)
    line.send(1, 0.02, pause=-(2**30))
    line.send(2, 1.02, pause=2**30)
    assert line.numbers == [0, 1, 2]
    assert [piece.at for piece in line.pieces if isinstance(piece, Packet)] == [0, FRAME, 51 * FRAME]
    assert _laid_end_to_end(line.pieces)


def test_packets_without_sound_take_a_number_but_no_time() -> None:
    line = Line()
    line.send(0)
    assert line.jitter.put(1, 1, 5, b"", 0.02) == []
    line.timestamp -= FRAME
    line.send(2)
    assert line.numbers == [0, 2]
    assert _laid_end_to_end(line.pieces)
    assert line.jitter.counts.lost == 0
    assert line.jitter.counts.empty == 1


def test_what_is_held_comes_out_at_the_end() -> None:
    line = Line()
    for number in (0, 2, 4):
        line.send(number)
    line.pieces += line.jitter.drain()
    assert line.numbers == [0, 2, 4]
    assert line.jitter.deadline is None


_edges = st.sampled_from([0, 1, 2, 99, 100, 101, 2999, 3000, 3001, 32_767, 32_768, 65_434, 65_535])
_sequences = _edges | st.integers(0, 65_535) | st.integers(0, 40)
_stamps = st.sampled_from([0, 1, 959, 960, 2**31 - 1, 2**31, 2**32 - 1]) | st.integers(0, 2**32 - 1)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            _sequences,
            _stamps,
            st.binary(max_size=3),
            st.floats(-1.0, 30.0),
        ),
        max_size=60,
    )
)
def test_nothing_that_arrives_breaks_the_line(
    packets: list[tuple[int, int, int, bytes, float]],
) -> None:
    jitter = _buffer()
    pieces: list[Piece] = []
    now = 0.0
    for source, sequence, timestamp, payload, elapsed in packets:
        now += elapsed
        pieces += jitter.put(source, sequence, timestamp, payload, now)
        assert len(jitter._held) <= 65
    pieces += jitter.drain()
    assert _laid_end_to_end(pieces)
    assert all(piece.samples > 0 for piece in pieces if isinstance(piece, Missing | Silence))
    assert jitter.deadline is None
    heard = sum(isinstance(piece, Packet) for piece in pieces)
    counts = jitter.counts
    assert counts.received == len(packets)
    assert heard <= counts.received - counts.duplicate - counts.late - counts.empty


@given(
    first=_sequences,
    stamp=_stamps,
    delays=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.03, 0.055, 0.3, None]), max_size=80),
)
def test_every_packet_that_comes_in_time_is_heard_once_in_its_place(
    first: int, stamp: int, delays: list[float | None]
) -> None:
    line = Line(first, stamp)
    line.send(0)
    arrivals = sorted(
        (number * 0.02 + delay, number) for number, delay in enumerate(delays, start=1) if delay is not None
    )
    for now, number in arrivals:
        line.send(number, now)
    line.pieces += line.jitter.drain()
    assert line.numbers == sorted(set(line.numbers))
    assert all(later > earlier for earlier, later in pairwise(line.numbers))
    assert _laid_end_to_end(line.pieces)
    in_time = {0} | {n for n, delay in enumerate(delays, start=1) if delay is not None and delay < 0.06}
    assert in_time <= set(line.numbers)
    for piece in line.pieces:
        if isinstance(piece, Packet):
            assert piece.at == int.from_bytes(piece.payload, "big") * FRAME
