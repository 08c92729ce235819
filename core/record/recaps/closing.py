"""What a call came to, as the one chat message that ends it. Pure; `Style` says how the chat writes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta

from core.record.kept import Call, Line
from core.record.recaps.brief import Style
from core.record.recaps.recap import Claim, Recap
from core.record.written import line

_POINTS = 5
"""Points of each part; the transcript has the rest."""

_LONGEST = 280
"""Characters of one point."""

_PARTS = (
    ("summary", "Summary"),
    ("decisions", "Decisions"),
    ("actions", "Action items"),
    ("questions", "Open questions"),
)


def closing(
    opening: str,
    call: Call,
    recap: Recap | None,
    lines: Iterable[Line],
    *,
    room: int,
    style: Style,
    small: Callable[[str], str],
) -> str:
    """At most `room` as `style` counts, if `opening` and the facts fit: parts go from the end.

    `opening` is ours and stands as it is; `lines`: those that are cited; `small` writes a footnote.
    """
    pieces = [opening, _facts(call, style)]
    if recap is None:
        pieces.append("Nothing was said that could be understood.")
    else:
        said = {each.number: each for each in lines}
        pieces += _sections(recap, said, style)
        pieces.append(small(style.escape(line(recap.note or f"Recap by {recap.name}."))))
    return _fitted(pieces, room, style)


def lasted(length: timedelta) -> str:
    """How long a call was, for people."""
    if length < timedelta(minutes=1):
        return "less than a minute"
    minutes = round(length.total_seconds() / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _facts(call: Call, style: Style) -> str:
    names = [style.escape(line(name) or "Somebody") for name in call.speakers[:10]]
    others = len(call.speakers) - len(names)
    who = ", ".join(names) + (f" and {others} others" if others > 0 else "")
    long = lasted((call.ended - call.began) if call.ended else timedelta())
    count = "1 line" if call.lines == 1 else f"{call.lines:,} lines"
    return f"{long}, {count}" + (f": {who}" if who else "")


def _sections(recap: Recap, said: Mapping[int, Line], style: Style) -> Iterator[str]:
    """Each begins with a title of ours on a line of its own."""
    for part, title in _PARTS:
        claims: tuple[Claim, ...] = getattr(recap, part)
        if claims:
            points = (_point(claim, said, style, quoted=recap.quoted) for claim in claims[:_POINTS])
            yield "\n".join((style.bold(title), *(f"{style.point}{point}" for point in points)))
    if recap.phrases:
        phrases = ", ".join(style.escape(_short(phrase, 40)) for phrase in recap.phrases[:10])
        yield f"{style.bold('Key phrases')}\n{phrases}"


def _point(claim: Claim, said: Mapping[int, Line], style: Style, *, quoted: bool) -> str:
    words = style.escape(_short(claim.text, _LONGEST))
    owed = ", ".join(
        style.escape(_short(part, 60)) for part in (claim.who, claim.when) if part and line(part)
    )
    who = next((said[number].speaker.name for number in claim.lines if number in said), None)
    if quoted:
        return f"“{words}” ({style.escape(line(who) or 'Somebody')})" if who is not None else f"“{words}”"
    return f"{style.bold(owed)}: {words}" if owed else words


def _short(words: str, longest: int) -> str:
    words = line(words)
    return words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"


def _fitted(pieces: list[str], room: int, style: Style) -> str:
    """As many of the pieces, from the first, as there is room for; each whole, or by whole lines."""
    message = ""
    for number, piece in enumerate(pieces):
        rows = piece.split("\n")
        if number > 1 and len(rows) > 1:
            # No title without a point below it.
            rows[:2] = ["\n".join(rows[:2])]
        for place, row in enumerate(rows):
            gap = "" if not message else "\n" if place else "\n\n"
            if style.length(f"{message}{gap}{row}") > room:
                return message
            message = f"{message}{gap}{row}"
    return message
