"""Utterances from probabilities alone."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.audio.frame import RATE
from core.engines.segments import Close, Event, Open, Quiet, Resume, Rules, Segmenter

FRAME = 512
SPEECH, SILENCE = 0.9, 0.02


def run(probabilities: list[float], rules: Rules | None = None) -> list[Event]:
    segmenter = Segmenter(rules or Rules())
    return [event for p in probabilities for event in segmenter.push(p)]


def frames(seconds: float) -> int:
    return round(seconds * RATE / FRAME)


def test_one_frame_of_speech_opens_nothing() -> None:
    assert run([SILENCE] * 20 + [SPEECH] + [SILENCE] * 40) == []


def test_an_utterance_opens_half_a_second_before_its_speech() -> None:
    (opened,) = run([SILENCE] * 40 + [SPEECH] * 2)
    assert opened == Open(40 * FRAME - RATE // 2, 40 * FRAME)


def test_at_the_beginning_there_is_nothing_before_to_take() -> None:
    assert run([SPEECH] * 2) == [Open(0, 0)]


def test_a_short_silence_is_a_pause_and_speech_resumes() -> None:
    events = run([SPEECH] * 30 + [SILENCE] * 6 + [SPEECH] * 5)
    assert [type(event) for event in events] == [Open, Quiet, Resume]
    assert events[1] == Quiet(35 * FRAME)


def test_a_long_silence_closes_where_the_pause_was_noticed() -> None:
    events = run([SPEECH] * 30 + [SILENCE] * frames(0.8))
    assert [type(event) for event in events] == [Open, Quiet, Close]
    assert events[-1] == Close(35 * FRAME, share=1.0)
    assert isinstance(events[1], Quiet)
    assert events[1].end == 35 * FRAME


def test_a_dip_that_is_not_clearly_silence_is_no_pause() -> None:
    assert len(run([SPEECH] * 10 + [0.4] * 60)) == 1


def test_the_share_of_speech_is_told() -> None:
    events = run([SPEECH] * 2 + [0.4] * 6 + [SPEECH] * 2 + [SILENCE] * 30)
    assert isinstance(events[-1], Close)
    assert events[-1].share == 0.4


def test_a_long_utterance_needs_less_silence() -> None:
    quiet = [SILENCE] * frames(0.5)
    assert not any(isinstance(e, Close) for e in run([SPEECH] * frames(5) + quiet))
    assert any(isinstance(e, Close) for e in run([SPEECH] * frames(16) + quiet))


def test_endless_speech_is_cut_where_it_was_weakest() -> None:
    talk = [SPEECH] * frames(30)
    weak = frames(16)
    talk[weak] = 0.5
    events = run(talk)
    closed = next(event for event in events if isinstance(event, Close))
    assert closed.cut
    assert abs(closed.end - weak * FRAME) <= 2 * FRAME
    assert events[events.index(closed) + 1] == Open(closed.end, closed.end)


def test_a_flush_closes_what_is_open_up_to_the_last_sample() -> None:
    segmenter = Segmenter(Rules())
    for _ in range(10):
        segmenter.push(SPEECH)
    assert segmenter.flush(10 * FRAME + 100) == [Close(10 * FRAME + 100, share=1.0, cut=True)]
    assert not segmenter.open
    assert segmenter.flush(10 * FRAME + 100) == []


def test_after_a_flush_nothing_reaches_back_before_it() -> None:
    segmenter = Segmenter(Rules())
    for _ in range(10):
        segmenter.push(SPEECH)
    segmenter.flush(5200)
    events = [event for _ in range(2) for event in segmenter.push(SPEECH)]
    assert events == [Open(5200, 5200)]


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.3, 0.49, 0.5, 0.95]), st.integers(1, 400)), max_size=12))
def test_utterances_never_overlap_and_never_outgrow_the_limit(runs: list[tuple[float, int]]) -> None:
    rules = Rules()
    events = run([p for p, count in runs for _ in range(count)], rules)
    spans: list[tuple[int, int]] = []
    start = None
    for event in events:
        if isinstance(event, Open):
            assert start is None
            assert event.start <= event.speech
            start = event.start
        elif isinstance(event, Close):
            assert start is not None
            assert 0 < event.end - start <= rules.limit * RATE + FRAME
            assert 0 <= event.share <= 1
            spans.append((start, event.end))
            start = None
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.4, 0.95]), st.integers(1, 40)), max_size=12))
def test_pauses_and_resumptions_alternate(runs: list[tuple[float, int]]) -> None:
    paused = False
    for event in run([p for p, count in runs for _ in range(count)]):
        match event:
            case Open():
                paused = False
            case Quiet():
                assert not paused
                paused = True
            case Resume():
                assert paused
                paused = False
