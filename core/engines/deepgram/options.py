"""What Deepgram is asked for: a model, languages, key terms, and the query that says so. Pure.

https://developers.deepgram.com/reference/speech-to-text/listen-streaming lists the parameters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final
from urllib.parse import urlencode, urlsplit

TOGETHER: Final = frozenset({"de", "en", "es", "fr", "hi", "it", "ja", "nl", "pt", "ru"})
"""Languages that the multilingual model hears in one stream
(https://developers.deepgram.com/docs/multilingual-code-switching)."""

TOKENS: Final = 500
"""Tokens of all key terms together (https://developers.deepgram.com/docs/keyterm)."""

TERMS: Final = 100
"""Key terms of one stream."""

OURS: Final = frozenset(
    {"callback", "callback_method", "channels", "encoding", "interim_results", "multichannel", "sample_rate"}
    | {"diarize", "diarize_model", "keyterm", "language", "model", "redact"}
)
"""Parameters that no extra one may set: Spokenly's reading of the answers rests on them, or another setting
sets them."""


@dataclass(frozen=True, slots=True)
class DeepgramOptions:
    """How Deepgram is used. `complaints` says what can't be right about it.

    `url`: the region's or one's own server's address. `multilingual`: hear all of `TOGETHER` at once where
    the language that is asked for is one of them and the model can; else a stream hears that language alone.
    `endpointing`: milliseconds of silence that end an utterance; None is Deepgram's advice for the language.
    `redact`: what Deepgram takes out of the text: pci, ssn, numbers, … `mip_opt_out`: nothing of it trains
    Deepgram's models, at a higher price. `extra`: any other parameters of the query.
    """

    url: str = "https://api.deepgram.com"
    model: str = "nova-3"
    multilingual: bool = True
    keyterms: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    mip_opt_out: bool = False
    smart_format: bool = True
    endpointing: int | None = None
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def takes_keyterms(self) -> bool:
        return self.model.startswith("nova-3")


def complaints(options: DeepgramOptions) -> list[str]:
    """One sentence for each setting that can't be used, without its value."""
    found = []
    if not _usable(options.url):
        found.append("SPOKENLY_DEEPGRAM_URL must be an address such as https://api.eu.deepgram.com.")
    if not options.model:
        found.append("SPOKENLY_DEEPGRAM_MODEL must name a model of Deepgram's, e.g. nova-3.")
    if options.keyterms and not options.takes_keyterms:
        found.append("SPOKENLY_DEEPGRAM_KEYTERMS needs a nova-3 model: see SPOKENLY_DEEPGRAM_MODEL.")
    elif sum(map(tokens, options.keyterms)) > TOKENS or len(options.keyterms) > TERMS:
        found.append(
            f"SPOKENLY_DEEPGRAM_KEYTERMS holds too much: Deepgram takes {TERMS} terms, of {TOKENS} tokens in "
            "all (four letters or so each). Keep the names that matter most."
        )
    taken = sorted({name for name, _ in options.extra} & OURS)
    if taken:
        found.append(f"SPOKENLY_DEEPGRAM_EXTRA can't set {', '.join(taken)}.")
    return found


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna")
        known = parts.scheme in {"http", "https", "ws", "wss"} and parts.port != 0
    except ValueError:
        return False
    return bool(known and host and parts.username is None and url == "".join(url.split()))


def tokens(term: str) -> int:
    """About how many tokens a key term takes: Deepgram doesn't say how it counts, and one for every four
    bytes is what models usually need."""
    return sum(ceil(len(word.encode("utf-8", "replace")) / 4) for word in term.split())


def spoken(options: DeepgramOptions, language: str) -> str:
    """The language to ask for where somebody speaks `language`."""
    together = options.multilingual and options.model in {"nova-3", "nova-3-general"}
    return "multi" if together and language.split("-", 1)[0].lower() in TOGETHER else language


def asked(options: DeepgramOptions, language: str, vocabulary: Sequence[str] = ()) -> dict[str, list[str]]:
    """What is asked for, live or of a recording. Of `vocabulary` as much as the limit of key terms leaves
    room for: it comes from calls, and helps without being needed."""
    query = {
        "model": [options.model],
        "language": [spoken(options, language)],
        "punctuate": ["true"],
        "smart_format": [_word(options.smart_format)],
    }
    if options.mip_opt_out:
        query["mip_opt_out"] = ["true"]
    if terms := _keyterms(options, vocabulary):
        query["keyterm"] = terms
    if options.redact:
        query["redact"] = list(options.redact)
    extra: dict[str, list[str]] = {}
    for name, value in options.extra:
        extra.setdefault(name, []).append(value)
    return query | extra


def live(options: DeepgramOptions, language: str, vocabulary: Sequence[str] = ()) -> str:
    """The address of a stream of mono 16 kHz s16le sound.

    Interim results are always asked for: they are the sign that Deepgram still listens.
    """
    # Deepgram's advice for speech that changes its language is 100 ms.
    advised = 100 if spoken(options, language) == "multi" else 300
    query = {
        "encoding": ["linear16"],
        "sample_rate": ["16000"],
        "channels": ["1"],
        "interim_results": ["true"],
        "endpointing": [str(options.endpointing or advised)],
    } | asked(options, language, vocabulary)
    parts = urlsplit(options.url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    address = parts._replace(scheme=scheme, path=parts.path.rstrip("/") + "/v1/listen", fragment="")
    return address._replace(query=urlencode(query, doseq=True)).geturl()


def base(options: DeepgramOptions) -> str:
    """The address of the REST API."""
    parts = urlsplit(options.url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    return parts._replace(scheme=scheme, path=parts.path.rstrip("/"), query="", fragment="").geturl()


def _keyterms(options: DeepgramOptions, vocabulary: Sequence[str]) -> list[str]:
    if not options.takes_keyterms:
        return []
    terms = [" ".join(term.split()) for term in options.keyterms]
    room = TOKENS - sum(map(tokens, terms))
    for word in vocabulary:
        term = " ".join(word.split())
        room -= tokens(term)
        if room < 0 or len(terms) == TERMS:
            break
        terms.append(term)
    return list(dict.fromkeys(filter(None, terms)))


def _word(answer: bool) -> str:
    return "true" if answer else "false"
