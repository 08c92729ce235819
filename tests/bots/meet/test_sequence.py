import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.meet.sequence import Arrival, Garbage, Sequence
from core.audio.frame import RATE

STEP = 640


def message(number: int, at: float | None = None, samples: int = STEP) -> bytes:
    moment = number * STEP / RATE if at is None else at
    return struct.pack("<Id", number, moment) + number.to_bytes(2, "little") * samples


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), max_size=8), st.integers(0, 200))
def test_a_page_that_replays_after_every_cut_is_heard_once_and_whole(
    cuts: list[tuple[int, int]], total: int
) -> None:
    """Each cut loses the last messages in the network; the page sends again from what is wanted."""
    sequence = Sequence()
    heard: list[Arrival] = []

    def send(numbers: range) -> None:
        heard.extend(a for n in numbers if (a := sequence.take(message(n))) is not None)

    sent = 0
    for lost, forward in cuts:
        send(range(max(0, sequence.next - lost), sent))  # the page may also send too much again
        arrived = range(sequence.next, min(total, sequence.next + forward))
        send(arrived)
        sent = min(total, arrived.stop + lost)
    send(range(sequence.next, total))
    assert [arrival.at for arrival in heard] == [n * STEP / RATE for n in range(len(heard))]
    assert len(heard) == max(total, 0)
    assert all(arrival.missing is None for arrival in heard)


def test_what_the_page_threw_away_is_told_as_missing() -> None:
    sequence = Sequence()
    assert sequence.take(message(0)) is not None
    arrival = sequence.take(message(26))
    assert arrival is not None
    assert arrival.missing == (0.04, 26 * 0.04)
    assert sequence.next == 27


def test_a_muted_page_leaves_time_but_no_hole() -> None:
    sequence = Sequence()
    sequence.take(message(0))
    arrival = sequence.take(message(1, at=30.0))
    assert arrival is not None
    assert arrival.missing is None


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\0" * 12,
        message(0)[:-1],
        message(0, samples=3201),
        message(0, at=float("nan")),
        message(0, at=float("inf")),
        message(0, at=-1.0),
        message(0, at=1e300),
    ],
    ids=["empty", "no samples", "odd", "too long", "nan", "infinite", "negative", "far"],
)
def test_garbage_is_named(garbage: bytes) -> None:
    with pytest.raises(Garbage):
        Sequence().take(garbage)


def test_time_that_runs_backwards_is_named() -> None:
    sequence = Sequence()
    sequence.take(message(0, at=5.0))
    with pytest.raises(Garbage, match="backwards"):
        sequence.take(message(1, at=4.0))


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_bytes_are_audio_or_garbage_and_nothing_else(messages: list[bytes]) -> None:
    sequence = Sequence()
    for one in messages:
        try:
            arrival = sequence.take(one)
        except Garbage:
            continue
        assert arrival is None or len(arrival.pcm) % 2 == 0
