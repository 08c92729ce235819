"""Expected failures, by name. Everything that is not in this tree is a bug and is loud.

    SpokenlyError
    ├── UserError          somebody asked for what can't be; the sentence goes to them alone
    ├── EngineError
    │   ├── LineLost       the stream broke: the Track opens another and replays
    │   ├── LineBusy       no stream can be had now: the Track waits and replays
    │   └── Refused        this engine will never take it: the Track stops and says so
    ├── EngineMissing      an engine can't start on this machine; the sentence says what to do
    └── OutletError
        ├── OutletBusy     later: the Publisher waits
        └── OutletGone     never again: that outlet ends, the call goes on

Foreign errors are translated once, in the file that talks to the foreigner, with `from`.
"""


class SpokenlyError(Exception):
    """Any failure that Spokenly expects."""


class UserError(SpokenlyError):
    """Somebody asked for what can't be. `str(error)` is one clear sentence for that person."""


class EngineError(SpokenlyError):
    """A stream of recognition failed."""


class LineLost(EngineError):
    """The stream broke in the middle. Everything since the last final must be sent again."""


class LineBusy(EngineError):
    """No stream can be had now.

    `retry_after`: seconds that the engine asked to be left alone, if it said so.
    """

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Refused(EngineError):
    """The engine will not take this audio, today or later. `str(error)` says why, for people."""


class EngineMissing(SpokenlyError):
    """An engine can't start on this machine. `str(error)` says what is missing and what to do."""


class OutletError(SpokenlyError):
    """A place where captions are shown failed to show them."""


class OutletBusy(OutletError):
    """The place asks for patience: try again after `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"busy for {retry_after:.1f} s")
        self.retry_after = retry_after


class OutletGone(OutletError):
    """The place no longer exists, or Spokenly may no longer write there."""
