"""Every format through the one door: as golden files have it, corrected, in pieces, and never all at once."""

import asyncio
import io
import json
import tracemalloc
import zipfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audio.frame import Speaker
from core.captions.caption import Gap
from core.errors import RecordAway
from core.record.files.exports import pieces
from core.record.files.formats import FORMATS, PIECE, SUFFIXES, Format, write
from core.record.files.heading import Heading
from core.record.files.turns import Exported
from core.record.kept import Line, Unkept
from tests.core.record.files.talk import ANN, BEN, HEADING, RICH, at_once, hostile, records, streamed
from tests.properties import patient

GOLDEN = Path(__file__).parent / "golden"
TEXTS = [form for form in FORMATS.values() if not form.binary]


def long(hours: float) -> Iterator[Exported]:
    """Two people who take turns, ten words at a time."""
    for number in range(int(hours * 1000)):
        speaker = ANN if number // 3 % 2 else BEN
        yield Line(
            number,
            speaker,
            number * 3.6,
            number * 3.6 + 3,
            f"This is the line with number {number}, as we said.",
        )


@pytest.mark.parametrize("form", TEXTS, ids=lambda form: form.name)
async def test_a_rich_call_is_written_as_the_golden_file_has_it(form: Format) -> None:
    golden = (GOLDEN / f"rich.{form.suffix}").read_bytes()
    assert at_once(form, HEADING, RICH) == golden
    assert await streamed(form, HEADING, RICH) == golden


@pytest.mark.parametrize("form", TEXTS, ids=lambda form: form.name)
def test_what_was_corrected_stands_as_it_was_corrected(form: Format) -> None:
    written = at_once(form, HEADING, [Line(4, ANN, 0.0, 1.0, "mourning", "morning")]).decode()
    assert "morning" in written
    assert ("mourning" in written) == (form.name == "json")


@pytest.mark.parametrize("form", TEXTS, ids=lambda form: form.name)
def test_what_was_not_kept_is_said_and_ends_a_turn(form: Format) -> None:
    call: list[Exported] = [
        Line(0, ANN, 0.0, 1.0, "Before."),
        Unkept(1.0, 2.4),
        Line(2, ANN, 2.5, 3.0, "After."),
    ]
    written = at_once(form, Heading("T"), call).decode()
    if form.name == "json":
        assert {"kind": "unkept", "start": 1.0, "end": 2.4} in json.loads(written)["entries"]
    else:
        assert "the record was not kept for 1 s" in written
        assert "Before. After." not in written


def test_who_somebody_is_elsewhere_is_in_no_file() -> None:
    ann = Speaker("p1", "Ann", identity="a-secret-of-ann")
    for form in FORMATS.values():
        written = at_once(form, HEADING, [Line(0, ann, 0.0, 1.0, "Hello."), Gap(ann, 1.0, 2.0)])
        if form.binary:
            with zipfile.ZipFile(io.BytesIO(written)) as package:
                written = b"".join(map(package.read, package.namelist()))
        assert b"a-secret-of-ann" not in written


def test_names_and_endings_lead_to_the_same_formats() -> None:
    assert [*FORMATS] == ["markdown", "text", "vtt", "srt", "json", "docx"]
    assert [*SUFFIXES] == ["md", "txt", "vtt", "srt", "json", "docx"]
    assert [*FORMATS.values()] == [*SUFFIXES.values()]
    assert FORMATS["vtt"].content_type == "text/vtt; charset=utf-8"
    assert "charset" not in FORMATS["docx"].content_type


@patient
@given(st.sampled_from([*FORMATS]), records(), hostile)
def test_entries_one_by_one_make_the_same_file_as_all_at_once(
    name: str, entries: list[Exported], title: str
) -> None:
    form, heading = FORMATS[name], Heading(title, note=title)
    with asyncio.Runner() as runner:
        assert runner.run(streamed(form, heading, entries)) == at_once(form, heading, entries)


@pytest.mark.parametrize("form", FORMATS.values(), ids=[*FORMATS])
async def test_half_a_character_stops_no_file(form: Format) -> None:
    said = Line(0, Speaker("p1", "An\ud800n"), 0.0, 1.0, "Half \udfff of it")
    assert await streamed(form, Heading("\ud83d"), [said])


@pytest.mark.parametrize("form", TEXTS, ids=lambda form: form.name)
async def test_a_long_call_comes_in_pieces_while_it_is_read(form: Format) -> None:
    read = 0

    async def come() -> AsyncGenerator[Exported, None]:
        nonlocal read
        for entry in long(6):
            read += 1
            yield entry

    ahead: list[int] = []
    sizes: list[int] = []
    async for part in write(form, HEADING, come()):
        ahead.append(read)
        sizes.append(len(part))
    assert ahead[0] < 1000
    assert max(sizes) < 2 * PIECE
    assert min(sizes[:-1]) >= PIECE


@pytest.mark.parametrize("form", FORMATS.values(), ids=[*FORMATS])
async def test_a_long_call_takes_no_more_memory_than_a_short_one(form: Format) -> None:
    async def peak(hours: float) -> int:
        async def come() -> AsyncGenerator[Exported, None]:
            for entry in long(hours):
                yield entry

        tracemalloc.start()
        async for _ in write(form, HEADING, come()):
            pass
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    await peak(0.01)
    assert await peak(2) < await peak(0.2) + 200_000


@pytest.mark.parametrize("form", FORMATS.values(), ids=[*FORMATS])
async def test_others_get_their_turn_while_a_long_call_is_written(
    form: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The clock of this test stands still, so every moment is the end of a slice.
    monkeypatch.setattr("core.record.files.formats.SLICE", -1.0)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def come() -> AsyncGenerator[Exported, None]:
        for entry in long(1):
            yield entry

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(others())
        async for _ in write(form, HEADING, come()):
            pass
        waiting.cancel()
    assert turns > 900


async def test_a_reader_who_leaves_and_a_record_that_goes_away_end_it() -> None:
    closed = False

    async def come() -> AsyncGenerator[Exported, None]:
        nonlocal closed
        try:
            for entry in long(1):
                yield entry
            raise RecordAway("The database is locked.")
        finally:
            closed = True

    for form in FORMATS.values():
        async with aclosing(write(form, HEADING, come())) as parts:
            with pytest.raises(RecordAway):
                async for _ in parts:
                    pass
        closed = False
        entries = come()
        async with aclosing(entries), aclosing(write(form, HEADING, entries)) as parts:
            async for _ in parts:
                break
        assert closed


def test_a_file_that_is_given_up_in_the_middle_leaves_nothing_to_complain_of() -> None:
    for form in FORMATS.values():
        stream = pieces(form.open(HEADING), long(1))
        next(stream, None)
        del stream
