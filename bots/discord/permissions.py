"""What Spokenly must be allowed on Discord, and why: one list for the invitation, the doctor and calls."""

from collections.abc import Iterable
from dataclasses import dataclass

import discord


@dataclass(frozen=True, slots=True)
class Need:
    """One permission: `flag` as discord.py calls it, `name` as Discord's settings do.

    `why`: the rest of "Spokenly needs it to …". What is not `vital` is done without where it is missing.
    """

    flag: str
    name: str
    why: str
    vital: bool = True


VIEW = Need("view_channel", "View Channels", "see the voice channel and the place for captions")
CONNECT = Need("connect", "Connect", "join the voice channel and hear it")
SEND = Need("send_messages", "Send Messages", "post captions")
THREADS = Need("create_public_threads", "Create Public Threads", "give a call's captions a thread")
IN_THREADS = Need("send_messages_in_threads", "Send Messages in Threads", "post captions in a thread")
FILES = Need("attach_files", "Attach Files", "post the transcript when a call is over", vital=False)
STATUS = Need(
    "set_voice_channel_status",
    "Set Voice Channel Status",
    "show at the voice channel that captions are on",
    vital=False,
)

NEEDS = (VIEW, CONNECT, SEND, THREADS, IN_THREADS, FILES, STATUS)
"""All of them: the invitation asks for these and for nothing else."""

HEARING = (VIEW, CONNECT)
"""What a voice channel asks for."""

POSTING = (VIEW, SEND)
"""What a channel asks for in which captions are posted as messages."""

THREADING = (VIEW, THREADS, IN_THREADS)
"""What a channel asks for in which a thread is made."""


def wanted() -> discord.Permissions:
    """What the invitation asks for."""
    return discord.Permissions(**{need.flag: True for need in NEEDS})


def missing(have: discord.Permissions, needs: Iterable[Need] = NEEDS) -> tuple[Need, ...]:
    """Which of `needs` Spokenly does not have. Who administrates has all."""
    if have.administrator:
        return ()
    return tuple(need for need in needs if not getattr(have, need.flag))


def refusal(where: str, lacking: Iterable[Need]) -> str:
    """What is missing in `where` (a mention), for who can give it or ask for it."""
    lacking = tuple(lacking)
    names = " and ".join(f"**{need.name}**" for need in lacking)
    whys = ", and to ".join(need.why for need in lacking)
    it = "that permission" if len(lacking) == 1 else "those permissions"
    return f"In {where} I lack {names}, to {whys}: ask who manages this server to give me {it} there."
