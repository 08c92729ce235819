"""What Deepgram is asked for."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.engines.deepgram.options import (
    TERMS,
    TOKENS,
    DeepgramOptions,
    asked,
    base,
    complaints,
    live,
    spoken,
    tokens,
)


def query(options: DeepgramOptions, language: str = "en", *vocabulary: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(live(options, language, vocabulary)).query)


def test_what_is_asked_for_where_nothing_is_set() -> None:
    assert live(DeepgramOptions(), "en") == (
        "wss://api.deepgram.com/v1/listen?encoding=linear16&sample_rate=16000&channels=1&interim_results=true"
        "&endpointing=100&model=nova-3&language=multi&punctuate=true&smart_format=true"
    )


@pytest.mark.parametrize(
    ("url", "socket", "rest"),
    [
        ("https://api.eu.deepgram.com", "wss://api.eu.deepgram.com/v1/listen", "https://api.eu.deepgram.com"),
        ("http://127.0.0.1:8080/", "ws://127.0.0.1:8080/v1/listen", "http://127.0.0.1:8080"),
        (
            "wss://asr.example/deepgram",
            "wss://asr.example/deepgram/v1/listen",
            "https://asr.example/deepgram",
        ),
        ("ws://[::1]:1", "ws://[::1]:1/v1/listen", "http://[::1]:1"),
    ],
)
def test_one_address_serves_streams_and_recordings(url: str, socket: str, rest: str) -> None:
    options = DeepgramOptions(url=url)
    assert complaints(options) == []
    assert live(options, "en").partition("?")[0] == socket
    assert base(options) == rest


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.deepgram.com",
        "ftp://x",
        "https://",
        "https://[",
        "https://x:99999",
        "https://a..b",
        "https://a:b@c",
        "https://a b",
    ],
)
def test_an_address_that_is_none_is_named(url: str) -> None:
    assert [each.partition(" ")[0] for each in complaints(DeepgramOptions(url=url))] == [
        "SPOKENLY_DEEPGRAM_URL"
    ]


@pytest.mark.parametrize(
    ("options", "language", "heard"),
    [
        (DeepgramOptions(), "en", "multi"),
        (DeepgramOptions(), "pt-BR", "multi"),
        (DeepgramOptions(), "multi", "multi"),
        (DeepgramOptions(), "uk", "uk"),
        (DeepgramOptions(multilingual=False), "de-CH", "de-CH"),
        (DeepgramOptions(model="nova-3-medical"), "en", "en"),
        (DeepgramOptions(model="nova-2"), "es", "es"),
    ],
)
def test_many_languages_are_heard_at_once_where_that_can_be(
    options: DeepgramOptions, language: str, heard: str
) -> None:
    assert spoken(options, language) == heard


def test_silence_ends_an_utterance_sooner_where_languages_change() -> None:
    assert query(DeepgramOptions())["endpointing"] == ["100"]
    assert query(DeepgramOptions(multilingual=False))["endpointing"] == ["300"]
    assert query(DeepgramOptions(endpointing=700))["endpointing"] == ["700"]


def test_key_terms_of_the_settings_come_before_those_of_the_call() -> None:
    options = DeepgramOptions(keyterms=("Spokenly", "Opus  codec"))
    assert query(options, "en", "Käthe", "Spokenly", "Nguyễn & Söhne")["keyterm"] == [
        "Spokenly",
        "Opus codec",
        "Käthe",
        "Nguyễn & Söhne",
    ]


def test_a_model_that_takes_no_key_terms_gets_none_of_a_call() -> None:
    options = DeepgramOptions(model="nova-2")
    assert "keyterm" not in query(options, "en", "Käthe")


@given(st.lists(st.text(max_size=60), max_size=150), st.lists(st.text(max_size=60), max_size=150))
def test_key_terms_never_exceed_what_deepgram_takes(ours: list[str], theirs: list[str]) -> None:
    options = DeepgramOptions(keyterms=tuple(ours))
    terms = asked(options, "en", theirs).get("keyterm", [])
    too_much = bool(complaints(options))
    assert too_much or (sum(map(tokens, terms)) <= TOKENS and len(terms) <= TERMS)
    assert all(terms)


@pytest.mark.parametrize(
    "keyterms", [("Llanfairpwllgwyngyll",) * 101, ("Rindfleischetikettierungsgesetz",) * 63]
)
def test_too_many_key_terms_are_named(keyterms: tuple[str, ...]) -> None:
    (complaint,) = complaints(DeepgramOptions(keyterms=keyterms))
    assert complaint.startswith("SPOKENLY_DEEPGRAM_KEYTERMS")
    assert "500" in complaint


def test_key_terms_for_a_model_that_takes_none_are_named() -> None:
    (complaint,) = complaints(DeepgramOptions(model="nova-2", keyterms=("Spokenly",)))
    assert "SPOKENLY_DEEPGRAM_KEYTERMS" in complaint
    assert "SPOKENLY_DEEPGRAM_MODEL" in complaint


def test_any_other_parameter_can_be_added_and_may_take_the_place_of_a_default() -> None:
    options = DeepgramOptions(
        extra=(("numerals", "true"), ("tag", "a"), ("tag", "b"), ("punctuate", "false"))
    )
    found = query(options)
    assert found["numerals"] == ["true"]
    assert found["tag"] == ["a", "b"]
    assert found["punctuate"] == ["false"]


def test_parameters_that_are_spokenlys_own_can_t_be_set() -> None:
    (complaint,) = complaints(DeepgramOptions(extra=(("sample_rate", "8000"), ("callback", "https://x"))))
    assert complaint == "SPOKENLY_DEEPGRAM_EXTRA can't set callback, sample_rate."


def test_redaction_and_keeping_out_of_training_are_asked_for() -> None:
    found = query(DeepgramOptions(redact=("pci", "ssn"), mip_opt_out=True))
    assert found["redact"] == ["pci", "ssn"]
    assert found["mip_opt_out"] == ["true"]


def test_no_model_is_named() -> None:
    assert "SPOKENLY_DEEPGRAM_MODEL" in complaints(DeepgramOptions(model=""))[0]


def test_of_a_call_s_names_as_many_are_sent_as_deepgram_takes() -> None:
    many = [f"n{number}" for number in range(300)]
    assert query(DeepgramOptions(keyterms=("Spokenly",)), "en", *many)["keyterm"] == ["Spokenly", *many[:99]]
    long = [f"Rindfleischetikettierungsgesetz{number}" for number in range(100)]
    assert 490 <= sum(map(tokens, query(DeepgramOptions(), "en", *long)["keyterm"])) <= TOKENS
