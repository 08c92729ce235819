"""What a request asks for, and why it is refused: query parameters and their errors.

Names and values follow Deepgram's published AsyncAPI and OpenAPI descriptions and its error page
(https://developers.deepgram.com/docs/errors).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

CODES: Mapping[int, tuple[str, str]] = {
    400: ("Bad Request", "Bad Request: failed to process the request."),
    401: ("INVALID_AUTH", "Invalid credentials."),
    402: (
        "ASR_PAYMENT_REQUIRED",
        "Project does not have enough credits for an ASR request and does not have an overage agreement.",
    ),
    403: ("INSUFFICIENT_PERMISSIONS", "Project does not have access to the requested model."),
    404: ("NOT_FOUND", "There is no such path."),
    408: ("SLOW_UPLOAD", "The request timed out waiting for more data."),
    413: ("PAYLOAD_TOO_LARGE", "The request payload is too large."),
    429: ("TOO_MANY_REQUESTS", "Too many requests. Please try again later"),
    500: ("INTERNAL_SERVER_ERROR", "An unexpected error occurred."),
    502: ("BAD_GATEWAY", "Bad gateway."),
    503: ("SERVICE_UNAVAILABLE", "The service is unavailable. Please try again later"),
    504: ("GATEWAY_TIMEOUT", "The request took too long to process."),
}
"""err_code and err_msg where nothing more exact is known."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODELS = _names(
    "nova-3 nova-3-general nova-3-medical nova-2 nova-2-general nova-2-meeting nova-2-finance "
    "nova-2-conversationalai nova-2-voicemail nova-2-video nova-2-medical nova-2-drivethru "
    "nova-2-automotive nova nova-general nova-phonecall nova-medical enhanced enhanced-general "
    "enhanced-meeting enhanced-phonecall enhanced-finance base"
)

LANGUAGES = _names(
    "multi ar be bg bn bs ca cs da de el en es et fa fi fr he hi hr hu id it ja kn ko lt lv mk mr ms nl no "
    "pl pt ro ru sk sl sr sv ta te th tl tr uk ur vi zh"
)

ENCODINGS = _names("linear16 linear32 flac alaw mulaw amr-nb amr-wb opus ogg-opus speex g729")

SWITCHES = _names(
    "detect_entities diarize dictation interim_results mip_opt_out multichannel numerals profanity_filter "
    "punctuate smart_format vad_events no_delay filler_words measurements"
)

TEXTS = _names("callback callback_method extra keywords language_hint replace search tag version")

LIVE = _names(
    "channels diarize_model encoding endpointing keyterm language model redact sample_rate utterance_end_ms"
)

FILE = _names(
    "channels diarize_model encoding keyterm language model redact sample_rate utterances paragraphs "
    "utt_split detect_language summarize sentiment topics intents custom_topic custom_topic_mode "
    "custom_intent custom_intent_mode"
)

REDACTIONS = _names("pci numbers aggressive_numbers ssn true false")

TOKENS = 500
"""Tokens over all key terms of a request."""


class Rejected(Exception):
    """The request is refused with this status, code and sentence."""

    def __init__(self, status: int, code: str | None = None, sentence: str | None = None) -> None:
        known = CODES.get(status, ("ERROR", f"HTTP {status}"))
        self.status = status
        self.code = code or known[0]
        self.sentence = sentence or known[1]
        super().__init__(f"{status} {self.code}: {self.sentence}")


def _wrong(sentence: str) -> Rejected:
    return Rejected(400, "INVALID_QUERY_PARAMETER", f"Failed to deserialize query parameters: {sentence}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A valid request."""

    model: str = "base"
    language: str = "en"
    rate: int | None = None
    channels: int = 1
    keyterms: tuple[str, ...] = ()
    endpointing: float | None = 0.01
    utterance_end: float | None = None
    utt_split: float = 0.8
    on: frozenset[str] = field(default_factory=frozenset)
    """The switches that are on."""


def tokens(term: str) -> int:
    """About how many tokens a key term has: Deepgram's way of counting is not published; here it is one
    for every four bytes of a word."""
    return sum(math.ceil(len(word.encode()) / 4) for word in term.split())


def check_keyterms(terms: Sequence[str], most: int) -> None:
    if len(terms) > most:
        raise Rejected(
            400,
            "Bad Request",
            f"Bad Request: Received {len(terms)} keyterms, which is more than the limit of {most}.",
        )
    if sum(tokens(term) for term in terms) > TOKENS:
        raise Rejected(
            400,
            "Bad Request",
            "Bad Request: Keyterm limit exceeded. The maximum number of tokens across all keyterms is "
            f"{TOKENS}.",
        )


def read(query: Mapping[str, Sequence[str]], *, live: bool, keyterms: int) -> Asked:
    """Raises `Rejected`. `keyterms`: how many key terms are allowed."""
    known = SWITCHES | TEXTS | (LIVE if live else FILE)
    for name, values in query.items():
        if name not in known:
            raise _wrong(f"unknown field `{name}`")
        if name in SWITCHES and not {*values} <= {"true", "false"}:
            raise _wrong(f"{name}: provided string was not `true` or `false`")
    first = {name: values[-1] for name, values in query.items() if values}
    on = frozenset(name for name, value in first.items() if value == "true")
    model = first.get("model", "base")
    language = first.get("language", "en")
    _check_model(model, language)
    rate = _check_audio(first)
    terms = tuple(query.get("keyterm", ()))
    if terms and not model.startswith("nova-3"):
        raise Rejected(400, "Bad Request", "Bad Request: keyterm is only available for Nova-3 models.")
    if "keywords" in first and model.startswith("nova-3"):
        raise Rejected(400, "Bad Request", "Bad Request: keywords are not supported for Nova-3 models.")
    check_keyterms(terms, keyterms)
    if live and not {*query.get("redact", ())} <= REDACTIONS:
        raise _wrong("redact: unknown value")
    if live and first.get("diarize_model", "v1") not in ("v1", "latest"):
        raise _wrong("diarize_model: not supported for streaming")
    return Asked(
        model=model,
        language=language,
        rate=rate,
        channels=_number(first, "channels", 1),
        keyterms=terms,
        endpointing=_endpointing(first),
        utterance_end=_utterance_end(first),
        utt_split=float(first.get("utt_split", "0.8")),
        on=on,
    )


def _check_model(model: str, language: str) -> None:
    primary = language.split("-", 1)[0]
    multi = language != "multi" or model.startswith(("nova-3", "nova-2"))
    if model not in MODELS or primary not in LANGUAGES or "_" in language or not multi:
        sentence = "Bad Request: No such model/language/tier combination found."
        raise Rejected(400, "Bad Request", sentence)


def _number(first: Mapping[str, str], name: str, default: int) -> int:
    value = first.get(name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise _wrong(f"{name}: invalid digit found in string")
    return int(value)


def _check_audio(first: Mapping[str, str]) -> int | None:
    """The sample rate of raw audio; None when a container tells."""
    if "encoding" not in first:
        return None
    if first["encoding"] not in ENCODINGS:
        raise _wrong(f"encoding: unknown variant `{first['encoding']}`")
    if "sample_rate" not in first:
        raise Rejected(400, "Bad Request", "Bad Request: sample_rate is required when encoding is specified.")
    if first["encoding"] != "linear16" or first.get("channels", "1") != "1":
        raise Rejected(400, "Bad Request", "Bad Request: this fake hears one channel of linear16 only.")
    return _number(first, "sample_rate", 16000)


def _endpointing(first: Mapping[str, str]) -> float | None:
    value = first.get("endpointing", "10")
    if value == "false":
        return None
    return 0.01 if value == "true" else _number({"endpointing": value}, "endpointing", 10) / 1000


def _utterance_end(first: Mapping[str, str]) -> float | None:
    if "utterance_end_ms" not in first:
        return None
    wait = _number(first, "utterance_end_ms", 1000)
    if wait < 1000 or first.get("interim_results") != "true":
        raise _wrong("utterance_end_ms: at least 1000, with interim_results=true")
    return wait / 1000
