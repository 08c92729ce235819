"""What a call came to, as the message that ends it. Speech and names can't ping, link or format there."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from core.captions.markup import MARKDOWN, utf16
from core.record.kept import Call, Line
from core.record.recaps.recap import Claim, Recap
from core.record.written import line

LIMIT = 2_000
"""Characters of a message, as Discord counts: UTF-16 code units."""

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


def recap_message(opening: str, call: Call, recap: Recap | None, lines: Iterable[Line] = ()) -> str:
    """At most 2,000 characters. `opening` is ours and stands as it is; `lines`: those that are cited."""
    pieces = [opening, _facts(call)]
    if recap is None:
        pieces.append("Nothing was said that could be understood.")
    else:
        said = {each.number: each for each in lines}
        pieces += _sections(recap, said)
        pieces.append(f"-# {_safe(line(recap.note or f'Recap by {recap.name}.'))}")
    return _fitted(pieces)


def _facts(call: Call) -> str:
    lasted = (call.ended - call.began) if call.ended else timedelta()
    minutes = max(1, round(lasted.total_seconds() / 60))
    names = [_safe(line(name) or "Somebody") for name in call.speakers[:10]]
    others = len(call.speakers) - len(names)
    who = ", ".join(names) + (f" and {others} others" if others > 0 else "")
    long = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    count = "1 line" if call.lines == 1 else f"{call.lines:,} lines"
    return f"{long}, {count}" + (f": {who}" if who else "")


def _sections(recap: Recap, said: Mapping[int, Line]) -> Iterator[str]:
    for part, title in _PARTS:
        claims: tuple[Claim, ...] = getattr(recap, part)
        if points := [f"- {_point(claim, said, quoted=recap.quoted)}" for claim in claims[:_POINTS]]:
            yield "\n".join((f"**{title}**", *points))
    if recap.phrases:
        yield f"**Key phrases**\n{', '.join(_safe(_short(phrase, 40)) for phrase in recap.phrases[:10])}"


def _point(claim: Claim, said: Mapping[int, Line], *, quoted: bool) -> str:
    words = _safe(_short(claim.text, _LONGEST))
    owed = ", ".join(_safe(_short(part, 60)) for part in (claim.who, claim.when) if part and line(part))
    who = next((said[number].speaker.name for number in claim.lines if number in said), None)
    if quoted:
        return f"“{words}” ({_safe(line(who) or 'Somebody')})" if who is not None else f"“{words}”"
    return f"**{owed}**: {words}" if owed else words


def _short(words: str, longest: int) -> str:
    words = line(words)
    return words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"


def _safe(words: str) -> str:
    """Text as nothing but text, at any place of a line."""
    escaped = " ".join(MARKDOWN.escape(word) for word in words.split())
    return escaped if escaped[:1] not in ("-", "+", "#", ">") else f"\\{escaped}"


def _fitted(pieces: list[str]) -> str:
    """As many of the pieces, from the first, as a message holds; each whole, or by whole lines."""
    message = ""
    for piece in pieces:
        for number, row in enumerate(piece.split("\n")):
            whole = f"{message}\n{row}" if message and number else f"{message}\n\n{row}" if message else row
            if utf16(whole) > LIMIT:
                # No title without a point below it.
                return message.rpartition("\n\n")[0] if message.endswith("**") else message
            message = whole
    return message
