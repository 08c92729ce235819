"""How long a recap without a language model takes: calls of 1 hour and 6 hours, on this machine alone.

    python -m tests.bench.recap [--quick]

The talk is that of the recordings in ../shared/speech where they are, else made up; it is said again, in
other order and with other words missing, until the call is long enough.
"""

import argparse
import json
import random
import sys
import time
import tracemalloc

from core.audio.frame import Speaker
from core.errors import UserError
from core.record.kept import Line
from core.record.recaps.mood import feeling
from core.record.recaps.quotes import quote
from core.record.recaps.recap import Conversation
from tests.bench.machine import machine
from tests.bench.speech import SET

_PACE = 3.6
"""Seconds from the start of a line to that of the next: 1,000 lines an hour."""

_MADE_UP = (
    "The printer at the box office breaks down every second week. We should ask them about refunds. "
    "Um, I think the seating plan is wrong upstairs. Who can correct it before the sale? "
    "I'll send the contract to the lawyer by Thursday. Okay, so let's go with the cheaper provider. "
    "Subscribers pay once a year, so slow refunds hardly matter. Yeah, and the posters are printed already."
)


def call(hours: float) -> tuple[Conversation, str]:
    """A call of that length, and where its words come from."""
    texts, source = _texts()
    chance = random.Random(7)
    people = [
        Speaker(f"p{number}", name) for number, name in enumerate(["Ann", "Ben", "Chloé", "Dan", "Eve"])
    ]
    lines: list[Line] = []
    for number in range(round(hours * 3600 / _PACE)):
        said = chance.choice(texts).split()
        # Real calls do not repeat themselves: some words of each line are heard as others.
        said = [word if chance.random() > 0.1 else f"word{chance.randrange(3000)}" for word in said]
        start = number * _PACE
        lines.append(Line(number, chance.choice(people), start, start + _PACE - 0.4, " ".join(said)))
    return Conversation("Bench", "en", lines), source


def _texts() -> tuple[list[str], str]:
    manifest = SET / "manifest.json"
    if not manifest.exists():
        return _pieces(_MADE_UP), "made-up talk"
    talk = [
        item["transcript"]
        for item in json.loads(manifest.read_text())
        if item["lang"] == "en" and item.get("transcript")
    ]
    return [piece for text in talk for piece in _pieces(text)], "transcripts of ../shared/speech"


def _pieces(text: str) -> list[str]:
    """Lines as engines cut them: some 12 words each."""
    words = text.split()
    return [" ".join(words[at : at + 12]) for at in range(0, len(words), 12)]


def measure(*, quick: bool = False) -> list[str]:
    """The figures, a line each."""
    rows = []
    try:
        read = feeling()
    except UserError:
        read = None
    for hours in (1, 6):
        conversation, source = call(hours)
        runs = []
        for _ in range(1 if quick else 5):
            before = time.perf_counter()
            recap = quote(conversation)
            runs.append(time.perf_counter() - before)
        tracemalloc.start()
        quote(conversation)
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        felt = ""
        if read:
            before = time.perf_counter()
            quote(conversation, mood=read)
            felt = f", {time.perf_counter() - before:.2f} s with the mood"
        rows.append(
            f"{hours} h, {len(conversation.lines):,} lines ({source}): {min(runs):.3f} s at best, "
            f"{max(runs):.3f} s at worst of {len(runs)}{felt}; peak memory {peak:.1f} MiB; "
            f"{len(recap.claims)} claims"
        )
    return rows


def main() -> int:
    """0; the figures are for people to judge."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="each call once")
    chosen = options.parse_args()
    print(machine())
    for row in measure(quick=chosen.quick):
        print(row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
