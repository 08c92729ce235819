"""The settings, and the example file that explains them.

`python -m tests.test_settings` writes the example file again after a setting changed.
"""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
from annotated_types import Ge, Gt, Le, Lt
from pydantic import AliasChoices, ValidationError
from pydantic.fields import FieldInfo

from core.settings import Settings

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config" / "spokenly.env.example"
HEAD = """\
# Every setting of Spokenly, its meaning and what it is when you don't set it.
# Copy this file to `.env` where you start Spokenly (for the container: to config/spokenly.env)
# and take the # away before what you change. Variables of the environment go before the file.
"""


def bounds(field: FieldInfo) -> str:
    """The limits of a number and the choices of a word, as people say them."""
    words = []
    options = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    if any(option not in str(field.description) for option in options):
        words.append(f"{', '.join(options[:-1])} or {options[-1]}")
    for limit in field.metadata:
        match limit:
            case Ge(ge=least):
                words.append(f"at least {least}")
            case Gt(gt=least):
                words.append(f"more than {least}")
            case Le(le=most):
                words.append(f"at most {most}")
            case Lt(lt=most):
                words.append(f"less than {most}")
    return f" ({', '.join(words)})" if words else ""


def default(field: FieldInfo) -> str:
    match field.default:
        case None | ():
            return ""
        case bool():
            return str(field.default).lower()
        case _:
            return str(field.default)


def variable(name: str, field: FieldInfo) -> str:
    """What people set: the first of a setting's names."""
    alias = field.validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"SPOKENLY_{name.upper()}"


def example() -> str:
    def parts() -> Iterator[str]:
        yield HEAD
        for name, field in Settings.model_fields.items():
            meaning = f"{field.description}{bounds(field)}"
            yield "\n".join(textwrap.wrap(meaning, 100, initial_indent="# ", subsequent_indent="# "))
            yield f"#{variable(name, field)}={default(field)}\n"

    return "\n".join(parts())


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A developer's own .env must not take part."""
    monkeypatch.chdir(tmp_path)


def test_the_example_file_lists_every_setting_with_its_meaning_and_default() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == example(), "run: python -m tests.test_settings"


def test_the_example_file_as_it_is_changes_nothing(tmp_path: Path) -> None:
    before = Settings()
    everything = re.sub(r"(?m)^#(?=[A-Z_]+=)", "", EXAMPLE.read_text(encoding="utf-8"))
    (tmp_path / ".env").write_text(everything, encoding="utf-8")
    assert Settings() == before
    (tmp_path / ".env").write_text(everything.replace("=8080", "=8081"), encoding="utf-8")
    assert Settings() == before.model_copy(update={"port": 8081})


def test_every_setting_has_a_meaning() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, f"{name} has no description"
        assert field.description.endswith("."), f"the description of {name} is no sentence"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("PORT", "eighty"),
        ("WORKERS", "0"),
        ("VOICE_THRESHOLD", "1"),
        ("ROOMS", "0"),
        ("PATIENCE", "0"),
        ("DRAIN", "-1"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
        ("LANGUAGE", "x"),
        ("PUBLIC_URL", "captions.example"),
        ("DISCORD_GUILD", "Home"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SPOKENLY_{name}", value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    (error,) = refused.value.errors()
    # The field's name, or the variable's: the sentence for people starts with it.
    assert str(error["loc"][0]).upper().removeprefix("SPOKENLY_") == name


def test_an_empty_variable_is_a_setting_that_was_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOKENLY_PORT", "")
    monkeypatch.setenv("SPOKENLY_SENTRY_DSN", "")
    assert Settings() == Settings(port=8080, sentry_dsn=None)


def test_settings_cannot_change_once_made() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]  # mypy knows it too


def test_secrets_do_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOKENLY_SENTRY_DSN", "https://publickey@sentry.example/1")
    settings = Settings()
    assert "publickey" not in repr(settings)
    assert "publickey" not in settings.model_dump_json()


if __name__ == "__main__":
    EXAMPLE.write_text(example(), encoding="utf-8")
