"""What people say, written so that Slack makes nothing of it: no ping, no link, no format, no emoji, no date.

Slack reads three dialects. `mrkdwn` is that of a message's `text` and of sections
(https://docs.slack.dev/messaging/formatting-message-text), `markdown` that of `markdown_text` and of
Markdown blocks, `plain` is for `plain_text`, titles and whatever else should be read as it is. All are pure.

What is known of Slack: `text` and mrkdwn make links of addresses and of channels' names unless they are
`verbatim` (https://docs.slack.dev/reference/block-kit/composition-objects/text-object), and tags of what
stands between < and > unless it is escaped. Markdown has headings, lists, task lists, tables, quotes, rules,
fences, links and images (https://docs.slack.dev/reference/block-kit/blocks/markdown-block). Nowhere is it
said which names and schemes become links, nor which dots part a name (internationalised names know four:
RFC 3490, 3.1). So all is broken up that any reader might take for one, with a space that has no width.
Numbers stay whole: telephones offer to call what they take for one in every text, and people copy them.
"""

import re

from core.captions.markup import MARKDOWN, Markup, called, isolated, words

NAME = 80
"""Characters of a name that are shown."""

_STILL = "\u200b"
"""A space without width: Slack's readers stop at it, people don't see it."""

_TWINS = str.maketrans({"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"})
"""mrkdwn has no way to escape what formats: these look alike and mean nothing."""

_MORE = (
    r"[\uff20\ufe6b\uff03\ufe5f]"  # the wide and small forms of @ and #
    r"|(?<=[^\W\d_]):(?=\S)"  # mailto:, tel:, javascript:
    r"|:(?=[^\s:]+:)"  # :emoji:, in any script
    r"|(?<=[^\s.])\.(?=[^\W\d_][A-Za-z\u00aa-\u1fff\u2c00-\U0010ffff])"  # example.com, ex.भारत
    r"|(?i:(?<=www))\."  # www.9
    r"|(?<=\S)[\u3002\uff0e\uff61](?=[A-Za-z]{2})"  # the other dots, where no sentence ends
)
"""What core's escape leaves, because nobody but Slack might read something into it."""

_FOUND = re.compile(
    r"[@#]"  # pings, channels, mail addresses
    r"|:(?=//)"  # addresses
    rf"|{_MORE}"
)
_ALSO = re.compile(_MORE)
_BEGINS = re.compile(r"(?:[-+*•◦▪>#|=]|\d+[.)]|[a-zA-Z][.)])(?=\s|$)|[-=#>|]{2}|>")
"""What begins a list, a quote, a heading, a table or a rule where it stands first on a line."""


def begin(text: str) -> str:
    """`text` (escaped already) so that it can stand first on a line."""
    return f"{_STILL}{text}" if _BEGINS.match(text) else text


def _clean(text: str) -> list[str]:
    """Lines of words, without what would steer a screen; empty ones are left out."""
    return [line for line in (" ".join(words(part)) for part in text.splitlines()) if line]


def _stilled(text: str) -> str:
    return _FOUND.sub(rf"\g<0>{_STILL}", text)


def _markdown(text: str) -> str:
    """An entity could become a tag again after Slack has read it: it is broken up as well."""
    return _ALSO.sub(rf"\g<0>{_STILL}", MARKDOWN.escape(text).replace("&", f"&{_STILL}"))


def mrkdwn(text: str) -> str:
    """For a message's `text`, sections and contexts. Lines stay lines."""
    return "\n".join(begin(_mrkdwn(line)) for line in _clean(text))


def _mrkdwn(text: str) -> str:
    still = _stilled(text.translate(_TWINS))
    # A quote begins with &gt; as well as with >.
    quoted = re.sub(r"^>+", lambda found: "›" * len(found[0]), still)
    return quoted.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def markdown(text: str) -> str:
    """For `markdown_text` and Markdown blocks. Lines stay lines."""
    return "\n".join(begin(_markdown(line)) for line in _clean(text))


def plain(text: str) -> str:
    """On one line, as it is. Even where Slack looks for formats, it finds none."""
    line = " ".join(words(text)).translate(_TWINS)
    return _stilled(line).replace("<", "‹").replace(">", "›").replace("&", f"&{_STILL}")


def name(text: str) -> str:
    """A name for Markdown: on one line, of limited length, "?" where nothing of it can be seen."""
    return isolated(_markdown(called(text, NAME)))


SLACK = Markup(
    escape=_markdown,
    name=lambda shown: f"**{begin(shown)}:**",
    interim=lambda text: f"*{begin(text)}*",
    gap=lambda text: f"*{begin(text)}*",
)
"""How captions are written in Slack: always as Markdown, whatever carries them."""
