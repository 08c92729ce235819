from hypothesis import given
from hypothesis import strategies as st

from bots.meet.limits import Allowance, Allowances


@given(st.lists(st.floats(0, 3), max_size=100))
def test_no_more_is_given_than_the_rate_and_the_burst_allow(waits: list[float]) -> None:
    allowance = Allowance(rate=2.0, burst=5.0)
    now, given_ = 0.0, 0
    for wait in waits:
        now += wait
        given_ += allowance.take(now) == 0
        assert given_ <= 5 + 2 * now + 1e-6


def test_whoever_waits_as_long_as_told_is_served() -> None:
    allowance = Allowance(rate=0.5, burst=1.0)
    assert allowance.take(0.0) == 0
    wait = allowance.take(0.0)
    assert wait == 2.0
    assert allowance.take(wait) == 0


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=100))
def test_whoever_waits_after_each_piece_never_gets_ahead_of_the_rate(waits: list[float]) -> None:
    allowance = Allowance(rate=2.0, burst=5.0)
    now = 0.0
    for number, wait in enumerate(waits, 1):
        now += wait
        now += allowance.spend(now, 1.0)
        assert number <= 5 + 2 * now + 1e-6


def test_one_address_does_not_use_up_anothers_and_memory_is_bounded() -> None:
    allowances = Allowances(rate=1.0, burst=1.0, most=100)
    for number in range(1000):
        assert allowances.take(str(number), 0.0) == 0
    assert allowances.take("999", 0.0) > 0
    assert len(vars(allowances)["_buckets"]) == 100
