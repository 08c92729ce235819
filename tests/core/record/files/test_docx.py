"""python-docx reads back the Word document that we write, and its XML is what Word expects."""

import re
import zipfile
from io import BytesIO
from itertools import pairwise
from xml.etree import ElementTree

import docx
import pytest
from docx.document import Document
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from hypothesis import given, settings

from core.audio.frame import Speaker
from core.captions.caption import Gap
from core.record.files.formats import FORMATS
from core.record.files.heading import Heading
from core.record.files.turns import Exported, Notice, Turns
from core.record.kept import Line, Unkept
from tests.core.record.files.talk import ANN, HEADING, NOA, RICH, at_once, hostile, plain, records
from tests.properties import patient

DOCX = FORMATS["docx"]
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def written(entries: list[Exported], heading: Heading = HEADING) -> tuple[Document, list[Paragraph]]:
    """The document, and its paragraphs after the last heading."""
    document = docx.Document(BytesIO(at_once(DOCX, heading, entries)))
    names = [paragraph.style.name for paragraph in document.paragraphs if paragraph.style]
    last = max(number for number, name in enumerate(names) if name and name.startswith("Heading"))
    return document, document.paragraphs[last + 1 :]


def test_a_rich_call_reads_like_a_page() -> None:
    document, paragraphs = written([*RICH])
    assert [(p.style.name, p.text) for p in document.paragraphs[:2] if p.style] == [
        ("Title", "Weekly <sync> & more"),
        ("Heading 1", "Transcript"),
    ]
    assert [[cell.text for cell in row.cells] for row in document.tables[0].rows] == [
        ["Began", "2026-11-22 23:30 CET"],
        ["Language", "en"],
        ["Captions by", "Moonshine tiny, on this machine"],
        ["Note", "Only English is heard."],
    ]
    assert [p.text for p in paragraphs] == [
        "Ann · 23:30:01\nGood morning, everybody. Shall we begin?",
        "Ben <b> · 23:30:04\nYes --> please & thank you, if a < b.",
        "נועה · 23:30:04\nשלום, אני כאן.",
        "23:30:07 · 3 s of Ben <b> could not be heard",
        "Ann · 23:30:11\n# 1. *Plan* 😀👩‍👩‍👧 [link](http://x.example)",
        "Ben <b> · 23:30:12\n" + ("It was the best of times, it was the worst of times, " * 4).strip(),
        "23:30:31 · the record was not kept for 34 s",
        "נועה · 23:31:06\nמה?",
        "23:31:10 · the record was not kept for 27 min",
        "Ann · 00:31:40\n{\\an8}So, that is all.",
    ]


def test_names_are_bold_and_what_is_missing_is_in_italics() -> None:
    _, paragraphs = written([Line(0, ANN, 0, 1, "Hello."), Gap(ANN, 1, 2), Unkept(2, 3)])
    assert next((run.text, run.bold, run.italic) for run in paragraphs[0].runs) == ("Ann", True, None)
    assert not any(run.bold for run in paragraphs[0].runs[1:])
    for paragraph in paragraphs[1:]:
        assert [run.italic for run in paragraph.runs] == [True]


def directions(paragraph: Paragraph) -> tuple[bool, list[str]]:
    """Whether the paragraph runs from right to left, and which of its texts do."""
    properties = paragraph._p.pPr
    turned = properties is not None and properties.find(qn("w:bidi")) is not None
    return turned, [run.text for run in paragraph.runs if "<w:rtl/>" in run._r.xml]


def test_a_paragraph_runs_as_its_first_letter_does() -> None:
    document, paragraphs = written(
        [
            Line(0, NOA, 0, 1, "12. שלום Ann"),
            Line(1, ANN, 5, 6, "Ann says مرحبا"),
            Line(2, ANN, 10, 11, "مرحبا, says Ann"),
            Line(3, ANN, 20, 21, "😀 123"),
        ],
        Heading("שיחה"),
    )
    assert directions(document.paragraphs[0]) == (True, ["שיחה"])
    assert [directions(paragraph) for paragraph in paragraphs] == [
        (True, ["נועה", "12. שלום Ann"]),
        (False, []),
        (True, ["مرحبا, says Ann"]),
        (False, []),
    ]


def test_the_package_tells_the_call_and_nothing_of_who_wrote_it() -> None:
    document, _ = written([])
    properties = document.core_properties
    assert (properties.title, properties.author, properties.last_modified_by) == (
        "Weekly <sync> & more",
        "Spokenly",
        "Spokenly",
    )
    assert properties.created is not None
    assert f"{properties.created:%Y-%m-%d %H:%M}" == "2026-11-22 22:30"
    assert (properties.comments, properties.language) == ("", "en")
    assert "PAGE" in document.sections[0].footer._element.xml
    undated = docx.Document(BytesIO(at_once(DOCX, Heading("x" * 300), []))).core_properties
    assert undated.created is None
    assert len(undated.title) == 255


def test_the_same_call_makes_the_same_file() -> None:
    content = at_once(DOCX, HEADING, RICH)
    assert content == at_once(DOCX, HEADING, RICH)
    with zipfile.ZipFile(BytesIO(content)) as package:
        assert {member.date_time for member in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


ORDER = ("b", "bCs", "i", "iCs", "color", "rtl")
"""Of properties of a run, as ECMA-376 (17.3.2.28) has them in sequence: Word refuses another."""


@settings(patient, max_examples=50)  # a document is made and read twice for each
@given(records(), hostile)
def test_any_words_and_names_make_a_sound_document_and_none_is_lost(
    entries: list[Exported], title: str
) -> None:
    content = at_once(DOCX, Heading(title, language=title, note=title), entries)
    with zipfile.ZipFile(BytesIO(content)) as package:
        assert package.testzip() is None
        assert package.namelist()[0] == "[Content_Types].xml"
        body = ElementTree.fromstring(package.read("word/document.xml"))[0]
    assert body[-1].tag == f"{W}sectPr"
    for properties in body.iter(f"{W}rPr"):
        places = [ORDER.index(each.tag.removeprefix(W)) for each in properties]
        assert all(before < after for before, after in pairwise(places))
    turns = Turns(named=True)
    expected = [turn for entry in entries for turn in turns.feed(entry)] + [*turns.close()]
    _, paragraphs = written(entries, Heading(title))
    assert len(paragraphs) == len(expected)
    for paragraph, turn in zip(paragraphs, expected, strict=True):
        words = re.sub("[\ufffe\uffff]", "", turn.text)
        shown = paragraph.text.partition(" · ")[2] if isinstance(turn, Notice) else paragraph.runs[-1].text
        assert plain(shown) == plain(words)
        assert isinstance(turn, Notice) or plain(paragraph.runs[0].text) == plain(
            re.sub("[\ufffe\uffff]", "", turn.speaker.name)
        )


@pytest.mark.parametrize("bad", ["\x00", "\x1f", "\ufffe", "\uffff", "\ud800", "\x7f"])
def test_what_xml_cannot_hold_is_left_out(bad: str) -> None:
    speaker = Speaker("p1", f"An{bad}n")
    document, paragraphs = written(
        [Line(0, speaker, 0, 1, f"So {bad}be it.")], Heading(f"T{bad}", note=f"n{bad}")
    )
    assert plain(paragraphs[0].text) == plain("Ann · 00:00:00\nSo be it.")
    assert document.paragraphs[0].text == "T"
