"""What was said, as a Word document (Office Open XML, ECMA-376).

python-docx makes the document around the words: styles, heading, facts, footer, properties. The words
themselves are written into the package one turn after the other, because python-docx would hold all of
them in memory.
"""

import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC
from io import BytesIO
from xml.sax.saxutils import escape

from docx import Document
from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from core.record.files.heading import Heading
from core.record.files.turns import Exported, Notice, Turn, Turns

_WORDS = "word/document.xml"

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every member of the package: the same words make the same file."""


class Docx:
    """A heading, the facts, a paragraph for each turn. `begin` reads python-docx's template from the disk."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._turns = Turns(named=heading.named)
        self._sink = _Sink()
        self._package = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)
        self._foot = b""

    def begin(self) -> Iterable[bytes]:
        around = BytesIO()
        _around(self._heading).save(around)
        with zipfile.ZipFile(around) as template:
            for member in template.infolist():
                if member.filename != _WORDS:
                    self._package.writestr(_member(member.filename), template.read(member))
            head, mark, foot = template.read(_WORDS).rpartition(b"<w:sectPr")
        self._foot = mark + foot
        self._body = self._package.open(_member(_WORDS), "w")
        self._body.write(head)
        return self._sink.taken()

    def feed(self, entry: Exported) -> Iterable[bytes]:
        return self._write(self._turns.feed(entry))

    def close(self) -> Iterable[bytes]:
        yield from self._write(self._turns.close())
        self._body.write(self._foot)
        self._body.close()
        self._package.close()
        yield from self._sink.taken()

    def _write(self, turns: Iterable[Turn | Notice]) -> Iterable[bytes]:
        for turn in turns:
            self._body.write(self._paragraph(turn).encode())
        return self._sink.taken()

    def _paragraph(self, turn: Turn | Notice) -> str:
        time = self._heading.time(turn.start)
        if isinstance(turn, Notice):
            return _paragraph(_run(f"{time} · {turn.text}", "<w:i/><w:iCs/>"), turn.text)
        name = _run(turn.speaker.name, "<w:b/><w:bCs/>") + _run(" · ", "") if self._heading.named else ""
        return _paragraph(f"{name}{_run(time, _GREY)}<w:r><w:br/></w:r>{_run(turn.text, '')}", turn.text)


_GREY = '<w:color w:val="666666"/>'


def _paragraph(runs: str, words: str) -> str:
    direction = "<w:pPr><w:bidi/></w:pPr>" if _right_to_left(words) else ""
    return f"<w:p>{direction}{runs}</w:p>"


def _run(words: str, form: str) -> str:
    form += "<w:rtl/>" if _right_to_left(words) else ""
    properties = f"<w:rPr>{form}</w:rPr>" if form else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape(_writable(words))}</w:t></w:r>'


def _right_to_left(words: str) -> bool:
    """Whether the first letter with a direction is of a script that runs so (Unicode, UAX 9, P2 and P3)."""
    directions = (unicodedata.bidirectional(character) for character in words)
    return next((each for each in directions if each in ("L", "R", "AL")), "L") != "L"


def _writable(words: str) -> str:
    """Without the characters that XML 1.0 (2.2) can't hold."""
    return _UNWRITABLE.sub("", words)


_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _around(heading: Heading) -> Doc:
    """The document without the words."""
    document = Document()
    title = _writable(heading.shown())
    _describe(document, heading, title)
    top = document.add_heading(title, 0)
    if _right_to_left(title):
        top._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
        top.runs[0]._r.get_or_add_rPr().append(OxmlElement("w:rtl"))
    facts = [*heading.facts()]
    if facts:
        table = document.add_table(rows=0, cols=2)
        for about, fact in facts:
            row = table.add_row().cells
            row[0].text, row[1].text = about or "Note", _writable(fact)
    footer = document.sections[0].footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    # The number of the page: python-docx has no fields of its own.
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    footer._p.append(field)
    document.add_heading("Transcript", 1)
    return document


def _describe(document: Doc, heading: Heading, title: str) -> None:
    properties = document.core_properties
    properties.title = title[:255]
    properties.author = properties.last_modified_by = "Spokenly"
    properties.comments = ""
    properties.language = _writable(heading.language or "")[:255]
    if heading.began:
        properties.created = properties.modified = heading.began.astimezone(UTC)
        return
    # Of the template's own making nothing needs to be told.
    for date in ("dcterms:created", "dcterms:modified"):
        for element in properties._element.findall(qn(date)):
            properties._element.remove(element)


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 0
    return info


class _Sink:
    """Takes what a package writes, until it is fetched."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Whoever fetches does so when the package is closed."""

    def taken(self) -> Iterator[bytes]:
        pieces, self._pieces = self._pieces, []
        return iter(pieces)
