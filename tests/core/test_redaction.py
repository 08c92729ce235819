import base64
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import EngineMissing, OutletBusy, Refused, UserError
from core.redaction import WITHHELD, describe, field, fingerprint, without_tokens, words


def token(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:  # noqa: BLE001 - it hands back whatever it was given
        return caught


@given(st.binary(min_size=16, max_size=48).filter(lambda raw: any(c.isupper() for c in token(raw))))
def test_no_token_survives_wherever_it_stands(raw: bytes) -> None:
    for around in ("{}", "room {} opened", "/room/{}?after=3", "Bearer {}", '"{}"', "a.{},b"):
        assert token(raw) not in without_tokens(around.format(token(raw)))


@pytest.mark.parametrize(
    "text",
    ["", "session.bug", "spokenly_caption_lateness_seconds_bucket", "core/engines/moonshine.py", "a" * 30],
)
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert without_tokens(text) == text


def test_a_fingerprint_is_short_and_tells_rooms_apart() -> None:
    first, second = fingerprint("A" * 22), fingerprint("A" * 21 + "B")
    assert first != second
    assert fingerprint("A" * 22) == first
    assert len(first) == 8
    assert int(first, 16) >= 0
    assert without_tokens(first) == first


@pytest.mark.parametrize("value", [0, 1.5, True, None])
def test_numbers_are_shown_whatever_the_field_is_called(value: object) -> None:
    assert field("people", value) is value


def test_of_anything_else_only_its_type_is_shown() -> None:
    assert field("rest", ["spoken"]) == "list"
    assert field("rest", {"spoken": 1}) == "dict"
    assert field("rest", b"spoken") == "bytes"


def test_personal_fields_and_tokens_are_withheld() -> None:
    assert field("text", "spoken") == WITHHELD
    assert field("Speaker", "Ann") == WITHHELD
    assert field("id", token(bytes(range(16)))) == WITHHELD
    assert field("engine", "local") == "local"


@pytest.mark.parametrize("broken", ["\n", "\r", "\x1b", "\x85", "\u2028", "\u202e"])
def test_nobody_writes_lines_of_their_own_into_the_log(broken: str) -> None:
    assert field("reason", f"no{broken}12:00:00 info all is well") == "no?12:00:00 info all is well"


def test_a_long_field_is_cut() -> None:
    assert len(str(field("reason", "no " * 1000))) == 200


@given(st.text(min_size=6))
def test_the_words_of_an_unknown_error_are_never_told(said: str) -> None:
    for error in (
        ValueError(said),
        KeyError(said),
        UserError(said),
        Refused(said),
        OSError(said),
        OSError(-5, said),
        UnicodeDecodeError("utf-8", said.encode("utf-8", "surrogatepass"), 0, 1, said),
    ):
        assert words(error) is None


def test_the_systems_own_word_for_an_error_number_is_told() -> None:
    assert words(OSError(2, "Ann's diary")) == "[Errno 2] No such file or directory"
    assert words(FileNotFoundError(2, "x", "/home/ann/diary")) == "[Errno 2] No such file or directory"


def test_our_own_sentences_about_this_machine_are_told() -> None:
    assert words(EngineMissing("no model here")) == "no model here"
    assert words(OutletBusy(1.5)) == "busy for 1.5 s"


def test_causes_groups_and_notes_are_described_without_their_words() -> None:
    said = "spo" + "ken"
    cause = raised(ValueError(f"cause {said}"))
    try:
        try:
            raise cause
        except ValueError as before:
            raise ExceptionGroup(f"group {said}", [raised(KeyError(said)), UserError(said)]) from before
    except ExceptionGroup as caught:
        caught.add_note(f"note {said}")
        told = describe(caught)
        plain = "".join(traceback.format_exception(caught))
    assert said in plain
    assert said not in told
    assert told.index("builtins.ValueError") < told.index("which led to:") < told.index("ExceptionGroup")
    assert "1 of 2:" in told
    assert "builtins.KeyError" in told
    assert "core.errors.UserError" in told
    assert told.count("test_redaction.py") >= 3


def test_what_was_handled_meanwhile_is_described_unless_it_was_suppressed() -> None:
    def fail(*, suppress: bool) -> None:
        try:
            raise KeyError
        except KeyError:
            if suppress:
                raise ValueError from None
            raise ValueError  # noqa: B904 - that is what is tested

    for suppress in (False, True):
        with pytest.raises(ValueError) as failed:  # noqa: PT011 - it says nothing
            fail(suppress=suppress)
        assert ("KeyError" in describe(failed.value)) is not suppress


def test_errors_that_cause_each_other_come_to_an_end() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert describe(first).splitlines() == ["builtins.KeyError", "which led to:", "builtins.ValueError"]
