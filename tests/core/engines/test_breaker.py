"""The breaker: an engine that keeps failing is left alone, tried by one, and trusted again."""

from core.engines.breaker import LEAST, LONGEST, REST, WINDOW, Breaker


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(LEAST):
        assert breaker.admit(now)
        breaker.failed(now, trial=False)
    assert not breaker.closed
    return breaker


def test_a_failure_now_and_then_is_nothing() -> None:
    breaker = Breaker()
    for now in range(1000):
        assert breaker.admit(now)
        if now % 5 == 0:
            breaker.failed(now, trial=False)
        else:
            breaker.succeeded(now)
    assert breaker.closed


def test_old_failures_are_forgotten() -> None:
    breaker = Breaker()
    for n in range(20):
        breaker.failed(n * (WINDOW + 1), trial=False)
    assert breaker.closed


def test_when_most_fail_nobody_tries_until_it_has_rested_and_then_only_one() -> None:
    breaker = opened()
    assert not breaker.admit(REST - 0.1)
    assert breaker.admit(REST)
    assert not breaker.due(REST)
    assert not breaker.admit(REST + 1000)


def test_a_trial_that_goes_well_opens_the_way_for_all() -> None:
    breaker = opened()
    breaker.admit(REST)
    breaker.succeeded(REST + 1)
    assert breaker.closed
    assert breaker.admit(REST + 1)
    assert breaker.admit(REST + 1)


def test_each_trial_that_fails_doubles_the_rest_up_to_a_limit() -> None:
    breaker, now, rests = opened(), 0.0, []
    for _ in range(8):
        rest = next(n for n in range(200) if breaker.due(now + n))
        rests.append(rest)
        now += rest
        assert breaker.admit(now)
        breaker.failed(now, trial=True)
    assert rests == [5, 10, 15, 15, 15, 15, 15, 15]
    assert rests[-1] == LONGEST


def test_streams_from_before_do_not_spoil_the_trial() -> None:
    breaker = opened()
    breaker.admit(REST)
    breaker.failed(REST, trial=False)
    breaker.succeeded(REST + 1)
    assert breaker.closed


def test_a_trial_that_came_to_nothing_leaves_the_turn_to_another() -> None:
    breaker = opened()
    breaker.admit(REST)
    breaker.left()
    assert breaker.admit(REST)
