"""French."""

from bots.discord.translations import en

NAMES = {
    "captions": "sous-titres",
    "start": "démarrer",
    "stop": "arrêter",
    "pause": "pause",
    "resume": "reprendre",
    "status": "état",
    "channel": "salon",
    "language": "langue",
    "keep": "conserver",
    "where": "où",
    "into": "dans",
    "private": "privé",
    "recap": "résumé",
    "call": "appel",
    "public": "public",
    "transcript": "transcription",
    "format": "format",
    "privacy": "confidentialité",
    "optout": "ne-pas-sous-titrer",
    "optin": "sous-titrer-à-nouveau",
    "export": "exporter",
    "forget": "oublier",
    "what-is-kept": "ce-qui-est-conservé",
    "spokenly": "spokenly",
    "setup": "configurer",
    "share": "partager",
    "attach": "afficher",
    "detach": "ne-plus-afficher",
    "code": "code",
}

TEXTS = {
    # Commands
    "Transcribe": "Transcrire",
    "Live captions of a voice channel": "Sous-titres en direct d'un salon vocal",
    "Start captions in a voice channel": "Démarrer les sous-titres dans un salon vocal",
    "The voice channel (without one: where you are)": "Le salon vocal (par défaut : celui où tu es)",
    "What people speak there": "La langue qu'on y parle",
    "What is kept of the call": "Ce qui est conservé de l'appel",
    "Where the captions are posted": "Où les sous-titres sont affichés",
    "A channel or thread to post the captions in": "Un salon ou un fil où afficher les sous-titres",
    "No code shows these captions elsewhere; who can read the place they are in still can": (
        "Aucun code ne les montre ailleurs ; qui peut lire là où ils sont affichés le peut toujours"
    ),
    "Captions only: nothing is kept": "Sous-titres seulement : rien n'est conservé",
    "A transcript and a recap": "Une transcription et un résumé",
    "Here": "Ici",
    "A thread of their own": "Dans un fil à part",
    "The voice channel's own chat": "Dans le chat du salon vocal",
    "End the captions": "Arrêter les sous-titres",
    "Pause: nobody is heard until somebody resumes": "Pause : personne n'est entendu jusqu'à la reprise",
    "Go on after a pause": "Reprendre après une pause",
    "Who is heard, how late the captions are, where they are": (
        "Qui est entendu, avec quel retard, et où sont les sous-titres"
    ),
    "What a call came to; only you see it": "Ce qui s'est dit dans un appel ; visible par toi seul",
    "Which call (without one: the last that was kept)": "Quel appel (par défaut : le dernier conservé)",
    "Show it to everybody here": "Le montrer à tout le monde ici",
    "A kept call as a file; only you see it": "Un appel conservé, en fichier ; visible par toi seul",
    "What kind of file": "Quel type de fichier",
    "Text (.txt)": "Texte (.txt)",
    "Markdown (.md)": "Markdown (.md)",
    "WebVTT subtitles (.vtt)": "Sous-titres WebVTT (.vtt)",
    "SubRip subtitles (.srt)": "Sous-titres SubRip (.srt)",
    "JSON (.json)": "JSON (.json)",
    "Word (.docx)": "Word (.docx)",
    "What Spokenly may hear of you, and what it keeps": (
        "Ce que Spokenly peut entendre de toi et ce qu'il conserve"
    ),
    "Don't caption me in this server, until I take it back": (
        "Ne pas me sous-titrer sur ce serveur, jusqu'à nouvel ordre"
    ),
    "Caption me in this server again": "Me sous-titrer à nouveau sur ce serveur",
    "A file with everything you said that was kept": (
        "Un fichier de tout ce que tu as dit et qui est conservé"
    ),
    "Delete everything you said that was kept": "Supprimer tout ce que tu as dit et qui est conservé",
    "What is kept of you, for how long, and what never is": (
        "Ce qui est conservé de toi, combien de temps, et ce qui ne l'est jamais"
    ),
    "Spokenly in this server": "Spokenly sur ce serveur",
    "How captions work in this server": "Comment les sous-titres fonctionnent sur ce serveur",
    # Buttons
    "Don't caption me": "Ne pas me sous-titrer",
    "Catch me up": "Résume-moi",
    "Pause / Resume": "Pause / Reprendre",
    "Stop": "Arrêter",
    "Delete it all": "Tout supprimer",
    "Post it here": "Publier ici",
    # Answers
    en.OPTED_OUT: "À partir de maintenant, tu n'es plus sous-titré sur ce serveur : ce que ton micro "
    "envoie est jeté avant même d'être déchiffré. Cela vaut pour tous les prochains appels ici, jusqu'à ce "
    "que tu l'annules avec {optin}. Ce qui a été sous-titré avant reste : {forget} efface ce qui en est "
    "conservé et le retire des appels en cours ; les messages des appels terminés restent jusqu'à ce que "
    "quelqu'un les supprime. Ce que les autres disent de toi reste sous-titré.",
    en.OUT_ALREADY: "Tu n'es déjà pas sous-titré sur ce serveur. Cela reste ainsi jusqu'à ce que tu "
    "l'annules avec {optin}.",
    en.NOT_WRITTEN: "Mais cela n'a pas pu être enregistré : redemande dans une minute, sinon cela prend "
    "fin au redémarrage de Spokenly.",
    en.OPTED_IN: "À partir de maintenant, tu es de nouveau sous-titré sur ce serveur. {optout} l'annule.",
    en.IN_ALREADY: "Tu es déjà sous-titré sur ce serveur. {optout} y met fin.",
    en.NOTHING_SAID: "Aucune de tes paroles n'est conservée : il n'y a rien à exporter.",
    en.EXPORTED: "Tout ce que tu as dit et qui est conservé, aussi dans des appels d'autres serveurs. "
    "Lignes : {lines}, appels : {calls}.",
    en.TOO_MUCH: "Tu as dit plus que ce que Discord accepte en fichiers : demande-le à la personne qui "
    "gère ce Spokenly.",
    en.FORGET: "Ceci supprime toutes tes paroles conservées, de tous les appels sur tous les serveurs, et "
    "les résumés de ces appels. Lignes : {lines}, appels : {calls}. Dans un appel en cours, tes "
    "sous-titres sont retirés aussi. Personne ne peut l'annuler. Les sous-titres publiés dans des salons y "
    "sont des messages : qui peut gérer les messages peut les supprimer.",
    en.FORGOTTEN: "Supprimé. Lignes : {lines}, appels : {calls}. Plus aucune de tes paroles n'est "
    "conservée, et plus aucune ne le sera des appels en cours. Pour les suivants, il y a {optout}.",
    en.TAKEN_BACK: "Rien n'est conservé ici. Ce que tu as dit dans les appels en cours a été retiré.",
    en.STAYS: "Les messages des appels terminés, ou d'avant le dernier démarrage de Spokenly, restent : qui "
    "peut gérer les messages peut les supprimer.",
    en.NOT_YOURS: "Ce bouton est à quelqu'un d'autre.",
    en.KEPT_SOUND: "**Le son** n'est jamais conservé. {engine} l'entend, puis il disparaît.",
    en.KEPT_NEVER: "**Les paroles** : ce Spokenly ne conserve rien d'aucun appel.",
    en.KEPT_CAPTIONS: "**Les paroles** : rien n'est conservé des appels de ce serveur, sauf si la personne "
    "qui démarre les sous-titres demande une transcription.",
    en.KEPT_TRANSCRIPT: "**Les paroles** : une transcription des appels de ce serveur est conservée, sauf "
    "si la personne qui démarre les sous-titres n'en veut pas.",
    en.KEPT_DAYS: "Jours avant la suppression d'une transcription : {days}.",
    en.KEPT_FOR_GOOD: "Les transcriptions restent jusqu'à ce que quelqu'un les supprime.",
    en.KEPT_NOW: "L'appel dans {channel} est en train d'être conservé.",
    en.KEPT_OF_YOU: "**De toi**, sur tous les serveurs : lignes : {lines}, appels : {calls}.",
    en.KEPT_NOTHING_OF_YOU: "**De toi** : aucune parole.",
    en.KEPT_CHOICE: "Tu n'es pas sous-titré sur ce serveur. Ce choix est conservé avec ton identifiant "
    "Discord, tant qu'il vaut.",
    en.KEPT_MESSAGES: "Les sous-titres publiés dans des salons y sont des messages, et restent jusqu'à ce "
    "que quelqu'un les supprime.",
    en.NO_CALL: "Il n'y a pas de sous-titres en cours sur ce serveur.",
    en.PAUSED: "Les sous-titres sont en pause : personne n'est entendu jusqu'à la reprise.",
    en.RESUMED: "Les sous-titres reprennent.",
    en.STOPPED: "Les sous-titres de {channel} sont terminés.",
    en.NOT_ALLOWED: "Tant que la personne qui a démarré les sous-titres est là, seules elle et celles qui "
    "peuvent gérer {channel} ou le serveur peuvent faire cela ; ensuite, tous ceux qui sont dans {channel}.",
    en.QUIET: "Rien n'a encore été dit.",
    en.CAUGHT_UP: "**Les {minutes} dernières minutes de la conversation**",
    en.BUG: "Quelque chose n'a pas marché dans Spokenly. La personne qui le gère le voit dans son journal.",
    en.AWAY: "Les transcriptions ne sont pas accessibles en ce moment. Réessaie dans une minute.",
    en.POSTED: "C'est publié.",
    en.MAY_NOT_WRITE: "Tu n'as pas le droit d'écrire dans ce salon.",
    "Make a code that shows these captions elsewhere": "Créer un code qui affiche ces sous-titres ailleurs",
    "Show the captions of a call of elsewhere here": (
        "Afficher ici les sous-titres d'un appel qui a lieu ailleurs"
    ),
    "The code of the call, from who shares it": "Le code de l'appel, donné par qui le partage",
    "Show the call of elsewhere here no more": "Ne plus afficher ici l'appel qui a lieu ailleurs",
    "Stop sharing": "Ne plus partager",
    en.SHARED: (
        "Le code est **{code}**, pendant {minutes} minutes. Qui le saisit lit cet appel en direct : "
        "avec {attach} sur Discord, `/captions attach` sur Slack, ou dans un navigateur. Tout le "
        "monde dans l'appel apprend où il est affiché."
    ),
    en.READ_AT: "Dans un navigateur : {link}",
    en.ONLY_HERE: (
        "Ce lien ne s'ouvre que sur la machine où tourne Spokenly, tant que la personne qui le gère n'y "
        "laisse pas entrer les autres (le README dit comment) et ne définit pas SPOKENLY_PUBLIC_URL."
    ),
    en.UNSHARED: "Le code ne sert plus, et l'appel n'est plus affiché ailleurs.",
    en.PRIVATE: "Cet appel est privé : il ne peut être affiché nulle part ailleurs.",
    en.NOT_SHARED: (
        "Seules la personne qui a démarré les sous-titres, si elle peut entrer dans tous les salons d'où ils "
        "viennent, et celles qui peuvent gérer {channel} ou le serveur peuvent les partager."
    ),
    en.ATTACHED: "« {title} » se lit maintenant ici, en direct. {detach} y met fin.",
    en.NOT_ATTACHED: "Aucun appel d'ailleurs n'est affiché dans ce salon.",
    en.NOT_DETACHED: (
        "Seules la personne qui a affiché l'appel ici et celles qui peuvent gérer ce salon peuvent faire "
        "cela."
    ),
    en.DETACHED: "Il n'est plus affiché ici.",
}
