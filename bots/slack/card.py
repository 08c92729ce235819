"""The card of a call: what stands in the channel, with the buttons. Pure: values in, Block Kit out.

Limits: https://docs.slack.dev/reference/block-kit/blocks
"""

from dataclasses import dataclass
from typing import Any

from bots.slack.markup import mrkdwn, plain
from core.address import ONLY_HERE, only_here
from core.captions.markup import utf16, words
from core.rooms import Keep

OPEN, LINK, RECAP, TRANSCRIPT, STOP, DETACH = (
    "captions_open",
    "captions_link",
    "captions_recap",
    "captions_transcript",
    "captions_stop",
    "captions_detach",
)
"""The buttons' action_ids. `LINK` opens an address by itself."""

TITLE = 100
"""Characters of a title that are shown."""

SENTENCE = 500
"""Characters of how the call stands, or why it is over."""

NAMES = 10
"""Names that are shown of who is heard."""

BARE = (
    "Slack does not take the buttons of this card: `/captions open` gives you your link into the room, "
    "`/captions recap` tells what was said, `/captions stop` ends captions."
)
BARE_GUEST = (
    "Slack does not take the buttons of this card: `/captions recap` tells what was said, `/captions detach` "
    "ends showing it here."
)

BARE_ROOM = 2_700
"""Characters of what a card says in words alone: Slack takes 4,000 in all, and counts what is escaped."""

LATE = 4.0
"""Seconds of lateness that people are told of."""


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that a card shows.

    `state`: one sentence. `late`: whole seconds, where it is worth telling. `notices`: what people must be
    told now. `ended`: why it is over. `guest`: the call takes place elsewhere and is only shown here.
    `private`: it can't be shown anywhere else.
    """

    title: str
    started_by: str
    keep: Keep = "captions"
    state: str = "Waiting for somebody to open the room and share sound."
    heard: tuple[str, ...] = ()
    late: int | None = None
    notices: tuple[str, ...] = ()
    ended: str | None = None
    guest: bool = False
    private: bool = False


def card(look: Look) -> tuple[str, list[dict[str, Any]]]:
    """The message's text (for notifications and screen readers) and its blocks."""
    title = short(look.title, TITLE) or "Captions"
    sign = "■" if look.ended is not None else "●" if look.heard else "○"
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(f"{sign} {title}")},
        {"type": "section", "text": _plain("\n".join(_lines(look)))},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": _small(look)}]},
    ]
    if look.ended is None:
        blocks.append({"type": "actions", "block_id": "captions", "elements": _buttons(look)})
    said = "Captions have ended" if look.ended is not None else "Live captions"
    return f"{said}: {plain(title)}", blocks


def bare(look: Look) -> str:
    """The card in words alone (mrkdwn), where Slack does not take its blocks: commands stand for buttons."""
    title = short(look.title, TITLE) or "Captions"
    lines, room = [f"*{mrkdwn(title)}*"], BARE_ROOM
    for line in map(mrkdwn, _lines(look)):
        if len(line) <= room:
            lines.append(line)
            room -= len(line)
    lines.append(_small(look))
    if look.ended is None:
        lines.append(BARE_GUEST if look.guest else BARE)
    return "\n".join(lines)


def _lines(look: Look) -> list[str]:
    if look.ended is not None:
        return [short(look.ended, SENTENCE) or "Captions have ended."]
    lines = [short(look.state, SENTENCE)]
    if look.heard:
        more = len(look.heard) - NAMES
        names = ", ".join(short(name, 40) for name in look.heard[:NAMES])
        lines.append(f"Heard: {names}{f' and {more} more' if more > 0 else ''}")
    if look.late is not None:
        lines.append(f"The captions are about {look.late} s late.")
    return [*lines, *(short(notice, 300) for notice in look.notices[:5])]


def _small(look: Look) -> str:
    who = f"{'Attached' if look.guest else 'Started'} by <@{look.started_by}>"
    if look.guest:
        return f"{who} · the call takes place elsewhere"
    kept = "a transcript is kept" if look.keep == "transcript" else "no record besides this thread"
    where = "private: it can't be shown anywhere else · " if look.private else ""
    return f"{who} · {where}{kept} · never the sound · captions are in the thread"


def _buttons(look: Look) -> list[dict[str, Any]]:
    if look.guest:
        return [_button(RECAP, "Catch me up"), _button(DETACH, "Show it here no more", "danger")]
    stop = _button(STOP, "Stop", "danger")
    stop["confirm"] = {
        "title": _plain("Stop captions?"),
        "text": _plain("The room closes for everybody."),
        "confirm": _plain("Stop"),
        "deny": _plain("Go on"),
    }
    return [
        _button(OPEN, "Open the room", "primary"),
        _button(RECAP, "Catch me up"),
        _button(TRANSCRIPT, "Get transcript"),
        stop,
    ]


def _button(action: str, text: str, style: str | None = None) -> dict[str, Any]:
    button: dict[str, Any] = {"type": "button", "action_id": action, "text": _plain(text)}
    return button if style is None else {**button, "style": style}


def link(address: str) -> tuple[str, list[dict[str, Any]]]:
    """What somebody gets who wants into the room: a button that only they see, and the same in words."""
    told = (
        "This link is yours: whoever opens it appears in the captions under your name. "
        "Share your microphone there, or the tab of a meeting. It works for an hour; press the button on the "
        "card for a new one."
    )
    button = _button(LINK, "Go to the room", "primary")
    if only_here(address):
        told += f"\n{ONLY_HERE}"
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": _plain(told)},
        {"type": "actions", "elements": [{**button, "url": address}]},
    ]
    return f"Your link into the room: <{address.replace('&', '&amp;')}|Go to the room>\n{told}", blocks


def _plain(text: str) -> dict[str, Any]:
    """Text in which Slack looks for nothing."""
    return {"type": "plain_text", "text": text, "emoji": False}


def short(text: str, longest: int) -> str:
    """On one line, without what can't be seen, and no longer than so many UTF-16 units."""
    line = " ".join(words(text))
    if utf16(line) <= longest:
        return line
    while utf16(line) >= longest:
        line = line[: min(len(line) - 1, longest - 1)]
    return f"{line}…"
