"""How long to wait before the next try."""

import random
from collections.abc import Iterator


def backoff(
    first: float = 0.2, most: float = 10.0, *, random: random.Random | None = None
) -> Iterator[float]:
    """Delays in seconds, without end: at once, then full jitter below a doubling ceiling.

    Full jitter spreads clients that failed together
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """
    dice = random or _DICE
    yield 0.0
    ceiling = first
    while True:
        yield dice.uniform(0, ceiling)
        ceiling = min(most, ceiling * 2)


_DICE = random.Random()  # noqa: S311 - spreads load, guards nothing
