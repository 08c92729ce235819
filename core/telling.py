"""What people are told of one speaker while they speak: who can't be heard, and why."""

from core.audio.frame import Frame, Speaker
from core.audio.level import Deafness
from core.call import Call
from core.errors import LineBusy, LineLost, Refused


class Telling:
    """Sets and takes back one speaker's notices. One that is not `aloud` says nothing: another does."""

    def __init__(self, call: Call, speaker: Speaker, *, aloud: bool = True) -> None:
        self._call = call
        self._speaker = speaker
        self._aloud = aloud
        self._deafness = Deafness()
        self._note: str | None = None  # what people must know of the engine

    def sound(self, frame: Frame) -> None:
        """They sent this; it may be nothing but zeros."""
        self._speaker = frame.speaker
        deaf = self._deafness.hear(frame)
        self._tell(
            "silent",
            f"No sound comes from {self._speaker.name}: muted, or the wrong device?" if deaf else None,
        )

    def waits(self) -> None:
        """No stream is free for them."""
        self._tell("wait", f"{self._speaker.name} waits to be heard: too many people share sound at once.")

    def heard_by(self, note: str | None) -> None:
        """An engine listens to them now; `note`: what people must know of it. That the one before is no
        longer used is believed when this one has settled something."""
        self._tell("wait", None)
        self._note = note
        if note is not None and self._aloud:
            self._call.notify_engine(self._speaker, note)

    def heard(self, *, final: bool) -> None:
        """The engine works; what it told is settled, if it is `final`."""
        self._tell("line", None)
        self._tell("refused", None)
        if final and self._note is None and self._aloud:
            self._call.notify_engine(self._speaker, None)

    def away(self, error: LineLost | LineBusy) -> None:
        """Nobody can hear them now, and their words are kept."""
        why = str(error) if isinstance(error, LineBusy) else "The line to the captioner broke."
        self._tell("line", f"{why} {self._speaker.name}'s words will follow.")

    def refused(self, error: Refused) -> None:
        """Nobody will hear them."""
        self._tell("refused", f"{self._speaker.name} can't be captioned: {error}")

    def left(self) -> None:
        """They send no sound any more, and that is as it should be."""
        self._tell("silent", None)

    def over(self) -> None:
        """All was heard."""
        for key in ("silent", "wait", "line", "refused"):
            self._tell(key, None)
        if self._aloud:
            self._call.notify_engine(self._speaker, None)

    def _tell(self, key: str, sentence: str | None) -> None:
        if self._aloud:
            self._call.notify(f"{key}:{self._speaker.id}", sentence)
