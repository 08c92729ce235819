"""What Spokenly says in Discord, in the language of who reads it.

The English sentence is the key: where another language has none for it, the English one is said. So nothing
is ever missing, and reading the code tells what people read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import discord
from discord import Locale, app_commands
from discord.app_commands import TranslationContextLocation as Location

from bots.discord.translations import de, es, fr, ja


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language: `names` of commands and options, and `texts`: descriptions, choices and answers."""

    names: Mapping[str, str]
    texts: Mapping[str, str]


GERMAN = Tongue(de.NAMES, de.TEXTS)
FRENCH = Tongue(fr.NAMES, fr.TEXTS)
SPANISH = Tongue(es.NAMES, es.TEXTS)
JAPANESE = Tongue(ja.NAMES, ja.TEXTS)

TONGUES: Final[Mapping[Locale, Tongue]] = {
    Locale.german: GERMAN,
    Locale.french: FRENCH,
    Locale.spain_spanish: SPANISH,
    Locale.latin_american_spanish: SPANISH,
    Locale.japanese: JAPANESE,
}
"""By what Discord's client is set to. Who uses another language reads English."""

_NAMES = (Location.command_name, Location.group_name, Location.parameter_name)


def say(to: Locale | None, words: str, **values: object) -> str:
    """A sentence in the reader's language, with `values` in its {places}. None: English."""
    tongue = TONGUES.get(to) if to is not None else None
    return (words if tongue is None else tongue.texts.get(words, words)).format(**values)


def command(to: Locale | None, name: str) -> str:
    """A command as the reader's client calls it: `/privacy optin`."""
    return f"`/{' '.join(option(to, part) for part in name.split())}`"


def option(to: Locale | None, name: str) -> str:
    """An option of a command, or a part of its name, as the reader's client calls it."""
    tongue = TONGUES.get(to) if to is not None else None
    return name if tongue is None else tongue.names.get(name, name)


class Translations(app_commands.Translator):
    """Names and descriptions of the commands, as `CommandTree.set_translator` wants them.

    https://discord.com/developers/docs/interactions/application-commands#localization
    """

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        tongue = TONGUES.get(locale)
        if tongue is None:
            return None
        menu = isinstance(context.data, discord.app_commands.ContextMenu)
        table = tongue.names if context.location in _NAMES and not menu else tongue.texts
        return table.get(string.message)
