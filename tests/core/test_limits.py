from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.limits import Allowance, Allowances, whose


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


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_whoever_takes_another_address_of_their_own_network_is_the_same(net: int, one: int, two: int) -> None:
    assert whose(str(IPv6Address(net << 64 | one))) == whose(str(IPv6Address(net << 64 | two)))


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("[2001:db8::1]:4711", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_who_asks_is_known_by_the_address_without_its_port(address: str, who: str) -> None:
    assert whose(address) == who
