"""What Discord asks of names and descriptions, in every language; and that nothing is left untranslated."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import discord
import pytest
from discord import Locale

from bots.discord import notices
from bots.discord.translations import en
from bots.discord.words import TONGUES, command, say
from tests.bots.discord.commands.world import world

ROOT = Path(__file__).parent.parent.parent.parent
OURS = [str(locale) for locale in TONGUES]
ANSWERS = {name: words for name, words in vars(en).items() if name.isupper()}

# https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming
NAME = re.compile(r"[-_'\w]{1,32}")


async def registered() -> dict[str, dict[str, Any]]:
    """The commands as Discord got them."""
    async with world() as here:
        return dict(here.fake.commands())


def parts(one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A command, its subcommands and options."""
    yield one
    for option in one.get("options") or ():
        yield from parts(option)


def choices(one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in parts(one):
        yield from part.get("choices") or ()


def translated(thing: dict[str, Any], field: str) -> dict[str, str]:
    """A field in English ("") and in all other languages."""
    return {"": thing[field], **(thing.get(f"{field}_localizations") or {})}


async def test_every_command_is_there() -> None:
    found = await registered()
    names = {
        name: [option["name"] for option in one.get("options") or () if option["type"] == 1]
        for name, one in found.items()
    }
    assert names == {
        "captions": ["start", "stop", "pause", "resume", "status", "share", "attach", "detach"],
        "privacy": ["optout", "optin", "export", "forget", "what-is-kept"],
        "spokenly": ["setup"],
        "recap": [],
        "transcript": [],
        "Transcribe": [],
    }
    assert found["Transcribe"]["type"] == 3
    assert found["spokenly"]["default_member_permissions"] == discord.Permissions(manage_guild=True).value
    # Nobody who may write with the bot alone is asked for anything: all of them work in servers only.
    assert all(one["contexts"] == [0] or one.get("dm_permission") is False for one in found.values())


async def test_names_and_descriptions_are_as_discord_wants_them_in_every_language() -> None:
    for one in (await registered()).values():
        for part in parts(one):
            for name in translated(part, "name").values():
                if one.get("type", 1) == 1:
                    assert NAME.fullmatch(name), name
                    assert name == name.lower()
                assert 1 <= len(name) <= 32
            if one.get("type", 1) == 1:
                assert all(1 <= len(text) <= 100 for text in translated(part, "description").values())
        assert all(
            1 <= len(text) <= 100 for each in choices(one) for text in translated(each, "name").values()
        )
        assert len(one.get("options") or ()) <= 25


async def test_everything_is_translated_into_all_our_languages() -> None:
    for one in (await registered()).values():
        menu = one.get("type", 1) == 3
        for part in parts(one):
            assert sorted(part.get("name_localizations") or ()) == sorted(OURS), part["name"]
            if not menu:
                assert sorted(part.get("description_localizations") or ()) == sorted(OURS), part["name"]
        for each in choices(one):
            assert sorted(each.get("name_localizations") or ()) == sorted(OURS), each["name"]


async def test_no_two_have_the_same_name_in_a_language() -> None:
    found = await registered()
    for locale in ("", *OURS):
        rows = [[one for one in found.values() if one.get("type", 1) == 1]]
        rows += [part["options"] for one in found.values() for part in parts(one) if part.get("options")]
        rows += [part["choices"] for one in found.values() for part in parts(one) if part.get("choices")]
        for row in rows:
            names = [translated(each, "name").get(locale, each["name"]) for each in row]
            assert len(set(names)) == len(names), names


async def test_no_command_is_too_long_in_any_language() -> None:
    """At most 8,000 characters of names, descriptions and values, with the longest translation of each."""
    for one in (await registered()).values():
        count = 0
        for part in parts(one):
            for field in ("name", "description"):
                count += max(map(len, translated(part, field).values()))
            for each in part.get("choices") or ():
                count += max(map(len, translated(each, "name").values())) + len(str(each["value"]))
        assert count <= 8000


@pytest.mark.parametrize("locale", TONGUES)
def test_every_answer_is_translated_with_the_same_places(locale: Locale) -> None:
    texts = TONGUES[locale].texts
    for name, words in ANSWERS.items():
        assert words in texts, name
        assert places(texts[words]) == places(words), name
        assert texts[words].count("**") == words.count("**"), name
        assert texts[words] != words, name


def places(words: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(words) if field}


def spoken() -> set[str]:
    """Every string, function and argument in the code of the commands."""
    found: set[str] = set()
    for path in (ROOT / "bots/discord").rglob("*.py"):
        if "translations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.AsyncFunctionDef):
                found.add(node.name)
            elif isinstance(node, ast.arg):
                found.add(node.arg)
            elif (
                isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "en"
            ):
                found.add(ANSWERS[node.attr])
    return found


@pytest.mark.parametrize("locale", TONGUES)
def test_the_tables_hold_nothing_that_nobody_says(locale: Locale) -> None:
    said = spoken()
    assert [words for words in TONGUES[locale].texts if words not in said] == []
    assert [name for name in TONGUES[locale].names if name not in said] == []


def test_who_speaks_another_language_reads_english() -> None:
    assert say(Locale.polish, en.RESUMED) == en.RESUMED
    assert say(None, en.STOPPED, channel="<#1>") == "The captions in <#1> have ended."
    assert say(Locale.german, "Not in the table: {x}", x=1) == "Not in the table: 1"


def test_a_command_is_named_as_the_readers_client_names_it() -> None:
    assert command(None, "privacy optout") == "`/privacy optout`"
    assert command(Locale.japanese, "privacy optout") == "`/プライバシー 字幕を拒否`"


def test_what_people_are_called_never_counts_as_a_place() -> None:
    assert (
        say(Locale.german, en.STOPPED, channel="{channel} {x}")
        == "Die Untertitel in {channel} {x} sind beendet."
    )


async def test_the_commands_are_small_enough_to_be_sent_at_once() -> None:
    assert len(json.dumps(list((await registered()).values()))) < 100_000


def test_the_first_message_names_the_button_as_it_is_called_there() -> None:
    told = notices.announced("<#1>", keeps=False, days=0, to=Locale.german)
    assert "Press *Mich nicht untertiteln* under" in told
    assert en.PRIVATE not in told
    assert en.PRIVATE in notices.announced("<#1>", keeps=False, days=0, private=True)
    assert "Press *Don't caption me* under" in notices.announced("<#1>", keeps=False, days=0)
