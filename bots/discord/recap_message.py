"""What a call came to, as the message that ends it. Speech and names can't ping, link or format there."""

from collections.abc import Iterable

from bots.discord.place import LONGEST
from core.captions.markup import MARKDOWN, utf16
from core.record.kept import Call, Line
from core.record.recaps.brief import Style
from core.record.recaps.closing import closing
from core.record.recaps.recap import Recap


def recap_message(opening: str, call: Call, recap: Recap | None, lines: Iterable[Line] = ()) -> str:
    """At most 2,000 characters. `opening` is ours and stands as it is; `lines`: those that are cited."""
    return closing(opening, call, recap, lines, room=LONGEST, style=_STYLE, small=lambda text: f"-# {text}")


def _safe(words: str) -> str:
    """Text as nothing but text, at any place of a line."""
    escaped = " ".join(MARKDOWN.escape(word) for word in words.split())
    return escaped if escaped[:1] not in ("-", "+", "#", ">") else f"\\{escaped}"


_STYLE = Style(escape=_safe, bold=lambda text: f"**{text}**", length=utf16)
