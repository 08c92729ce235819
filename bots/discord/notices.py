"""What people who read a call's captions must be told, and the keys that it stands under on the board."""

from discord import Locale

from bots.discord.people import listed
from bots.discord.translations import en
from bots.discord.voice.listener import Gone, Phase, Reason
from bots.discord.words import say

OUT, PAUSED, LINE, MOVED, BUG, DEAF = "left out", "paused", "line", "moved", "bug", "deaf"
LOST, PRIVATE, CLOSED, INSIDE = "lost record", "private", "closed", "inside"

_URGENCY = {PAUSED: 0, LINE: 0, PRIVATE: 2}


def urgency(key: str) -> int:
    """The less, the earlier it is told: what concerns everybody at once, what is always so at last."""
    return _URGENCY.get(key, 1)


RECORD_LOST = "The record of this call can't be had after the restart: nothing more of it is kept."


def unheard(names: tuple[str, ...]) -> str | None:
    """Who speaks and can't be heard."""
    if not names:
        return None
    return (
        f"Discord shows {listed(names)} speaking, but nothing can be heard: ask them to rejoin, or change "
        "the channel's region."
    )


def left_out(names: tuple[str, ...]) -> str | None:
    """Who is in the channel and not captioned."""
    if not names:
        return None
    return f"{listed(names)} {'is' if len(names) == 1 else 'are'} not captioned, at their own wish."


OUT_ELSEWHERE = "Somebody is not captioned, at their own wish."
"""Who that is, only people in the call are told."""


def paused(by: str) -> str:
    return f"{by} paused the captions: nothing is heard until somebody resumes them."


STUMBLED = "A fault in Spokenly interrupted the captions. They go on."


_STANDS = {
    Phase.CONNECTING: "Spokenly is joining the voice channel.",
    Phase.RECONNECTING: "The connection to the voice channel broke. Spokenly connects again.",
    Phase.DEAFENED: "Spokenly was deafened and hears nothing: right-click it and undo Server Deafen.",
}


def standing(phase: Phase) -> str | None:
    """How the voice line stands; None: it hears."""
    return _STANDS.get(phase)


def state(phase: Phase, paused_by: str | None) -> str:
    """How a call is doing, in one sentence."""
    return (paused(paused_by) if paused_by else None) or standing(phase) or "Spokenly is listening."


def moved(channel: str) -> str:
    return f"Spokenly was moved to “{channel}” and goes on there."


UNSHARED = "It is shown nowhere else any more, as not everybody may enter: /captions share shares it anew."
"""After a move."""

NOW_CLOSED = (
    "This call is shown nowhere else any more, as not everybody may enter its channel now: "
    "/captions share shares it anew."
)

KEPT_IN = (
    "The captions go on in the voice channel's own chat, as not everybody who could read them may enter now."
)

SHUT_OUT = (
    "Not everybody who could read the captions may enter the voice channel now, and I may not post in its "
    "own chat."
)


def announced(
    channel: str, *, keeps: bool, days: int, private: bool = False, to: Locale | None = None
) -> str:
    """The first message: captions are on. `channel` is a mention; `days` of 0 keep a record for good.

    `private`: the call can't be shown anywhere else. `to`: the language of the buttons.
    """
    if keeps:
        long = "until somebody deletes it" if not days else "for 1 day" if days == 1 else f"for {days} days"
        kept = f"A transcript is kept {long}; the sound never is."
    else:
        kept = "Nothing of it is kept beyond these messages."
    if private:
        kept = f"{kept} {en.PRIVATE}"
    button = say(to, "Don't caption me")
    return (
        f"\N{MEMO} **Captions are on in {channel}.** What people say there is shown here as text. {kept} "
        f"Press *{button}* under the captions if you don't want that."
    )


def elsewhere(place: str) -> str:
    """In the voice channel's own chat, when captions are shown in another place (a mention)."""
    return f"\N{MEMO} Captions of this channel are on. Read along in {place}."


STATUS = "\N{MEMO} Live captions are on"
"""At the voice channel, for everybody who looks at it."""


EMPTY = "Everybody has left the voice channel."
AWAY = "Everybody had left the voice channel while Spokenly was away."
FORGOTTEN = "Spokenly was away for too long to go on by itself."
REMOVED = "Spokenly was removed from the server."
DELETED = "The voice channel was deleted."


def stopped(by: str | None) -> str:
    return f"{by} stopped them." if by else "They were stopped."


_GONE = {
    Reason.LEFT: "Spokenly left.",
    Reason.KICKED: "Somebody disconnected me from the voice channel.",
    Reason.DELETED: DELETED,
    Reason.NO_ANSWER: "I could not get into the voice channel: it is full, or I may not connect to it.",
    Reason.UNREACHABLE: "Discord's voice server can't be reached: change the channel's region, or try again.",
}


def gone(gone: Gone) -> str:
    """Why the voice line is over."""
    code = f" (code {gone.code})" if gone.code else ""
    return _GONE.get(gone.reason) or f"Discord's voice server closed the connection{code}: start them again."


def ended(channel: str, why: str) -> str:
    """The last message. `channel` is a mention; `why` a sentence."""
    return f"**Captions of {channel} are over.** {why}"


OVER = "The captions are over."
BROKEN = "A fault in Spokenly broke the connection to the voice channel: start them again."
NO_RECORD = "Its record was deleted, so there is no transcript."
RECORD_AWAY = "Its record can't be read now: ask for the recap and the transcript later."
RESTING = "Spokenly is being restarted. It goes on here by itself when it is back."
