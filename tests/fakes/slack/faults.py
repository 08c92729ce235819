"""What can go wrong at Slack, as data."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Faults:
    """Switches; a list is used up from its front, a number counts down."""

    errors: dict[str, list[str]] = field(default_factory=dict)
    """By method: the errors that the next calls answer with (`internal_error`, `ratelimited`, …)."""
    statuses: dict[str, list[int]] = field(default_factory=dict)
    """By method: the HTTP statuses that the next calls answer with (500, 503, …), without JSON."""
    landed: dict[str, int] = field(default_factory=dict)
    """By method: so many of the next calls do their work, and the answer is lost (the line is cut)."""
    slow: dict[str, float] = field(default_factory=dict)
    """By method: seconds until the answer."""
    hang: set[str] = field(default_factory=set)
    """Methods that never answer."""
    revoked: set[str] = field(default_factory=set)
    """Tokens that were taken back."""
    expired_trigger: bool = False
    """Every trigger is too old by the time it is used."""
    twice: bool = False
    """Every event is delivered twice, as if the acknowledgement had been lost."""
    no_canvas: bool = False
    unshared: bool = False
    """Canvases are shared with no channel, though Slack calls that a success."""
    blocks: bool = False
    """Blocks are refused, whatever they are."""
    log_in: bool = False
    """Files are answered with the log-in page, though the scope is there."""
    sends_on: str = ""
    """Files are sent on to this address."""
