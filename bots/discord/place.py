"""Where pages stand, as an outlet sees it: a chat that takes, changes and loses messages."""

from typing import Protocol

from core.errors import OutletError

LONGEST = 2_000
"""Characters of a message's content, in UTF-16 code units (https://docs.discord.com/developers/resources/message)."""


class MessageGone(OutletError):
    """Somebody deleted the message."""


class WordsRefused(OutletError):
    """The chat filters words, and some of these are among them."""


class Place(Protocol):
    """A chat with messages of ours. `post` and `edit` are for when `wait` was just 0.

    They raise `OutletBusy`, `OutletGone` (its sentence is for people), `MessageGone` or `WordsRefused`.
    `message` is an id from `post`. `open`: the page may still change, so its controls stand below it.
    """

    def wait(self, message: int | None, *, urgent: bool) -> float:
        """Seconds until `message` should be edited, or a new one posted (None); 0: now, as `urgent` as asked.

        `urgent`: words that are committed, rather than words that may still change.
        """

    async def post(self, text: str, nonce: str, *, open: bool) -> tuple[int, str]:
        """Post a message that pings nobody and embeds nothing. Returns its id and what stands there.

        The same `nonce` twice is one message, with the text of the first time.
        """

    async def edit(self, message: int, text: str, *, open: bool) -> None:
        """Rewrite a message; if it is no longer `open` its controls go."""

    async def delete(self, message: int) -> None:
        """Take a message away. One that is gone already is no failure."""
