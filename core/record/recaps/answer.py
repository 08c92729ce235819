"""What a language model answers: its form as a JSON Schema, and how it is read, whatever it is."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from core.errors import RecapFailed

LONGEST: Final = 500_000
"""Characters of an answer; whatever writes more has lost its way."""


class Nonsense(RecapFailed):
    """The answer can't be used. `complaint` tells the model why, in words of ours alone."""

    def __init__(self, complaint: str) -> None:
        super().__init__("The language model gave no answer that can be used.")
        self.complaint = complaint


def _numbers(value: object) -> object:
    """Ids as models write them: 7, "7", "#7", [7]; whatever else is there is left out."""
    listed = value if isinstance(value, list) else [value]
    return [number for item in listed if (number := _number(item)) is not None]


def _number(item: object) -> int | None:
    if isinstance(item, str):
        item = item.strip().lstrip("#")
        # int() takes longer digits for an attack, and so do we.
        return int(item) if item.isdecimal() and len(item) < 12 else None
    return item if isinstance(item, int) and not isinstance(item, bool) and abs(item) < 10**12 else None


_FORM = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": False})

Ids = Annotated[list[int], BeforeValidator(_numbers)]


class Said(BaseModel):
    """Something that lines support."""

    model_config = _FORM
    text: str
    lines: Ids = Field(default_factory=list)


class Todo(Said):
    """An action: the `text` is what is to be done."""

    who: str | None = None
    when: str | None = None


class Answer(BaseModel):
    """A recap as the model wrote it, before anything of it is believed."""

    model_config = _FORM
    summary: list[Said]
    decisions: list[Said] = Field(default_factory=list)
    actions: list[Todo] = Field(default_factory=list)
    questions: list[Said] = Field(default_factory=list)
    topics: list[str] = Field(default_factory=list)


def schema() -> dict[str, Any]:
    """The form of an `Answer` in the part of JSON Schema that strict endpoints take.

    https://platform.openai.com/docs/guides/structured-outputs#supported-schemas: every field is required,
    nothing else is allowed, and there are no defaults.
    """
    strict = _strict(Answer.model_json_schema())
    assert isinstance(strict, dict)
    return strict


def _strict(node: object) -> object:
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    clean = {
        key: _strict(value) for key, value in node.items() if key not in ("default", "title", "description")
    }
    if isinstance(node.get("properties"), Mapping):
        clean["properties"] = {name: _strict(value) for name, value in node["properties"].items()}
        clean["required"] = [*node["properties"]]
    return clean


def read(content: str | None) -> Answer:
    """The answer in what a model wrote. Raises `Nonsense`.

    Models that were told nothing of JSON put it between fences or after their thoughts.
    """
    if not content or len(content) > LONGEST:
        raise Nonsense("There was no answer." if not content else "The answer was far too long.")
    content = content.rpartition("</think>")[2]
    begin, end = content.find("{"), content.rfind("}")
    if begin < 0 or end < begin:
        raise Nonsense("The answer was not a JSON object.")
    try:
        return Answer.model_validate(json.loads(content[begin : end + 1]))
    except (ValueError, RecursionError) as error:
        # Their words quote the answer, and the answer quotes people.
        raise Nonsense(_complaint(error)) from None


def _complaint(error: ValueError | RecursionError) -> str:
    if isinstance(error, ValidationError):
        return "The JSON object had not the form that was asked for."
    return "The answer was not valid JSON."
