"""Calls for the tests of summarisers."""

from collections.abc import Iterable, Sequence

from core.audio.frame import Speaker
from core.record.kept import Line
from core.record.recaps.recap import Conversation

ANA, BEN, CLEO = Speaker("p1", "Ana Lima"), Speaker("p2", "Ben"), Speaker("p3", "Cleo")

MEETING = (
    "Good morning everybody, let us look at the budget for the harbour bridge.",
    "I think that the budget is too small for the harbour bridge that we want to build.",
    "We agreed that the harbour bridge will be painted green in spring.",
    "I will send the report about the paint to the council tomorrow.",
    "Who pays for the lights on the bridge?",
    "Nobody knows that yet, but it is great that we met.",
)


def conversation(texts: Iterable[str] = MEETING, *, language: str = "en", first: int = 1) -> Conversation:
    """What three people say in turn, a line every four seconds; their numbers have gaps, as in records."""
    lines = [
        Line(first + 3 * at, (ANA, BEN, CLEO)[at % 3], at * 4.0, at * 4.0 + 3.0, text)
        for at, text in enumerate(texts)
    ]
    return Conversation("Bridge", language, lines)


def long(hours: float, texts: Sequence[str] = MEETING) -> Conversation:
    """The same again and again, each time with another number in it."""
    count = round(hours * 900)
    return conversation(f"{texts[at % len(texts)]} That is point {at}." for at in range(count))
