"""What Deepgram's text intelligence answers, and the recap that can be made of it.

Of topics and intents it tells where they were found, by counting words; of its summary it doesn't.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from core.errors import RecapFailed
from core.record.kept import Line
from core.record.recaps.evidence import PHRASES, Evidence, Overlap, alive, cut, talk
from core.record.recaps.places import Sent
from core.record.recaps.recap import Claim, Conversation, Mood, Recap
from core.record.recaps.words import sentences

NAME: Final = "Deepgram"

SURE: Final = 0.3
"""How sure Deepgram must be of an intent for it to be an action, and how far a mood must be from even."""

_DUTIES: Final = frozenset(
    {
        "arrange",
        "assign",
        "book",
        "buy",
        "call",
        "check",
        "complete",
        "contact",
        "create",
        "deliver",
        "deploy",
    }
    | {"document", "draft", "email", "finish", "fix", "follow", "implement", "investigate", "invite", "make"}
    | {"move", "order", "organise", "organize", "pay", "plan", "prepare", "publish", "remind", "report"}
    | {"research", "review", "schedule", "send", "set", "share", "ship", "start", "submit", "test", "update"}
    | {"upload", "write"}
)
"""What begins an intent that somebody has to act on; "Provide information" or "Ask a question" is none."""

_NOTE: Final = (
    "Summed up by Deepgram, which does not tell what its sentences rest on: the lines cited were found by "
    "the words that they share. It looks for no decisions and no open questions."
)


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class _Topic(_Loose):
    topic: str | None = None
    confidence_score: float | None = None


class _Intent(_Loose):
    intent: str | None = None
    confidence_score: float | None = None


class _Segment(_Loose):
    text: str | None = None
    start_word: float | None = None
    end_word: float | None = None
    topics: list[_Topic] | None = None
    intents: list[_Intent] | None = None
    sentiment_score: float | None = None


class _Average(_Loose):
    sentiment_score: float | None = None


class _Segments(_Loose):
    segments: list[_Segment] | None = None
    average: _Average | None = None


_Found = Annotated[_Segments, BeforeValidator(lambda value: _Segments() if value is None else value)]
"""What was not asked for is not there, or None."""


class _Text(_Loose):
    text: str | None = None


class _InnerSummary(_Loose):
    summary: _Text | None = None


class _Summary(_Text):
    """The API answers `summary.text`; its published schema says `summary.results.summary.text`."""

    results: _InnerSummary | None = None


class Results(_Loose):
    summary: _Summary | None = None
    topics: _Found = Field(default_factory=_Segments)
    intents: _Found = Field(default_factory=_Segments)
    sentiments: _Found = Field(default_factory=_Segments)

    @property
    def told(self) -> str:
        """The summary."""
        inner = self.summary and self.summary.results and self.summary.results.summary
        return (self.summary and self.summary.text) or (inner and inner.text) or ""


class Answer(_Loose):
    results: Results


def recap(conversation: Conversation, parts: Sequence[Sent], answers: Sequence[Results]) -> Recap:
    """Everything that lines support, part after part."""
    lines = conversation.lines
    evidence = Evidence(lines, conversation.language)
    found = [_place(part, answer) for part, answer in zip(parts, answers, strict=True)]
    whole = Recap(
        "deepgram",
        NAME,
        summary=_summary(lines, conversation.language, evidence, answers),
        actions=_actions(evidence, [segment for _, intents, _ in found for segment in intents]),
        phrases=_phrases([segment for topics, _, _ in found for segment in topics]),
        talk=talk(lines),
        mood=_mood(evidence, answers, [segment for _, _, moods in found for segment in moods]),
        note=_NOTE,
    )
    if not whole.claims and not whole.phrases:
        raise RecapFailed("Deepgram found nothing in this call that its lines support.")
    return whole


Placed = tuple[_Segment, tuple[int, ...]]
"""A segment and the numbers of the lines it lies on."""


def _place(part: Sent, answer: Results) -> tuple[list[Placed], list[Placed], list[Placed]]:
    """Topics, intents and sentiments that are to be found in what was sent."""

    def placed(segments: Iterable[_Segment] | None) -> list[Placed]:
        listed = [(one, part.lines(one.text or "", one.start_word, one.end_word)) for one in segments or ()]
        return [(one, lines) for one, lines in listed if lines]

    return placed(answer.topics.segments), placed(answer.intents.segments), placed(answer.sentiments.segments)


def _summary(
    lines: Sequence[Line], language: str, evidence: Evidence, answers: Sequence[Results]
) -> tuple[Claim, ...]:
    overlap = Overlap(lines, language)
    claims = (
        evidence.claim(answer.told[start:end], overlap.lines(answer.told[start:end]))
        for answer in answers
        for start, end in sentences(answer.told)
    )
    return tuple(dict.fromkeys(claim for claim in claims if claim is not None))


def _actions(evidence: Evidence, placed: Sequence[Placed]) -> tuple[Claim, ...]:
    """The intents that somebody has to act on, each once, in the order of the call."""
    claims: dict[str, Claim] = {}
    for segment, numbers in placed:
        for one in segment.intents or ():
            verb = (one.intent or "").casefold().partition(" ")[0]
            if verb in _DUTIES and (one.confidence_score or 0.0) >= SURE:
                claim = evidence.claim(one.intent or "", numbers)
                if claim is not None:
                    claims.setdefault(claim.text.casefold(), claim)
    return tuple(claims.values())


def _phrases(placed: Sequence[Placed]) -> tuple[str, ...]:
    """The topics, those first of which Deepgram is surest in all."""
    weight: dict[str, float] = {}
    for segment, _ in placed:
        for one in segment.topics or ():
            if (topic := cut(one.topic or "", 60)) and not alive(topic):
                weight[topic] = weight.get(topic, 0.0) + (one.confidence_score or 0.0)
    return tuple(sorted(weight, key=lambda topic: -weight[topic])[:PHRASES])


def _mood(evidence: Evidence, answers: Sequence[Results], placed: Sequence[Placed]) -> Mood | None:
    scores = [
        answer.sentiments.average.sentiment_score
        for answer in answers
        if answer.sentiments.average and answer.sentiments.average.sentiment_score is not None
    ]
    if not scores:
        return None
    score = max(-1.0, min(1.0, sum(scores) / len(scores)))
    ranked = sorted(placed, key=lambda one: one[0].sentiment_score or 0.0)
    brightest, darkest = ranked[-1:], ranked[:1]
    return Mood(
        score,
        brightest=next(
            (_told(evidence, one) for one in brightest if (one[0].sentiment_score or 0) > SURE), None
        ),
        darkest=next(
            (_told(evidence, one) for one in darkest if (one[0].sentiment_score or 0) < -SURE), None
        ),
    )


def _told(evidence: Evidence, placed: Placed) -> Claim | None:
    segment, numbers = placed
    return evidence.claim(segment.text or "", numbers)
