"""A recap: what a call came to. Values, and what every summariser promises."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from core.record.kept import Line

By = Literal["quotes", "llm", "deepgram"]
"""Who made a recap: plain rules that quote, a language model, or Deepgram's text intelligence."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is to be summed up: `lines` in the order of their start, without gaps."""

    title: str
    language: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of a recap and the numbers of the lines that support it; there is always one.

    Of an action, `who` does it and `when` it is due, where that was said.
    """

    text: str
    lines: tuple[int, ...]
    who: str | None = None
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """How long somebody spoke (seconds of their lines), and how many words."""

    name: str
    seconds: float
    words: int


@dataclass(frozen=True, slots=True)
class Mood:
    """How a call sounded, by its words alone: -1 (all bad) to 1 (all good)."""

    score: float
    brightest: Claim | None = None
    darkest: Claim | None = None


@dataclass(frozen=True, slots=True)
class Recap:
    """What a call came to.

    `name`: who wrote it, as people read it. `note`: what they should know of it ("The language model did not
    answer in time, so this recap quotes."). `quoted`: whether every claim is a line's own words.
    """

    by: By
    name: str
    summary: tuple[Claim, ...] = ()
    decisions: tuple[Claim, ...] = ()
    actions: tuple[Claim, ...] = ()
    questions: tuple[Claim, ...] = ()
    phrases: tuple[str, ...] = ()
    talk: tuple[Talk, ...] = ()
    mood: Mood | None = None
    note: str | None = None
    quoted: bool = False

    @property
    def claims(self) -> tuple[Claim, ...]:
        """All of them, and those that stand for the mood."""
        felt = (self.mood.brightest, self.mood.darkest) if self.mood else ()
        said = (*self.summary, *self.decisions, *self.actions, *self.questions)
        return (*said, *(claim for claim in felt if claim))


class Summariser(Protocol):
    """Whoever can make a recap. `tests/core/record/recaps/test_summarisers.py` holds all of them to this."""

    @property
    def name(self) -> str:
        """What people read."""

    async def summarise(self, conversation: Conversation) -> Recap:
        """A recap in which every claim cites lines of the conversation; an empty one for an empty call.

        Never blocks the loop. Raises `RecapFailed`.
        """
