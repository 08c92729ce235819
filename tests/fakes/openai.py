"""An endpoint of OpenAI's chat completions on loopback, with its checks, its limits and its bad days.

The official client runs against it unmodified. Its model really reads the transcript that it is sent, in a
plain way; `brain` puts another in its place, and `faults` says what happens to the next requests instead.
"""

import asyncio
import json
import re
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Status:
    """Answers with an error, which quotes the request as some endpoints do."""

    status: int
    code: str | None = None
    message: str = "Something about"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raw:
    """Answers with these bytes."""

    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Message:
    """The model's message, whatever it is."""

    content: str | None = None
    finish: str = "stop"
    refusal: str | None = None
    tool_calls: list[Data] | None = None


class Hang:
    """Never answers."""


class Drop:
    """Closes the connection without an answer."""


Fault = Status | Raw | Message | Hang | Drop

Brain = Callable[[str, list[Data]], Data | Message]
"""What a model makes of the system's message and the lines of data in the user's."""


class FakeOpenAI:
    """`requests`: what came in. `most`: how many were answered at the same time."""

    def __init__(self) -> None:
        self.url = ""
        self.models = {"small"}
        self.key: str | None = "sk-right"
        self.context = 128_000
        self.forms = {"json_schema", "json_object"}
        self.brain: Brain = recap
        self.faults: deque[Fault] = deque()
        self.always: Fault | None = None
        self.pause = 0.0
        self.requests: list[Data] = []
        self.authorizations: list[str | None] = []
        self.most = 0
        self._now = 0
        self._over = asyncio.Event()

    @property
    def data(self) -> list[list[Data]]:
        """The lines of data of each request."""
        return [lines(request["messages"][1]["content"]) for request in self.requests]

    def close(self) -> None:
        self._over.set()

    async def complete(self, request: web.Request) -> web.StreamResponse:
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            return await self._complete(request)
        finally:
            self._now -= 1

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(body)
        self.authorizations.append(request.headers.get("Authorization"))
        if self.pause:
            await asyncio.sleep(self.pause)
        fault = self.faults.popleft() if self.faults else self.always
        if isinstance(fault, Hang):
            await self._over.wait()
        if isinstance(fault, Hang | Drop):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(fault, Raw):
            return web.Response(body=fault.body, content_type=fault.content_type)
        if isinstance(fault, Message):
            return web.json_response(completion(fault))
        refused = fault or self._refused(request, body)
        if refused is not None:
            return error(refused, body)
        system, user = body["messages"][0]["content"], body["messages"][1]["content"]
        made = self.brain(system, lines(user))
        message = made if isinstance(made, Message) else Message(json.dumps(made, ensure_ascii=False))
        return web.json_response(completion(message))

    def _refused(self, request: web.Request, body: Data) -> Status | None:
        return next(self._complaints(request.headers.get("Authorization"), body), None)

    def _complaints(self, authorization: str | None, body: Data) -> Iterator[Status]:
        if self.key is not None and authorization != f"Bearer {self.key}":
            yield Status(401, "invalid_api_key", "Incorrect API key provided")
        if body["model"] not in self.models:
            yield Status(404, "model_not_found", "The model does not exist")
        strange = set(body) - {"model", "messages", "response_format"}
        if strange or [one["role"] for one in body["messages"]][:2] != ["system", "user"]:
            yield Status(400, None, "Unrecognized request argument supplied")
        form = body.get("response_format") or {"type": "text"}
        if form["type"] not in {"text", *self.forms}:
            yield Status(400, None, "'response_format.type' is not supported")
        if form["type"] == "json_schema":
            wrong = wrong_schema(form["json_schema"]["schema"], form["json_schema"]["schema"])
            if wrong or not form["json_schema"]["strict"]:
                yield Status(400, "invalid_json_schema", f"Invalid schema for response_format: {wrong}")
        if form["type"] == "json_object" and "json" not in str(body["messages"]).lower():
            yield Status(400, None, "'messages' must contain the word 'json' in some form")
        if sum(len(one["content"].encode()) for one in body["messages"]) // 4 > self.context:
            yield Status(400, "context_length_exceeded", f"The maximum context length is {self.context}")


def completion(message: Message) -> Data:
    told: Data = {"role": "assistant", "content": message.content, "refusal": message.refusal}
    if message.tool_calls is not None:
        told["tool_calls"] = message.tool_calls
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "small",
        "choices": [{"index": 0, "message": told, "finish_reason": message.finish, "logprobs": None}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def error(fault: Status, body: Data) -> web.Response:
    quoted = f"{fault.message}: {body['messages'][-1]['content'][:2000]}"
    told = {"error": {"message": quoted, "type": "error", "param": None, "code": fault.code}}
    return web.json_response(told, status=fault.status, headers=fault.headers)


def wrong_schema(node: Any, root: Data) -> str | None:
    """What strict mode would not take of a schema, if there is something."""
    if not isinstance(node, dict):
        return None
    if "$ref" in node:
        return None if node["$ref"].removeprefix("#/$defs/") in root["$defs"] else "a reference leads nowhere"
    strange = set(node) - {
        "$defs",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "anyOf",
        "enum",
        "description",
    }
    if strange:
        return f"{strange} is not permitted"
    if node.get("type") == "object":
        if node.get("additionalProperties") is not False:
            return "additionalProperties is required to be false"
        if set(node["required"]) != set(node["properties"]):
            return "required must include every key"
    inner = [*node.get("properties", {}).values(), *node.get("$defs", {}).values(), *node.get("anyOf", [])]
    found = [wrong_schema(one, root) for one in [*inner, node.get("items")]]
    return next((one for one in found if one is not None), None)


def lines(message: str) -> list[Data]:
    """The lines of data in a message."""
    first, *inside, last = message.split("\n")
    assert (first, last) in (("<transcript>", "</transcript>"), ("<claims>", "</claims>"))
    return [json.loads(line) for line in inside]


def recap(system: str, data: Sequence[Data]) -> Data:
    """The default model: the longest lines are the summary, and some words give the rest away."""
    if data and "kind" in data[0]:
        return joined(data)
    longest = sorted(data, key=lambda row: -len(row["text"]))[:3]
    words = Counter(word for row in data for word in re.findall(r"\w{4,}", row["text"].lower()))
    return {
        "summary": [
            {"text": f"{row['speaker']}: {row['text']}", "lines": [row["id"]]}
            for row in sorted(longest, key=lambda row: int(row["id"]))
        ],
        "decisions": [claim(row) for row in data if re.search(r"\b(decided|agreed)\b", row["text"])],
        "actions": [
            {**claim(row), "who": row["speaker"], "when": "tomorrow" if "tomorrow" in row["text"] else None}
            for row in data
            if re.search(r"\bI(?:'ll| will)\b", row["text"])
        ],
        "questions": [claim(row) for row in data if row["text"].rstrip().endswith("?")],
        "topics": [word for word, _ in words.most_common(5)],
    }


def claim(row: Data) -> Data:
    return {"text": row["text"], "lines": [row["id"]]}


def joined(data: Sequence[Data]) -> Data:
    """Recaps of parts brought together: the first of each part's summary, and all of the rest."""

    def of(kind: str) -> list[Data]:
        return [
            {key: value for key, value in row.items() if key not in ("part", "kind")}
            for row in data
            if row["kind"] == kind
        ]

    parts = {row["part"]: row for row in reversed(data) if row["kind"] == "summary"}
    summary = [{"text": row["text"], "lines": row["lines"]} for _, row in sorted(parts.items())]
    actions = [{"who": None, "when": None, **row} for row in of("action")]
    topics = [row["text"] for row in data if row["kind"] == "topic"]
    return {
        "summary": summary,
        "decisions": of("decision"),
        "actions": actions,
        "questions": of("question"),
        "topics": list(dict.fromkeys(topics)),
    }


@asynccontextmanager
async def fake_openai() -> AsyncIterator[FakeOpenAI]:
    fake = FakeOpenAI()
    app = web.Application(client_max_size=64 * 1024**2)
    app.router.add_post("/v1/chat/completions", fake.complete)
    async with TestServer(app, host="127.0.0.1") as server:
        fake.url = f"http://127.0.0.1:{server.port}/v1"
        try:
            yield fake
        finally:
            fake.close()
