"""What every kind of file has in common: it is written as the entries come.

Each takes a heading and the entries of a call, sorted by start, and gives the file in pieces, so that a call
of any length is never in memory as a whole. Speech and names are data in every one of them: nothing that
people say or are called can become a heading, a link, HTML, a cue or a field.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

from core.record.files.turns import Exported

Piece_co = TypeVar("Piece_co", covariant=True)


class Writing(Protocol[Piece_co]):
    """A file on its way: `begin` once, `feed` every entry in the order of their start, `close` once.

    All that they return, in this order, is the file; each is to be read to its end before the next call.
    """

    def begin(self) -> Iterable[Piece_co]:
        """What stands above the first entry."""

    def feed(self, entry: Exported) -> Iterable[Piece_co]:
        """What is certain now; often nothing yet."""

    def close(self) -> Iterable[Piece_co]:
        """What stands below the last entry."""


def pieces(writing: Writing[Piece_co], entries: Iterable[Exported]) -> Iterator[Piece_co]:
    """The whole file of what `entries` hold."""
    yield from writing.begin()
    for entry in entries:
        yield from writing.feed(entry)
    yield from writing.close()
