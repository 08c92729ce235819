"""How a workspace or a channel wants its captions. Plain values, kept as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self, get_args

from core.errors import UserError
from core.rooms import Keep


@dataclass(frozen=True, slots=True)
class Setup:
    """Choices of a channel, or of its workspace. `None`: as the workspace says, and then as Spokenly does.

    `private`: no call is shown anywhere else. `guests`: who has no link from Slack may speak in the room as
    well. `huddles`: captions are offered when a huddle begins. `retention_days` is a choice of whole
    workspaces.
    """

    language: str | None = None
    keep: Keep | None = None
    retention_days: int | None = None
    guests: bool | None = None
    huddles: bool | None = None
    private: bool | None = None

    def over(self, wider: "Setup") -> "Setup":
        """These choices, and where there is none, those of `wider`."""
        mine = {name: value for name, value in asdict(self).items() if value is not None}
        return Setup(**{**asdict(wider), **mine})

    def closes(self, asked: bool | None) -> bool:
        """Whether a call is private. `asked`: what whoever starts it wants; None: they said nothing.

        Where calls are private here they all are: raises `UserError` for whoever wants one that is not.
        """
        if self.private and asked is False:
            raise UserError(
                "Calls in this channel are private: whoever made the channel and workspace admins can change "
                "that, with /captions setup private=no."
            )
        return bool(self.private or asked)

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, kept: object) -> Self:
        """What `to_json` made. What is not there, or can't be, is no choice."""
        if not isinstance(kept, Mapping):
            return cls()
        language, keep, days = kept.get("language"), kept.get("keep"), kept.get("retention_days")
        guests, huddles, private = kept.get("guests"), kept.get("huddles"), kept.get("private")
        return cls(
            language=language if isinstance(language, str) and language else None,
            keep=keep if keep in get_args(Keep) else None,
            retention_days=days if type(days) is int and days >= 0 else None,
            guests=guests if isinstance(guests, bool) else None,
            huddles=huddles if isinstance(huddles, bool) else None,
            private=private if isinstance(private, bool) else None,
        )
