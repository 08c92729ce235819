import random
from itertools import islice

from core.backoff import backoff


def test_the_first_retry_comes_at_once_and_the_next_ones_spread_below_a_growing_ceiling() -> None:
    for seed in range(50):
        delays = list(islice(backoff(0.2, 10.0, random=random.Random(seed)), 12))
        assert delays[0] == 0.0
        for number, delay in enumerate(delays[1:]):
            assert 0 <= delay <= min(10.0, 0.2 * 2**number)


def test_two_clients_that_failed_together_do_not_come_back_together() -> None:
    one, two = (list(islice(backoff(random=random.Random(seed)), 1, 10)) for seed in (1, 2))
    assert one != two
