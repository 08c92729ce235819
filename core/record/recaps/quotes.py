"""The recap without a language model: what was said, chosen by plain rules and quoted.

It works on every machine, needs no key and always gives the same for the same call. It cannot put things in
its own words, so it can miss what only follows from several lines, and it says so.
"""

import asyncio
import math
import re
from collections.abc import Iterable, Sequence

from core.record.recaps.evidence import talk
from core.record.recaps.mood import Feeling, feeling, mood_of
from core.record.recaps.phrases import phrases
from core.record.recaps.questions import question
from core.record.recaps.ranking import telling, weights
from core.record.recaps.recap import By, Claim, Conversation, Mood, Recap
from core.record.recaps.rules import Task, decision, task
from core.record.recaps.sentences import Sentence, said
from core.record.recaps.words import sounds_english

NAME = "Quotes chosen by plain rules"

_NOTE = (
    "These are quotes chosen by plain rules; they can miss what mattered. "
    "Read the transcript before you rely on them."
)
_NOTE_OTHERS = "Decisions and action items are only looked for in English."

_BY: By = "quotes"

_SHORT = 5
"""A call with fewer sentences that tell something is quoted whole."""

_LONGEST = 40
"""Words after which a sentence is no quote that anybody reads."""

_CHARACTERS = 400
"""Likewise, whatever its words are."""

_LEANING = re.compile(
    r"(?:it|it['’]s|that|that['’]s|this|they|they['’]re|he|she|he['’]s|she['’]s|those|these|because|"
    r"['’]?cause|which|or|"
    r"then|than|if)\b",
    re.IGNORECASE,
)
"""What begins a sentence that leans on the one before."""


class Quotes:
    """A summariser that quotes.

    `mood`: tell the mood of English calls as well. Then a word list is read from the disk at once, which
    blocks; raises `UserError` where its package is missing.
    """

    def __init__(self, mood: bool = False) -> None:
        self._feeling = feeling() if mood else None

    @property
    def name(self) -> str:
        return NAME

    async def summarise(self, conversation: Conversation) -> Recap:
        """See `Summariser`; it never fails. It counts in a thread: captions go on meanwhile."""
        return await asyncio.to_thread(quote, conversation, mood=self._feeling)


def quote(conversation: Conversation, *, mood: Feeling | None = None) -> Recap:
    """The recap, at once. `mood`: what tells how a sentence sounds, where the mood is wanted."""
    language = _language(conversation)
    sentences = _unbroken(list(said(conversation.lines, language)))
    weight = weights(sentence.bag for sentence in sentences)
    decisions = _decisions(sentences)
    actions = _actions(sentences)
    taken = {id(sentence) for sentence in decisions} | {id(sentence) for sentence, _ in actions}
    questions = _questions(sentences, weight, taken)
    taken |= {id(sentence) for sentence in questions}
    english = [sentence for sentence in sentences if sentence.language.startswith("en")]
    note = _NOTE if len(english) == len(sentences) else f"{_NOTE} {_NOTE_OTHERS}"
    return Recap(
        by=_BY,
        name=NAME,
        summary=_claims(_summary(sentences, weight, taken)),
        decisions=_claims(decisions),
        actions=tuple(_claim(sentence, found) for sentence, found in actions),
        questions=_claims(questions),
        phrases=phrases(sentences, 8),
        talk=talk(conversation.lines),
        mood=_mood(english, mood) if mood else None,
        note=note if conversation.lines else None,
        quoted=True,
    )


def _language(conversation: Conversation) -> str:
    """Of a call of several languages whose lines do not say which: English, if it sounds like it."""
    language = conversation.language.lower()
    if language in {"", "multi", "auto", "und"}:
        return "en" if sounds_english([line.text for line in conversation.lines[:200]]) else "und"
    return language


def _unbroken(sentences: list[Sentence]) -> list[Sentence]:
    """Without what somebody began and did not end, where the engine ends sentences at all."""
    whole = [sentence for sentence in sentences if sentence.whole]
    return whole if len(whole) > 0.5 * len(sentences) else sentences


def _mood(sentences: Iterable[Sentence], mood: Feeling) -> Mood | None:
    return mood_of([(each.text, _claim(each)) for each in sentences if _readable(each)], mood)


def _claims(sentences: Iterable[Sentence]) -> tuple[Claim, ...]:
    """Each once, though it may stand on a line several times."""
    return tuple(dict.fromkeys(_claim(sentence) for sentence in sentences))


def _claim(sentence: Sentence, found: Task | None = None) -> Claim:
    if found is None:
        return Claim(sentence.text, sentence.lines)
    return Claim(sentence.text, sentence.lines, who=found.who, when=found.when)


def _worth(sentence: Sentence) -> float:
    """What a sentence is worth as a quote, by its form: fluent, whole, neither a scrap nor a speech."""
    if len(sentence.bag) < 4 or not _readable(sentence) or _asks(sentence):
        return 0.0
    fluent = (1 - sentence.stumbles / sentence.length) ** 4
    alone = 0.7 if _LEANING.match(sentence.text) else 1.0
    form = fluent * alone * (1.0 if sentence.whole else 0.7)
    return form * min(1.0, sentence.length / 12) / math.sqrt(sentence.length)


def _asks(sentence: Sentence) -> bool:
    """Whether it asks something, by its end or, in English, by its beginning."""
    if sentence.language.startswith("en") and question(sentence.text, whole=False):
        return True
    return sentence.text.rstrip("\"'”’»)」").endswith(("?", "？", "؟"))


def _readable(sentence: Sentence) -> bool:
    """Whether anybody would read it: no speech without an end, no stumbling."""
    return (
        sentence.length <= _LONGEST
        and len(sentence.text) <= _CHARACTERS
        and sentence.stumbles <= 0.15 * sentence.length
    )


def _summary(sentences: Sequence[Sentence], weight: dict[str, float], taken: set[int]) -> list[Sentence]:
    full = [sentence for sentence in sentences if len(sentence.bag) >= 2 and _readable(sentence)]
    if len(full) < _SHORT:
        return (
            full
            or [each for each in sentences if each.length > 2 and len(each.text) <= 2 * _CHARACTERS][:_SHORT]
        )
    worth = [0.0 if id(sentence) in taken else _worth(sentence) for sentence in sentences]
    candidates = sum(each > 0 for each in worth)
    count = min(12, 2 + round(math.sqrt(candidates)))
    chosen = telling([sentence.bag for sentence in sentences], worth, weight, count)
    return [sentences[at] for at in sorted(chosen)] or full[:3]


def _decisions(sentences: Iterable[Sentence]) -> list[Sentence]:
    found = [sentence for sentence in sentences if _plain(sentence) and decision(sentence.text)]
    return sorted(_most(found, 8), key=lambda sentence: sentence.lines)


def _actions(sentences: Sequence[Sentence]) -> list[tuple[Sentence, Task]]:
    names = {sentence.speaker.id: sentence.speaker.name for sentence in sentences}
    found: list[tuple[Sentence, Task]] = []
    for sentence in sentences:
        if _plain(sentence):
            others = sorted(name for id_, name in names.items() if id_ != sentence.speaker.id)
            likely = task(sentence.text, sentence.speaker.name, others)
            if likely and (len(sentence.bag) > 1 or likely.when):
                found.append((sentence, likely))
    found.sort(key=lambda each: (-each[1].sure, -len(each[0].bag), each[0].lines))
    kept: list[tuple[Sentence, Task]] = []
    for sentence, likely in found:
        if len(kept) < 10 and not any(set(sentence.bag) <= set(other.bag) for other, _ in kept):
            kept.append((sentence, likely))
    return sorted(kept, key=lambda each: each[0].lines)


def _plain(sentence: Sentence) -> bool:
    """Whether the rules for English may judge a sentence."""
    return (
        sentence.language.startswith("en")
        and sentence.length >= 3
        and _readable(sentence)
        and bool(sentence.bag)
    )


def _most(found: Sequence[Sentence], count: int) -> list[Sentence]:
    """Those that say most, without what was said before in the same words."""
    kept: list[Sentence] = []
    for sentence in sorted(found, key=lambda each: (-len(set(each.bag)), each.lines)):
        if len(kept) < count and not any(set(sentence.bag) <= set(other.bag) for other in kept):
            kept.append(sentence)
    return kept


def _questions(sentences: Sequence[Sentence], weight: dict[str, float], taken: set[int]) -> list[Sentence]:
    worth = [
        0.0 if id(sentence) in taken or _answered(sentences, at) else _asking(sentence)
        for at, sentence in enumerate(sentences)
    ]
    asked = sum(each > 0 for each in worth)
    chosen = telling([sentence.bag for sentence in sentences], worth, weight, min(8, 4 + asked // 12))
    return [sentences[at] for at in sorted(chosen)]


def _asking(sentence: Sentence) -> float:
    """What a sentence is worth as a question; 0 where it is none."""
    if len(sentence.bag) < 2 or sentence.length > 30 or not _readable(sentence):
        return 0.0
    if sentence.language.startswith("en"):
        asks = sentence.length >= 5 and question(sentence.text, whole=sentence.whole)
    else:
        asks = sentence.length >= 3 and _asks(sentence)
    return asks / math.sqrt(sentence.length)


def _answered(sentences: Sequence[Sentence], at: int) -> bool:
    """Whether who asks goes on for two sentences before anybody else speaks: nobody was meant to answer."""
    after = sentences[at + 1 : at + 3]
    return len(after) == 2 and all(
        each.speaker.id == sentences[at].speaker.id and len(each.bag) > 1 and not each.text.endswith("?")
        for each in after
    )
