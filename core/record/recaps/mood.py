"""How a call sounded, by its words alone: VADER (Hutto and Gilbert, ICWSM 2014), English only.

Only ever of a call as a whole, never of a person. Irony, politeness and anything but English fool it.
"""

from collections.abc import Callable, Sequence

from core.errors import UserError
from core.record.recaps.recap import Claim, Mood

Feeling = Callable[[str], float]
"""How a sentence sounds: -1 (all bad) to 1 (all good)."""

_PLAIN = 0.4
"""How far from 0 a sentence must be to stand for the call."""


def feeling() -> Feeling:
    """VADER's reading of a sentence. Raises `UserError` where its package is not installed."""
    try:
        # Optional, and without types.
        from vaderSentiment.vaderSentiment import (  # type: ignore[import-untyped]  # noqa: PLC0415
            SentimentIntensityAnalyzer,
        )
    except ImportError as error:
        raise UserError("SPOKENLY_MOOD needs: pip install 'spokenly[mood]'") from error
    analyzer = SentimentIntensityAnalyzer()

    def read(text: str) -> float:
        return float(analyzer.polarity_scores(text)["compound"])

    return read


def mood_of(said: Sequence[tuple[str, Claim]], reading: Feeling) -> Mood | None:
    """The mood of all sentences together, and the brightest and darkest of them; None of none."""
    scored = [(reading(text), claim) for text, claim in said]
    felt = [score for score, _ in scored if score]
    if not scored:
        return None
    score = sum(felt) / len(felt) if felt else 0.0
    brightest = max(scored, key=lambda each: each[0])
    darkest = min(scored, key=lambda each: each[0])
    return Mood(
        round(score, 2),
        brightest[1] if brightest[0] >= _PLAIN else None,
        darkest[1] if darkest[0] <= -_PLAIN else None,
    )
