"""What people type after /captions or after a mention of the bot. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal, get_args

from core.errors import UserError

Verb = Literal[
    "start",
    "open",
    "stop",
    "status",
    "recap",
    "transcript",
    "share",
    "unshare",
    "attach",
    "detach",
    "setup",
    "help",
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

ALIKE = 0.65
"""How much a word before a colon is like an option's name (0 to 1) that is taken for one, misspelt."""

USAGE = """\
`/captions start [title]` opens a room and shows what is said there in a thread here. \
`language=de`, `keep=transcript` (or `keep=captions`) and `private=yes` may follow; a title with a = goes in \
quotes. A private call can't be \
shown anywhere else by a code; who can read this channel, or has the room's address, reads it as ever.
`/captions open` gives you your link into the room.
`/captions stop` ends it, `/captions status` tells how it is doing.
`/captions recap` tells what was said in the last minutes, `/captions transcript` sends it; only you see them.
`/captions share` gives a code that shows this call elsewhere, `/captions unshare` ends that.
`/captions attach CODE` shows a call of elsewhere here, `/captions detach` ends that.
`/captions setup language=… keep=… private=yes|no guests=yes|no huddles=yes|no` is for this channel, from \
the next call on.
In threads, mention the bot instead: `@Spokenly status`."""

_WORD = re.compile(r"\s*(\S+)\s*(.*)", re.DOTALL)
_QUOTED = '["“”„][^"“”„]*["“”„]'
_PIECE = re.compile(
    rf"""
      (?P<quoted> {_QUOTED} ) (?!\S)
    | (?P<name> [^\s=:"“”„]+ ) (?P<sign> \s*=\s* | : ) (?P<value> {_QUOTED} | [^\s="“”„]+ ) (?!\S)
    | (?P<word> \S+ )
    """,
    re.VERBOSE,
)
_NAME = re.compile(r"[A-Za-z_-]{1,30}")
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
    title: list[str] = []
    options: dict[str, str] = {}
    for piece in _PIECE.finditer(rest):
        name = (piece["name"] or "").lower()
        if name in OPTIONS:
            options[name] = piece["value"].strip('"“”„ ')
        elif _meant(piece):
            raise UserError(_unknown(verb, piece[0]))
        else:
            title.append(piece[0])
    for name in options:
        if verb not in OPTIONS[name]:
            raise UserError(f"`{name}=` goes with {' and '.join(OPTIONS[name])} only.")
    if verb == "setup" and title:
        raise UserError(f"Say what to set up: {_those_of(verb)}. Nothing was changed.")
    return Order(verb, " ".join(_bare(title))[:LONGEST], options)


def _meant(piece: re.Match[str]) -> bool:
    """Whether something that is no option was meant as one: silently a part of the title, it could make a
    call public that somebody wanted private. Whoever wants it in a title puts it in quotes.
    """
    if piece["quoted"] is not None:
        return False
    if piece["sign"] == ":":
        return bool(get_close_matches(piece["name"].lower(), OPTIONS, cutoff=ALIKE))
    return "=" in piece[0]


def _unknown(verb: Verb, typed: str) -> str:
    name = re.split("[=:]", typed)[0].strip()
    told = f"`{name}=` is" if _NAME.fullmatch(name) else "What has a = is"
    if name.lower() in OPTIONS:
        told = f"`{name}=` lacks its value, so it is"
    there = _those_of(verb)
    if not there:
        return f"{told} nothing that `{verb}` takes: it has no options."
    title = " A title with a = goes in quotes." if verb == "start" else ""
    return f"{told} nothing that `{verb}` takes. There are {there}.{title}"


def _those_of(verb: Verb) -> str:
    """The options of a verb, for people."""
    names = [f"`{name}=`" for name, verbs in OPTIONS.items() if verb in verbs]
    return f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def _bare(title: list[str]) -> Iterator[str]:
    """The words of a title, which may all be in one pair of quotes."""
    alone = len(title) == 1 and re.fullmatch(_QUOTED, title[0])
    return iter(title[0][1:-1].split() if alone else " ".join(title).split())


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


def yes(options: Mapping[str, str], name: str) -> bool:
    """What was said of an option that is there. Raises `UserError`."""
    value = options[name].lower()
    if value in ("yes", "on", "true"):
        return True
    if value in ("no", "off", "false"):
        return False
    raise UserError(f"`{name}=` is yes or no.")
