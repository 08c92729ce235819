"""The shortcut "Start captions": a form that asks for the channel. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.rooms import Keep

FORM = "captions_start"
"""The callback_id of the shortcut and of its form."""

_CHANNEL, _TITLE, _KEEP, _PRIVATE = "channel", "title", "keep", "private"


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as somebody sent it. `private` is None where the box is empty: as the channel is set up."""

    channel: str
    title: str
    keep: Keep | None
    private: bool | None


def form() -> dict[str, Any]:
    """The form (https://docs.slack.dev/reference/views/modal-views)."""
    channel = {
        "type": "conversations_select",
        "action_id": _CHANNEL,
        "default_to_current_conversation": True,
        "response_url_enabled": True,
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    }
    title = {"type": "plain_text_input", "action_id": _TITLE, "max_length": 200}
    keep = {
        "type": "static_select",
        "action_id": _KEEP,
        "options": [
            _option("captions", "No record besides the thread"),
            _option("transcript", "A transcript, never the sound"),
        ],
    }
    private = {
        "type": "checkboxes",
        "action_id": _PRIVATE,
        "options": [_option("yes", "Private: it can't be shown anywhere else")],
    }
    still = "Who can read the channel, or has the room's address, reads it all the same."
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": _plain("Start captions"),
        "submit": _plain("Start"),
        "close": _plain("Cancel"),
        "blocks": [
            _asked(_CHANNEL, "Channel", channel),
            _asked(_TITLE, "What the call is called", title, optional=True),
            _asked(_KEEP, "What is kept", keep, optional=True),
            {**_asked(_PRIVATE, "Showing it elsewhere", private, optional=True), "hint": _plain(still)},
        ],
    }


def filled(view: Mapping[str, Any]) -> Filled:
    """What was sent; Slack sees to it that there is a channel."""
    values = view["state"]["values"]
    keep = (values.get(_KEEP, {}).get(_KEEP, {}).get("selected_option") or {}).get("value")
    private = values.get(_PRIVATE, {}).get(_PRIVATE, {}).get("selected_options")
    return Filled(
        str(values[_CHANNEL][_CHANNEL].get("selected_conversation") or ""),
        str(values.get(_TITLE, {}).get(_TITLE, {}).get("value") or "").strip(),
        keep if keep in ("captions", "transcript") else None,
        True if private else None,
    )


def _asked(block: str, label: str, element: dict[str, Any], *, optional: bool = False) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block,
        "label": _plain(label),
        "element": element,
        "optional": optional,
    }


def _option(value: str, text: str) -> dict[str, Any]:
    return {"value": value, "text": _plain(text)}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
