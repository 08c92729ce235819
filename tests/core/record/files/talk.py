"""A call in which everything happens that a file must survive."""

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from core.audio.frame import Speaker
from core.captions.caption import Gap
from core.record.files.exports import pieces
from core.record.files.formats import Format, write
from core.record.files.heading import Heading
from core.record.files.turns import Exported
from core.record.kept import Line, Unkept

VIENNA = timezone(timedelta(hours=1), "CET")
HEADING = Heading(
    "Weekly <sync> & more",
    began=datetime(2026, 11, 22, 23, 30, tzinfo=VIENNA),
    language="en",
    engine="Moonshine tiny, on this machine",
    note="Only English is heard.",
)
ANN = Speaker("p1", "Ann")
BEN = Speaker("p2", "Ben <b>")
NOA = Speaker("p3", "נועה")

RICH: Sequence[Exported] = [
    Line(0, ANN, 1.0, 3.2, "Good mourning, everybody.", "Good morning, everybody.", "en", 0.61234),
    Line(1, ANN, 3.5, 5.0, "Shall we begin?", language="en", confidence=0.98),
    Line(2, BEN, 4.25, 6.5, "Yes --> please & thank you, if a < b.", engine="Moonshine tiny"),
    Line(3, NOA, 4.5, 7.0, "שלום, אני כאן.", language="he"),
    Gap(BEN, 7.0, 10.2),
    Line(5, ANN, 11.0, 12.0, "# 1. *Plan* 😀👩‍👩‍👧 [link](http://x.example)"),
    Line(6, BEN, 12.5, 30.0, "It was the best of times, it was the worst of times, " * 4),
    Unkept(31.0, 65.0),
    Line(8, NOA, 66.0, 66.2, "מה?"),
    Unkept(70.0, 1690.0),
    Line(10, ANN, 3700.0, 3702.0, "{\\an8}So,\nthat is\x07 all."),
    Line(11, ANN, 3702.5, 3703.0, " \n"),
]
"""Overlapping speakers, a correction, gaps of both kinds, hostile words, scripts of both directions."""


def at_once(form: Format, heading: Heading, entries: Iterable[Exported]) -> bytes:
    """The whole file."""
    parts = pieces(form.open(heading), entries)
    return b"".join(part.encode() if isinstance(part, str) else part for part in parts)


async def streamed(form: Format, heading: Heading, entries: Iterable[Exported]) -> bytes:
    """The whole file, as a store would give the entries."""

    async def come() -> AsyncIterator[Exported]:
        for entry in entries:
            yield entry

    return b"".join([part async for part in write(form, heading, come())])


HOSTILE = """
--> <v Ben> </v> <b> &lt; & NOTE WEBVTT STYLE ::cue 00:00:01.000 1 日本 今日は、会議を始めます。 مرحبا שלום 😀
👩‍👩‍👧 word 00:00:09,000 # ## --- === > - + 1. 2) *b*
** __ ` ``` ~~~ ~~x~~ \\ \\* \\N &copy; $x$ |a|b| |-|-| {\\an8} " ], }
[x](http://e.example) ![i](x) <http://e.example> http://e.example <script> @everyone ]]> <w:p/> _x000D_ &#0;
"""
CONTROL = [
    "\n\n",
    "\r",
    "\u2028",
    "\x00",
    "\x1b[2J",
    "\u202e",
    "\ufffe",
    "\n1\n00:00:00,000 --> 00:00:09,000\n",
]
hostile = st.lists(st.sampled_from([*HOSTILE.split(), *CONTROL]) | st.text(max_size=8), max_size=8).map(
    " ".join
)
"""Words and names as nobody should say them."""


@st.composite
def records(draw: st.DrawFn) -> list[Exported]:
    """Entries of a record sorted by start, with overlapping speakers."""
    names = draw(st.lists(hostile, min_size=3, max_size=3, unique_by=lambda name: plain(name) or "Somebody"))
    speakers = [Speaker(f"p{number}", name) for number, name in enumerate(names)]
    entries: list[Exported] = []
    at = 0.0
    for number in range(draw(st.integers(0, 8))):
        at += draw(st.sampled_from([0.0, 0.3, 2.0, 10.0, 4000.0]))
        end = at + draw(st.sampled_from([0.0, 0.0004, 0.5, 4.0, 20.0]))
        speaker = draw(st.sampled_from(speakers))
        kind = draw(st.sampled_from("lllgu"))
        if kind == "l":
            corrected = draw(st.none() | hostile)
            entries.append(Line(number, speaker, at, end, draw(hostile), corrected, "en"))
        else:
            entries.append(Gap(speaker, at, end) if kind == "g" else Unkept(at, end))
    return entries


def plain(text: str) -> str:
    """A text without spaces and what is not shown."""
    shown = re.sub("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", "", " ".join(text.split()))
    return "".join(shown.split())


def said(entries: Iterable[Exported]) -> dict[str, str]:
    """All that each speaker said, by the name that is shown."""
    words: dict[str, str] = {}
    for entry in entries:
        if isinstance(entry, Line) and (text := plain(entry.text)):
            name = plain(entry.speaker.name) or "Somebody"
            words[name] = words.get(name, "") + text
    return words
