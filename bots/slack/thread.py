"""Where captions stand in Slack."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread of a channel. `ts`: of the message that it hangs from, the call's card.

    `recipient`: the user for whom a stream is written: it is live for them alone.
    `home`: the workspace that they are of, if it is another (Slack Connect).
    """

    team: str
    channel: str
    ts: str
    recipient: str
    home: str = ""
