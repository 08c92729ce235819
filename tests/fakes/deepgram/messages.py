"""The messages of a live stream, as Deepgram's AsyncAPI description shapes them."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.deepgram.ear import Began, Ended, Said, Told, Word
from tests.fakes.deepgram.query import Asked, Rejected, check_keyterms

Message = dict[str, Any]

MODEL = "a3b1c2d4-1111-4222-8333-444455556666"


def moment(seconds: float) -> str:
    """The loop's clock, dressed as a date."""
    return (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Style:
    """How words are written down."""

    jitter: float = 0.0
    """Seconds by which the times of a word may be off, one way or the other, anew on each connection."""
    punctuation: bool = False
    """With punctuate or smart_format, utterances end with a full stop; without it, never."""
    unsure: int = 0
    """Words at the end of an interim that were misheard: they read "w0" until later."""
    tongues: Mapping[int, str] = field(default_factory=dict)
    """The language of a word, where it is not "en" (told with language=multi)."""


@dataclass(frozen=True, slots=True)
class Scribe:
    """Writes one connection's messages."""

    request_id: str
    seed: int
    rate: int
    asked: Asked
    style: Style

    def message(self, told: Told) -> Message:
        match told:
            case Began(at):
                return {"type": "SpeechStarted", "channel": [0, 1], "timestamp": self._seconds(at)}
            case Ended(at):
                return {"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": self._seconds(at)}
            case Said():
                return self._results(told)

    def metadata(self, now: float, samples: int, sha256: str) -> Message:
        return {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": self.request_id,
            "sha256": sha256,
            "created": moment(now),
            "duration": self._seconds(samples),
            "channels": 1,
        }

    def _seconds(self, samples: int) -> float:
        return round(samples / self.rate, 6)

    def _results(self, said: Said) -> Message:
        words = self.words(said)
        alternative: Message = {
            "transcript": transcript(words),
            "confidence": round(sum(word["confidence"] for word in words) / len(words), 4) if words else 0.0,
            "words": words,
        }
        if self.asked.language == "multi":
            counted = Counter(word["language"] for word in words)
            alternative["languages"] = [language for language, _ in counted.most_common()]
            alternative["languages_hinted"] = []
        return {
            "type": "Results",
            "channel_index": [0, 1],
            "duration": self._seconds(said.end - said.start),
            "start": self._seconds(said.start),
            "is_final": said.final,
            "speech_final": said.pause,
            "from_finalize": said.flushed,
            "channel": {"alternatives": [alternative]},
            "metadata": {
                "request_id": self.request_id,
                "model_info": {"name": self.asked.model, "version": "2026-01-01.0", "arch": "nova-3"},
                "model_uuid": MODEL,
            },
        }

    def words(self, said: Said) -> list[Message]:
        """`punctuated_word` is there when punctuation was asked for, and only then."""
        written = []
        punctuated = bool(self.asked.on & {"punctuate", "smart_format"})
        low = said.start
        certain = len(said.words) if said.final else len(said.words) - self.style.unsure
        for number, word in enumerate(said.words):
            start, end = self._shift(word, low, said.end)
            low = end
            told: Message = {
                "word": f"w{word.number if number < certain else 0}",
                "start": self._seconds(start),
                "end": self._seconds(end),
                "confidence": 0.9 + word.number % 10 / 100,
            }
            if punctuated:
                told["punctuated_word"] = told["word"]
            if self.asked.language == "multi":
                told["language"] = self.style.tongues.get(word.number, "en")
            written.append(told)
        if written and said.pause and punctuated and self.style.punctuation:
            written[-1]["punctuated_word"] += "."
        return written

    def _shift(self, word: Word, low: int, high: int) -> tuple[int, int]:
        """The word's times as this connection hears them, inside its segment and after the word before."""
        if not self.style.jitter:
            return word.start, word.end
        most = round(self.style.jitter * self.rate)
        by = random.Random(f"{self.seed} {word.start}").randint(-most, most)
        start = min(max(word.start + by, low), high)
        return start, min(max(word.end + by, start), high)


def transcript(words: list[Message]) -> str:
    return " ".join(str(word.get("punctuated_word", word["word"])) for word in words)


def refusal(code: str, sentence: str, request_id: str) -> Message:
    """The body of a refused request."""
    return {"err_code": code, "err_msg": sentence, "request_id": request_id}


def schema_error(text: str) -> Message:
    """The answer to a text that is no message; the stream goes on."""
    return {
        "type": "Error",
        "variant": "SchemaError",
        "description": "Could not deserialize last text message: unknown or malformed message",
        "message": text[:200],
    }


def configured(message: Message, asked: Asked, most: int, request_id: str) -> Message:
    """The answer to Configure."""
    terms = message.get("keyterms")
    success: Message = {"type": "ConfigureSuccess", "request_id": request_id}
    failure: Message = {"type": "ConfigureFailure", "request_id": request_id}
    if terms is None:
        return success
    if not asked.model.startswith("nova-3"):
        return failure | {"code": "CONFIGURE_KEYTERMS_NOT_SUPPORTED", "description": "Only Nova-3."}
    try:
        check_keyterms(terms, most)
    except Rejected as error:
        return failure | {"code": "CONFIGURE_KEYTERM_LIMIT_EXCEEDED", "description": error.sentence}
    return success | {"keyterms": terms}


NET_0000 = (
    1011,
    "Deepgram did not transmit a text frame to the client within the timeout window. See dpgr.am/net0000",
)
NET_0001 = (
    1011,
    "Deepgram did not receive audio data or a text message within the timeout window. See "
    "https://dpgr.am/net0001",
)
DATA_0000 = (1008, "DATA-0000: The payload cannot be decoded as audio. See https://dpgr.am/data0000")
