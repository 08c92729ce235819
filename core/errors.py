"""Expected failures, by name. Everything that is not in this tree is a bug and is loud.

    SpokenlyError
    ├── UserError          somebody asked for what can't be; the sentence goes to them alone
    │   └── NoSuchRecord   there is no such call, line or person in the record
    ├── EngineError
    │   ├── LineLost       the stream broke: the Track opens another and replays
    │   ├── LineBusy       no stream can be had now: the Track waits and replays
    │   └── Refused        this engine will never take it: the Track stops and says so
    ├── EngineMissing      an engine can't start on this machine; the sentence says what to do
    ├── RecordError
    │   ├── RecordUnusable the database is not one that Spokenly may use; nothing in it was changed
    │   └── RecordAway     it can't be had now: the Journal waits, people are told
    ├── RecapFailed        no recap can be had from there: the quoting one takes over
    └── OutletError
        ├── OutletBusy     later: the Publisher waits
        └── OutletGone     never again: that outlet ends, the call goes on

Foreign errors are translated once, in the file that talks to the foreigner, with `from`.
"""


class SpokenlyError(Exception):
    """Any failure that Spokenly expects."""


class UserError(SpokenlyError):
    """Somebody asked for what can't be. `str(error)` is one clear sentence for that person."""


class NoSuchRecord(UserError):
    """There is no such call, line or person in the record (any more)."""


class EngineError(SpokenlyError):
    """A stream of recognition failed."""


class LineLost(EngineError):
    """The stream broke in the middle. Everything since the last final must be sent again."""


class LineBusy(EngineError):
    """No stream can be had now.

    `retry_after`: seconds that the engine asked to be left alone, if it said so. `lasting`: waiting for the
    end of it is no use to a call that has ended.
    """

    def __init__(self, sentence: str, retry_after: float | None = None, *, lasting: bool = False) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
        self.lasting = lasting


class Refused(EngineError):
    """The engine will not take this audio, today or later. `str(error)` says why, for people."""


def weightiest(group: BaseExceptionGroup[EngineError]) -> EngineError:
    """The failure that counts: a refusal before a lost line, which may be its consequence."""
    failures = [
        weightiest(error) if isinstance(error, BaseExceptionGroup) else error for error in group.exceptions
    ]
    return next((error for error in failures if isinstance(error, Refused)), failures[0])


class EngineMissing(SpokenlyError):
    """An engine can't start on this machine. `str(error)` says what is missing and what to do."""


class RecordError(SpokenlyError):
    """The record can't be kept or read."""


class RecordUnusable(RecordError):
    """The database is damaged, somebody else's, of a newer Spokenly, or in a place that can't be used.

    `str(error)` is one sentence that names the place; nothing there was changed.
    """


class RecordAway(RecordError):
    """The database can't be had now: locked, full, unreachable. `str(error)` says why, for people."""


class RecapFailed(SpokenlyError):
    """A summariser gave no recap that can be used. `str(error)` says why, for people, without speech."""


class OutletError(SpokenlyError):
    """A place where captions are shown failed to show them."""


class OutletBusy(OutletError):
    """The place asks for patience: try again after `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"busy for {retry_after:.1f} s")
        self.retry_after = retry_after


class OutletGone(OutletError):
    """The place no longer exists, or Spokenly may no longer write there."""
