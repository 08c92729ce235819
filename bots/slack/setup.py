"""How a workspace or a channel wants its captions. Plain values, kept as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self, get_args

from core.rooms import Keep


@dataclass(frozen=True, slots=True)
class Setup:
    """Choices of a channel, or of its workspace. `None`: as the workspace says, and then as Spokenly does.

    `guests`: who has no link from Slack may speak in the room as well. `huddles`: captions are offered when a
    huddle begins. `retention_days` is a choice of whole workspaces.
    """

    language: str | None = None
    keep: Keep | None = None
    retention_days: int | None = None
    guests: bool | None = None
    huddles: bool | None = None

    def over(self, wider: "Setup") -> "Setup":
        """These choices, and where there is none, those of `wider`."""
        mine = {name: value for name, value in asdict(self).items() if value is not None}
        return Setup(**{**asdict(wider), **mine})

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, kept: object) -> Self:
        """What `to_json` made. What is not there, or can't be, is no choice."""
        if not isinstance(kept, Mapping):
            return cls()
        language, keep, days = kept.get("language"), kept.get("keep"), kept.get("retention_days")
        guests, huddles = kept.get("guests"), kept.get("huddles")
        return cls(
            language=language if isinstance(language, str) and language else None,
            keep=keep if keep in get_args(Keep) else None,
            retention_days=days if type(days) is int and days >= 0 else None,
            guests=guests if isinstance(guests, bool) else None,
            huddles=huddles if isinstance(huddles, bool) else None,
        )
