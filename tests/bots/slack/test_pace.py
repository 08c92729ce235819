"""The arithmetic of Slack's limits."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.slack.pace import HELD, LATELY, LONGEST, USUAL, Answers, Lane, Rank
from tests.fakes.slack.limits import Bucket, Rate


def test_calls_keep_an_even_distance() -> None:
    lane = Lane(0.6)
    assert lane.wait("a", 10, Rank.FINAL) == 0
    lane.sent("a", 10)
    assert lane.wait("a", 10.1, Rank.FINAL) == pytest.approx(0.5)
    assert lane.wait("a", 10.6, Rank.FINAL) == 0


def test_a_refusal_closes_the_lane_for_as_long_as_it_says_and_slows_it_for_a_while() -> None:
    lane = Lane(0.6)
    lane.sent("a", 10)
    lane.refused(10.2, 7)
    assert lane.wait("a", 17.0, Rank.FINAL) == pytest.approx(0.2)
    assert lane.interval == pytest.approx(0.75)
    for _ in range(20):
        lane.refused(20, 1)
    assert lane.interval == pytest.approx(2.4)
    for _ in range(500):
        lane.taken()
    assert lane.interval == 0.6


def test_a_service_that_fails_is_asked_less_and_less() -> None:
    lane = Lane(0.6)
    assert [lane.failed(0) for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    lane.taken()
    assert lane.failed(100) == 0.5


def test_committed_words_go_before_what_may_wait() -> None:
    lane = Lane(1)
    lane.sent("x", 0)
    assert lane.wait("interim", 0.1, Rank.INTERIM) == pytest.approx(0.9)
    assert lane.wait("state", 0.2, Rank.STATE) == pytest.approx(0.8)
    assert lane.wait("final", 0.3, Rank.FINAL) == pytest.approx(0.7)
    assert lane.wait("interim", 1.0, Rank.INTERIM) == pytest.approx(2)
    assert lane.wait("final", 1.0, Rank.FINAL) == 0


def test_who_does_not_come_back_holds_nobody_up() -> None:
    lane = Lane(1)
    lane.sent("x", 0)
    lane.wait("gone", 0.1, Rank.FINAL)
    assert lane.wait("here", 1.0, Rank.FINAL) > 0
    assert lane.wait("here", 1.3, Rank.FINAL) == 0


def run(lane: Lane, names: list[str], seconds: float) -> list[tuple[float, str]]:
    """Everybody always wants to send."""
    now, sent, wake = 0.0, list[tuple[float, str]](), dict.fromkeys(names, 0.0)
    while now < seconds:
        name = min(wake, key=lambda one: wake[one])
        now = max(now, wake[name])
        wait = lane.wait(name, now, Rank.FINAL)
        if wait <= 0:
            lane.sent(name, now)
            sent.append((now, name))
            wait = 0.1
        wake[name] = now + wait
    return sent


@pytest.mark.parametrize("calls", [1, 3, 10])
def test_what_people_must_be_told_waits_little_though_there_are_always_words(calls: int) -> None:
    lane, now, words, asked = Lane(1.5), 0.0, 0, list[float]()
    wake = dict.fromkeys([*map(str, range(calls)), "card"], 0.0)
    since = 0.0
    while now < 300:
        name = min(wake, key=lambda one: wake[one])
        now = max(now, wake[name])
        wait = lane.wait(name, now, Rank.STATE if name == "card" else Rank.FINAL)
        if wait > 0:
            wake[name] = now + wait
            continue
        lane.sent(name, now)
        words += name != "card"
        if name == "card":
            asked.append(now - since)
            since = now + 20
        wake[name] = since if name == "card" else now + 0.1
    assert len(asked) > 10
    assert max(asked) < HELD + 2 * 1.5
    assert words > 300 / 1.5 - 20


@given(st.integers(1, 12))
def test_everybody_gets_the_same_and_nothing_is_wasted(calls: int) -> None:
    sent = run(Lane(0.61), [str(number) for number in range(calls)], 120)
    counts = Counter(name for _, name in sent)
    assert max(counts.values()) - min(counts.values()) <= 1
    assert len(sent) >= 120 / 0.61 - calls - 2


@given(st.integers(1, 12))
def test_slack_would_refuse_none_of_it(calls: int) -> None:
    bucket = Bucket(Rate(100, 1))
    assert all(bucket.take(at + 1) == 0 for at, _ in run(Lane(0.61), [str(n) for n in range(calls)], 60))


def test_a_lane_at_rest_can_be_forgotten() -> None:
    lane = Lane(1)
    assert lane.idle(0)
    lane.sent("a", 0)
    assert not lane.idle(0.5)
    assert lane.idle(1)
    lane.refused(1, 1)
    assert not lane.idle(5)


def test_answers_are_waited_for_as_long_as_they_take() -> None:
    answers = Answers()
    assert answers.patience("a") == USUAL
    answers.came("a", 12, 100)
    assert answers.patience("b") == 30
    assert answers.slow(100 + LATELY) == 12
    assert answers.slow(101 + LATELY) is None
    for _ in range(10):
        answers.came("a", 0.2, 100)
    assert answers.patience("b") == USUAL
    assert answers.slow(100) is None


def test_who_misses_answers_of_one_method_waits_longer_for_the_next_of_it_until_one_comes() -> None:
    answers, waits = Answers(), []
    for _ in range(5):
        waits.append(answers.patience("a"))
        answers.missed("a", waits[-1], 50)
    assert waits == [8, 16, 32, LONGEST, LONGEST]
    assert answers.patience("b") == USUAL
    assert answers.slow(50) is None, "nobody knows how slow"
    assert answers.doubtful(50 + LATELY)
    assert not answers.doubtful(51 + LATELY)
    answers.came("a", 0.2, 120)
    assert answers.patience("a") == USUAL
    answers.broke(20, 130)
    assert answers.doubtful(130)
