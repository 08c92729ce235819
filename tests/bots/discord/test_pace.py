"""Pace: never into a refusal, as often as the headers allow, finals first, everybody in turn."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bots.discord.pace import RESERVE, WHOLE_BOT, Answer, Everything, Lane, Turns, read
from tests.fakes.discord.limits import Buckets, Limits, Window
from tests.properties import patient

EDIT = ("PATCH", "/channels/1/messages/2")


def discord_with(window: Window) -> Buckets:
    return Buckets(Limits(rules={}, others=window, everything=None))


def answer_of(buckets: Buckets, now: float) -> Answer:
    verdict = buckets.ask(*EDIT, now)
    return read(200 if verdict.wait is None else 429, verdict.headers)


def sends(lane: Lane, buckets: Buckets, seconds: float, *, urgent: bool, step: float = 0.05) -> list[float]:
    """When `lane` lets requests go that somebody always wants to send."""
    gone, now = [], 0.0
    while now < seconds:
        if lane.wait(now, urgent=urgent) <= 0:
            lane.sent(now, urgent=urgent)
            answer = answer_of(buckets, now)
            assert answer.refused is None
            lane.answered(now, answer)
            gone.append(now)
        now = round(now + step, 6)
    return gone


def test_what_a_window_allows_is_spread_over_it() -> None:
    gone = sends(Lane(), discord_with(Window(5, 5.0)), 60.0, urgent=False)
    gaps = [later - sooner for sooner, later in pairwise(gone)]
    assert max(gaps) <= 1.3
    assert len(gone) >= 50


def test_a_stream_of_finals_keeps_an_even_pace_too() -> None:
    gone = sends(Lane(), discord_with(Window(5, 5.0)), 60.0, urgent=True)
    gaps = [later - sooner for sooner, later in pairwise(gone)]
    assert max(gaps) <= 2.0
    assert sorted(gaps)[int(len(gaps) * 0.95)] <= 1.2
    assert len(gone) >= 58


def test_a_final_need_not_wait_as_long_as_interim_words() -> None:
    lane = Lane(limit=5)
    buckets = discord_with(Window(5, 5.0))
    lane.sent(0.0)
    lane.answered(0.1, answer_of(buckets, 0.1))
    assert lane.wait(0.1, urgent=True) < lane.wait(0.1, urgent=False)


def test_nothing_is_sent_while_a_limit_that_nobody_knows_is_being_learned() -> None:
    lane = Lane()
    assert lane.wait(0.0, urgent=True) == 0
    lane.sent(0.0)
    assert lane.wait(1.0, urgent=True) > 0


def test_an_empty_window_is_waited_for_until_it_ends() -> None:
    lane = Lane()
    lane.sent(0.0)
    lane.answered(0.0, Answer("b", 5, 0, 3.0))
    assert lane.wait(1.0, urgent=True) == pytest.approx(2.0)
    assert lane.wait(3.0, urgent=False) == 0


def test_answers_that_overtake_each_other_do_not_give_a_request_back() -> None:
    lane = Lane()
    for at in (0.0, 0.1):
        lane.sent(at)
    lane.answered(0.3, Answer("b", 5, 1, 4.8))
    lane.answered(0.4, Answer("b", 5, 2, 4.7))
    assert lane.left == 1


def test_what_is_under_way_is_not_sent_again() -> None:
    lane = Lane(limit=5, left=1, ends=5.0)
    lane.sent(4.0)
    assert lane.wait(4.5, urgent=True) == pytest.approx(0.5)


def test_a_refusal_closes_the_lane_for_as_long_as_it_says() -> None:
    lane = Lane()
    lane.sent(0.0)
    lane.answered(0.5, Answer(refused=2.0))
    assert lane.wait(1.0, urgent=True) == pytest.approx(1.5)


def test_a_refusal_of_the_whole_bot_leaves_the_lane_alone() -> None:
    lane = Lane(limit=5)
    lane.sent(0.0)
    lane.answered(0.5, Answer(refused=2.0, everything=True))
    assert lane.wait(1.0, urgent=True) == 0


def test_failures_in_a_row_are_left_more_and_more_time_and_one_success_ends_that() -> None:
    lane = Lane()
    waits = []
    for _ in range(12):
        lane.sent(0.0)
        waits.append(lane.failed(0.0))
    assert waits[:3] == [1.0, 2.0, 4.0]
    assert max(waits) == waits[-1] == 30.0
    lane.sent(100.0)
    lane.answered(100.0, Answer("b", 5, 4, 5.0))
    lane.sent(101.0)
    assert lane.failed(101.0) == 1.0


@patient
@given(
    st.integers(1, 20),
    st.floats(0.5, 30.0),
    st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(0.0, 0.4), st.booleans()), max_size=60),
)
def test_whatever_the_limit_and_the_way_there_nothing_is_refused(
    count: int, seconds: float, moves: list[tuple[float, float, bool]]
) -> None:
    """Somebody looks at odd moments and sends when the lane says so; the way there and back takes time."""
    lane, buckets = Lane(), discord_with(Window(count, seconds))
    now = 0.0
    for pause, way, urgent in moves:
        now += pause
        wait = lane.wait(now, urgent=urgent)
        assert 0 <= wait <= seconds + 1.0
        if wait > 0:
            continue
        lane.sent(now, urgent=urgent)
        answer = answer_of(buckets, now + way)
        assert answer.refused is None
        lane.answered(now + 2 * way, answer, now)
        now += 2 * way


@patient
@example(
    2,
    3.0,
    [(0.0, 0.0, 2.0)]
    + [(0.0, 0.0, 0.0)] * 5
    + [(1.0, 0.0, 0.0)] * 2
    + [(1.0, 2.0, 2.0)]
    + [(1.0, 0.0, 0.0)] * 4,
)
@given(
    st.integers(1, 8),
    st.floats(0.5, 10.0),
    st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 2.0), st.floats(0.0, 2.0)), max_size=80),
)
def test_requests_that_overtake_each_other_are_not_refused_either(
    count: int, seconds: float, moves: list[tuple[float, float, float]]
) -> None:
    """Several at once in one lane: each takes its own time there and back."""
    lane, buckets = Lane(), discord_with(Window(count, seconds))
    events: list[tuple[float, int, str, Answer | None]] = []
    begun: dict[int, float] = {}
    now = 0.0

    def pass_time(until: float) -> None:
        while events and min(events)[0] <= until:
            event = min(events)
            events.remove(event)
            at, number, kind, answer = event
            if kind == "back":
                assert answer is not None
                lane.answered(at, answer, begun[number])
                continue
            answer = answer_of(buckets, at)
            assert answer.refused is None
            events.append((at + moves[number][2], number, "back", answer))

    for number, (pause, there, _) in enumerate(moves):
        now += pause
        pass_time(now)
        if lane.wait(now, urgent=number % 2 == 0) <= 0:
            lane.sent(now)
            begun[number] = now
            events.append((now + there, number, "there", None))
    pass_time(1e9)


@patient
@given(
    st.integers(100, 599),
    st.dictionaries(
        st.sampled_from(
            [
                "X-RateLimit-Limit",
                "X-RateLimit-Remaining",
                "X-RateLimit-Reset-After",
                "X-RateLimit-Bucket",
                "X-RateLimit-Global",
                "X-RateLimit-Scope",
                "Retry-After",
            ]
        ),
        st.one_of(
            st.text(max_size=8), st.sampled_from(["nan", "inf", "-1", "1e308", "0", "5", "0.5", "true"])
        ),
    ),
)
def test_any_headers_are_limits_or_nothing(status: int, headers: dict[str, str]) -> None:
    answer = read(status, headers)
    assert (answer.refused is not None) == (status == 429)
    lane = Lane()
    lane.sent(0.0)
    lane.answered(0.0, answer)
    assert 0 <= lane.wait(0.0, urgent=False) <= 1e6


def test_a_refusal_says_how_long_in_either_of_two_headers() -> None:
    assert read(429, {"Retry-After": "2", "X-RateLimit-Reset-After": "1.4"}).refused == 2.0
    assert read(429, {"X-RateLimit-Reset-After": "1.4"}).refused == 1.4
    assert read(429, {}).refused == 5.0
    assert read(429, {"X-RateLimit-Scope": "global"}).everything
    assert read(429, {"X-RateLimit-Global": "true"}).everything
    assert not read(429, {"X-RateLimit-Scope": "shared"}).everything


def test_captions_leave_part_of_the_whole_bots_second_to_everything_else() -> None:
    everything = Everything()
    for _ in range(WHOLE_BOT - RESERVE):
        assert everything.wait(10.0) == 0
        everything.count(10.0)
    assert everything.wait(10.4) == pytest.approx(0.6)
    assert everything.wait(11.0) == 0


def test_who_waited_longer_goes_first_and_a_final_before_that() -> None:
    turns = Turns()
    turns.served("ann", 1.0)
    turns.served("ben", 2.0)
    turns.told("ann", 3.0, 0.5, urgent=False)
    assert not turns.first("ben", 3.4, urgent=False)
    assert turns.first("ben", 3.4, urgent=True)
    assert turns.first("ann", 3.4, urgent=False)


def test_nobody_waits_for_somebody_who_does_not_come_back() -> None:
    turns = Turns()
    turns.served("ben", 2.0)
    turns.told("ann", 3.0, 0.5, urgent=True)
    assert not turns.first("ben", 3.7, urgent=False)
    assert turns.first("ben", 3.8, urgent=False)
