"""What the app listens to beside commands and cards: recordings, App Home, huddles."""

from slack_bolt.async_app import AsyncApp

from bots.slack import huddles, shortcuts, tab
from bots.slack.desk import Desk, Listen
from core.record.files.recording import Dictation


def listening(dictation: Dictation) -> Listen:
    """Adds all of it. It goes before what listens to commands: a mention may be about a recording."""

    def listen(app: AsyncApp, desk: Desk) -> None:
        shortcuts.listen(app, desk, dictation)
        tab.listen(app, desk)
        huddles.listen(app, desk)

    return listen
