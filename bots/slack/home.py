"""What App Home shows, and the lists that open from it. Pure: values in, Block Kit out.

https://docs.slack.dev/surfaces/app-home
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bots.slack.archive import Filed
from bots.slack.card import short
from bots.slack.markup import mrkdwn
from core.record.kept import Hit

RECAP, TRANSCRIPT, SEARCH, CHANNEL, WORKSPACE, EXPORT, FORGET = (
    "home_recap",
    "home_transcript",
    "home_search",
    "home_channel",
    "home_workspace",
    "home_export",
    "home_forget",
)
"""The action_ids. What belongs to a call carries the key of its record."""

CALLS = 10
"""Calls that are listed."""

HITS = 20
"""Lines that a search shows."""

_TITLE, _NAME, _WORDS = 100, 40, 300
"""Characters of each that are shown."""


@dataclass(frozen=True, slots=True)
class Page:
    """All that somebody's App Home shows.

    `calls`: those they may read, the newest first; None where nothing is kept. `trouble`: why they can't be
    told now. `kept`: sentences on what is kept (mrkdwn). `manages`: they may set up the whole workspace.
    """

    calls: Sequence[Filed] | None = ()
    trouble: str = ""
    kept: Sequence[str] = ()
    manages: bool = False


def home(page: Page) -> dict[str, Any]:
    """The view."""
    begin = (
        "`/captions start` in a channel opens a room; what is said there is in a thread there, live. "
        "`/captions help` tells the rest."
    )
    return {
        "type": "home",
        "blocks": [
            _header("Captions"),
            section(begin),
            *_calls(page),
            *_settings(page),
            *_privacy(page),
        ],
    }


def hits(words: str, found: Sequence[tuple[Hit, str]], *, more: bool) -> list[dict[str, Any]]:
    """What a search found, each with its channel's id."""
    if not found:
        return [
            section(f"Nobody said {mrkdwn(short(words, _TITLE))} in a kept call of a channel you are in.")
        ]
    blocks = [
        section(
            f"{_called(hit.call.title)}, {_date(hit.call.began)}, <#{channel}>\n"
            f"*{mrkdwn(short(hit.line.speaker.name, _NAME)) or 'Somebody'}* at {_clock(hit.line.start)}: "
            f"{mrkdwn(_around(hit))}"
        )
        for hit, channel in found[:HITS]
    ]
    if more or len(found) > HITS:
        blocks.append(section("There is more: search for more words to find less."))
    return blocks


def modal(title: str, blocks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A view that only shows something."""
    return {"type": "modal", "title": plain(title), "close": plain("Close"), "blocks": list(blocks)}


def section(text: str) -> dict[str, Any]:
    """Some mrkdwn."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def plain(text: str) -> dict[str, Any]:
    """Text in which Slack looks for nothing."""
    return {"type": "plain_text", "text": text, "emoji": False}


def button(action: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": plain(text), **more}


def _header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": plain(text)}


def _calls(page: Page) -> list[dict[str, Any]]:
    blocks = [_header("Your calls")]
    if page.trouble:
        return [*blocks, section(mrkdwn(page.trouble))]
    if page.calls is None:
        return [*blocks, section("This Spokenly keeps no records of calls.")]
    if not page.calls:
        none = "No call was kept in a channel that you are in. `/captions start keep=transcript` keeps one."
        return [*blocks, section(none)]
    for number, filed in enumerate(page.calls[:CALLS]):
        call = filed.call
        count = (
            "1 line" if call.lines == 1 else f"{call.lines:,} lines" if call.lines else "no words are kept"
        )
        live = ", still going on" if call.state == "live" else ""
        blocks += [
            section(f"{_called(call.title)}\n{_date(call.began)}, <#{filed.channel}>, {count}{live}"),
        ]
        if call.lines or live:  # else nobody spoke, or whoever did has taken it back
            elements = [
                button(RECAP, "Send me the recap", value=call.key),
                button(TRANSCRIPT, "Send me the transcript", value=call.key),
            ]
            blocks.append({"type": "actions", "block_id": f"call_{number}", "elements": elements})
    if len(page.calls) > CALLS:
        blocks.append(section(f"And {len(page.calls) - CALLS} more: search finds what was said in them."))
    return [*blocks, _search()]


def _search() -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": SEARCH,
        "dispatch_action": True,
        "label": plain("Search what was said"),
        "element": {
            "type": "plain_text_input",
            "action_id": SEARCH,
            "max_length": 200,
            "placeholder": plain('budget, "next friday", budg*'),
            "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
        },
    }


def _settings(page: Page) -> list[dict[str, Any]]:
    chosen = {
        "type": "conversations_select",
        "action_id": CHANNEL,
        "placeholder": plain("Choose a channel"),
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    elements = [chosen]
    if page.manages:
        elements.append(button(WORKSPACE, "The whole workspace"))
    told = (
        "Language, what is kept, whether calls are private, guests and huddles: of a channel that you made, "
        "or of any for workspace admins."
    )
    return [
        _header("Settings"),
        section(told),
        {"type": "actions", "block_id": "settings", "elements": elements},
    ]


def _privacy(page: Page) -> list[dict[str, Any]]:
    sure = {
        "title": plain("Delete your words?"),
        "text": plain(
            "Every word of yours that is kept is deleted, of all calls, and the recaps of those calls. "
            "Nobody can undo it. What was posted in Slack stays there."
        ),
        "confirm": plain("Delete it all"),
        "deny": plain("Keep it"),
        "style": "danger",
    }
    return [
        _header("Your privacy"),
        section("\n".join(page.kept) or "What is kept can't be told now."),
        {
            "type": "actions",
            "block_id": "privacy",
            "elements": [
                button(EXPORT, "Send me all I said"),
                button(FORGET, "Forget me", style="danger", confirm=sure),
            ],
        },
    ]


def _called(title: str) -> str:
    return f"*{mrkdwn(short(title, _TITLE)) or 'Call'}*"


def _date(when: datetime) -> str:
    """In the reader's own time zone (https://docs.slack.dev/messaging/formatting-message-text#date-formatting)."""
    return f"<!date^{int(when.timestamp())}^{{date_short_pretty}} {{time}}|{when:%Y-%m-%d %H:%M} UTC>"


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _around(hit: Hit) -> str:
    """A line, or what stands around its first match."""
    text = hit.line.text
    if len(text) <= _WORDS:
        return text
    first = max(0, (hit.marks[0][0] if hit.marks else 0) - _WORDS // 3)
    return f"{'…' if first else ''}{text[first : first + _WORDS]}…"
