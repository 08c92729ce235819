from hypothesis import given
from hypothesis import strategies as st

from core.audio.frame import RATE, WIDTH, Frame, Speaker
from core.audio.tape import Tape

ANN = Speaker("a", "Ann")
PIECE = 160  # samples: 10 ms

# Each frame: how many pieces it has, and how long the speaker had paused before it (seconds).
frames = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from([0.0, 0.0, 0.0, 0.7, 30.0])), min_size=1, max_size=40
)


def write(tape: Tape, spoken: list[tuple[int, float]], at: float = 5.0) -> list[float]:
    """Writes frames whose samples count up. Returns when each sample was heard, in seconds of the call."""
    heard: list[float] = []
    for pieces, pause in spoken:
        at += pause
        first = len(heard)
        samples = range(first, first + pieces * PIECE)
        pcm = b"".join((n % 60000 - 30000).to_bytes(WIDTH, "little", signed=True) for n in samples)
        assert tape.write(Frame(ANN, at, pcm)) is None
        heard += [at + n / RATE for n in range(pieces * PIECE)]
        at += pieces * PIECE / RATE
    return heard


def samples(pieces: list[bytes]) -> list[int]:
    whole = b"".join(pieces)
    return [int.from_bytes(whole[n : n + 2], "little", signed=True) for n in range(0, len(whole), 2)]


@given(frames)
def test_every_sample_of_the_stream_is_found_in_the_call(spoken: list[tuple[int, float]]) -> None:
    tape = Tape(ANN)
    heard = write(tape, spoken)
    for n in range(0, len(heard), 37):
        assert abs(tape.when(n / RATE) - heard[n]) < 1e-6
    for n in range(1, len(heard), 37):
        assert abs(tape.until(n / RATE) - (heard[n - 1] + 1 / RATE)) < 1e-6
    assert abs(tape.end - heard[-1] - 1 / RATE) < 1e-6


@given(frames, st.lists(st.floats(0, 1), max_size=5))
def test_settling_keeps_exactly_the_rest_and_does_not_change_when_it_was_heard(
    spoken: list[tuple[int, float]], settles: list[float]
) -> None:
    tape = Tape(ANN)
    heard = write(tape, spoken)
    total, settled = len(heard), 0
    for share in settles:
        settled = max(settled, round(share * total))
        tape.settle(settled / RATE)
        assert abs(tape.seconds - (total - settled) / RATE) < 1e-9
        for n in range(settled, total, 53):
            assert abs(tape.when(n / RATE) - heard[n]) < 1e-6
        # What was settled never moves forward in time.
        assert tape.when(0) <= tape.when(settled / RATE) + 1e-9
    replay = samples(tape.restart())
    assert replay == [n % 60000 - 30000 for n in range(settled, total)]
    for n in range(0, len(replay), 53):
        assert abs(tape.when(n / RATE) - heard[settled + n]) < 1e-6
    assert abs(tape.seconds - len(replay) / RATE) < 1e-9


@given(frames, st.integers(0, 3))
def test_time_never_runs_backwards(spoken: list[tuple[int, float]], restarts: int) -> None:
    tape = Tape(ANN)
    write(tape, spoken)
    for share in range(restarts):
        tape.settle(tape.seconds * share / 4)
        tape.restart()
    moments = [tape.when(n / 1000) for n in range(0, round(tape.seconds * 1000) + 50, 3)]
    ends = [tape.until(n / 1000) for n in range(0, round(tape.seconds * 1000) + 50, 3)]
    assert moments == sorted(moments)
    assert ends == sorted(ends)
    assert all(end <= moment + 1e-9 for end, moment in zip(ends, moments, strict=True))


def test_an_end_before_a_pause_is_not_the_end_of_the_pause() -> None:
    tape = Tape(ANN)
    second = bytes(RATE * WIDTH)
    tape.write(Frame(ANN, 10.0, second))
    tape.write(Frame(ANN, 60.0, second))
    assert tape.until(1.0) == 11.0
    assert tape.when(1.0) == 60.0
    tape.settle(1.0)
    assert tape.until(1.0) == 11.0
    assert tape.when(1.0) == 60.0
    assert tape.when(0.5) == 11.0, "what is settled begins no later caption"


def test_a_sender_whose_clock_is_set_back_does_not_turn_time_back() -> None:
    tape = Tape(ANN)
    tape.write(Frame(ANN, 10.0, bytes(RATE * WIDTH)))
    tape.write(Frame(ANN, 10.9, bytes(RATE * WIDTH)))
    tape.write(Frame(ANN, 3.0, bytes(RATE * WIDTH)))
    moments = [tape.when(n / 100) for n in range(301)]
    assert moments == sorted(moments)
    assert tape.end == 11.9


def test_a_sound_card_that_is_too_fast_does_not_carry_its_words_into_the_future() -> None:
    tape = Tape(ANN)
    for n in range(10_000):  # 400 s of a card that gives 40 ms every 39.9 ms
        at = n * 0.0399
        tape.write(Frame(ANN, at, bytes(640 * WIDTH)))
        if n % 100 == 99:
            assert abs(tape.end - (at + 0.04)) < 0.001
            tape.erase()


@given(st.integers(1, 60))
def test_a_full_tape_forgets_the_oldest_and_says_which(seconds: int) -> None:
    tape = Tape(ANN, limit=20.0)
    lost = [tape.write(Frame(ANN, 100.0 + n, bytes(RATE * WIDTH))) for n in range(seconds)]
    gone = [item for item in lost if item is not None]
    assert tape.seconds <= 20.0
    assert tape.seconds + tape.dropped == seconds
    assert sum(item.end - item.start for item in gone) == tape.dropped
    assert all(item.end - item.start >= 5 for item in gone)
    if gone:
        assert gone[0].start == 100.0
        assert [item.start for item in gone[1:]] == [item.end for item in gone[:-1]]
    assert len(samples(tape.restart())) == round((seconds - tape.dropped) * RATE)


def test_nothing_is_replayed_after_it_was_erased() -> None:
    tape = Tape(ANN)
    tape.write(Frame(ANN, 3.0, bytes(RATE * WIDTH)))
    tape.erase()
    assert tape.seconds == 0
    assert tape.restart() == []
    tape.write(Frame(ANN, 9.0, bytes(RATE * WIDTH)))
    assert tape.when(0.5) == 9.5


@given(frames, st.floats(0, 1), st.sampled_from([0.0, 0.003, 0.01, 0.03, 0.3, 5.0]))
def test_a_lead_is_what_was_settled_just_before_and_moves_no_time(
    spoken: list[tuple[int, float]], share: float, lead: float
) -> None:
    tape = Tape(ANN)
    heard = write(tape, spoken)
    settled = round(share * len(heard))
    tape.settle(settled / RATE)
    left = tape.seconds
    replay = samples(tape.restart(lead))
    known = round(tape.known * RATE)
    assert replay == [n % 60000 - 30000 for n in range(settled - known, len(heard))]
    assert known <= round(min(lead, 1.0) * RATE)
    assert abs(tape.seconds - left) < 1e-9
    # No pause lies within the lead, nor behind it.
    assert heard[settled] - heard[settled - 1] < 0.201 if known else True
    assert heard[settled - 1] - heard[settled - known] < known / RATE + 0.2 if known else True
    for n in range(settled, len(heard), 53):
        assert abs(tape.when((n - settled + known) / RATE) - heard[n]) < 1e-6


def test_a_lead_is_as_long_as_was_asked_where_there_was_no_pause() -> None:
    tape = Tape(ANN)
    for n in range(50):
        tape.write(Frame(ANN, n / 25, bytes(640 * WIDTH)))
    tape.settle(1.5)
    assert len(samples(tape.restart(0.3))) == round(0.8 * RATE)
    assert tape.known == 0.3
    tape.settle(0.4)
    tape.restart(0.3)
    assert tape.known == 0.3, "a lead may lie within the lead before it"


def test_a_lead_does_not_cross_a_pause() -> None:
    tape = Tape(ANN)
    tape.write(Frame(ANN, 1.0, bytes(RATE * WIDTH)))
    tape.write(Frame(ANN, 9.0, bytes(RATE * WIDTH)))
    tape.settle(1.1)
    tape.restart(0.5)
    assert abs(tape.known - 0.1) < 1e-9
    tape.erase()
    tape.restart(0.5)
    assert tape.known == 0.0, "nobody knows yet how long the pause will be"
    tape.write(Frame(ANN, 20.0, bytes(RATE * WIDTH)))
    tape.erase()
    tape.write(Frame(ANN, 600.0, bytes(RATE * WIDTH)))
    assert len(samples(tape.restart(0.5))) == RATE
    assert tape.known == 0.0, "what was said before the pause does not come again"


@given(frames, st.integers(0, 30), st.integers(1, 30))
def test_a_stream_is_given_every_sample_once_whatever_comes_meanwhile(
    spoken: list[tuple[int, float]], first: int, step: int
) -> None:
    tape = Tape(ANN)
    write(tape, spoken[:first])
    tape.restart()
    got: list[bytes] = []
    for n in range(first, len(spoken), step):
        while (piece := tape.take()) is not None:
            got.append(piece)
        assert tape.ahead == 0
        write(tape, spoken[n : n + step], at=100.0 * n + 1000)
    while (piece := tape.take()) is not None:
        got.append(piece)
    assert sum(map(len, got)) == sum(pieces for pieces, _ in spoken) * PIECE * WIDTH
    assert abs(tape.given - tape.seconds) < 1e-9


@given(st.integers(0, 15), st.integers(1, 60))
def test_a_tape_that_overflows_beside_a_stream_leaves_the_streams_clock_alone(given: int, more: int) -> None:
    tape = Tape(ANN, limit=20.0)
    for n in range(given):
        tape.write(Frame(ANN, 100.0 + n, bytes(RATE * WIDTH)))
    tape.restart()
    while tape.take() is not None:
        pass
    gaps = [tape.write(Frame(ANN, 200.0 + n, bytes(RATE * WIDTH))) for n in range(more)]
    lost = sum(gap.end - gap.start for gap in gaps if gap is not None)
    assert lost == tape.dropped
    assert tape.seconds <= 20.0
    waits = 0
    while tape.take() is not None:
        waits += 1
    assert given + waits == tape.given
    if given and tape.seconds == tape.given:
        assert [tape.when(n + 0.5) for n in range(given)] == [100.5 + n for n in range(given)]
    assert abs(tape.when(tape.given - 0.5) - (200.0 + more - 0.5)) < 1e-6, "the newest is where it was"


@given(frames, st.floats(0, 1), st.floats(0, 1))
def test_a_tape_in_two_parts_has_every_sample_once_besides_the_lead(
    spoken: list[tuple[int, float]], settled: float, lead: float
) -> None:
    tape = Tape(ANN)
    heard = write(tape, spoken)
    tape.settle(settled * 0.5 * len(heard) / RATE)
    tape.restart()
    before, start, end = samples([frame.pcm for frame in tape.frames()]), tape.start, tape.end
    rest = tape.part(lead)
    first, second = (samples([frame.pcm for frame in each.frames()]) for each in (tape, rest))
    assert first + second == before
    assert abs(rest.end - end) < 1e-6
    assert not first or abs(tape.start - start) < 1e-6
    assert rest.known <= lead + 1 / RATE
    assert rest.given == 0
    if second:
        sound: list[bytes] = []
        while (piece := rest.take()) is not None:
            sound.append(piece)
        whole = samples(sound)
        known = round(rest.known * RATE)
        assert whole[known:] == second
        assert whole[:known] == first[len(first) - known :]
        assert tape.end <= rest.start + 1e-6


def spoken_with(dip: int, *, at: int) -> list[int]:
    """Three seconds of sound with one quiet place of so many milliseconds, `at` milliseconds."""
    loud = [3000 if n // 40 % 2 else -3000 for n in range(3 * RATE)]
    for n in range(at * 16, (at + dip) * 16):
        loud[n] //= 100
    return loud


@given(st.integers(30, 300), st.integers(1600, 2600), st.integers(7, 40))
def test_a_tape_is_cut_where_it_is_quiet(dip: int, at: int, step: int) -> None:
    tape = Tape(ANN)
    pcm = b"".join(n.to_bytes(2, "little", signed=True) for n in spoken_with(dip, at=at))
    size = step * 16 * WIDTH
    for n in range(0, len(pcm), size):
        tape.write(Frame(ANN, n / WIDTH / RATE, pcm[n : n + size]))
    rest = tape.part(0.3)
    assert rest.known == 0.3
    assert at / 1000 <= rest.start <= (at + dip) / 1000
    assert abs(rest.start - (at + dip / 2) / 1000) < 0.011


def test_a_tape_is_cut_where_the_speaker_paused() -> None:
    tape = Tape(ANN)
    for at in (0.0, 1.0, 2.0, 3.7):
        tape.write(Frame(ANN, at, (b"\x10\x10" * RATE)))
    rest = tape.part(0.3)
    assert (tape.end, rest.start, rest.known) == (3.0, 3.7, 0.3)


def test_a_tape_tells_of_pauses_between_what_was_taken_and_what_comes() -> None:
    tape = Tape(ANN)
    for at in (0.0, 1.0, 3.5):
        tape.write(Frame(ANN, at, bytes(RATE * WIDTH)))
    told = []
    while tape.ahead:
        told.append(tape.pause)
        tape.take()
    assert told == [0.0, 0.0, 1.5]
    assert tape.pause == 0.0
