"""The Tape: what was given to an engine and is not settled yet, and where it lies in the call."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from core.audio.frame import RATE, WIDTH, Frame, Lost, Speaker

CHUNK = 5
"""Seconds that a full tape forgets at once."""


@dataclass(frozen=True, slots=True)
class _Piece:
    position: int
    """Samples of the stream before this piece."""
    at: float
    """Seconds of the call."""
    pcm: bytes

    @property
    def samples(self) -> int:
        return len(self.pcm) // WIDTH


NEAR = 1.5
"""Seconds at the end of a tape in which it is cut in two."""

BLOCK = RATE // 100
"""Samples whose loudness is looked at together: 10 ms."""

QUIET = 2
"""Times the quietest block's peak up to which a block is as quiet: 6 dB."""

LEAD = 1.0
"""Seconds of settled audio that are kept, for engines that like to hear a little of what came before."""

TOGETHER = 0.2
"""Seconds: audio from before a longer pause tells nothing about what comes after it."""


class Tape:
    """Keeps every sample since the last final, and turns seconds of the stream into seconds of the call.

    A stream's clock counts samples, so pauses, dropped lines and replays are one case: `restart` begins a
    new stream with what is not settled, `take` gives the stream what it has not had, `settle` forgets what a
    final covered. At most `limit` seconds that are not settled are kept; then the oldest go and `write` says
    which: they are older sound that no stream has had, where there is enough of it, so that the clock of a
    stream that is open goes on counting what it was given.
    """

    def __init__(self, speaker: Speaker, limit: float = 120.0) -> None:
        self._speaker = speaker
        self._limit = round(limit * RATE)
        self._pieces: list[_Piece] = []
        self._position = 0
        self._settled = 0
        self._given = 0
        self._settled_at = 0.0
        self._newest = 0.0  # where the newest piece began
        self.dropped = 0.0
        """Seconds that were thrown away unsettled."""

    @property
    def seconds(self) -> float:
        """Seconds of audio that are not settled."""
        return (self._position - self._settled) / RATE

    @property
    def start(self) -> float:
        """Where the oldest unsettled sample lies, in seconds of the call."""
        return self.when(self._settled / RATE)

    @property
    def end(self) -> float:
        """Where the newest sample ends, in seconds of the call."""
        return self._pieces[-1].at + self._pieces[-1].samples / RATE if self._pieces else self._settled_at

    def write(self, frame: Frame) -> Lost | None:
        """Add a frame at the end of the stream; says what had to be thrown away for it, if anything."""
        if not frame.pcm:
            return None
        if self._position == self._settled:
            self._settled_at = frame.at
        # A sender's clock may be set back, or a fast sound card gives a second more than sixteen thousand
        # samples. The call's time never runs backwards for it, and never runs ahead either: such a piece
        # only takes the end of the one before.
        at = max(frame.at, self._newest)
        self._newest = at
        self._pieces.append(_Piece(self._position, at, frame.pcm))
        self._position += len(frame.pcm) // WIDTH
        if self._position - self._settled <= self._limit:
            return None
        # Several seconds at once: one gap that can be read, instead of a hundred that can't.
        room = min(CHUNK * RATE, self._limit // 4)
        return (
            self._skip(room) if self._position - max(self._given, self._settled) > room else self._drop(room)
        )

    def _drop(self, samples: int) -> Lost | None:
        """Forget the oldest, which a stream has had."""
        start = end = self.start
        room = self._limit - samples
        while self._position - self._settled > room and (first := self._after(self._settled)) + 1 < len(
            self._pieces
        ):
            piece = self._pieces[first]
            end = piece.at + piece.samples / RATE
            self.dropped += (piece.position + piece.samples - self._settled) / RATE
            self._forget(piece.position + piece.samples, end)
        return Lost(self._speaker, start, end) if end > start else None

    def _skip(self, samples: int) -> Lost | None:
        """Take out the oldest that no stream has had: what follows moves to its place."""
        fresh = max(self._given, self._settled)
        first = last = bisect_left(self._pieces, fresh, key=lambda piece: piece.position)
        gone = 0
        while self._position - self._settled - gone > self._limit - samples and last + 1 < len(self._pieces):
            gone += self._pieces[last].samples
            last += 1
        if not gone:
            return None
        start, before = self._pieces[first].at, self._pieces[last - 1]
        end = before.at + before.samples / RATE
        rest = [_Piece(piece.position - gone, piece.at, piece.pcm) for piece in self._pieces[last:]]
        self._pieces[first:] = rest
        self._position -= gone
        self.dropped += gone / RATE
        return Lost(self._speaker, start, end) if end > start else None

    def settle(self, seconds: float) -> None:
        """A final covers the stream up to `seconds`: what lies before will never be replayed."""
        position = min(round(seconds * RATE), self._position)
        if position > self._settled:
            self._forget(position, self.until(position / RATE))

    def erase(self) -> None:
        """Nothing on the tape will be replayed."""
        self.settle(self._position / RATE)

    def take(self) -> bytes | None:
        """The next piece that the stream has not had; None when it has had all."""
        index = bisect_left(self._pieces, self._given, key=lambda piece: piece.position)
        if index == len(self._pieces):
            return None
        piece = self._pieces[index]
        self._given = piece.position + piece.samples
        return piece.pcm

    @property
    def pause(self) -> float:
        """Seconds for which the speaker sent nothing, between what the stream had last and has next."""
        index = bisect_left(self._pieces, self._given, key=lambda piece: piece.position)
        if not 0 < index < len(self._pieces):
            return 0.0
        before = self._pieces[index - 1]
        return max(0.0, self._pieces[index].at - before.at - before.samples / RATE)

    @property
    def given(self) -> float:
        """Seconds that the stream was given."""
        return self._given / RATE

    @property
    def ahead(self) -> float:
        """Seconds that no stream was given yet, or not yet again."""
        return (self._position - self._given) / RATE

    def frames(self) -> list[Frame]:
        """What is not settled."""
        first = self._after(self._settled)
        done = [max(0, self._settled - piece.position) for piece in self._pieces[first:]]
        return [
            Frame(self._speaker, piece.at + gone / RATE, piece.pcm[gone * WIDTH :])
            for piece, gone in zip(self._pieces[first:], done, strict=True)
        ]

    def part(self, lead: float) -> "Tape":
        """Cut off the last one and a half seconds or less of a longer tape, where it is quiet, so that a
        word belongs to one side.

        This tape keeps what was said before. The one returned holds what follows, with `lead` seconds (1 at
        most) of what came before it: they are `known` there. Neither was given to a stream.
        """
        seam = self._seam()
        known = min(round(lead * RATE), seam - self._settled)
        rest = Tape(self._speaker, self._limit / RATE)
        for piece in self._pieces[self._after(seam - known) :]:
            done = max(0, seam - known - piece.position)
            rest.write(Frame(self._speaker, piece.at + done / RATE, piece.pcm[done * WIDTH :]))
        rest._settled, rest._settled_at = known, self.when(seam / RATE)
        del self._pieces[bisect_left(self._pieces, seam, key=lambda piece: piece.position) :]
        if self._pieces:
            last = self._pieces[-1]
            self._pieces[-1] = _Piece(last.position, last.at, last.pcm[: (seam - last.position) * WIDTH])
        self._position, self._given = seam, min(self._given, seam)
        return rest

    def _seam(self) -> int:
        """The sample at which to cut: where the longest quiet near the end is, or the speaker paused."""
        first = self._after(max(self._settled, self._position - round(NEAR * RATE)))
        near = self._pieces[first:]
        for before, piece in zip(reversed(near[:-1]), reversed(near[1:]), strict=True):
            if piece.at - before.at - before.samples / RATE > TOGETHER:
                return piece.position
        samples = memoryview(b"".join(piece.pcm for piece in near)).cast("h")
        blocks = [samples[n : n + BLOCK] for n in range(0, len(samples) - BLOCK + 1, BLOCK)]
        peaks = [max(map(abs, block)) for block in blocks]
        quiet = QUIET * min(peaks, default=0)
        longest = begin = length = 0
        for number, peak in enumerate(peaks):
            length = length + 1 if peak <= quiet else 0
            if length and length >= longest:
                longest, begin = length, number + 1 - length
        return max(self._settled, near[0].position + (begin * 2 + longest) * BLOCK // 2)

    def _forget(self, position: int, at: float) -> None:
        del self._pieces[: self._after(position - round(LEAD * RATE))]
        self._settled, self._settled_at = position, at
        self._given = max(self._given, position)

    def _after(self, position: int) -> int:
        """Which piece holds the sample at `position` of the stream."""
        return bisect_right(self._pieces, position, key=lambda piece: piece.position + piece.samples)

    def restart(self, lead: float = 0.0) -> list[bytes]:
        """A new stream begins with the first sample not settled. Returns its audio until now.

        With `lead`, up to so many seconds (1 at most) of what was settled just before come first: `known`
        says how many there are.
        """
        pieces: list[_Piece] = []
        begin = self._lead(lead)
        position = 0
        for piece in self._pieces[self._after(begin) :]:
            done = max(0, begin - piece.position)
            kept = _Piece(position, piece.at + done / RATE, piece.pcm[done * WIDTH :])
            pieces.append(kept)
            position += kept.samples
        self._pieces, self._position, self._settled = pieces, position, self._settled - begin
        self._given = 0
        return [piece.pcm for piece in pieces]

    @property
    def known(self) -> float:
        """Seconds at the stream's beginning that are settled."""
        return self._settled / RATE

    def _lead(self, seconds: float) -> int:
        """The sample to begin at, for a lead of so many seconds; pauses are not crossed."""
        first = self._after(self._settled)
        if first == len(self._pieces):
            return self._settled  # nobody knows yet when what follows will be said
        wanted = self._settled - round(seconds * RATE)
        begin = self._settled
        heard = self._pieces[first].at + max(0, begin - self._pieces[first].position) / RATE
        for piece in reversed(self._pieces[: self._after(self._settled - 1) + 1]):
            done = max(0, min(piece.samples, self._settled - piece.position))
            if begin <= wanted or heard - piece.at - done / RATE > TOGETHER:
                break
            begin, heard = max(wanted, piece.position), piece.at
        return begin

    def when(self, seconds: float) -> float:
        """Seconds of the call at which the sample after `seconds` of the stream was heard.

        Never before what is settled; beyond the end of the tape it goes on at the pace of samples.
        """
        position = round(seconds * RATE)
        index = bisect_right(self._pieces, position, key=lambda piece: piece.position) - 1
        begins = index >= 0 and self._pieces[index].position == position
        if position < self._settled or (position == self._settled and not begins):
            return self._settled_at
        return self._at(max(index, 0), position)

    def until(self, seconds: float) -> float:
        """Like `when`, for an end: where a pause follows, the moment before the pause."""
        position = round(seconds * RATE)
        if position <= self._settled:
            return self._settled_at
        index = bisect_right(self._pieces, position - 1, key=lambda piece: piece.position) - 1
        return self._at(max(index, 0), position)

    def _at(self, index: int, position: int) -> float:
        if not self._pieces:
            return self._settled_at + (position - self._settled) / RATE
        piece = self._pieces[index]
        at = piece.at + (position - piece.position) / RATE
        return min(at, self._pieces[index + 1].at) if index + 1 < len(self._pieces) else at
