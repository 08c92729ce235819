"""What somebody asks for who wants captions, and how captions that run are doing."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import discord

from bots.discord.setup import Keep, Where

Voice: TypeAlias = discord.VoiceChannel | discord.StageChannel
"""What people talk in."""

Chat: TypeAlias = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
"""What people of a server read in."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Captions of `channel`. What is None is as the server is set up. `private`: shown nowhere else.

    `asked_by`: None where nobody asked (somebody entered a channel that is joined by itself).
    `asked_in`: where they asked: a thread is made there, where captions go to a thread.
    """

    channel: Voice
    asked_by: discord.Member | None = None
    language: str | None = None
    keep: Keep | None = None
    where: Where | None = None
    asked_in: Chat | None = None
    private: bool | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a call is begun with. `began`: the wall clock's time at second 0. `record`: the record's key.

    `first`: the number of the next entry of a record that goes on. `heard_in`: the ids of the channels that
    it was in before, where it goes on. `lost`: it had a record, which can't go on. `private`: the Bridge
    shows it nowhere else. `wide`: somebody chose to show it where people read who may not enter.
    """

    language: str
    keep: Keep
    began: datetime
    started_by: int | None = None
    record: str | None = None
    first: int = 0
    heard_in: tuple[int, ...] = ()
    lost: bool = False
    private: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """How a call is doing, for people.

    `heard`: names of who is or was heard; `deaf`: of who can't be heard though Discord shows them speaking;
    `left_out`: of who is in the channel and not captioned. `lateness`: seconds from a word to its caption.
    `dropped`: packets of `left_out` that came in and were never opened. `posted`: a mention of where it is
    shown.
    """

    engine: str
    since: datetime
    state: str
    """One sentence: listening, paused by whom, reconnecting."""
    heard: tuple[str, ...]
    deaf: tuple[str, ...]
    left_out: tuple[str, ...]
    lateness: float | None
    dropped: int
    posted: str
