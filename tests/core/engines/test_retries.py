"""When one speaker's stream is tried again."""

from core.engines.poison import LONG_OUTAGE, OUTAGE, STREAMS
from core.engines.retries import APART, LONGEST, Retries
from core.errors import LineBusy, LineLost


def test_the_first_try_is_at_once_and_none_is_far_from_the_last() -> None:
    retries = Retries()
    delays = [retries.delay(LineLost("the line broke")) for _ in range(100)]
    assert delays[0] == 0
    assert max(delays) <= LONGEST
    retries.settled()
    assert retries.delay(LineLost("the line broke")) == 0


def test_who_is_busy_says_when_to_come_again_and_not_all_come_at_once() -> None:
    retries = Retries()
    delays = [retries.delay(LineBusy("busy", 8.0)) for _ in range(100)]
    assert min(delays) >= 8.0
    assert max(delays) <= 8.0 * (1 + APART)
    assert len(set(delays)) > 50


def test_sound_counts_as_given_up_once_and_where_nobody_stands_in_later() -> None:
    for alone, outage in ((False, OUTAGE), (True, LONG_OUTAGE)):
        retries = Retries()
        for n in range(STREAMS):
            retries.broke(n * outage / STREAMS, "Far")
            assert not retries.poisoned(alone=alone)
        retries.broke(outage, "Far")
        assert retries.poisoned(alone=alone)
        assert not retries.poisoned(alone=alone)
