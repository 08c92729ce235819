"""The answers of POST /v1/listen (files) and POST /v1/read, as Deepgram's OpenAPI description shapes them."""

import hashlib
import io
import uuid
import wave
from collections.abc import Iterator

from tests.fakes.deepgram.ear import Ear, Habits, Said
from tests.fakes.deepgram.messages import MODEL, Message, Scribe, Style, moment
from tests.fakes.deepgram.messages import transcript as written
from tests.fakes.deepgram.query import Asked, Rejected


def audio(body: bytes, asked: Asked) -> tuple[int, list[bytes]]:
    """The sample rate and each channel's samples. Raises `Rejected` for what is no audio."""
    if body and asked.rate is not None:
        return asked.rate, [body[: len(body) // 2 * 2]]
    try:
        with wave.open(io.BytesIO(body)) as recording:
            if recording.getsampwidth() != 2:
                raise wave.Error
            channels, rate = recording.getnchannels(), recording.getframerate()
            frames = recording.readframes(recording.getnframes())
    except (wave.Error, EOFError):
        sentence = "Bad Request: failed to process audio: corrupt or unsupported data"
        raise Rejected(400, "Bad Request", sentence) from None
    samples = memoryview(frames).cast("h")
    parts = [samples[channel::channels].tobytes() for channel in range(channels)]
    return rate, parts if "multichannel" in asked.on else parts[:1]


def transcript(
    body: bytes, asked: Asked, *, request_id: str, now: float, style: Style
) -> tuple[float, Message]:
    """Seconds that are billed, and the answer. Raises `Rejected`."""
    rate, parts = audio(body, asked)
    duration = len(parts[0]) / 2 / rate
    scribe = Scribe(request_id, 0, rate, asked, style)
    channels = []
    utterances: list[Message] = []
    for number, part in enumerate(parts):
        words = _hear(part, rate, scribe)
        channels.append({"alternatives": [_alternative(words, asked)]})
        utterances += (_utterance(group, number, asked) for group in _split(words, asked.utt_split))
    results: Message = {"channels": channels}
    if "utterances" in asked.on:
        results["utterances"] = sorted(utterances, key=lambda utterance: utterance["start"])
    metadata = {
        "transaction_key": "deprecated",
        "request_id": request_id,
        "sha256": hashlib.sha256(body).hexdigest(),
        "created": moment(now),
        "duration": round(duration, 6),
        "channels": len(parts),
        "models": [MODEL],
        "model_info": {MODEL: {"name": asked.model, "version": "2026-01-01.0", "arch": "nova-3"}},
    }
    return duration * len(parts), {"metadata": metadata, "results": results}


def _hear(part: bytes, rate: int, scribe: Scribe) -> list[Message]:
    ear = Ear(rate, Habits(endpointing=0.5))
    told = ear.hear(part) + ear.end()
    return [word for said in told if isinstance(said, Said) and said.final for word in scribe.words(said)]


def _alternative(words: list[Message], asked: Asked) -> Message:
    alternative: Message = {
        "transcript": written(words),
        "confidence": _confidence(words),
        "words": words,
    }
    if asked.language == "multi":
        alternative |= {"languages": _languages(words), "languages_hinted": []}
    if asked.on & {"paragraphs", "smart_format"}:
        alternative["paragraphs"] = _paragraphs(words)
    return alternative


def _confidence(words: list[Message]) -> float:
    return round(sum(word["confidence"] for word in words) / len(words), 4) if words else 0.0


def _languages(words: list[Message]) -> list[str]:
    return list(dict.fromkeys(word["language"] for word in words))


def _split(words: list[Message], pause: float) -> Iterator[list[Message]]:
    group: list[Message] = []
    for word in words:
        if group and word["start"] - group[-1]["end"] >= pause:
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _utterance(words: list[Message], channel: int, asked: Asked) -> Message:
    utterance: Message = {
        "start": words[0]["start"],
        "end": words[-1]["end"],
        "confidence": _confidence(words),
        "channel": channel,
        "transcript": written(words),
        "words": words,
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{channel} {words[0]['start']}")),
    }
    if asked.language == "multi":
        utterance["languages"] = _languages(words)
    return utterance


def _paragraphs(words: list[Message]) -> Message:
    paragraphs = []
    for group in _split(words, 2.0):
        sentences = [
            {"text": written(sentence), "start": sentence[0]["start"], "end": sentence[-1]["end"]}
            for sentence in _split(group, 0.5)
        ]
        paragraphs.append(
            {
                "sentences": sentences,
                "num_words": len(group),
                "start": group[0]["start"],
                "end": group[-1]["end"],
            }
        )
    texts = [" ".join(sentence["text"] for sentence in each["sentences"]) for each in paragraphs]
    return {"transcript": "\n" + "\n\n".join(texts), "paragraphs": paragraphs}


def analysis(text: str, *, request_id: str, now: float, on: frozenset[str]) -> Message:
    """What POST /v1/read says about a text: its first sentence is the summary, and nothing else is found.

    `tests.fakes.deepgram_read` reads better.
    """
    counts = {
        "model_uuid": MODEL,
        "input_tokens": len(text) // 4,
        "output_tokens": 8,
    }
    metadata: Message = {"request_id": request_id, "created": moment(now), "language": "en"}
    results: Message = {}
    if "summarize" in on:
        metadata["summary_info"] = counts
        results["summary"] = {"text": text.partition(".")[0] + "."}
    for name in ("topics", "intents", "sentiments"):
        if name.removesuffix("s") in on or name in on:
            results[name] = {"segments": []}
    return {"metadata": metadata, "results": results}
