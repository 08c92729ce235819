"""What was said, to be read: plain text and Markdown."""

from collections.abc import Iterable

from core.record.files.heading import Heading
from core.record.files.turns import Exported, Notice, Turn, Turns
from core.record.written import escaped


class Text:
    """Plain text: a paragraph for each turn, with its time and speaker."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._turns = Turns(named=heading.named)

    def begin(self) -> Iterable[str]:
        yield "".join(f"{row}\n" for row in (self._heading.shown(), *self._heading.sentences()))

    def feed(self, entry: Exported) -> Iterable[str]:
        return map(self._paragraph, self._turns.feed(entry))

    def close(self) -> Iterable[str]:
        return map(self._paragraph, self._turns.close())

    def _paragraph(self, turn: Turn | Notice) -> str:
        if isinstance(turn, Notice):
            words = f"({turn.text})"
        else:
            words = f"{turn.speaker.name}: {turn.text}" if self._heading.named else turn.text
        return f"\n[{self._heading.time(turn.start)}] {words}\n"


class Markdown:
    """Markdown (CommonMark): a heading, the facts, a paragraph for each turn."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._turns = Turns(named=heading.named)

    def begin(self) -> Iterable[str]:
        yield f"# {escaped(self._heading.shown())}\n"
        if facts := [*self._heading.sentences()]:
            yield "\n" + "".join(f"- {escaped(fact)}\n" for fact in facts)

    def feed(self, entry: Exported) -> Iterable[str]:
        return map(self._paragraph, self._turns.feed(entry))

    def close(self) -> Iterable[str]:
        return map(self._paragraph, self._turns.close())

    def _paragraph(self, turn: Turn | Notice) -> str:
        time = self._heading.time(turn.start)
        if isinstance(turn, Notice):
            return f"\n*{time} · {escaped(turn.text)}*\n"
        name = f"**{escaped(turn.speaker.name)}** · " if self._heading.named else ""
        return f"\n{name}{time}\n\n{escaped(turn.text)}\n"
