"""What was said comes back from every file word for word, however hostile the words and names are."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.audio.frame import Speaker
from core.captions.caption import Caption, Entry, Gap
from core.record.files.exports import pieces
from core.record.files.formats import FORMATS
from core.record.files.heading import Heading
from core.record.files.turns import Notice, Turn, Turns
from tests.core.record.files.talk import VIENNA, at_once
from tests.properties import patient

ANN = Speaker("p1", "Ann")
BEN = Speaker("p2", "Ben")
CALL: list[Entry] = [
    Caption(ANN, 1.0, 3.0, "Good morning, everybody.", final=True, language="en"),
    Caption(ANN, 3.5, 5.0, "Shall we begin?", final=True, language="en"),
    Caption(BEN, 5.25, 6.5, "Yes, please.", final=True),
    Gap(BEN, 7.0, 10.2),
    Caption(BEN, 3700.0, 3702.0, "So.", final=True),
]
HEADING = Heading(
    "Talk", began=datetime(2026, 11, 22, 23, 30, tzinfo=VIENNA), language="en", engine="Moonshine tiny"
)


TEXTS = [name for name, form in FORMATS.items() if not form.binary]


def whole(form: str, heading: Heading, call: list[Entry]) -> str:
    return at_once(FORMATS[form], heading, iter(call)).decode()


def turns_of(call: list[Entry]) -> list[Turn | Notice]:
    turns = Turns(named=True)
    return [turn for entry in call for turn in turns.feed(entry)] + [*turns.close()]


# Strict readers: they take only what the formats' definitions allow.


@dataclass
class Shown:
    start: float
    end: float
    voice: str | None
    lines: list[str]


VTT_TIME = r"(\d{2,}):([0-5]\d):([0-5]\d)\.(\d{3})"


def at(hours: str, minutes: str, seconds: str, rest: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(rest) / 1000


def read_vtt(content: str) -> list[Shown]:
    blocks = content.split("\n\n")
    assert blocks[0] == "WEBVTT"
    assert content.endswith("\n")
    shown = []
    for block in blocks[1:]:
        lines = block.rstrip("\n").split("\n")
        assert all(lines)
        if lines[0] == "NOTE":
            assert "-->" not in block
            continue
        times = re.fullmatch(rf"{VTT_TIME} --> {VTT_TIME}(?: line:-\d+)?", lines[0])
        assert times
        payload = "\n".join(lines[1:])
        assert "-->" not in payload
        voice, words = re.fullmatch(r"(?:<v ([^<>\n]+)>)?([\s\S]*?)(?:</v>)?", payload).groups()  # type: ignore[union-attr]  # it always matches
        words = re.sub(r"^<i>(\[.*\])</i>$", r"\1", words)
        assert not re.search(r"[<>]", words)
        assert not re.search(r"&(?!amp;|lt;|gt;)", payload)
        name = html.unescape(voice).strip() if voice else None
        shown.append(
            Shown(at(*times.groups()[:4]), at(*times.groups()[4:]), name, html.unescape(words).split("\n"))
        )
        assert shown[-1].start < shown[-1].end
    assert [cue.start for cue in shown] == sorted(cue.start for cue in shown)
    return shown


def read_srt(content: str) -> list[Shown]:
    assert content == "" or content.endswith("\n\n")
    shown = []
    time = VTT_TIME.replace(r"\.", ",")
    for number, block in enumerate(content.split("\n\n")[:-1], 1):
        counted, times, *lines = block.split("\n")
        assert counted == str(number)
        found = re.fullmatch(f"{time} --> {time}", times)
        assert found
        assert lines
        assert all(lines)
        assert not re.search(r"[<>{}]", block.replace(" --> ", ""))
        shown.append(Shown(at(*found.groups()[:4]), at(*found.groups()[4:]), None, lines))
        assert shown[-1].start < shown[-1].end
    assert [cue.start for cue in shown] == sorted(cue.start for cue in shown)
    return shown


def read_markdown(content: str) -> tuple[list[str], list[str]]:
    """The kinds of everything in it, and the text of each block."""
    kinds, blocks = [], []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(content):
        if token.type == "inline":
            kinds += [child.type for child in token.children or []]
            blocks.append("".join(child.content for child in token.children or []).replace("\u200b", ""))
        else:
            kinds.append(token.type)
    return kinds, blocks


def test_text_reads_like_a_page() -> None:
    assert whole("text", HEADING, CALL) == (
        "Talk\nBegan 2026-11-22 23:30 CET\nLanguage: en\nCaptions by Moonshine tiny\n"
        "\n[23:30:01] Ann: Good morning, everybody. Shall we begin?\n"
        "\n[23:30:05] Ben: Yes, please.\n"
        "\n[23:30:07] (3 s of Ben could not be heard)\n"
        "\n[00:31:40] Ben: So.\n"
    )


def test_times_count_from_the_beginning_where_nobody_knows_when_that_was() -> None:
    assert "[01:01:40] Ben: So." in whole("text", Heading("Talk"), CALL)


def test_speakers_without_names_are_left_out() -> None:
    for form in TEXTS:
        written = whole(form, Heading("Talk", named=False), CALL)
        assert "Ann" not in written
        assert "Ben" not in written
        assert "3 s could not be heard" in written or form == "json"


def test_markdown_has_a_heading_the_facts_and_a_paragraph_for_each_turn() -> None:
    assert whole("markdown", HEADING, CALL[:4]) == (
        "# Talk\n\n- Began 2026-11-22 23:30 CET\n- Language: en\n- Captions by Moonshine tiny\n"
        "\n**Ann** · 23:30:01\n\nGood morning, everybody. Shall we begin?\n"
        "\n**Ben** · 23:30:05\n\nYes, please.\n"
        "\n*23:30:07 · 3 s of Ben could not be heard*\n"
    )


def test_a_pause_or_a_long_speech_makes_a_new_paragraph() -> None:
    pause: list[Entry] = [Caption(ANN, 0, 1, "One.", final=True), Caption(ANN, 4, 5, "Two.", final=True)]
    assert whole("text", Heading("T"), pause).count("Ann:") == 2
    speech: list[Entry] = [
        Caption(ANN, i, i + 1, "Words that go on and on. " * 4, final=True) for i in range(30)
    ]
    assert 4 <= whole("text", Heading("T"), speech).count("Ann:") <= 6


def test_vtt_carries_voices_times_and_gaps() -> None:
    assert read_vtt(whole("vtt", HEADING, CALL)) == [
        Shown(1.0, 3.0, "Ann", ["Good morning, everybody."]),
        Shown(3.5, 5.0, "Ann", ["Shall we begin?"]),
        Shown(5.25, 6.5, "Ben", ["Yes, please."]),
        Shown(7.0, 10.2, None, ["[3 s of Ben could not be heard]"]),
        Shown(3700.0, 3702.0, "Ben", ["So."]),
    ]


def test_srt_names_the_speaker_where_it_changes() -> None:
    shown = read_srt(whole("srt", HEADING, CALL))
    assert [cue.lines for cue in shown] == [
        ["Ann: Good morning, everybody."],
        ["Shall we begin?"],
        ["Ben: Yes, please."],
        ["[3 s of Ben could not be heard]"],
        ["Ben: So."],
    ]
    assert shown[-1].start == 3700.0


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_caption_without_words_is_in_no_json(text: str) -> None:
    call: list[Entry] = [Caption(ANN, 0, 1, text, final=True), Caption(ANN, 1, 2, "Hello.", final=True)]
    assert [entry["text"] for entry in json.loads(whole("json", HEADING, call))["entries"]] == ["Hello."]


def test_json_holds_every_entry_as_it_is() -> None:
    assert json.loads(whole("json", HEADING, CALL[2:4])) == {
        "spokenly": 1,
        "title": "Talk",
        "began": "2026-11-22T23:30:00+01:00",
        "language": "en",
        "engine": "Moonshine tiny",
        "entries": [
            {
                "kind": "caption",
                "speaker": "p2",
                "name": "Ben",
                "start": 5.25,
                "end": 6.5,
                "text": "Yes, please.",
            },
            {"kind": "gap", "speaker": "p2", "name": "Ben", "start": 7.0, "end": 10.2},
        ],
    }


@pytest.mark.parametrize("form", TEXTS)
def test_a_call_in_which_nobody_spoke_is_a_valid_file(form: str) -> None:
    written = whole(form, HEADING, [])
    if form == "json":
        assert json.loads(written)["entries"] == []
    elif form == "vtt":
        assert read_vtt(written) == []
    elif form == "srt":
        assert written == ""
    else:
        assert "Talk" in written


@pytest.mark.parametrize("form", TEXTS)
def test_a_call_of_any_length_streams(form: str) -> None:
    asked = 0

    def endless() -> Iterator[Entry]:
        nonlocal asked
        while True:
            asked += 1
            speaker = ANN if asked % 2 else BEN
            yield Caption(speaker, asked * 2.0, asked * 2.0 + 1.5, "And so on.", final=True)

    stream = pieces(FORMATS[form].open(HEADING), endless())
    for _ in range(2000):
        next(stream)
    assert asked < 2020


HOSTILE = """
--> <v Ben> </v> <b> &lt; & NOTE WEBVTT STYLE ::cue 00:00:01.000 1 日本 مرحبا 😀 word
# ## --- === > - + 1. 2) *b* ** __ ` ``` ~~~ ~~x~~ \\ \\* &copy; $x$ |a|b| |-|-| {\\an8} " ], }
[x](http://e.example) ![i](x) <http://e.example> http://e.example <script> @everyone
"""
CONTROL = ["\n\n", "\r", "\u2028", "\x00", "\x1b[2J", "\u202e", "\n1\n00:00:00,000 --> 00:00:09,000\n"]
hostile = st.lists(
    st.one_of(
        st.sampled_from([*HOSTILE.split(), *CONTROL]),
        st.text(max_size=8),
    ),
    max_size=8,
).map(" ".join)


@st.composite
def calls(draw: st.DrawFn) -> list[Entry]:
    call: list[Entry] = []
    at = 0.0
    speakers = [Speaker("p1", draw(hostile)), Speaker("p2", draw(hostile))]
    for _ in range(draw(st.integers(0, 5))):
        at += draw(st.sampled_from([0.0, 0.5, 10.0]))
        end = at + draw(st.sampled_from([0.0, 0.5, 4.0, 20.0]))
        speaker = draw(st.sampled_from(speakers))
        call.append(
            Gap(speaker, at, end) if draw(st.booleans()) else Caption(speaker, at, end, draw(hostile), True)
        )
        at = end
    return call


def plain(text: str) -> str:
    """A text without spaces and what is not shown."""
    shown = re.sub(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]", "", " ".join(text.split()))
    return "".join(shown.split())


def spoken(call: list[Entry]) -> str:
    return "".join(plain(entry.text) for entry in call if isinstance(entry, Caption))


@patient
@given(calls(), hostile)
def test_vtt_survives_any_words_and_names(call: list[Entry], title: str) -> None:
    shown = read_vtt(whole("vtt", Heading(title, note=title), call))
    gaps = sum(isinstance(entry, Gap) for entry in call)
    assert len(shown) >= gaps
    names = {plain(entry.speaker.name) or "Somebody" for entry in call}
    assert all(cue.voice is None or plain(cue.voice) in names for cue in shown)
    if not gaps:
        # Of two who speak at the same moment, either may come first.
        assert sorted(plain("".join("".join(cue.lines) for cue in shown))) == sorted(spoken(call))


@patient
@given(calls())
def test_srt_survives_any_words_and_names(call: list[Entry]) -> None:
    shown = read_srt(whole("srt", Heading("T", named=False), call))
    if not any(isinstance(entry, Gap) for entry in call):
        alike = str.maketrans("<>{}\\", "‹›()＼")
        words = plain("".join("".join(cue.lines) for cue in shown))
        assert sorted(words.replace("∶", ":")) == sorted(spoken(call).translate(alike))
    read_srt(whole("srt", Heading("T"), call))


@patient
@given(calls(), hostile)
def test_json_survives_any_words_and_names(call: list[Entry], title: str) -> None:
    read = json.loads(whole("json", Heading(title), call))
    assert read["title"] == title
    assert [entry.get("text") for entry in read["entries"]] == [
        text for entry in call if (text := getattr(entry, "text", None)) is None or text.strip()
    ]


@patient
@given(calls(), hostile)
def test_markdown_holds_nothing_but_what_we_put_there(call: list[Entry], title: str) -> None:
    kinds, blocks = read_markdown(whole("markdown", Heading(f"T {title} T", note="n"), call))
    allowed = {"heading_open", "heading_close", "paragraph_open", "paragraph_close", "text", "text_special"}
    allowed |= {"bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"}
    allowed |= {"strong_open", "strong_close", "em_open", "em_close"}
    assert set(kinds) <= allowed
    assert kinds.count("heading_open") == kinds.count("list_item_open") == 1
    assert plain(blocks[0]) == plain(f"T {title} T")
    turns = [turn for turn in turns_of(call) if isinstance(turn, Turn)]
    assert kinds.count("strong_open") <= len(turns)
    assert [plain(block) for block in blocks[2:] if plain(block)].count("") == 0
    words = [plain(turn.text) for turn in turns]
    rest = [plain(block) for block in blocks]
    assert all(word in rest for word in words if word)


@patient
@given(calls(), hostile)
def test_text_keeps_every_turn_on_its_line(call: list[Entry], title: str) -> None:
    written = whole("text", Heading(title), call)
    turns = turns_of(call)
    assert len(re.findall(r"^\[\d\d:\d\d:\d\d\] ", written, re.MULTILINE)) == len(turns)
    assert "\x1b" not in written
    assert "\u202e" not in written


def test_addresses_are_read_and_not_followed_in_markdown() -> None:
    said = "www.evil.example, https://evil.example, ann@evil.example, talk_1.wav"
    written = whole("markdown", Heading("T"), [Caption(ANN, 0, 1, said, final=True)])
    assert not re.search(r"www\.|(?<!\\)://|@\w", written)
    assert "talk\\_1.wav" in written
    assert plain(read_markdown(written)[1][-1]) == plain(said)
