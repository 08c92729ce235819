"""Lists of words that say little: what sentences are held together with, and what keeps the floor."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILLERS = _words(
    """
    ah ah-ha aha ahh eh ehm er erm euh heu hm hmm hmm-mm huh mhm mm mm-hm mm-hmm mmm oh ooh uh uh-huh
    uhh uhm um umm äh ähm öh
    """
)
"""Sounds that keep the floor."""

NODS = FILLERS | _words(
    """
    absolutely all alright and claro cool course definitely exactly fine genau good got great i is it ja
    kay nah nein nice no non nope não of ok okay oui right see si sim so sure sí thank thanks that's too
    true vale well wow ya yeah yep yes you yup
    """
)
"""Words that, alone, tell a speaker to go on."""

TWICE = _words("bye ha had many much no really so that very")
"""Words that are said twice on purpose."""

BROKEN = _words("b c d e f g h j k l m n p q r s t u v w x y z ch cou sh shou st th tha thi wh wou")
"""Beginnings of words that were given up."""

STOP = {
    "en": _words(
        """
        'cause 'em a able about above across actually after again against ago ah all almost along already
        alright also although always am an and another any anybody anyone anything anyway anyways are aren't
        around as aside ask at away back basically be became because been before behind being below better
        between bit both but by bye call came can can't cannot cause certain certainly come comes coming
        could couldn't course cuz definitely did didn't different do does doesn't doing don't done down
        dunno each either else em enough er especially etc even ever every everybody everyone everything
        exactly fact far feel few fine first for from get gets getting gimme give given go goes going gon
        gone gonna good got gotta great guess guy guys had hadn't happen happens hardly has hasn't have
        haven't having he he'd he'll he's hello hence her here here's hers herself hey hi him himself his hm
        hmm how how's however huh i i'd i'll i'm i've if in indeed instead into is isn't it it'd it'll it's
        its itself just kay keep kind know known last least lemme less let let's lets like likely little
        look looking looks lot lots made mainly make makes making many may maybe me mean means meant might
        mind mine mister mm more moreover most mostly mr mrs ms much must my myself namely near nearly need
        neither never next nice no nobody none nope nor not nothing now nowhere obviously of off often oh ok
        okay on once one ones only onto or other others otherwise ought our ours ourselves out over own
        particular particularly people per perhaps place please point possibly pretty probably put quite
        rather really regarding right right-click said same saw say saying says second see seem seemed seems
        seen shall she she'd she'll she's should shouldn't show since sir so some somebody somehow someone
        something sometimes somewhat somewhere soon sorry sort still stuff such sure take taken takes talk
        talking tell than thank thanks that that'd that'll that's thats the their theirs them themselves
        then there there'd there'll there's therefore these they they'd they'll they're they've thing things
        think thinking this those though thought three through thus till to together too took toward towards
        tried try trying two under unless until up upon us use used using usually very wanna want wanted
        wants was wasn't way ways we we'd we'll we're we've well went were weren't what what's whatever when
        whenever where where's whereas wherever whether which while who who's whole whom whose why will with
        within without won't wonder work would wouldn't ya yeah yep yes yet you you'd you'll you're you've
        your yours yourself yourselves yup
        """
    ),
    "de": _words(
        """
        aber alle als also am an auch auf aus bei bin bis bist da dann das dass dem den der des die
        dir doch du ein eine einem einen einer eines er es für ganz gibt habe haben hat hatte ich ihr
        im in ist ja jetzt kann kein keine mal man mehr mein mich mir mit muss nach nein nicht noch
        nur ob oder ohne schon sehr sein sich sie sind so um und uns unter vom von vor war waren was
        wenn wer wie wir wird wo zu zum zur über
        """
    ),
    "fr": _words(
        """
        ai au aussi aux avec avez avons bien c'est ce ces cette comme d'un d'une dans de des donc du
        elle en est et eu fait il ils j'ai je la le les leur lui mais me moi mon même n'est ne non
        nous on ont ou oui où par parce pas peu peut plus pour qu'il qu'on quand que qui quoi sa sans
        se ses si son sont sur ta te toi ton tous tout très tu un une va voilà vous y était être
        """
    ),
    "es": _words(
        """
        a al algo aquí así bien bueno como con cuando de del desde donde dos el ella en era es esa ese
        eso esta este esto está están fue ha hace han hasta hay la las le les lo los me mi muy más
        nada ni no nos o para pero por porque pues que qué se ser si sin sobre son su sus sí también
        te tiene todo tu un una uno vamos y ya yo él
        """
    ),
    "it": _words(
        """
        a al alla anche che chi ci come con cosa così da dal de dei del della di dove e ed era fare
        gli ha hanno ho i il in io la le lei lo loro lui ma me mi molto nel nella no noi non o per
        perché però più poi quando questa questo qui se sei si sia sono su sua suo sì tra tu tutto un
        una uno va è
        """
    ),
    "pt": _words(
        """
        a ao as até bem com como da das de dela dele do dos e ela ele em era essa esse esta este está
        eu foi gente há isso já lá mais mas me meu minha muito na nas nem no nos não nós o os ou para
        pela pelo por porque quando que quem se sem ser seu sim sua são só também tem temos tudo um
        uma vai você é
        """
    ),
    "nl": _words(
        """
        aan al als ben bij daar dan dat de den deze die dit doen door dus een en er ga gaan geen haar
        had heb hebben heeft het hier hij hoe iets ik in is ja je jij kan kunnen maar me meer met mij
        moet na naar nee niet nog nu of om omdat ook op over te toch toen tot u uit van veel voor waar
        was wat we wel werd wie wij wil worden zal ze zich zijn zo zou
        """
    ),
}
"""By primary language tag: the words that say little about what a sentence is about."""

VAGUE = _words(
    """
    add agree agreed answer ask asked back bad believe better big bring call change check clear cool day
    days deal decide decided detail difference easier easy eight end example expect fairly feeling
    figure find five follow forward found four full funny further hand happy hard having head hear heard
    help high hold hope hour hours hundred idea ideas important interesting issue issues job kinda large
    later leave left level life line list live long low main matter meeting meetings mention mentioned
    minute minutes moment money month months morning move name need needs new nine number numbers old
    open option order page part parts past perfect person pick piece play possible problem problems
    question questions quick quickly read reason remember room run sense set seven share short side
    simple single six small speak spent spoke start started starting step stop system talked ten term
    terms thanks thinks thousand time times today tomorrow top total true turn twenty type understand
    version wait walk week weeks word words worked working works world worry write wrong year years
    yesterday
    """
)
"""English words that name nothing alone, though they may in company ("level playing field")."""
