"""How a server wants its captions: what `/spokenly setup` changes. Plain values, kept as JSON."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

Keep = Literal["captions", "transcript"]
"""What is kept of a call: `captions` (nothing is written) or `transcript` (the words, never the sound)."""

Where = Literal["thread", "voice"] | int
"""Where captions go: a thread of their own, the voice channel's own chat, or the channel of this id."""

Starters = Literal["everyone", "managers"] | int
"""Who may start captions: everyone in the channel, who manages the server, or the role of this id."""

AUTO_JOIN = 25
"""Channels that may be joined by themselves: as many as one of Discord's menus takes."""


@dataclass(frozen=True, slots=True)
class GuildSetup:
    """One server's choices. `None` for `language`, `keep` and `retention_days`: as Spokenly is set up.

    `auto_join`: ids of the voice channels that are captioned as soon as somebody enters. `private`: no call
    is shown anywhere else.
    """

    language: str | None = None
    keep: Keep | None = None
    retention_days: int | None = None
    where: Where = "thread"
    starters: Starters = "everyone"
    auto_join: tuple[int, ...] = ()
    leave_when_empty: bool = True
    private: bool = False

    def to_json(self) -> dict[str, Any]:
        """As it is kept. Ids are strings there: they are too long for JSON's numbers elsewhere."""
        kept = asdict(self)
        kept["auto_join"] = [str(channel) for channel in self.auto_join]
        for name in ("where", "starters"):
            kept[name] = str(kept[name])
        return kept

    @classmethod
    def from_json(cls, kept: object) -> Self:
        """What `to_json` made. What is not there, or can't be, is as in a new server."""
        if not isinstance(kept, Mapping):
            return cls()
        plain = cls()
        language, keep, days = kept.get("language"), kept.get("keep"), kept.get("retention_days")
        listed = kept.get("auto_join")
        channels = [number for one in listed if (number := _id(one))] if isinstance(listed, list) else []
        leave, private = kept.get("leave_when_empty"), kept.get("private")
        return cls(
            language=language if isinstance(language, str) and language else None,
            keep=keep if keep in get_args(Keep) else None,
            retention_days=days if type(days) is int and days >= 0 else None,
            where=_choice(kept.get("where"), ("thread", "voice"), plain.where),
            starters=_choice(kept.get("starters"), ("everyone", "managers"), plain.starters),
            auto_join=tuple(dict.fromkeys(channels))[:AUTO_JOIN],
            leave_when_empty=leave if isinstance(leave, bool) else plain.leave_when_empty,
            private=private if isinstance(private, bool) else plain.private,
        )

    def days(self, usual: int) -> int:
        """Days until a record is deleted, `usual` where the server has no choice of its own; 0: never."""
        return usual if self.retention_days is None else self.retention_days

    def forbids(self, roles: Collection[int], *, manages: bool, present: bool) -> str | None:
        """Why somebody may not start captions, as a sentence for them; None: they may.

        `roles`: the ids of theirs; `manages`: whether they manage the server; `present`: whether they are in
        the voice channel. Who manages the server always may.
        """
        if manages:
            return None
        if self.starters == "managers":
            return "Only who manages this server may start captions here."
        if isinstance(self.starters, int) and self.starters not in roles:
            return f"Only members with the role <@&{self.starters}> may start captions here."
        return None if present else "Join the voice channel first: who is in it may start its captions."


def _id(value: object) -> int | None:
    """A Discord id, from a number or its digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        value = int(value)
    return value if type(value) is int and 0 < value < 1 << 64 else None


def _choice(value: object, words: tuple[str, ...], otherwise: Any) -> Any:
    return value if value in words else _id(value) or otherwise
