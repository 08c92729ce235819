"""The breaker: an engine that keeps failing is left alone, tried by one, and trusted again."""

from core.engines.breaker import FRESH, LEAST, LONGEST, REST, WINDOW, Breaker


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


def test_one_speaker_who_fails_is_not_the_engine_while_others_are_well_heard() -> None:
    breaker = Breaker()
    for who in ("ann", "bob", "cy"):
        breaker.succeeded(0.0, who)
    for now in range(40, 100, 4):
        for who in ("ann", "bob", "cy"):
            breaker.well(float(now), who)
        breaker.failed(now + 1, trial=False, who="dee")
    assert breaker.closed


def test_when_it_fails_most_of_them_it_opens_however_well_they_were_heard_until_then() -> None:
    breaker = Breaker()
    everybody = [f"speaker {n}" for n in range(6)]
    for who in everybody:
        breaker.succeeded(0.0, who)
    for now in range(1, 100):
        for who in everybody:
            breaker.well(float(now), who)
    for who in everybody[:3]:
        breaker.failed(100.0, trial=False, who=who)
    assert breaker.closed
    breaker.failed(100.0, trial=False, who=everybody[3])
    assert not breaker.closed


def test_that_somebody_was_well_heard_some_time_ago_keeps_nothing_closed() -> None:
    breaker = Breaker()
    breaker.succeeded(0.0, "ann")
    breaker.well(40.0, "ann")
    for n in range(LEAST):
        assert breaker.closed
        breaker.failed(40.0 + FRESH + 1 + n, trial=False, who="bob")
    assert not breaker.closed


def test_who_has_no_other_engine_may_try_again_sooner() -> None:
    breaker = opened()
    assert not breaker.admit(1.9, 2.0)
    assert breaker.admit(2.0, 2.0)
    breaker.failed(2.0, trial=True)
    assert not breaker.admit(3.9, 2.0)
    assert breaker.admit(4.0, 2.0)
    breaker.left()
    assert not breaker.due(4.0)


def test_what_is_known_to_be_away_rests_and_is_tried() -> None:
    breaker = Breaker()
    breaker.open(0.0)
    assert not breaker.admit(REST - 0.1)
    assert breaker.admit(REST)
