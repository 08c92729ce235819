"""What the app listens to besides captions: the one list of it."""

from collections.abc import Sequence
from functools import partial

from bots.slack import huddles, shortcuts, tab
from bots.slack.desk import Listen
from core.record.files.recording import Dictation


def features(dictation: Dictation) -> Sequence[Listen]:
    """All of them, in the order in which they are asked; captions themselves come last."""
    return (partial(shortcuts.listen, dictation=dictation), tab.listen, huddles.listen)
