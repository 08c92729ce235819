"""German."""

from bots.discord.translations import en

NAMES = {
    "captions": "untertitel",
    "start": "starten",
    "stop": "beenden",
    "pause": "pausieren",
    "resume": "fortsetzen",
    "status": "status",
    "channel": "kanal",
    "language": "sprache",
    "keep": "aufbewahren",
    "where": "wo",
    "into": "hinein",
    "private": "privat",
    "recap": "zusammenfassung",
    "call": "gespräch",
    "public": "öffentlich",
    "transcript": "mitschrift",
    "format": "format",
    "privacy": "privatsphäre",
    "optout": "nicht-untertiteln",
    "optin": "wieder-untertiteln",
    "export": "exportieren",
    "forget": "vergessen",
    "what-is-kept": "was-bleibt",
    "spokenly": "spokenly",
    "setup": "einrichten",
    "share": "teilen",
    "attach": "zeigen",
    "detach": "nicht-mehr-zeigen",
    "code": "code",
}

TEXTS = {
    # Commands
    "Transcribe": "Mitschreiben",
    "Live captions of a voice channel": "Live-Untertitel für einen Sprachkanal",
    "Start captions in a voice channel": "Untertitel in einem Sprachkanal starten",
    "The voice channel (without one: where you are)": "Der Sprachkanal (ohne Angabe: deiner)",
    "What people speak there": "Was dort gesprochen wird",
    "What is kept of the call": "Was vom Gespräch aufbewahrt wird",
    "Where the captions are posted": "Wo die Untertitel erscheinen",
    "A channel or thread to post the captions in": "Ein Kanal oder Thread, in dem die Untertitel erscheinen",
    "No code shows these captions elsewhere; who can read the place they are in still can": (
        "Kein Code zeigt diese Untertitel anderswo; wer dort lesen kann, wo sie stehen, kann es weiter"
    ),
    "Captions only: nothing is kept": "Nur Untertitel: nichts wird aufbewahrt",
    "A transcript and a recap": "Eine Mitschrift und eine Zusammenfassung",
    "Here": "Hier",
    "A thread of their own": "In einem eigenen Thread",
    "The voice channel's own chat": "Im Chat des Sprachkanals",
    "End the captions": "Die Untertitel beenden",
    "Pause: nobody is heard until somebody resumes": "Pause: niemand wird gehört, bis jemand fortsetzt",
    "Go on after a pause": "Nach einer Pause weitermachen",
    "Who is heard, how late the captions are, where they are": (
        "Wer gehört wird, wie spät und wo die Untertitel kommen"
    ),
    "What a call came to; only you see it": "Worum es in einem Gespräch ging; nur du siehst es",
    "Which call (without one: the last that was kept)": (
        "Welches Gespräch (ohne Angabe: das letzte aufbewahrte)"
    ),
    "Show it to everybody here": "Allen hier zeigen",
    "A kept call as a file; only you see it": "Ein aufbewahrtes Gespräch als Datei; nur du siehst sie",
    "What kind of file": "Was für eine Datei",
    "Text (.txt)": "Text (.txt)",
    "Markdown (.md)": "Markdown (.md)",
    "WebVTT subtitles (.vtt)": "WebVTT-Untertitel (.vtt)",
    "SubRip subtitles (.srt)": "SubRip-Untertitel (.srt)",
    "JSON (.json)": "JSON (.json)",
    "Word (.docx)": "Word (.docx)",
    "What Spokenly may hear of you, and what it keeps": (
        "Was Spokenly von dir hören darf und was es aufbewahrt"
    ),
    "Don't caption me in this server, until I take it back": (
        "Mich auf diesem Server nicht untertiteln, bis ich es zurücknehme"
    ),
    "Caption me in this server again": "Mich auf diesem Server wieder untertiteln",
    "A file with everything you said that was kept": "Eine Datei mit allem, was von dir aufbewahrt wurde",
    "Delete everything you said that was kept": "Alles löschen, was von dir aufbewahrt wurde",
    "What is kept of you, for how long, and what never is": (
        "Was von dir wie lange aufbewahrt wird, und was nie"
    ),
    "Spokenly in this server": "Spokenly auf diesem Server",
    "How captions work in this server": "Wie Untertitel auf diesem Server funktionieren",
    # Buttons
    "Don't caption me": "Mich nicht untertiteln",
    "Catch me up": "Was war los?",
    "Pause / Resume": "Pause / Weiter",
    "Stop": "Beenden",
    "Delete it all": "Alles löschen",
    "Post it here": "Hier posten",
    # Answers
    en.OPTED_OUT: "Ab jetzt wirst du auf diesem Server nicht untertitelt: Was dein Mikrofon sendet, wird "
    "weggeworfen, noch bevor es entschlüsselt ist. Das gilt für jedes weitere Gespräch hier, bis du es mit "
    "{optin} zurücknimmst. Was vorher untertitelt wurde, bleibt: {forget} löscht, was davon aufbewahrt ist, "
    "und nimmt es aus laufenden Gesprächen zurück; Nachrichten beendeter Gespräche bleiben, bis jemand sie "
    "löscht. Was andere über dich sagen, wird weiter untertitelt.",
    en.OUT_ALREADY: "Du wirst auf diesem Server schon nicht untertitelt. Das bleibt so, bis du es mit "
    "{optin} zurücknimmst.",
    en.NOT_WRITTEN: "Es ließ sich aber nicht festhalten: Bitte in einer Minute noch einmal, sonst endet "
    "es, wenn Spokenly neu startet.",
    en.OPTED_IN: "Ab jetzt wirst du auf diesem Server wieder untertitelt. {optout} nimmt es zurück.",
    en.IN_ALREADY: "Du wirst auf diesem Server schon untertitelt. {optout} beendet das.",
    en.NOTHING_SAID: "Von dir sind keine Worte aufbewahrt, also gibt es nichts zu exportieren.",
    en.EXPORTED: "Alles, was von dir aufbewahrt ist, auch aus Gesprächen auf anderen Servern. Zeilen: "
    "{lines}, Gespräche: {calls}.",
    en.TOO_MUCH: "Du hast mehr gesagt, als Discord an Dateien annimmt: Frag danach, wer dieses Spokenly "
    "betreibt.",
    en.FORGET: "Das löscht jedes aufbewahrte Wort von dir, aus allen Gesprächen auf allen Servern, und die "
    "Zusammenfassungen dieser Gespräche. Zeilen: {lines}, Gespräche: {calls}. Auch in einem laufenden "
    "Gespräch werden deine Untertitel zurückgenommen. Niemand kann das rückgängig machen. Untertitel, die "
    "in Kanälen stehen, sind dort Nachrichten: Wer Nachrichten verwalten darf, kann sie löschen.",
    en.FORGOTTEN: "Gelöscht. Zeilen: {lines}, Gespräche: {calls}. Von dir sind keine Worte mehr "
    "aufbewahrt, und aus laufenden Gesprächen kommen keine dazu. Für spätere gibt es {optout}.",
    en.TAKEN_BACK: "Hier wird nichts aufbewahrt. Was du in laufenden Gesprächen gesagt hast, ist "
    "zurückgenommen.",
    en.STAYS: "Nachrichten von Gesprächen, die vorbei sind, oder von vor dem letzten Start von Spokenly "
    "bleiben: Wer Nachrichten verwalten darf, kann sie löschen.",
    en.NOT_YOURS: "Dieser Knopf gehört jemand anderem.",
    en.KEPT_SOUND: "**Ton** wird nie aufbewahrt. {engine} hört ihn, danach ist er weg.",
    en.KEPT_NEVER: "**Worte**: Dieses Spokenly bewahrt von keinem Gespräch etwas auf.",
    en.KEPT_CAPTIONS: "**Worte**: Von Gesprächen auf diesem Server wird nichts aufbewahrt, außer wer die "
    "Untertitel startet, verlangt eine Mitschrift.",
    en.KEPT_TRANSCRIPT: "**Worte**: Von Gesprächen auf diesem Server wird eine Mitschrift aufbewahrt, "
    "außer wer die Untertitel startet, verlangt nur Untertitel.",
    en.KEPT_DAYS: "Tage, nach denen eine Mitschrift gelöscht wird: {days}.",
    en.KEPT_FOR_GOOD: "Mitschriften bleiben, bis jemand sie löscht.",
    en.KEPT_NOW: "Das Gespräch in {channel} wird gerade aufbewahrt.",
    en.KEPT_OF_YOU: "**Von dir**, auf allen Servern: Zeilen: {lines}, Gespräche: {calls}.",
    en.KEPT_NOTHING_OF_YOU: "**Von dir**: keine Worte.",
    en.KEPT_CHOICE: "Du wirst auf diesem Server nicht untertitelt. Diese Wahl ist mit deiner Discord-ID "
    "festgehalten, solange sie gilt.",
    en.KEPT_MESSAGES: "Untertitel, die in Kanälen stehen, sind dort Nachrichten und bleiben, bis jemand "
    "sie löscht.",
    en.NO_CALL: "Auf diesem Server laufen keine Untertitel.",
    en.PAUSED: "Die Untertitel machen Pause: Niemand wird gehört, bis jemand fortsetzt.",
    en.RESUMED: "Die Untertitel gehen weiter.",
    en.STOPPED: "Die Untertitel in {channel} sind beendet.",
    en.NOT_ALLOWED: "Das kann nur, wer die Untertitel gestartet hat oder {channel} oder den Server "
    "verwalten darf. Ist die Person gegangen, die sie gestartet hat, können es alle in {channel}.",
    en.QUIET: "Noch wurde nichts gesagt.",
    en.CAUGHT_UP: "**Die letzten {minutes} Minuten des Gesprächs**",
    en.BUG: "In Spokenly ist etwas schiefgegangen. Wer es betreibt, sieht es im Protokoll.",
    en.AWAY: "Die Mitschriften sind gerade nicht erreichbar. Versuch es in einer Minute noch einmal.",
    en.POSTED: "Es steht jetzt hier.",
    en.MAY_NOT_WRITE: "Du darfst in diesem Kanal nicht schreiben.",
    "Make a code that shows these captions elsewhere": (
        "Einen Code machen, der diese Untertitel anderswo zeigt"
    ),
    "Show the captions of a call of elsewhere here": (
        "Die Untertitel eines Gesprächs von anderswo hier zeigen"
    ),
    "The code of the call, from who shares it": "Der Code des Gesprächs, von wem es geteilt wird",
    "Show the call of elsewhere here no more": "Das Gespräch von anderswo hier nicht mehr zeigen",
    "Stop sharing": "Nicht mehr teilen",
    en.SHARED: (
        "Der Code ist **{code}**, {minutes} Minuten lang. Wer ihn eingibt, liest dieses Gespräch "
        "live mit: mit {attach} auf Discord, `/captions attach` auf Slack, oder im Browser. Alle im "
        "Gespräch erfahren, wo es gezeigt wird."
    ),
    en.READ_AT: "Im Browser: {link}",
    en.ONLY_HERE: (
        "Dieser Link öffnet sich nur auf dem Rechner, auf dem Spokenly läuft, bis wer es betreibt andere "
        "hereinlässt (wie, sagt die README) und SPOKENLY_PUBLIC_URL setzt."
    ),
    en.UNSHARED: "Der Code gilt nicht mehr, und das Gespräch wird nirgends sonst mehr gezeigt.",
    en.PRIVATE: "Dieses Gespräch ist privat: Es kann nirgends sonst gezeigt werden.",
    en.NOT_SHARED: (
        "Teilen kann nur, wer die Untertitel gestartet hat und jeden Kanal betreten darf, aus dem sie "
        "kommen, oder wer {channel} oder den Server verwalten darf."
    ),
    en.ATTACHED: "„{title}“ ist jetzt live hier zu lesen. {detach} beendet das.",
    en.NOT_ATTACHED: "In diesem Kanal wird kein Gespräch von anderswo gezeigt.",
    en.NOT_DETACHED: "Das kann nur, wer das Gespräch hierher geholt hat oder diesen Kanal verwalten darf.",
    en.DETACHED: "Es wird hier nicht mehr gezeigt.",
}
