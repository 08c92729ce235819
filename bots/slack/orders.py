"""What people type after /captions or after a mention of the bot. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from core.errors import UserError

Verb = Literal[
    "start", "stop", "status", "recap", "transcript", "share", "unshare", "attach", "detach", "setup", "help"
]

OPTIONS = {
    "language": ("start", "setup"),
    "keep": ("start", "setup"),
    "private": ("start", "setup"),
    "guests": ("setup",),
    "huddles": ("setup",),
}
"""What can be given as `option=value`, and with which verbs."""

LONGEST = 200
"""Characters of a title."""

USAGE = """\
`/captions start [title]` opens a room and shows what is said there in a thread here. \
`language=de`, `keep=transcript` (or `keep=captions`) and `private=yes` may follow. A private call can't be \
shown anywhere else by a code; who can read this channel, or has the room's address, reads it as ever.
`/captions stop` ends it, `/captions status` tells how it is doing.
`/captions recap` tells what was said in the last minutes, `/captions transcript` sends it; only you see them.
`/captions share` gives a code that shows this call elsewhere, `/captions unshare` ends that.
`/captions attach CODE` shows a call of elsewhere here, `/captions detach` ends that.
`/captions setup language=… keep=… private=yes|no guests=yes|no huddles=yes|no` is for this channel, from \
the next call on.
In threads, mention the bot instead: `@Spokenly status`."""

_WORD = re.compile(r"\s*(\S+)\s*(.*)", re.DOTALL)
_OPTION = re.compile(r"(?:^|\s)([a-z]+)[=:](\S+)(?=\s|$)", re.IGNORECASE)
_MENTION = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


@dataclass(frozen=True, slots=True)
class Order:
    """One verb; `rest`: the words that follow, without the options."""

    verb: Verb
    rest: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


def parse(text: str) -> Order:
    """What somebody typed after the command's name. Nothing at all asks for help. Raises `UserError`."""
    text = unescaped(text).strip()
    found = _WORD.fullmatch(text)
    if found is None:
        return Order("help")
    word, rest = found[1].lower().rstrip(".!?"), found[2].strip()
    if word not in get_args(Verb):
        raise UserError(f"There is no such command. What there is:\n{USAGE}")
    verb: Verb = word  # type: ignore[assignment]  # one of them, as was just seen
    options = {name.lower(): value for name, value in _OPTION.findall(rest) if name.lower() in OPTIONS}
    for name in options:
        if verb not in OPTIONS[name]:
            raise UserError(f"`{name}=` goes with {' and '.join(OPTIONS[name])} only.")
    rest = _OPTION.sub(lambda one: "" if one[1].lower() in OPTIONS else one[0], rest)
    return Order(verb, " ".join(rest.split())[:LONGEST], options)


def mentioned(text: str) -> Order:
    """The same for a message that mentions the bot."""
    return parse(_MENTION.sub(" ", text))


def unescaped(text: str) -> str:
    """What was typed, where Slack has put entities in its place
    (https://docs.slack.dev/messaging/formatting-message-text#escaping).
    """
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text


def yes(value: str) -> bool:
    """Raises `UserError`."""
    if value.lower() in ("yes", "on", "true"):
        return True
    if value.lower() in ("no", "off", "false"):
        return False
    raise UserError("Say yes or no there.")
