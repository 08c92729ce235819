"""What Discord takes as an application command. Pure.

https://docs.discord.com/developers/interactions/application-commands
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

LOCALES = frozenset(
    (
        "id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no", "pl",
        "pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th", "zh-CN", "ja",
        "zh-TW", "ko",
    )
)  # fmt: skip
NAME = re.compile(r"^[-_'\w\u0900-\u097f\u0e00-\u0e7f]{1,32}$")
SUBCOMMAND, GROUP, STRING, INTEGER, NUMBER = 1, 2, 3, 4, 10


def problems(commands: Iterable[Mapping[str, Any]]) -> list[str]:
    """Why Discord would not register these commands; empty when it would."""
    commands = list(commands)
    found = []
    for kind, most in ((1, 100), (2, 15), (3, 15)):
        mine = [one for one in commands if one.get("type", 1) == kind]
        names = [one["name"] for one in mine]
        if len(mine) > most:
            found.append(f"more than {most} commands of type {kind}")
        found += [f"{name}: the name is there twice" for name in set(names) if names.count(name) > 1]
    for one in commands:
        found += _command(one)
    return found


def _command(command: Mapping[str, Any]) -> Iterator[str]:
    where = command["name"]
    if command.get("type", 1) == 1:
        yield from _named(where, command, slash=True)
        yield from _options(where, command.get("options") or [], depth=0)
    else:
        yield from _named(where, command, slash=False)
        if command.get("description") or command.get("options"):
            yield f"{where}: a context menu has no description and no options"
    if (size := _size(command)) > 8000:
        yield f"{where}: {size} characters, more than 8000"


def _named(where: str, thing: Mapping[str, Any], *, slash: bool) -> Iterator[str]:
    names = [(None, thing.get("name")), *(thing.get("name_localizations") or {}).items()]
    for locale, name in names:
        good = isinstance(name, str) and (
            bool(NAME.match(name)) and name == name.lower() if slash else 1 <= len(name) <= 32
        )
        if not good:
            yield f"{where}: {name!r} ({locale or 'name'}) is no name of a command"
    if slash:
        texts = [(None, thing.get("description")), *(thing.get("description_localizations") or {}).items()]
        for locale, text in texts:
            if not isinstance(text, str) or not 1 <= len(text) <= 100:
                yield f"{where}: the description ({locale or 'default'}) needs 1 to 100 characters"
    for field in ("name_localizations", "description_localizations"):
        for locale in (thing.get(field) or {}).keys() - LOCALES:
            yield f"{where}: {locale!r} is no locale of Discord's"


def _options(where: str, options: list[Mapping[str, Any]], depth: int) -> Iterator[str]:
    if len(options) > 25:
        yield f"{where}: more than 25 options"
    names = [one["name"] for one in options]
    yield from (f"{where}: the option {name} is there twice" for name in set(names) if names.count(name) > 1)
    optional = False
    for one in options:
        here, kind = f"{where} {one['name']}", one["type"]
        yield from _named(here, one, slash=True)
        if kind in (SUBCOMMAND, GROUP):
            if depth + (kind == SUBCOMMAND) > 2 or (kind == GROUP and depth):
                yield f"{here}: nested too deeply"
            yield from _options(here, one.get("options") or [], depth + 1)
            continue
        if one.get("required") and optional:
            yield f"{here}: required options come first"
        optional = optional or not one.get("required")
        yield from _choices(here, one)


def _choices(where: str, option: Mapping[str, Any]) -> Iterator[str]:
    choices = option.get("choices") or []
    if choices and option["type"] not in (STRING, INTEGER, NUMBER):
        yield f"{where}: this type has no choices"
    if choices and option.get("autocomplete"):
        yield f"{where}: choices and autocomplete exclude each other"
    if len(choices) > 25:
        yield f"{where}: more than 25 choices"
    for choice in choices:
        names = {None: choice["name"], **(choice.get("name_localizations") or {})}
        for locale, name in names.items():
            if not isinstance(name, str) or not 1 <= len(name) <= 100:
                yield f"{where}: a choice's name ({locale or 'default'}) needs 1 to 100 characters"
        for locale in (choice.get("name_localizations") or {}).keys() - LOCALES:
            yield f"{where}: {locale!r} is no locale of Discord's"


def _size(thing: Mapping[str, Any]) -> int:
    """Characters of names, descriptions and values; of each text only its longest translation counts."""
    size = 0
    for field in ("name", "description"):
        texts = [thing.get(field) or "", *(thing.get(f"{field}_localizations") or {}).values()]
        size += max(len(text) for text in texts)
    if isinstance(thing.get("value"), str):
        size += len(thing["value"])
    return size + sum(_size(one) for field in ("options", "choices") for one in thing.get(field) or ())
