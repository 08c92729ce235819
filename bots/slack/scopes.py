"""What the bot needs to be allowed, and what for. Pure; `config/slack-manifest.yaml` asks for the same."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """`vital`: without it nothing works; else `what` does not."""

    name: str
    what: str
    vital: bool = False


SCOPES = (
    Scope("chat:write", "posting captions", vital=True),
    Scope("commands", "/captions and the shortcuts", vital=True),
    Scope("channels:read", "knowing public channels", vital=True),
    Scope("groups:read", "knowing private channels"),
    Scope("channels:join", "coming into public channels without an invitation"),
    Scope("users:read", "people's names, and who is an admin"),
    Scope("app_mentions:read", "answering mentions in threads"),
    Scope("im:write", "transcripts in direct messages"),
    Scope("files:read", "transcribing files"),
    Scope("files:write", "transcripts as files"),
    Scope("canvases:write", "the recap as a canvas"),
)


def missing(granted: frozenset[str]) -> tuple[Scope, ...]:
    """Those that are not among what was granted, the vital ones first."""
    return tuple(
        sorted((scope for scope in SCOPES if scope.name not in granted), key=lambda scope: not scope.vital)
    )
