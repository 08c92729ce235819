"""Spanish."""

from bots.discord.translations import en

NAMES = {
    "captions": "subtítulos",
    "start": "iniciar",
    "stop": "detener",
    "pause": "pausar",
    "resume": "reanudar",
    "status": "estado",
    "channel": "canal",
    "language": "idioma",
    "keep": "conservar",
    "where": "dónde",
    "into": "en",
    "private": "privado",
    "recap": "resumen",
    "call": "llamada",
    "public": "público",
    "transcript": "transcripción",
    "format": "formato",
    "privacy": "privacidad",
    "optout": "no-subtitularme",
    "optin": "volver-a-subtitularme",
    "export": "exportar",
    "forget": "olvidar",
    "what-is-kept": "qué-se-conserva",
    "spokenly": "spokenly",
    "setup": "configurar",
    "share": "compartir",
    "attach": "mostrar",
    "detach": "dejar-de-mostrar",
    "code": "código",
}

TEXTS = {
    # Commands
    "Transcribe": "Transcribir",
    "Live captions of a voice channel": "Subtítulos en vivo de un canal de voz",
    "Start captions in a voice channel": "Iniciar subtítulos en un canal de voz",
    "The voice channel (without one: where you are)": "El canal de voz (si no: en el que estás)",
    "What people speak there": "El idioma que se habla allí",
    "What is kept of the call": "Lo que se conserva de la llamada",
    "Where the captions are posted": "Dónde se publican los subtítulos",
    "A channel or thread to post the captions in": "Un canal o hilo donde publicar los subtítulos",
    "No code shows these captions elsewhere; who can read the place they are in still can": (
        "Ningún código los muestra en otro lugar; quien puede leer donde se publican los sigue leyendo"
    ),
    "Captions only: nothing is kept": "Solo subtítulos: no se conserva nada",
    "A transcript and a recap": "Una transcripción y un resumen",
    "Here": "Aquí",
    "A thread of their own": "En un hilo propio",
    "The voice channel's own chat": "En el chat del canal de voz",
    "End the captions": "Terminar los subtítulos",
    "Pause: nobody is heard until somebody resumes": "Pausa: no se oye a nadie hasta que alguien reanude",
    "Go on after a pause": "Continuar después de una pausa",
    "Who is heard, how late the captions are, where they are": (
        "A quién se oye, con qué retraso y dónde están los subtítulos"
    ),
    "What a call came to; only you see it": "En qué quedó una llamada; solo lo ves tú",
    "Which call (without one: the last that was kept)": "Qué llamada (si no: la última conservada)",
    "Show it to everybody here": "Mostrarlo a todos aquí",
    "A kept call as a file; only you see it": "Una llamada conservada, como archivo; solo lo ves tú",
    "What kind of file": "Qué tipo de archivo",
    "Text (.txt)": "Texto (.txt)",
    "Markdown (.md)": "Markdown (.md)",
    "WebVTT subtitles (.vtt)": "Subtítulos WebVTT (.vtt)",
    "SubRip subtitles (.srt)": "Subtítulos SubRip (.srt)",
    "JSON (.json)": "JSON (.json)",
    "Word (.docx)": "Word (.docx)",
    "What Spokenly may hear of you, and what it keeps": "Lo que Spokenly puede oír de ti y lo que conserva",
    "Don't caption me in this server, until I take it back": (
        "No subtitularme en este servidor hasta que lo retire"
    ),
    "Caption me in this server again": "Volver a subtitularme en este servidor",
    "A file with everything you said that was kept": "Un archivo con todo lo que dijiste y se conserva",
    "Delete everything you said that was kept": "Borrar todo lo que dijiste y se conserva",
    "What is kept of you, for how long, and what never is": (
        "Qué se conserva de ti, cuánto tiempo y qué nunca"
    ),
    "Spokenly in this server": "Spokenly en este servidor",
    "How captions work in this server": "Cómo funcionan los subtítulos en este servidor",
    # Buttons
    "Don't caption me": "No me subtitules",
    "Catch me up": "Ponme al día",
    "Pause / Resume": "Pausar / Reanudar",
    "Stop": "Detener",
    "Delete it all": "Borrarlo todo",
    "Post it here": "Publicar aquí",
    # Answers
    en.OPTED_OUT: "Desde este momento no se te subtitula en este servidor: lo que envía tu micrófono se "
    "desecha incluso antes de descifrarlo. Vale para todas las llamadas futuras aquí, hasta que lo retires "
    "con {optin}. Lo que se subtituló antes queda: {forget} borra lo que se conserva de ello y lo retira "
    "de las llamadas en curso; los mensajes de llamadas terminadas quedan hasta que alguien los borre. Lo "
    "que otros digan de ti se sigue subtitulando.",
    en.OUT_ALREADY: "Ya no se te subtitula en este servidor. Queda así hasta que lo retires con {optin}.",
    en.NOT_WRITTEN: "Pero no se pudo guardar: pídelo de nuevo en un minuto, o terminará cuando Spokenly se "
    "reinicie.",
    en.OPTED_IN: "Desde este momento se te vuelve a subtitular en este servidor. {optout} lo retira.",
    en.IN_ALREADY: "Ya se te subtitula en este servidor. {optout} lo termina.",
    en.NOTHING_SAID: "No se conserva nada de lo que dijiste, así que no hay nada que exportar.",
    en.EXPORTED: "Todo lo que dijiste y se conserva, también de llamadas en otros servidores. Líneas: "
    "{lines}, llamadas: {calls}.",
    en.TOO_MUCH: "Dijiste más de lo que Discord acepta en archivos: pídeselo a quien gestiona este Spokenly.",
    en.FORGET: "Esto borra todas tus palabras conservadas, de todas las llamadas en todos los servidores, "
    "y los resúmenes de esas llamadas. Líneas: {lines}, llamadas: {calls}. En una llamada en curso también "
    "se retiran tus subtítulos. Nadie puede deshacerlo. Los subtítulos publicados en canales son mensajes "
    "allí: quien pueda gestionar mensajes puede borrarlos.",
    en.FORGOTTEN: "Borrado. Líneas: {lines}, llamadas: {calls}. Ya no se conserva nada de lo que dijiste, "
    "ni se conservará más de las llamadas en curso. Para las siguientes existe {optout}.",
    en.TAKEN_BACK: "Aquí no se conserva nada. Lo que dijiste en llamadas en curso se ha retirado.",
    en.STAYS: "Los mensajes de llamadas terminadas, o de antes del último inicio de Spokenly, quedan: quien "
    "pueda gestionar mensajes puede borrarlos.",
    en.NOT_YOURS: "Este botón es de otra persona.",
    en.KEPT_SOUND: "**El sonido** nunca se conserva. {engine} lo oye, y después desaparece.",
    en.KEPT_NEVER: "**Las palabras**: este Spokenly no conserva nada de ninguna llamada.",
    en.KEPT_CAPTIONS: "**Las palabras**: de las llamadas en este servidor no se conserva nada, salvo que "
    "quien inicie los subtítulos pida una transcripción.",
    en.KEPT_TRANSCRIPT: "**Las palabras**: de las llamadas en este servidor se conserva una transcripción, "
    "salvo que quien inicie los subtítulos pida solo subtítulos.",
    en.KEPT_DAYS: "Días hasta que se borra una transcripción: {days}.",
    en.KEPT_FOR_GOOD: "Las transcripciones quedan hasta que alguien las borre.",
    en.KEPT_NOW: "La llamada en {channel} se está conservando ahora.",
    en.KEPT_OF_YOU: "**De ti**, en todos los servidores: líneas: {lines}, llamadas: {calls}.",
    en.KEPT_NOTHING_OF_YOU: "**De ti**: ninguna palabra.",
    en.KEPT_CHOICE: "No se te subtitula en este servidor. Esa elección se conserva con tu ID de Discord "
    "mientras valga.",
    en.KEPT_MESSAGES: "Los subtítulos publicados en canales son mensajes allí, y quedan hasta que alguien "
    "los borre.",
    en.NO_CALL: "No hay subtítulos en curso en este servidor.",
    en.PAUSED: "Los subtítulos están en pausa: no se oye a nadie hasta que alguien reanude.",
    en.RESUMED: "Los subtítulos continúan.",
    en.STOPPED: "Los subtítulos de {channel} han terminado.",
    en.NOT_ALLOWED: "Mientras esté quien inició los subtítulos, solo esa persona o quien pueda gestionar "
    "{channel} o el servidor puede hacerlo; después, cualquiera que esté en {channel}.",
    en.QUIET: "Todavía no se ha dicho nada.",
    en.CAUGHT_UP: "**Los últimos {minutes} minutos de la conversación**",
    en.BUG: "Algo salió mal en Spokenly. Quien lo gestiona lo ve en su registro.",
    en.AWAY: "Ahora no se puede acceder a las transcripciones. Inténtalo de nuevo en un minuto.",
    en.POSTED: "Está publicado.",
    en.MAY_NOT_WRITE: "No puedes escribir en este canal.",
    "Make a code that shows these captions elsewhere": (
        "Crear un código que muestra estos subtítulos en otro lugar"
    ),
    "Show the captions of a call of elsewhere here": (
        "Mostrar aquí los subtítulos de una llamada de otro lugar"
    ),
    "The code of the call, from who shares it": "El código de la llamada, de quien la comparte",
    "Show the call of elsewhere here no more": "Dejar de mostrar aquí la llamada de otro lugar",
    "Stop sharing": "Dejar de compartir",
    en.SHARED: (
        "El código es **{code}**, durante {minutes} minutos. Quien lo escribe lee esta llamada en "
        "directo: con {attach} en Discord, `/captions attach` en Slack, o en un navegador. Todos en "
        "la llamada saben dónde se muestra."
    ),
    en.READ_AT: "En un navegador: {link}",
    en.ONLY_HERE: (
        "Este enlace solo se abre en el equipo donde funciona Spokenly, hasta que quien lo gestiona deje "
        "entrar a los demás (el README explica cómo) y defina SPOKENLY_PUBLIC_URL."
    ),
    en.UNSHARED: "El código ya no sirve y la llamada ya no se muestra en ningún otro lugar.",
    en.PRIVATE: "Esta llamada es privada: no se puede mostrar en ningún otro lugar.",
    en.NOT_SHARED: (
        "Solo quien inició los subtítulos y puede entrar en todos los canales de los que vienen, o quien "
        "pueda gestionar {channel} o el servidor, puede compartirlos."
    ),
    en.ATTACHED: "«{title}» se lee ahora aquí, en directo. {detach} lo termina.",
    en.NOT_ATTACHED: "En este canal no se muestra ninguna llamada de otro lugar.",
    en.NOT_DETACHED: "Solo quien trajo la llamada aquí o quien pueda gestionar este canal puede hacerlo.",
    en.DETACHED: "Ya no se muestra aquí.",
}
