"""A recap for people and pages: Markdown, plain text and JSON, each claim with the lines that it stands on.

Speech and names are data in every one of them: nothing that people say or are called can become a heading, a
link, a mention, HTML or a field.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from core.record.files.heading import Heading
from core.record.kept import Line
from core.record.recaps.recap import Claim, Mood, Recap
from core.record.written import escaped, line

_PARTS = (
    ("summary", "Summary"),
    ("decisions", "Decisions"),
    ("actions", "Action items"),
    ("questions", "Questions"),
)
"""The claims of a recap, and what stands above them."""

_CITED = 3
"""How many lines are named after a claim, at most."""


def markdown(
    heading: Heading, recap: Recap, lines: Iterable[Line], safe: Callable[[str], str] = escaped
) -> Iterator[str]:
    """Markdown (CommonMark). `lines`: those that the recap cites; what is not there is not named.

    `safe` makes words harmless, for a place that reads more into them than CommonMark does.
    """
    yield f"# {safe(heading.shown())}\n"
    facts = [*heading.sentences(), f"Recap: {line(recap.name)}"]
    yield "\n" + "\n".join(f"- {safe(fact)}" for fact in facts) + "\n"
    if recap.note:
        yield f"\n*{safe(line(recap.note))}*\n"
    for title, points in _sections(heading, recap, _by_number(lines), "**", safe):
        yield f"\n## {title}\n\n" + "".join(f"- {point}\n" for point in points)


def text(heading: Heading, recap: Recap, lines: Iterable[Line]) -> Iterator[str]:
    """Plain text. `lines`: those that the recap cites; what is not there is not named."""
    yield f"{heading.shown()}\n"
    for fact in [*heading.sentences(), f"Recap: {line(recap.name)}"]:
        yield f"{fact}\n"
    if recap.note:
        yield f"\n{line(recap.note)}\n"
    for title, points in _sections(heading, recap, _by_number(lines), "", str):
        yield f"\n{title.upper()}\n" + "".join(f"  {point}\n" for point in points)


def as_json(recap: Recap, lines: Iterable[Line]) -> dict[str, Any]:
    """The recap as docs/room-protocol.md, "Records", describes it. `lines`: those that it cites."""
    said = _by_number(lines)

    def claim(one: Claim) -> dict[str, Any]:
        cited = [said[number] for number in one.lines if number in said]
        return {
            "text": one.text,
            "lines": [*one.lines],
            "who": one.who,
            "when": one.when,
            "said": [
                {"number": each.number, "name": each.speaker.name, "start": each.start, "text": each.text}
                for each in cited
            ],
        }

    parts = {part: [claim(one) for one in getattr(recap, part)] for part, _ in _PARTS}
    talk = [{"name": each.name, "seconds": each.seconds, "words": each.words} for each in recap.talk]
    mood: dict[str, Any] | None = None
    if recap.mood:
        mood = {"score": recap.mood.score}
        mood["brightest"] = claim(recap.mood.brightest) if recap.mood.brightest else None
        mood["darkest"] = claim(recap.mood.darkest) if recap.mood.darkest else None
    return {
        "by": recap.by,
        "name": recap.name,
        "quoted": recap.quoted,
        "note": recap.note,
        **parts,
        "phrases": [*recap.phrases],
        "talk": talk,
        "mood": mood,
    }


_Safe = Callable[[str], str]
"""How words are written so that they stay words."""


def _by_number(lines: Iterable[Line]) -> Mapping[int, Line]:
    return {each.number: each for each in lines}


def _sections(
    heading: Heading, recap: Recap, said: Mapping[int, Line], strong: str, safe: _Safe
) -> Iterator[tuple[str, list[str]]]:
    """What has something under it: a title of ours, and its points."""

    def claim(one: Claim) -> str:
        words = safe(line(one.text))
        owed = ", ".join(safe(line(part)) for part in (one.who, one.when) if part and line(part))
        before = f"{strong}{owed}{strong}: " if owed else ""
        cited = ", ".join(_cited(heading, one, said, safe, quoted=recap.quoted))
        return before + (f"“{words}”" if recap.quoted else words) + (f" ({cited})" if cited else "")

    for part, title in _PARTS:
        if points := [claim(one) for one in getattr(recap, part)]:
            yield title, points
    if recap.phrases:
        yield "Key phrases", [", ".join(safe(line(phrase)) for phrase in recap.phrases)]
    if recap.talk:
        yield (
            "Who spoke",
            [
                f"{safe(line(each.name) or 'Somebody')}: {_long(each.seconds)}, {_words(each.words)}"
                for each in recap.talk
            ],
        )
    if recap.mood:
        yield "Mood", [*_mood(recap.mood, claim)]


def _cited(
    heading: Heading, claim: Claim, said: Mapping[int, Line], safe: _Safe, *, quoted: bool
) -> Iterator[str]:
    """Who said it when. A quote begins on the first of its lines; other claims stand on each of theirs."""
    cited = [said[number] for number in claim.lines if number in said]
    for each in cited[: 1 if quoted else _CITED]:
        yield f"{safe(line(each.speaker.name) or 'Somebody')}, {heading.time(each.start)}"
    if not quoted and len(cited) > _CITED:
        yield f"and {len(cited) - _CITED} more"


def _mood(mood: Mood, claim: Callable[[Claim], str]) -> Iterator[str]:
    yield f"{mood.score:+.2f}, from -1 (all bad) to 1 (all good), by the words alone"
    if mood.brightest:
        yield f"Brightest: {claim(mood.brightest)}"
    if mood.darkest:
        yield f"Darkest: {claim(mood.darkest)}"


def _long(seconds: float) -> str:
    """A length of time as people say it."""
    whole = max(0, round(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def _words(count: int) -> str:
    return "1 word" if count == 1 else f"{count:,} words"
