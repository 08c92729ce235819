"""The form in which a channel, or the whole workspace, is set up. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, get_args

from bots.slack.card import SENTENCE, short
from bots.slack.home import plain, section
from bots.slack.markup import mrkdwn
from bots.slack.setup import Setup
from core.rooms import Keep

SETUP = "setup"
"""The form's callback_id. Its private_metadata is the channel's id, or empty for the workspace."""

LONGEST = 36_500
"""Days that a transcript may be kept."""

_LANGUAGE, _KEEP, _PRIVATE, _GUESTS, _HUDDLES, _DAYS = (
    "language",
    "keep",
    "private",
    "guests",
    "huddles",
    "days",
)
_DEFAULT = "default"


def form(channel: str, setup: Setup) -> dict[str, Any]:
    """How a channel is set up by its own choices; `channel` empty: the workspace."""
    otherwise = "As the workspace is set up" if channel else "As Spokenly is set up"
    about = f"For <#{channel}>, from the next call on." if channel else "For all channels that chose nothing."
    blocks = [section(about), _language(setup), _keep(setup, otherwise)]
    blocks += [_private(setup, otherwise), _guests(setup, otherwise)]
    if channel:
        blocks.append(_huddles(setup))
    else:
        blocks.append(_days(setup))
    return {
        "type": "modal",
        "callback_id": SETUP,
        "private_metadata": channel,
        "title": plain("Captions"),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "blocks": blocks,
    }


def mistakes(view: Mapping[str, Any], hears: Callable[[str], bool], *, keeps: bool) -> dict[str, str]:
    """What can't be of the form as somebody sent it: a sentence for each such field, by its block.

    `hears`: whether a language is heard here. `keeps`: whether records are kept here at all.
    """
    values, found = view["state"]["values"], {}
    if (language := _typed(values, _LANGUAGE)) and not hears(language):
        found[_LANGUAGE] = "Nothing here hears that language: ask who runs this Spokenly."
    if _chosen(values, _KEEP) == "transcript" and not keeps:
        found[_KEEP] = "This Spokenly keeps no records (SPOKENLY_KEEP=never): choose another."
    days = _typed(values, _DAYS)
    if days and (not (days.isascii() and days.isdecimal()) or int(days) > LONGEST):
        found[_DAYS] = f"Say a number from 0 to {LONGEST:,}, or nothing."
    return found


def filled(view: Mapping[str, Any], before: Setup) -> Setup:
    """The form as somebody sent it, without `mistakes`, over what was there `before`."""
    values = view["state"]["values"]
    keep = _chosen(values, _KEEP)
    changed = replace(
        before,
        language=_typed(values, _LANGUAGE) or None,
        keep=keep if keep in get_args(Keep) else None,  # type: ignore[arg-type]  # one of them
        private=_yes(_chosen(values, _PRIVATE)),
        guests=_yes(_chosen(values, _GUESTS)),
    )
    if view.get("private_metadata"):
        return replace(changed, huddles=_yes(_chosen(values, _HUDDLES)))
    days = _typed(values, _DAYS)
    return replace(changed, retention_days=int(days) if days else None)


def waiting() -> dict[str, Any]:
    """What is shown until it is known who may do what."""
    return told("One moment …")


def told(sentence: str) -> dict[str, Any]:
    """A sentence in the form's place."""
    return {
        "type": "modal",
        "title": plain("Captions"),
        "close": plain("Close"),
        "blocks": [section(mrkdwn(short(sentence, SENTENCE)))],
    }


def _language(setup: Setup) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": _LANGUAGE, "max_length": 20}
    if setup.language is not None:
        element["initial_value"] = setup.language
    return _asked(_LANGUAGE, "Language, such as en or de", element)


def _keep(setup: Setup, otherwise: str) -> dict[str, Any]:
    choices = {
        _DEFAULT: otherwise,
        "captions": "No record besides the thread",
        "transcript": "A transcript, never the sound",
    }
    return _asked(_KEEP, "What is kept of a call", _select(_KEEP, choices, setup.keep or _DEFAULT))


def _private(setup: Setup, otherwise: str) -> dict[str, Any]:
    choices = {_DEFAULT: otherwise, "yes": "Nowhere: calls are private", "no": "Where a code is used"}
    chosen = _DEFAULT if setup.private is None else "yes" if setup.private else "no"
    hint = "Who can read a channel, or has a room's address, reads private calls as well."
    element = _select(_PRIVATE, choices, chosen)
    return {**_asked(_PRIVATE, "Where else calls may be shown", element), "hint": plain(hint)}


def _guests(setup: Setup, otherwise: str) -> dict[str, Any]:
    choices = {_DEFAULT: otherwise, "yes": "May speak in the room", "no": "May only read"}
    chosen = _DEFAULT if setup.guests is None else "yes" if setup.guests else "no"
    return _asked(_GUESTS, "Who has no link from Slack", _select(_GUESTS, choices, chosen))


def _huddles(setup: Setup) -> dict[str, Any]:
    choices = {"no": "Do nothing", "yes": "Offer captions to who begins it"}
    chosen = "yes" if setup.huddles else "no"
    return _asked(_HUDDLES, "When a huddle begins", _select(_HUDDLES, choices, chosen))


def _days(setup: Setup) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": _DAYS, "max_length": 5}
    if setup.retention_days is not None:
        element["initial_value"] = str(setup.retention_days)
    hint = "0 keeps them until somebody deletes them; nothing: as Spokenly is set up"
    return {**_asked(_DAYS, "Days until a transcript is deleted", element), "hint": plain(hint)}


def _asked(block: str, label: str, element: dict[str, Any]) -> dict[str, Any]:
    return {"type": "input", "block_id": block, "label": plain(label), "element": element, "optional": True}


def _select(action: str, choices: Mapping[str, str], chosen: str) -> dict[str, Any]:
    options = {value: {"value": value, "text": plain(text)} for value, text in choices.items()}
    return {
        "type": "static_select",
        "action_id": action,
        "options": list(options.values()),
        "initial_option": options[chosen],
    }


def _typed(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name, {}).get(name, {}).get("value") or "").strip()


def _chosen(values: Mapping[str, Any], name: str) -> str:
    return str((values.get(name, {}).get(name, {}).get("selected_option") or {}).get("value") or "")


def _yes(chosen: str) -> bool | None:
    return {"yes": True, "no": False}.get(chosen)
