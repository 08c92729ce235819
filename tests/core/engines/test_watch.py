"""What a stream tells the breaker of its engine."""

from core.engines.breaker import REST, Breaker
from core.engines.protocol import Hypothesis
from core.engines.watch import Watch

WORDS = Hypothesis(0.0, 1.0, "some words")
NOTHING = Hypothesis(0.0, 1.0, "")
FINAL = Hypothesis(0.0, 1.0, "some words", final=True)


async def test_the_first_words_of_a_trial_open_the_way_for_all() -> None:
    breaker, told = Breaker(), []
    breaker.open(0.0)
    assert breaker.admit(REST)
    watch = Watch(breaker, "ann", lambda: told.append("back"), trial=True)
    watch.heard(NOTHING)
    assert not breaker.closed
    watch.heard(WORDS)
    assert breaker.closed
    watch.heard(FINAL)
    assert told == ["back"]


async def test_that_a_trial_is_followed_by_another_when_nothing_came_of_it() -> None:
    breaker = Breaker()
    breaker.open(0.0)
    assert breaker.admit(REST)
    watch = Watch(breaker, "ann", lambda: None, trial=True)
    watch.left()
    assert breaker.admit(REST)


async def test_words_say_that_a_speaker_is_well_heard_and_only_what_is_settled_is_weighed() -> None:
    breaker = Breaker()
    watch = Watch(breaker, "ann", lambda: None, trial=False)
    watch.heard(WORDS)
    assert not watch.well
    for _ in range(9):
        breaker.failed(0.0, trial=False, who="bob")
    assert breaker.closed, "as many are well heard as are not"
    breaker.failed(0.0, trial=False, who="cy")
    assert not breaker.closed, "her words are no reason against it"
    watch.heard(FINAL)
    assert watch.well
