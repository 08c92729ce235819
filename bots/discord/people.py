"""Who is in a voice channel: names that can be shown, and who is a bot.

Without privileged intents Discord tells of nobody but those who are in a voice channel, which is enough.
"""

import unicodedata

from core.captions.markup import blank, seen

NAME = 32
"""Characters of a name, as Discord's own limit is."""

_JOINERS = "\u200c\u200d"
"""They make one sign of two in many scripts, and one face of two emoji."""

_JOINED = ("Lo", "Mn", "Mc", "Me", "So", "Sk")
"""What joiners stand between: letters that have no case, their marks, and emoji."""


def clean_name(name: str) -> str:
    """A display name on one line, without what would steer the text around it; empty if nothing is left."""
    text = unicodedata.normalize("NFC", name)
    shown = "".join(
        " " if blank(character) else character
        for index, character in enumerate(text)
        if blank(character)
        or (_joins(text, index) if character in _JOINERS else unicodedata.category(character)[0] != "C")
    )
    return " ".join(shown.split())[:NAME].strip() if any(map(seen, shown)) else ""


def _joins(text: str, index: int) -> bool:
    around = text[index - 1 : index] + text[index + 1 : index + 2]
    return len(around) == 2 and all(unicodedata.category(one) in _JOINED for one in around)


def listed(names: tuple[str, ...], most: int = 3) -> str:
    """ "Ann", "Ann and Ben", "Ann, Ben, Cleo and 4 others"."""
    if len(names) > most:
        others = len(names) - most
        names = (*names[:most], "1 other" if others == 1 else f"{others} others")
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""
