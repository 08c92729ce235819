"""The Board: what has been said, what is being said, and what people must be told. State, not a queue."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from weakref import WeakSet

from core.captions.caption import Caption, Entry, Gap


class Board:
    """Everything a reader of one call can know, now.

    `entries` only ever grows at the end: a committed caption never changes. It holds the newest `limit`
    entries; `forgotten` counts the older ones, so that entry number `forgotten + i` is `entries[i]`.
    Whoever wants to know of changes registers with `watch`.
    """

    def __init__(self, limit: int = 20_000) -> None:
        self._limit = limit
        self._entries: list[Entry] = []
        self._partials: dict[str, Caption] = {}
        self._notices: dict[str, str] = {}
        self._inside: dict[str, str] = {}
        self._watchers: set[Callable[[], None]] = set()
        self._excerpts: WeakSet[Board] = WeakSet()
        self._known: dict[str, set[str]] = {}  # speakers' ids, by who they are; entries may be forgotten
        self._silent: dict[str, float] = {}  # by a speaker's id: what begins before this second stays away
        self.forgotten = 0
        self.erased: dict[str, int] = {}
        """By a speaker's id: of the entries before this number, theirs were taken back."""
        self.lateness: float | None = None
        """Seconds from the end of the newest words to their caption; None before the first."""

    @property
    def entries(self) -> Sequence[Entry]:
        """What is committed, in the order it was."""
        return self._entries

    @property
    def partials(self) -> Mapping[str, Caption]:
        """What each speaker is saying, by the speaker's id; the text may change."""
        return self._partials

    @property
    def notices(self) -> Mapping[str, str]:
        """Sentences that are true now ("I can't hear Ann"), by a key of whoever set them.

        Whoever reads the call may be told them, wherever that is.
        """
        return self._notices

    @property
    def inside(self) -> Mapping[str, str]:
        """The same, as people are told them where the call itself takes place, and nowhere else."""
        return {**self._notices, **self._inside}

    @property
    def count(self) -> int:
        """How many entries there have been."""
        return self.forgotten + len(self._entries)

    def since(self, index: int) -> Sequence[Entry]:
        """The entries from number `index` on, as far as they are still held."""
        return self._entries[max(0, index - self.forgotten) :]

    def show(self, caption: Caption, lateness: float | None = None) -> None:
        """Show what is being said; a final is committed and replaces the speaker's partial.

        A final without text only takes the partial away. One that ends before the partial begins leaves it:
        somebody's words of before were heard late, beside what they say now.
        """
        if self._taken_back(caption):
            return
        if lateness is not None and caption.text:
            self.lateness = lateness
        if caption.final:
            shown = self._partials.get(caption.speaker.id)
            if shown is not None and caption.end >= shown.start:
                del self._partials[caption.speaker.id]
            if caption.text:
                self._append(caption)
        elif caption.text:
            self._partials[caption.speaker.id] = caption
        else:
            self._partials.pop(caption.speaker.id, None)
        self._changed()

    def mark(self, gap: Gap) -> None:
        """Nothing could be heard there."""
        self._append(gap)
        self._changed()

    def notify(self, key: str, sentence: str | None, *, inside: str | None = None) -> None:
        """Set what people must be told under `key`; None takes it back.

        `inside`: what only people in the call's own place are told instead, e.g. because it names somebody.
        """
        if (self._notices.get(key), self._inside.get(key)) == (sentence, inside):
            return
        for told, words in ((self._notices, sentence), (self._inside, inside)):
            if words is None:
                told.pop(key, None)
            else:
                told[key] = words
        self._changed()

    def erase(self, identity: str) -> None:
        """Take back what somebody said until now, at their own wish: their entries stay without words.

        What they are just saying goes too, and does not come back when it is settled. This alone changes what
        was committed; `erased` tells readers of it.
        """
        gone = self._known.get(identity, set())
        for index, entry in enumerate(self._entries):
            if entry.speaker.id in gone and isinstance(entry, Caption):
                self._entries[index] = replace(entry, text="")
        for speaker in gone:
            if (shown := self._partials.pop(speaker, None)) is not None:
                self._silent[speaker] = shown.end
            self.erased[speaker] = self.count
        for excerpt in self._excerpts:
            excerpt.erase(identity)
        self._changed()

    def excerpt(self) -> "Board":
        """What is committed until now, and what is true now, as a board of its own that nothing is added to.

        What somebody takes back here goes from there too.
        """
        copy = Board(self._limit)
        self._excerpts.add(copy)
        copy._entries, copy.forgotten = list(self._entries), self.forgotten
        copy._notices, copy._inside = dict(self._notices), dict(self._inside)
        copy.erased = dict(self.erased)
        copy._known = {identity: set(ids) for identity, ids in self._known.items()}
        return copy

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` after every change. Returns the function that ends it."""
        self._watchers.add(changed)
        return lambda: self._watchers.discard(changed)

    def touch(self) -> None:
        """Something else that readers of this board see has changed."""
        self._changed()

    def _taken_back(self, caption: Caption) -> bool:
        """Whether a caption is of what its speaker was saying when they took it back."""
        speaker = caption.speaker
        if speaker.identity is not None:
            self._known.setdefault(speaker.identity, set()).add(speaker.id)
        return caption.start < self._silent.get(speaker.id, caption.start)

    def _append(self, entry: Entry) -> None:
        self._entries.append(entry)
        excess = len(self._entries) - self._limit
        # Forgetting in blocks keeps a call that lasts for days from copying the list at every line.
        if excess > self._limit // 10:
            del self._entries[:excess]
            self.forgotten += excess

    def _changed(self) -> None:
        for watcher in tuple(self._watchers):
            watcher()
