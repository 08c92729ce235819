"""Block Kit as Slack takes it. Pure.

https://docs.slack.dev/reference/block-kit/blocks and …/block-elements, …/composition-objects
"""

from collections.abc import Iterator, Sequence
from typing import Any

from core.captions.markup import utf16
from tests.fakes.slack.limits import Limits
from tests.fakes.slack.state import Json

ELEMENTS = {"actions": 25, "context": 10}
"""Elements of a block."""

KNOWN = {
    "actions",
    "context",
    "divider",
    "file",
    "header",
    "image",
    "input",
    "markdown",
    "rich_text",
    "section",
}

IN_ACTIONS = {
    "button",
    "checkboxes",
    "conversations_select",
    "channels_select",
    "datepicker",
    "overflow",
    "radio_buttons",
    "static_select",
    "users_select",
}

IN_INPUT = (IN_ACTIONS - {"button", "overflow"}) | {"plain_text_input", "file_input", "rich_text_input"}


def faults(blocks: Sequence[Json], limits: Limits, *, most: int) -> list[str]:
    """What Slack would complain of, in its words as far as they matter; empty: nothing."""
    found = [f"no more than {most} items allowed"] if len(blocks) > most else []
    named = [block["block_id"] for block in blocks if block.get("block_id")]
    if len(set(named)) < len(named):
        found.append("block_id must be unique")
    for number, block in enumerate(blocks):
        found += [f"{fault} [json-pointer:/blocks/{number}]" for fault in _block(block, limits)]
    return found


def length(blocks: Sequence[Json]) -> int:
    """Characters of all text in blocks."""
    return sum(len(text) for text in texts(list(blocks)))


def texts(value: Any) -> Iterator[str]:
    """Every text that people read."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for key, one in value.items():
            if key not in ("value", "confirm"):
                yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def _block(block: Json, limits: Limits) -> Iterator[str]:
    kind = block.get("type")
    if kind not in KNOWN:
        yield f"unsupported type: {kind}"
        return
    if len(block.get("block_id") or "") > 255:
        yield "block_id must be less than 256 characters"
    if kind == "section":
        yield from _section(block, limits)
    elif kind == "header":
        yield from _text(block.get("text"), 150, plain=True)
    elif kind == "markdown":
        yield from _words(block.get("text"), limits.markdown)
    elif kind == "input":
        yield from _text(block.get("label"), 2000, plain=True)
        if block.get("hint"):
            yield from _text(block["hint"], 2000, plain=True)
        yield from _element(block.get("element") or {})
        if (block.get("element") or {}).get("type") not in IN_INPUT:
            yield f"unsupported element: {(block.get('element') or {}).get('type')}"
    elif kind in ELEMENTS:
        yield from _row(block, ELEMENTS[kind])


def _section(block: Json, limits: Limits) -> Iterator[str]:
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        yield "missing required field: text or fields"
    if block.get("text") is not None:
        yield from _text(block["text"], limits.section)
    if fields and len(fields) > 10:
        yield "no more than 10 items allowed"
    for field in fields or ():
        yield from _text(field, 2000)
    if block.get("accessory"):
        yield from _element(block["accessory"])


def _row(block: Json, most: int) -> Iterator[str]:
    elements = block.get("elements") or []
    if not elements or len(elements) > most:
        yield f"must have 1 to {most} items"
    actions = [one.get("action_id") for one in elements if one.get("action_id")]
    if len(set(actions)) < len(actions):
        yield "action_id must be unique in its block"
    for one in elements:
        if block["type"] == "context":
            yield from _text(one, 3000) if one.get("type") != "image" else ()
        elif one.get("type") not in IN_ACTIONS:
            yield f"unsupported element: {one.get('type')}"
        else:
            yield from _element(one)


def _element(element: Json) -> Iterator[str]:
    kind = element.get("type")
    if len(element.get("action_id") or "") > 255:
        yield "action_id must be less than 256 characters"
    if kind == "button":
        yield from _button(element)
    elif kind == "static_select":
        yield from _select(element)
    elif kind == "plain_text_input":
        yield from _input(element)
    if element.get("placeholder"):
        yield from _text(element["placeholder"], 150, plain=True)
    if element.get("confirm") is not None:
        yield from _confirm(element["confirm"])


def _select(select: Json) -> Iterator[str]:
    options = select.get("options") or []
    if not options or len(options) > 100:
        yield "must have 1 to 100 options"
    for option in options:
        yield from _text(option.get("text"), 75, plain=True)
        yield from _words(option.get("value"), 150)
        if option.get("description") is not None:
            yield from _text(option["description"], 75, plain=True)
    if len({option.get("value") for option in options}) < len(options):
        yield "value must be unique in its options"
    if select.get("initial_option") is not None and select["initial_option"] not in options:
        yield "initial_option must be one of the options"


def _input(element: Json) -> Iterator[str]:
    longest = int(element.get("max_length") or 3000)
    if not 1 <= longest <= 3000:
        yield "max_length must be from 1 to 3000"
    if utf16(str(element.get("initial_value") or "")) > longest:
        yield "initial_value must be no longer than max_length"


def _button(button: Json) -> Iterator[str]:
    yield from _text(button.get("text"), 75, plain=True)
    for part, longest in (("value", 2000), ("url", 3000)):
        if len(button.get(part) or "") > longest:
            yield f"{part} must be less than {longest + 1} characters"
    if button.get("url") and not str(button["url"]).startswith(
        ("http://", "https://", "mailto:", "slack://")
    ):
        yield "invalid url"
    if button.get("style") not in (None, "primary", "danger"):
        yield "style must be primary or danger"


def _confirm(confirm: Json) -> Iterator[str]:
    for part, longest in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        yield from _text(confirm.get(part), longest, plain=part != "text")


def _text(text: Any, longest: int, *, plain: bool = False) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in ("plain_text", "mrkdwn"):
        yield "missing required field: text"
        return
    if plain and text["type"] != "plain_text":
        yield "must be plain_text"
    yield from _words(text.get("text"), longest)


def _words(text: Any, longest: int) -> Iterator[str]:
    """Slack does not say how it counts; the strictest way is in UTF-16, as its clients do."""
    if not isinstance(text, str) or not text:
        yield "must be more than 0 characters"
    elif utf16(text) > longest:
        yield f"must be less than {longest + 1} characters"


def view_faults(view: Json, limits: Limits) -> list[str]:
    """The same for a view (https://docs.slack.dev/reference/views)."""
    found = faults(view.get("blocks") or [], limits, most=100)
    if len(view.get("private_metadata") or "") > 3000:
        found.append("private_metadata must be less than 3001 characters")
    if len(view.get("external_id") or "") > 255:
        found.append("external_id must be less than 256 characters")
    if len(view.get("callback_id") or "") > 255:
        found.append("callback_id must be less than 256 characters")
    if view.get("type") == "modal":
        for part in ("title", "submit", "close"):
            if part == "title" or view.get(part) is not None:
                found += [f"{part}: {fault}" for fault in _text(view.get(part), 24, plain=True)]
        if any(block.get("type") == "input" for block in view.get("blocks") or ()) and not view.get("submit"):
            found.append("submit is required when an input block is within blocks")
    return found
