"""What we write is read by others as we meant it: webvtt-py and pysubs2."""

import html
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pysubs2
import webvtt
from hypothesis import given

from core.captions.caption import Gap
from core.record.files.formats import FORMATS
from core.record.files.heading import Heading
from core.record.files.turns import Exported
from core.record.kept import Line, Unkept
from tests.core.record.files.talk import ANN, BEN, HEADING, NOA, RICH, at_once, hostile, plain, records, said
from tests.properties import patient

NOTICE = r"\[(\d+ (s|min) could not be heard|the record was not kept for \d+ (s|min))\]"
ALIKE = str.maketrans("<>{}\\", "‹›()＼")


def write(form: str, entries: Iterable[Exported], title: str = "T", *, named: bool = True) -> str:
    heading = Heading(title, language="en", note=title, named=named)
    return at_once(FORMATS[form], heading, entries).decode()


def spoken_in_vtt(content: str) -> tuple[list[Any], dict[str, str]]:
    """The cues that webvtt-py finds, and all that each voice says."""
    cues = [*webvtt.from_string(content).captions]
    words: dict[str, str] = {}
    for cue in cues:
        if cue.voice:
            name = plain(html.unescape(cue.voice))
            words[name] = words.get(name, "") + plain(html.unescape(cue.text))
    return cues, words


@patient
@given(records(), hostile)
def test_webvtt_py_reads_every_voice_word_for_word(entries: list[Exported], title: str) -> None:
    cues, words = spoken_in_vtt(write("vtt", entries, title))
    assert words == said(entries)
    notices = [cue for cue in cues if not cue.voice]
    assert len(notices) == sum(isinstance(entry, Gap | Unkept) for entry in entries)
    starts = [cue.start_time for cue in cues]
    assert starts == sorted(starts)
    assert all(cue.start < cue.end for cue in cues)


@patient
@given(records())
def test_pysubs2_reads_every_subtitle_word_for_word(entries: list[Exported]) -> None:
    subtitles = pysubs2.SSAFile.from_string(write("srt", entries, named=False), "srt")
    texts = [line.plaintext for line in subtitles]
    words = [text for text in texts if not re.fullmatch(NOTICE, text)]
    assert len(texts) - len(words) == sum(isinstance(entry, Gap | Unkept) for entry in entries)
    told = "".join(said(entries).values()).translate(ALIKE)
    assert sorted(plain("".join(words)).replace("∶", ":")) == sorted(told.replace("∶", ":"))
    assert [line.start for line in subtitles] == sorted(line.start for line in subtitles)
    assert all(line.start < line.end for line in subtitles)
    assert len(subtitles) == len(pysubs2.SSAFile.from_string(write("srt", entries), "srt"))


def test_both_read_the_rich_call_alike() -> None:
    cues, words = spoken_in_vtt(at_once(FORMATS["vtt"], HEADING, RICH).decode())
    assert words == said(RICH)
    subtitles = pysubs2.SSAFile.from_string(at_once(FORMATS["srt"], HEADING, RICH).decode(), "srt")
    assert [timedelta(milliseconds=line.start) for line in subtitles] == [
        timedelta(
            hours=cue.start_time.hours,
            minutes=cue.start_time.minutes,
            seconds=cue.start_time.seconds,
            milliseconds=cue.start_time.milliseconds,
        )
        for cue in cues
    ]


def places(entries: Iterable[Exported]) -> list[tuple[str, str]]:
    """Whose cue stands where ("": at the bottom)."""
    found = re.findall(r" --> \S+(.*)\n(?:<v (\w+)>|<i>)", write("vtt", entries))
    return [(voice, place.strip()) for place, voice in found]


def test_whoever_speaks_at_the_same_time_stands_above_and_nobody_is_hidden() -> None:
    ben = type(BEN)("p2", "Ben")
    call: list[Exported] = [
        Line(0, ANN, 0.0, 5.0, "One."),
        Line(1, ben, 1.0, 4.0, "Two, which is so much longer that it needs a second line."),
        Line(2, NOA, 2.0, 3.0, "Three."),
        Line(3, ben, 4.5, 6.0, "Four."),
        Line(4, ANN, 7.0, 8.0, "Five."),
    ]
    assert places(call) == [
        ("Ann", ""),
        ("Ben", "line:-4"),
        ("נועה", "line:-5"),
        ("Ben", "line:-3"),
        ("Ann", ""),
    ]
    crowd = [Line(n, type(ANN)(f"p{n}", f"P{n}"), n / 10, 2.0, "All of us.") for n in range(9)]
    assert [place for _, place in places(crowd)] == ["", "line:-3", "line:-5", "line:-7", *[""] * 5]


@patient
@given(records())
def test_cues_that_overlap_share_no_line_of_the_screen(entries: list[Exported]) -> None:
    """Only three people speak here, so there is room for everybody."""
    taken: dict[int, float] = {}
    cues = re.findall(
        r"(\S+) --> (\S+)(?: line:-(\d+))?\n(.*(?:\n.+)?)\n", write("vtt", entries, named=False)
    )
    notices = sum(isinstance(entry, Gap | Unkept) for entry in entries)
    for start, end, place, words in cues if not notices else []:
        rows = words.count("\n") + 1
        begin, until = (
            sum(float(part) * 60**power for power, part in enumerate(reversed(time.split(":"))))
            for time in (start, end)
        )
        first = int(place or rows)
        lines = range(first - rows + 1, first + 1)
        assert all(taken.get(line, 0.0) <= begin + 1e-6 for line in lines)
        taken |= dict.fromkeys(lines, until)


def test_a_notice_does_not_stay_in_the_way_for_an_hour() -> None:
    assert "00:00:10.000 --> 00:00:17.000\n<i>[the record was not kept for 60 min]</i>" in write(
        "vtt", [Unkept(10.0, 3610.0)]
    )
    long = write(
        "srt", [Line(0, ANN, 0.0, 1.0, "Hello."), Unkept(10.0, 40.0), Line(2, ANN, 41.0, 42.0, "Yes.")]
    )
    assert "00:00:10,000 --> 00:00:17,000\n[the record was not kept for 30 s]\n\n3\n" in long
