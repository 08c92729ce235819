"""The JSON is what docs/transcript-json.md says, and nothing that it does not say."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.captions.caption import Caption, Gap
from core.record.files.data import SCHEMA
from core.record.files.formats import FORMATS
from core.record.files.heading import Heading
from core.record.files.turns import Exported
from core.record.kept import Line
from tests.core.record.files.talk import ANN, HEADING, RICH, at_once
from tests.properties import patient

PAGE = (Path(__file__).parents[4] / "docs" / "transcript-json.md").read_text(encoding="utf-8")
EXAMPLE, DESCRIPTION = map(json.loads, re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
KNOWN = {
    *("$schema", "$defs", "$ref", "title", "description", "type", "format", "const", "oneOf", "minimum"),
    *("maximum", "required", "dependentRequired", "properties", "items"),
}
TYPES: dict[str, Any] = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float)}


def wrong(value: Any, schema: dict[str, Any]) -> list[str]:
    """What the schema (JSON Schema 2020-12, as far as it is used here) holds against a value.

    Stricter than the schema in one thing: a field that it does not name is wrong.
    """
    assert set(schema) <= KNOWN, "this keyword is not checked yet"
    if "$ref" in schema:
        return wrong(value, DESCRIPTION["$defs"][schema["$ref"].removeprefix("#/$defs/")])
    if "oneOf" in schema:
        found = [wrong(value, each) for each in schema["oneOf"]]
        return [] if found.count([]) == 1 else [f"{value} is {found.count([])} of {len(found)}: {found}"]
    kinds = (type(schema["const"]),) if "const" in schema else TYPES[schema["type"]]
    if not isinstance(value, kinds) or isinstance(value, bool) or value != schema.get("const", value):
        return [f"{value} is not {schema.get('const') or schema['type']}"]
    if isinstance(value, dict):
        return wrong_fields(value, schema)
    if isinstance(value, list):
        return [fault for each in value for fault in wrong(each, schema["items"])]
    return wrong_size(value, schema)


def wrong_size(value: Any, schema: dict[str, Any]) -> list[str]:
    if isinstance(value, str):
        dated = schema.get("format") == "date-time"
        return [f"{value} has no time zone"] if dated and not datetime.fromisoformat(value).tzinfo else []
    low, high = schema.get("minimum", value), schema.get("maximum", value)
    return [] if low <= value <= high else [f"{value} is out of bounds"]


def wrong_fields(value: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    faults = [f"{name} is missing" for name in schema.get("required", []) if name not in value]
    for name, others in schema.get("dependentRequired", {}).items():
        faults += [f"{name} without {other}" for other in others if name in value and other not in value]
    faults += [f"{name} is not described" for name in value if name not in schema["properties"]]
    for name, inner in schema["properties"].items():
        faults += wrong(value[name], inner) if name in value else []
    return faults


def read(heading: Heading, entries: list[Exported]) -> Any:
    return json.loads(at_once(FORMATS["json"], heading, entries))


def test_the_page_describes_the_version_that_is_written() -> None:
    assert DESCRIPTION["properties"]["spokenly"]["const"] == SCHEMA
    assert wrong(EXAMPLE, DESCRIPTION) == []


def test_a_rich_call_is_as_described_and_uses_every_field() -> None:
    written = read(HEADING, [*RICH])
    assert wrong(written, DESCRIPTION) == []
    assert set(written) == set(DESCRIPTION["properties"])
    for kind in ("caption", "gap", "unkept"):
        used = {name for entry in written["entries"] if entry["kind"] == kind for name in entry}
        assert used == set(DESCRIPTION["$defs"][kind]["properties"])


def test_a_recording_and_an_empty_call_are_as_described() -> None:
    said: list[Exported] = [Caption(ANN, 0, 1, "Hello.", final=True), Gap(ANN, 1, 2)]
    assert wrong(read(Heading("a.mp3", named=False), said), DESCRIPTION) == []
    assert wrong(read(Heading(""), []), DESCRIPTION) == []


@pytest.mark.parametrize(
    "change",
    [
        {"spokenly": 2},
        {"title": 7},
        {"began": "2026-11-22T23:30:00"},
        {"entries": [{"kind": "caption", "start": 0.0, "end": 1.0}]},
        {"entries": [{"kind": "gap", "start": 0.0, "end": 1.0, "name": "Ann"}]},
        {"entries": [{"kind": "unkept", "start": 0.0, "end": "1"}]},
        {"entries": [{"kind": "caption", "start": 0, "end": 1, "text": "", "confidence": 2}]},
        {"surprise": 1},
    ],
)
def test_the_check_sees_what_is_wrong(change: dict[str, Any]) -> None:
    assert wrong({"spokenly": 1, "title": "", "entries": []}, DESCRIPTION) == []
    assert wrong({"spokenly": 1, "title": "", "entries": []} | change, DESCRIPTION)


@patient
@given(st.text(), st.text(), st.none() | st.text(), st.none() | st.floats(0, 1), st.floats(0, 1e6))
def test_any_line_is_as_described_and_comes_back_as_it_is(
    heard: str, name: str, corrected: str | None, confidence: float | None, at: float
) -> None:
    speaker = type(ANN)(ANN.id, name)
    line = Line(7, speaker, at, at + 1, heard, corrected, confidence=confidence)
    written = read(HEADING, [line])
    assert wrong(written, DESCRIPTION) == []
    if not line.text.strip():
        assert written["entries"] == []
        return
    entry = written["entries"][0]
    assert entry["text"] == line.text
    assert entry.get("heard") == (None if corrected is None else heard)
    assert (entry["line"], entry["name"]) == (7, name)
    assert abs(entry["start"] - at) <= 0.0006
