"""What was heard in a recording, for whoever pointed at it in a chat. Pure."""

import re
from collections.abc import Sequence

from core.captions.caption import Caption
from core.record.files.turns import Turn, Turns

_SOUND = re.compile(
    r".+\.(aac|aiff?|amr|avi|flac|m4a|mka|mkv|mov|mp3|mp4|mpe?g|oga|ogg|opus|wav|webm|wma)", re.IGNORECASE
)
"""Names of files that hold sound, where nobody says what they are."""


def sounds(name: str, kind: str | None) -> bool:
    """Whether a file may hold sound, by its media type or else by its name."""
    if not kind or kind == "application/octet-stream":
        return bool(_SOUND.fullmatch(name))
    return kind.startswith(("audio/", "video/"))


def paragraphs(captions: Sequence[Caption]) -> list[str]:
    """The words as paragraphs; nobody says who speaks in a recording."""
    turns = Turns(named=False)
    whole = [turn for caption in captions for turn in turns.feed(caption)] + [*turns.close()]
    return [turn.text for turn in whole if isinstance(turn, Turn)]


def about(sentence: str) -> str:
    """A sentence on "the input", as whoever reads recordings calls what has no name, for people."""
    named = sentence.replace("the input", "that recording")
    return f"{named[:1].upper()}{named[1:]}"
