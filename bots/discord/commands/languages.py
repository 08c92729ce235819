"""Languages by the names that people type: in English, in themselves, or as a tag (BCP 47)."""

import re
from collections.abc import Callable

from core.errors import UserError

NAMES = {
    "en": ("English", "English"),
    "de": ("German", "Deutsch"),
    "fr": ("French", "Français"),
    "es": ("Spanish", "Español"),
    "ja": ("Japanese", "日本語"),
    "pt": ("Portuguese", "Português"),
    "it": ("Italian", "Italiano"),
    "nl": ("Dutch", "Nederlands"),
    "ru": ("Russian", "Русский"),
    "hi": ("Hindi", "हिन्दी"),
    "zh": ("Chinese", "中文"),
    "ko": ("Korean", "한국어"),
    "pl": ("Polish", "Polski"),
    "tr": ("Turkish", "Türkçe"),
    "uk": ("Ukrainian", "Українська"),
    "sv": ("Swedish", "Svenska"),
    "da": ("Danish", "Dansk"),
    "no": ("Norwegian", "Norsk"),
    "fi": ("Finnish", "Suomi"),
    "cs": ("Czech", "Čeština"),
    "sk": ("Slovak", "Slovenčina"),
    "hu": ("Hungarian", "Magyar"),
    "ro": ("Romanian", "Română"),
    "bg": ("Bulgarian", "Български"),
    "el": ("Greek", "Ελληνικά"),
    "hr": ("Croatian", "Hrvatski"),
    "sr": ("Serbian", "Српски"),
    "sl": ("Slovenian", "Slovenščina"),
    "lt": ("Lithuanian", "Lietuvių"),
    "lv": ("Latvian", "Latviešu"),
    "et": ("Estonian", "Eesti"),
    "ca": ("Catalan", "Català"),
    "ar": ("Arabic", "العربية"),
    "he": ("Hebrew", "עברית"),
    "fa": ("Persian", "فارسی"),
    "ur": ("Urdu", "اردو"),
    "bn": ("Bengali", "বাংলা"),
    "ta": ("Tamil", "தமிழ்"),
    "te": ("Telugu", "తెలుగు"),
    "mr": ("Marathi", "मराठी"),
    "id": ("Indonesian", "Bahasa Indonesia"),
    "ms": ("Malay", "Bahasa Melayu"),
    "th": ("Thai", "ไทย"),
    "vi": ("Vietnamese", "Tiếng Việt"),
    "tl": ("Tagalog", "Tagalog"),
    "sw": ("Swahili", "Kiswahili"),
    "af": ("Afrikaans", "Afrikaans"),
    "cy": ("Welsh", "Cymraeg"),
    "ga": ("Irish", "Gaeilge"),
    "is": ("Icelandic", "Íslenska"),
}
"""In English and in itself. The first ones are shown first."""

_LISTED = 15
"""Languages that a refusal names."""

_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)


def name(tag: str) -> str:
    """A language in English; the tag where it has no name here."""
    primary, _, region = tag.partition("-")
    known = NAMES.get(primary.lower())
    if known is None:
        return tag
    return f"{known[0]} ({region})" if region else known[0]


def offered(typed: str, hears: Callable[[str], bool], most: int = 25) -> list[tuple[str, str]]:
    """What to offer somebody who typed that: names and tags, of what the engine `hears`."""
    wanted = typed.strip().casefold()
    found = [
        (f"{english} · {own}" if english != own else english, tag)
        for tag, (english, own) in NAMES.items()
        if hears(tag) and any(part.casefold().startswith(wanted) for part in (tag, english, own))
    ]
    return found[:most]


def chosen(typed: str, hears: Callable[[str], bool]) -> str:
    """The tag of what somebody typed, by a name or a tag. Raises `UserError` when nobody hears that."""
    wanted = typed.strip().casefold()
    tag = next((tag for tag, names in NAMES.items() if wanted in map(str.casefold, names)), typed.strip())
    if not _TAG.fullmatch(tag):
        raise UserError("I don't know that language: choose one of those that the option offers.")
    if not hears(tag):
        heard = [name(each) for each in NAMES if hears(each)]
        shown = ", ".join(heard[:_LISTED]) + (" and others" if len(heard) > _LISTED else "")
        raise UserError(f"{name(tag)} is not heard here. What is: {shown}.")
    return tag
