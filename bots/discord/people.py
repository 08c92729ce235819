"""Who is in a voice channel: names that can be shown, and who is a bot.

Without privileged intents Discord tells of nobody but those who are in a voice channel, which is enough.
"""

import unicodedata

NAME = 32
"""Characters of a name, as Discord's own limit is."""

_JOINERS = "\u200c\u200d"
"""They make one sign of two in many scripts, and one face of two emoji."""


def clean_name(name: str) -> str:
    """A display name on one line, without what would steer the text around it; empty if nothing is left."""
    shown = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", name)
        if character.isspace() or character in _JOINERS or unicodedata.category(character)[0] != "C"
    )
    return " ".join(shown.split())[:NAME].strip() if any(map(_seen, shown)) else ""


def _seen(character: str) -> bool:
    """Whether a character leaves a mark on the screen."""
    return (
        not character.isspace() and unicodedata.category(character)[0] not in "CMZ" and character != "\u3164"
    )


def listed(names: tuple[str, ...], most: int = 3) -> str:
    """ "Ann", "Ann and Ben", "Ann, Ben, Cleo and 4 others"."""
    if len(names) > most:
        others = len(names) - most
        names = (*names[:most], "1 other" if others == 1 else f"{others} others")
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""
