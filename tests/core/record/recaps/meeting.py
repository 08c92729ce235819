"""A meeting as people hold it: half sentences, nods, a promise or two. Made up for these tests."""

from collections.abc import Iterable

from core.audio.frame import Speaker
from core.record.kept import Line

ANN = Speaker("p1", "Ann Keller")
BEN = Speaker("p2", "Ben")
CHLOE = Speaker("p3", "Chloé")

_WORD = 0.35
"""Seconds that a word takes."""

TALK = [
    (ANN, "Okay, good morning everybody. Can you hear me?"),
    (BEN, "Yeah, loud and clear."),
    (CHLOE, "Morning."),
    (ANN, "So, um, the ticket shop goes live in four weeks and today we should settle how people pay."),
    (ANN, "The payment provider that we have used until now charges three per cent on every ticket,"),
    (BEN, "Mm-hmm."),
    (ANN, "and the theatre only earns about two euros on a cheap seat."),
    (CHLOE, "Right."),
    (BEN, "I I looked at the other two providers last night."),
    (BEN, "The Dutch one takes one per cent and a fixed fee of twenty cents,"),
    (BEN, "which is much better for expensive seats."),
    (BEN, "But their refunds are slow, uh,"),
    (BEN, "it takes nine working days until the money is back on the card."),
    (CHLOE, "Nine days? That's a lot of angry phone calls at the box office."),
    (ANN, "How many refunds do we have in a normal month?"),
    (CHLOE, "About forty, but when a show is cancelled it's the whole house,"),
    (CHLOE, "so three hundred refunds in one evening."),
    (BEN, "Yeah. Yeah, okay."),
    (ANN, "If we decided to stay with the old provider,"),
    (ANN, "the prices would have to go up by fifty cents."),
    (CHLOE, "Nobody at the theatre wants higher prices for the cheap seats,"),
    (CHLOE, "the director was very clear about that."),
    (BEN, "What about offering both,"),
    (BEN, "cards through the Dutch provider and bank transfers for the subscribers?"),
    (ANN, "Hmm. Subscribers pay once a year, so slow refunds would hardly matter for them."),
    (CHLOE, "And subscribers are sixty per cent of our income, you know."),
    (BEN, "Exactly."),
    (ANN, "Okay, then let's go with the Dutch provider for card payments,"),
    (ANN, "and subscribers keep paying by bank transfer."),
    (CHLOE, "Good, fine with me."),
    (BEN, "Great."),
    (ANN, "Ben, can you send the contract to our lawyer by Thursday?"),
    (BEN, "Sure. I'll send it to her tomorrow morning, with the data protection papers."),
    (CHLOE, "We didn't decide anything about the box office yet."),
    (ANN, "True. Does the box office still need a printer for paper tickets?"),
    (CHLOE, "They do, a third of the audience is over seventy and wants paper tickets in the hand."),
    (CHLOE, "The old ticket printer breaks down every second week, though."),
    (BEN, "A new ticket printer costs four hundred euros, I checked."),
    (ANN, "Let me just share my screen, so you can see the budget."),
    (ANN, "There. We have, uh, six hundred euros left for the box office this season."),
    (CHLOE, "So a printer would fit."),
    (ANN, "Yes. So we agreed to buy one new ticket printer for the box"),
    (ANN, "office and keep the old one as a spare."),
    (CHLOE, "I'll order the printer on Monday, because the shop is closed at the weekend."),
    (BEN, "One more thing, the seating plan on the website is is wrong for the balcony."),
    (BEN, "Row four has twelve seats now, since the wheelchair places were built,"),
    (BEN, "and the shop still sells fourteen."),
    (ANN, "Oh dear. Who can correct the seating plan before we open the sale?"),
    (CHLOE, "The architect sent us new drawings of the balcony in spring,"),
    (CHLOE, "they must be somewhere in the archive."),
    (BEN, "If you find the drawings, I can correct the seating plan in an hour."),
    (CHLOE, "I'll look into the archive and send you the drawings by Wednesday."),
    (ANN, "Perfect. Then the sale opens on the first of March, as planned, right?"),
    (BEN, "Yep."),
    (CHLOE, "Yes, the posters are printed already, they say first of March."),
    (ANN, "Okay, thank you, see you next week. Bye!"),
    (BEN, "Bye bye."),
]


def lines(talk: Iterable[tuple[Speaker, str]], pause: float = 0.6, language: str | None = None) -> list[Line]:
    """The talk as lines, at an even pace; numbers are left out, as by gaps in a record."""
    said, at = [], 2.0
    for place, (speaker, text) in enumerate(talk):
        end = at + _WORD * max(1, len(text.split()))
        said.append(Line(3 * place + 1, speaker, round(at, 2), round(end, 2), text, language=language))
        at = end + pause
    return said
