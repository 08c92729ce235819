"""The Board as chat messages: pages that fill up, turn, and never change again."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from core.audio.frame import Speaker
from core.captions.board import Board
from core.captions.caption import Caption, Entry, Gap


def utf16(text: str) -> int:
    """Length in UTF-16 code units, as Discord's and Slack's clients count."""
    return len(text) + sum(character > "\uffff" for character in text)


@dataclass(frozen=True, slots=True)
class Markup:
    """How a platform writes things.

    `escape` makes what people say harmless: it can't ping, link or format. It looks at each word alone.
    The others get text that has been escaped. `length` measures what the platform's limit counts.
    """

    escape: Callable[[str], str]
    name: Callable[[str], str]
    interim: Callable[[str], str]
    gap: Callable[[str], str]
    length: Callable[[str], int] = len


_ALIVE = re.compile(
    r"(?P<mark>[\\`*_~|\[\]<>])"  # formatting, masked links, tags
    r"|[@#]"  # pings, channels, mail addresses
    r"|:(?=//)"  # addresses
    r"|:(?=[\w+'-]+:)"  # :emoji:
    r"|(?<=\w)\.(?=[^\W\d_]{2})"  # example.com
)


def _markdown(text: str) -> str:
    """A backslash before what formats; a space without width in what platforms find by its letters."""

    def still(found: re.Match[str]) -> str:
        if not found["mark"]:
            return f"{found[0]}\u200b"
        return f"\\{found[0]}\u200b" if found[0] == "<" else f"\\{found[0]}"

    return _ALIVE.sub(still, text)


PLAIN = Markup(
    escape=str, name=lambda name: f"{name}:", interim=lambda text: f"({text})", gap=lambda text: f"[{text}]"
)
"""Text as it is, for places that neither format nor link nor ping."""

MARKDOWN = Markup(
    escape=_markdown,
    name=lambda name: f"**{name}:**",
    interim=lambda text: f"*{text}*",
    gap=lambda text: f"*{text}*",
    length=utf16,
)
"""Discord's Markdown, and Slack's `markdown_text`."""


@dataclass(frozen=True, slots=True)
class Page:
    """A message: the `number`-th of its place, from 0. Once `turned` it never changes.

    A page without text showed nothing but words that came out otherwise: its message can go.
    """

    number: int
    text: str
    turned: bool


class Pages:
    """Lays a board out on pages of at most `limit` (as `markup.length` counts).

    A page turns when the next words don't fit, or when it is `max_age` seconds old, before its platform
    stops taking edits. Every committed word stands on exactly one page.
    """

    def __init__(self, limit: int, markup: Markup = PLAIN, max_age: float = float("inf")) -> None:
        if limit < 100:
            raise ValueError("a page needs room for 100 characters")
        self._limit = limit
        self._markup = markup
        self._max_age = max_age
        self._read = 0  # entries of the board
        self._turned: list[Page] = []
        self._number = 0
        self._text = ""
        self._speaker: str | None = None  # whose words the last line of the open page holds
        self._opened: float | None = None

    def update(self, board: Board, now: float) -> list[Page]:
        """Take in what is new on the board, `now` in seconds of any clock that runs.

        Returns the pages to be written: those that turned and are not yet `written`, then the open one.
        """
        if self._opened is not None and now - self._opened >= self._max_age:
            self._turn()
        for entry in board.since(self._read):
            self._commit(entry)
        self._read = board.count
        partials = sorted(board.partials.values(), key=lambda partial: partial.start)
        text = self._with_tail(partials)
        if text and self._opened is None:
            self._opened = now
        if self._opened is None:
            return list(self._turned)
        return [*self._turned, Page(self._number, text, turned=False)]

    def written(self, page: Page) -> None:
        """The platform has taken `page`: a turned one is not returned again."""
        self._turned = [turned for turned in self._turned if turned.number != page.number]

    def _turn(self) -> None:
        self._turned.append(Page(self._number, self._text, turned=True))
        self._number += 1
        self._text, self._speaker, self._opened = "", None, None

    def _commit(self, entry: Entry) -> None:
        if isinstance(entry, Gap):
            line = f"\n{self._gap(entry)}"
            if not self._fits(self._text + line):
                self._turn()
            self._text, self._speaker = (self._text + line).lstrip(), None
            return
        words = _words(entry.text)
        if not words:
            return
        line = self._line(entry, words)
        if not self._fits(self._text + line):
            if self._text:
                self._turn()
            *full, line = self._lines(entry, words)
            for self._text in full:
                self._turn()
        self._text, self._speaker = (self._text + line).lstrip(), entry.speaker.id

    def _fits(self, text: str) -> bool:
        return self._markup.length(text.lstrip()) <= self._limit

    def _line(self, caption: Caption, words: Iterable[str]) -> str:
        """The words as they go on: on the last line if it is the same speaker's, else on a new one."""
        said = self._markup.escape(" ".join(words))
        if caption.speaker.id == self._speaker:
            return f" {said}"
        return f"\n{self._name(caption.speaker)} {said}"

    def _lines(self, caption: Caption, words: list[str]) -> Iterator[str]:
        """A caption on as many fresh pages as it needs, cut between words, inside one only if it must be."""
        part: list[str] = []
        for word in self._short(caption, words):
            if part and not self._fits(self._line(caption, [*part, word])):
                yield self._line(caption, part).lstrip()
                part = []
            part.append(word)
        yield self._line(caption, part)

    def _short(self, caption: Caption, words: list[str]) -> Iterator[str]:
        """The words; one that no page could hold comes in pieces."""
        room = self._limit - self._markup.length(self._line(caption, []))
        longest = room // 4  # a character is at most four long: two units of UTF-16, or a mark and its guards
        for word in words:
            rest = word
            while len(rest) > longest and self._markup.length(self._markup.escape(rest)) > room:
                cut = longest
                while cut > longest // 2 and _belongs(rest[cut - 1], rest[cut]):
                    cut -= 1
                yield rest[:cut]
                rest = rest[cut:]
            yield rest

    def _with_tail(self, partials: list[Caption]) -> str:
        """The open page with what is being said now. A page that is half full turns to make room for it."""
        if not partials:
            return self._text
        text = self._text + self._tail(partials)
        if not self._fits(text) and self._markup.length(self._text) * 2 > self._limit:
            self._turn()
            text = self._tail(partials)
        words = max(len(_words(partial.text)) for partial in partials)
        while not self._fits(text) and words:
            words //= 2
            text = self._text + self._tail(partials, words)
        return text.lstrip() if self._fits(text) else self._text

    def _tail(self, partials: list[Caption], newest: int | None = None) -> str:
        """What is being said, each speaker's `newest` words of it."""
        tail, speaker = "", self._speaker
        for partial in partials:
            words = _words(partial.text)
            if newest is not None and len(words) > newest:
                words = ["…", *words[len(words) - newest :]]
            said = self._markup.interim(self._markup.escape(" ".join(words)))
            theirs = partial.speaker.id == speaker
            tail += f" {said}" if theirs else f"\n{self._name(partial.speaker)} {said}"
            speaker = partial.speaker.id
        return tail

    def _name(self, speaker: Speaker) -> str:
        return self._markup.name(self._called(speaker))

    def _gap(self, gap: Gap) -> str:
        seconds = max(1, round(gap.end - gap.start))
        return self._markup.gap(f"{seconds} s of {self._called(gap.speaker)} could not be heard")

    def _called(self, speaker: Speaker) -> str:
        name = " ".join(_words(speaker.name))
        longest = self._limit // 8
        return self._markup.escape(name if len(name) <= longest else f"{name[: longest - 1]}…")


def _words(text: str) -> list[str]:
    """The words of a text, without what would steer a screen: control characters and turns of direction."""
    return "".join(
        c for c in text if c.isspace() or (c not in _STEERS and unicodedata.category(c) != "Cc")
    ).split()


_STEERS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _belongs(before: str, after: str) -> bool:
    """Whether two characters make one sign on the screen."""
    return unicodedata.category(after).startswith("M") or "\u200d" in (before, after)
