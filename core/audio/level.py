"""Is there any sound at all? A muted or missing microphone sends zeros, a quiet room does not."""

from core.audio.frame import Frame

FLOOR = 8
"""Loudest sample (of 32,767) that still counts as nothing: below the noise of any open microphone."""


class Deafness:
    """Notices that a speaker's line is open and carries no sound.

    `hear` takes each frame and says whether nothing but digital silence came for `patience` seconds.
    """

    def __init__(self, patience: float = 8.0) -> None:
        self._patience = patience
        self._since: float | None = None

    def hear(self, frame: Frame) -> bool:
        samples = memoryview(frame.pcm)[: len(frame.pcm) & ~1].cast("h")[::8]
        if samples and (max(samples) > FLOOR or min(samples) < -FLOOR):
            self._since = None
            return False
        if self._since is None:
            self._since = frame.at
        return frame.end - self._since >= self._patience
